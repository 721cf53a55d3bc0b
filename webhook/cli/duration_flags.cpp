#include "cli/duration_flags.hpp"

#include <fmt/format.h>

namespace rightslice::cli {

std::optional<std::chrono::seconds> parseSeconds(std::string_view text) {
  std::int64_t unit = 1;
  if (text.ends_with('h')) unit = 3600;
  else if (text.ends_with('m')) unit = 60;
  if (text.ends_with('s') || unit > 1) text.remove_suffix(1);
  const auto count = parseInteger(text);
  if (!count || *count < 0 || *count > 1'000'000) return std::nullopt;
  return std::chrono::seconds(*count * unit);
}

Flag& durationFlag(Flags& flags, std::chrono::seconds& target, std::string name, std::string help, std::chrono::seconds least) {
  Flag flag{.name = std::move(name), .value = "DURATION", .help = std::move(help), .defaultText = fmt::format("{}s", target.count())};
  flag.set = [&target, least](const std::string& text) -> Result<bool> {
    const auto value = parseSeconds(text);
    if (!value) return fail(fmt::format("'{}' is no duration; write 30s, 5m or 1h", text));
    if (*value < least) return fail(fmt::format("'{}' is too short; at least {}s", text, least.count()));
    target = *value;
    return true;
  };
  return flags.add(std::move(flag));
}

}  // namespace rightslice::cli
