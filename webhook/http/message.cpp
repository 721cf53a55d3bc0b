#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/limits.hpp"
#include "host/log.hpp"

namespace rightslice::http {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t nanoseconds;
};
// Longest suffix first, so that "ms" is not read as "m". Source: time.ParseDuration of Go.
constexpr std::array<Unit, 6> kUnits{{{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}}};

/// Whole numbers with units, summed: "1m30s". Nothing for anything else, or for more than a day.
std::optional<std::chrono::milliseconds> parseDuration(std::string_view text) {
  constexpr std::int64_t kMax = 86'400'000'000'000;
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      number = std::min(number * 10 + (text[digits] - '0'), kMax + 1);
      ++digits;
    }
    text.remove_prefix(digits);
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& row) { return text.starts_with(row.suffix); });
    if (digits == 0 || unit == kUnits.end() || number > kMax / unit->nanoseconds) return std::nullopt;
    total += number * unit->nanoseconds;
    if (total > kMax) return std::nullopt;
    text.remove_prefix(unit->suffix.size());
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(total));
}

}  // namespace

Response errorResponse(int status, std::string_view reason, std::string_view message) {
  Response response;
  response.status = status;
  response.body = "{\"error\":" + host::jsonString(message) + ",\"reason\":" + host::jsonString(reason) + "}\n";
  return response;
}

std::string_view statusText(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    default: return "Unknown";
  }
}

std::chrono::milliseconds timeAllowed(std::string_view query) {
  constexpr std::string_view kName = "timeout=";
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    if (part.starts_with(kName)) {
      if (const auto timeout = parseDuration(part.substr(kName.size()))) {
        return std::clamp(*timeout - limits::kAnswerMargin, std::chrono::milliseconds{0}, limits::kReviewDeadline);
      }
    }
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  return limits::kReviewDeadline;
}

}  // namespace rightslice::http
