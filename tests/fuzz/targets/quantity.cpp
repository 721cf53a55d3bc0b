// Quantities, percentages, dates, globs, Base64: the small grammars. What is read and printed reads as the same.
#include <algorithm>
#include <string>

#include "base/base64.hpp"
#include "base/date.hpp"
#include "base/glob.hpp"
#include "base/quantity.hpp"
#include "harness.hpp"
#include "policy/form.hpp"

using namespace rightslice;
using fuzz::require;

namespace {

std::string digits(Int128 value) {
  std::string out;
  do out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
  while ((value /= 10) > 0);
  return out;
}

void checkQuantity(std::string_view text) {
  const auto quantity = Quantity::parse(text);
  if (!quantity) return require(!quantity.error().message.empty(), "an error says what is wrong");
  const Int128 nanos = quantity->nanos();
  const Quantity again = Quantity::parse((nanos < 0 ? "-" : "") + digits(nanos < 0 ? -nanos : nanos) + "n").value();
  require(again == *quantity, "a quantity printed in nanos reads as the same");
  if (!text.starts_with('-') && !text.starts_with('+')) {
    const auto negative = Quantity::parse("-" + std::string(text));
    require(negative && negative->nanos() == -nanos, "the sign changes nothing else");
  }
  if (const auto whole = quantity->integer()) require(Int128{*whole} * 1'000'000'000 == nanos, "a whole quantity is exactly its integer");
  else require(!quantity->isInteger() || nanos / 1'000'000'000 > INT64_MAX || nanos / 1'000'000'000 < INT64_MIN, "an integer that fits is told");
  require(quantity->isNegative() || Int128{quantity->bytes()} * 1'000'000'000 >= std::min(nanos, Int128{kMaxBytes} * 1'000'000'000), "bytes are rounded up");
  if (const auto bytes = policy::positiveBytes(text)) require(*bytes > 0 && *bytes == quantity->bytes(), "a positive size is above 0");
}

void checkDates(std::string_view text) {
  if (const auto date = Date::parse(text)) require(date->text() == text, "a date prints as it was written");
  const auto day = Date::parseTimestamp(text);
  const auto seconds = secondsOfTimestamp(text);
  require(day.has_value() == seconds.has_value(), "a time has a day");
  if (day && seconds) require(day->days == (*seconds >= 0 ? *seconds / 86'400 : -((-*seconds + 86'399) / 86'400)), "the day of a time is that of its seconds");
}

void checkGlob(std::string_view text) {
  const auto middle = text.find('\n');
  const std::string_view pattern = text.substr(0, middle), subject = middle == std::string_view::npos ? text : text.substr(middle + 1);
  const bool matches = globMatches(pattern, subject);
  if (globIsExact(pattern)) require(matches == (pattern == subject), "an exact glob matches itself and nothing else");
  require(!matches || globMatches(pattern, subject, true), "what matches, matches without case too");
  require(globMatches("*" + std::string(pattern) + "*", subject) || !matches, "a wider glob matches no less");
  require(globMatches(std::string(subject.size(), '?'), subject), "as many ? as bytes match");
}

}  // namespace

void fuzz::run(std::string_view input) {
  checkQuantity(input);
  checkDates(input);
  checkGlob(input);
  if (const auto tenths = policy::percentTenths(input)) require(*tenths >= 0 && *tenths <= 2000, "a percentage lies within 0 and 200");
  require(fromBase64(base64(input)) == std::string(input), "Base64 and back is the same");
  if (const auto bytes = fromBase64(input)) require(fromBase64(base64(*bytes)) == *bytes, "Base64 that is read prints as the same bytes");
}
