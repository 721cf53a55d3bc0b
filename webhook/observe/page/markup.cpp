#include "observe/page/markup.hpp"

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/quantity.hpp"
#include "json/utf8.hpp"
#include "observe/money.hpp"
#include "policy/money.hpp"

namespace rightslice::observe::page {
namespace {

/// A comma before every three digits of the whole part.
std::string grouped(std::string text) {
  const auto point = text.find('.');
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = (point == std::string::npos ? text.size() : point); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : json::printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string inScript(std::string_view json) {
  // HTML, "Restrictions for contents of script elements": "<!--", "<script" and "</script". U+2028 and U+2029 end lines of old JavaScript.
  std::string out;
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view three = json.substr(i, 3);
    if (json[i] == '<') out += "\\u003c";
    else if (json[i] == '>') out += "\\u003e";
    else if (json[i] == '&') out += "\\u0026";
    else if (three == "\xe2\x80\xa8" || three == "\xe2\x80\xa9") out += three[2] == '\xa8' ? "\\u2028" : "\\u2029", i += 2;
    else out += json[i];
  }
  return out;
}

std::string named(const std::vector<std::string>& all) {
  constexpr std::size_t kMost = 6;
  std::string out;
  for (std::size_t i = 0; i < all.size() && i < kMost; ++i) out += fmt::format("{}<code>{}</code>", i == 0 ? "" : ", ", escaped(all[i]));
  if (all.size() > kMost) out += fmt::format(" and {} more", all.size() - kMost);
  return out;
}

std::string amount(std::int64_t cents) { return grouped(centsText(cents)); }

std::string tenths(std::int64_t value) { return grouped(value % 10 == 0 ? fmt::format("{}", value / 10) : fmt::format("{}.{}", value / 10, value % 10)); }

std::string gpusOf(std::int64_t centihours) {
  constexpr std::int64_t kMonth = policy::kHoursPerMonth * 100;
  return tenths(static_cast<std::int64_t>((static_cast<Int128>(centihours) * 20 + kMonth) / (2 * kMonth)));
}

std::string number(std::int64_t value) { return grouped(std::to_string(value)); }

std::string counted(std::int64_t count, std::string_view noun) { return fmt::format("{} {}{}", number(count), noun, count == 1 ? "" : "s"); }

std::string percent(std::int64_t part, std::int64_t all) {
  if (all <= 0) return "";
  const auto tenths = static_cast<std::int64_t>((static_cast<Int128>(part) * 2000 + all) / (2 * static_cast<Int128>(all)));
  return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

}  // namespace rightslice::observe::page
