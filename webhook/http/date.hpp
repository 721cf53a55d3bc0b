// The dates in headers of HTTP.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace rightslice::http {

/// Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); nothing for anything else.
std::optional<std::int64_t> secondsOfDate(std::string_view text);

}  // namespace rightslice::http
