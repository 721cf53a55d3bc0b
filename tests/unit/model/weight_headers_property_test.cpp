// Headers of weights come from anywhere: whatever their bytes are, the readers answer with a shape or an error.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstring>

#include "gguf_builder.hpp"
#include "model/footprint.hpp"
#include "model/gguf_header.hpp"
#include "model/safetensors.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

/// A few bytes changed, cut out, doubled or set to what lengths overflow at.
std::string mutated(std::string bytes) {
  const int changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes && !bytes.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        bytes[at] = *rc::gen::arbitrary<char>();
        break;
      case 1:
        bytes.resize(at);
        break;
      case 2:
        bytes.insert(at, bytes.substr(at, *rc::gen::inRange<std::size_t>(0, 64)));
        break;
      case 3:
        bytes.erase(at, *rc::gen::inRange<std::size_t>(1, 16));
        break;
      default: {
        const auto value = *rc::gen::element<std::uint64_t>(0, 1, 0x7fffffffULL, 0x80000000ULL, 0xffffffffULL,
                                                            0x7fffffffffffffffULL, ~0ULL, ~0ULL - 7);
        std::string raw(8, '\0');
        std::memcpy(raw.data(), &value, 8);
        bytes.replace(at, 8, raw);
      }
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("any bytes are a GGUF header that can be sized, or an error with place and message") {
  const std::string good = test::GgufBuilder::llama().bytes();
  int sized = 0;
  CHECK(rc::check([&] {
    const std::string bytes = mutated(good);
    const auto header = readGgufHeader(bytes);
    if (!header) {
      RC_ASSERT(!header.error().message.empty());
      RC_ASSERT(!header.error().where.empty());
      return;
    }
    RC_ASSERT(header->bytes >= 0);
    EngineRun run;
    run.engine = findEngine("vllm");
    const Resolved resolved{&header->shape, Confidence::High, std::nullopt, true, ""};
    const auto result = estimate(estimateInput(resolved, run, {}, {}));
    if (result) RC_ASSERT(result->need.minimum >= 0 && result->need.bytes <= kMaxBytes);
    ++sized;
  }));
  CHECK(sized > 0);
}

TEST_CASE("any bytes are a safetensors header or an error") {
  const std::string header =
      R"({"model.layers.0.x": {"dtype": "BF16", "shape": [100, 64], "data_offsets": [0, 12800]},)"
      R"("b": {"dtype": "F32", "shape": [], "data_offsets": [12800, 12804]}})";
  const std::uint64_t length = header.size();
  std::string good(8, '\0');
  std::memcpy(good.data(), &length, 8);
  good += header;
  CHECK(rc::check([&] {
    const auto read = readSafetensorsHeader(mutated(good));
    if (!read)
      RC_ASSERT(!read.error().message.empty());
    else
      RC_ASSERT(read->measured(1).bytes >= 0);
  }));
  const std::string index = R"({"metadata": {"total_size": 5}, "weight_map": {"layers.3.x": "a", "y": "b"}})";
  CHECK(rc::check([&] {
    const auto read = readSafetensorsIndex(mutated(index));
    if (!read)
      RC_ASSERT(!read.error().message.empty());
    else
      RC_ASSERT(read->bytes > 0);
  }));
}
