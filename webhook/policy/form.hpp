// Private to policy/: the grammars of the strings that people write in policies.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace rightslice::policy {

/// A grammar of strings. `pattern` is what the printed schemas say; every text that `accepts` lets pass matches it.
struct Form {
  std::string_view pattern;              ///< RE2 and ECMAScript alike; empty: none
  bool (*accepts)(std::string_view);
  std::string_view says;                 ///< what is expected, for a message: "a date such as 2027-01-31"
  int maxLength = 0;                     ///< bytes; 0: not limited
};

namespace form {
extern const Form kName, kNamespace, kLabelKey, kLabelValue, kQuantity, kPercent, kDate, kCurrency, kText, kGlob, kAccount,
    kProfile, kProduct, kFormat;
}  // namespace form

/// "10%" or "12.5%" in tenths of a percent; nothing for another text or more than 200 %.
std::optional<int> percentTenths(std::string_view text);

/// A quantity above 0 in bytes, rounded up; nothing for another text.
std::optional<Bytes> positiveBytes(std::string_view text);

}  // namespace rightslice::policy
