#include "policy/form.hpp"

#include <regex>

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace rightslice;
using namespace rightslice::policy;

namespace {

const Form* const kForms[] = {&form::kName, &form::kNamespace, &form::kLabelKey, &form::kLabelValue, &form::kQuantity,
                              &form::kPercent, &form::kDate, &form::kCurrency, &form::kText, &form::kGlob, &form::kAccount,
                              &form::kProfile, &form::kProduct};

/// Texts of the letters that decide in some grammar, so that many of them are good.
rc::Gen<std::string> texts() {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, 12), [](std::size_t length) {
    return rc::gen::container<std::string>(length, rc::gen::elementOf(std::string("0129aezAZ.-_/:*?%+Kim Gg\t")));
  });
}

}  // namespace

TEST_CASE("what a form accepts its pattern matches: editors and clusters refuse nothing that the loader takes") {
  CHECK(rc::check("accepted texts match", [] {
    const std::string text = *texts();
    for (const Form* each : kForms) {
      if (each->accepts(text)) RC_ASSERT(std::regex_search(text, std::regex(std::string(each->pattern))));
    }
  }));
}

TEST_CASE("a pattern with a grammar of its own matches nothing that the loader refuses") {
  CHECK(rc::check("matched texts are accepted", [] {
    const std::string text = *texts();
    for (const Form* each : {&form::kNamespace, &form::kName, &form::kLabelValue, &form::kPercent, &form::kCurrency, &form::kGlob,
                             &form::kProfile, &form::kText}) {
      const bool matches = std::regex_search(text, std::regex(std::string(each->pattern)));
      if (matches) RC_ASSERT(each->accepts(text));
    }
  }));
}

TEST_CASE("a percentage is read back as it is written") {
  CHECK(rc::check("print and parse", [] {
    const int tenths = *rc::gen::inRange(0, 2001);
    const std::string text = std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "%";
    RC_ASSERT(percentTenths(text) == tenths);
    if (tenths % 10 == 0) RC_ASSERT(percentTenths(std::to_string(tenths / 10) + "%") == tenths);
  }));
}
