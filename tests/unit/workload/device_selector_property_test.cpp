#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "workload/cel.hpp"
#include "workload/device_selector.hpp"

using namespace rightslice;
using workload::celText;
using workload::DeviceCondition;
using workload::DeviceSelector;
using workload::readDeviceSelector;

namespace {

using Field = DeviceCondition::Field;

rc::Gen<DeviceCondition> anyCondition() {
  return rc::gen::exec([] {
    DeviceCondition out;
    out.field = *rc::gen::element(Field::Driver, Field::Type, Field::Profile, Field::ProductName, Field::Memory);
    if (out.field == Field::Memory) {
      // A range on both sides is printed as two comparisons, which are two conditions.
      const Bytes amount = *rc::gen::inRange<Bytes>(1, kMaxBytes);
      const int side = *rc::gen::inRange(0, 3);
      if (side != 0) out.atLeast = amount;
      if (side != 1) out.atMost = amount;
      return out;
    }
    out.values = *rc::gen::nonEmpty(rc::gen::unique<std::vector<std::string>>(rc::gen::string<std::string>()));
    return out;
  });
}

/// Pieces that selectors are made of, so that random text comes near them.
const std::vector<std::string> kPieces{"device", ".", "attributes", "capacity", "[", "]", "\"gpu.nvidia.com\"", "'gpu.nvidia.com'", "profile", "type", "memory",
                                       "productName", "driver", "==", "!=", ">=", "<", "&&", "||", "!", "in", "(", ")", ",", "\"3g.40gb\"", "'mig'", "quantity",
                                       "\"10Gi\"", "compareTo", "isGreaterThan", "0", "-1", "?", ":", "orValue", "cel", "bind", "a", "has", "true", " ", "\n", "//",
                                       "{", "}", "r'", "\\", "+", "\xC3", "\x01"};

}  // namespace

TEST_CASE("what was read, printed and read again, is the same") {
  CHECK(rc::check("print and read", [] {
    const auto conditions = *rc::gen::nonEmpty(rc::gen::container<std::vector<DeviceCondition>>(anyCondition()));
    std::string text;
    for (const auto& each : conditions) text += (text.empty() ? "" : " && ") + celText(each);
    RC_PRE(text.size() <= workload::kMaxCelLength);
    const DeviceSelector read = readDeviceSelector(text);
    RC_ASSERT(read.unread.empty());
    RC_ASSERT(read.conditions == conditions);
  }));
}

TEST_CASE("random text is read without a crash, and what is read of it prints and reads the same") {
  const auto stands = [](const std::string& text) {
    const DeviceSelector once = readDeviceSelector(text);
    for (const auto& each : once.conditions) {
      const DeviceSelector again = readDeviceSelector(celText(each));
      RC_ASSERT(again.unread.empty());
      RC_ASSERT(again.conditions == std::vector<DeviceCondition>{each});
    }
  };
  CHECK(rc::check("any text", [&] { stands(*rc::gen::string<std::string>()); }));
  CHECK(rc::check("pieces", [&] {
    std::string text;
    for (const auto& piece : *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kPieces))) text += piece;
    stands(text);
  }));
}
