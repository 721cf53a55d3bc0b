#include "cli/flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/nearest.hpp"

namespace rightslice::cli {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

Result<bool> setInteger(const std::string& text, std::int64_t least, std::int64_t most,
                        const std::function<void(std::int64_t)>& store) {
  const auto value = parseInteger(text);
  if (!value || *value < least || *value > most)
    return fail(fmt::format("'{}' is no whole number from {} to {}", text, least, most));
  store(*value);
  return true;
}

}  // namespace

std::string Flag::environment() const {
  std::string result = "RIGHTSLICE_";
  for (const char c : std::string_view(name).substr(2))
    result += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return result;
}

Flag& Flags::add(Flag flag) {
  flags_.push_back(std::move(flag));
  return flags_.back();
}

Flag& Flags::text(std::string& target, std::string name, std::string value, std::string help) {
  Flag flag{.name = std::move(name), .value = std::move(value), .help = std::move(help), .defaultText = target};
  flag.set = [&target](const std::string& text) -> Result<bool> {
    target = text;
    return true;
  };
  return add(std::move(flag));
}

Flag& Flags::text(std::optional<std::string>& target, std::string name, std::string value, std::string help) {
  Flag flag{.name = std::move(name), .value = std::move(value), .help = std::move(help)};
  flag.set = [&target](const std::string& text) -> Result<bool> {
    target = text;
    return true;
  };
  return add(std::move(flag));
}

Flag& Flags::list(std::vector<std::string>& target, std::string name, std::string value, std::string help) {
  Flag flag{.name = std::move(name), .value = std::move(value), .help = std::move(help), .repeatable = true};
  for (const auto& item : target) flag.defaultText += (flag.defaultText.empty() ? "" : ",") + item;
  flag.set = [&target, first = true](const std::string& text) mutable -> Result<bool> {
    if (first) target.clear();
    first = false;
    target.push_back(text);
    return true;
  };
  return add(std::move(flag));
}

Flag& Flags::toggle(bool& target, std::string name, std::string help) {
  Flag flag{.name = std::move(name), .help = std::move(help)};
  flag.set = [&target](const std::string& text) -> Result<bool> {
    const auto value = parseSwitch(text);
    if (!value) return fail(fmt::format("'{}' is neither true nor false", text));
    target = *value;
    return true;
  };
  return add(std::move(flag));
}

Flag& Flags::choice(std::string& target, std::string name, std::vector<std::string> choices, std::string help) {
  Flag flag{.name = std::move(name),
            .value = fmt::format("{}", fmt::join(choices, "|")),
            .help = std::move(help),
            .defaultText = target};
  flag.choices = choices;
  flag.set = [&target, choices = std::move(choices)](const std::string& text) -> Result<bool> {
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
      const auto meant = nearest(text, choices);
      return fail(fmt::format("'{}' is none of {}{}", text, fmt::join(choices, ", "),
                              meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
    }
    target = text;
    return true;
  };
  return add(std::move(flag));
}

Flag& Flags::integer(std::int64_t& target, std::string name, std::string value, std::string help, std::int64_t least,
                     std::int64_t most) {
  Flag flag{.name = std::move(name),
            .value = std::move(value),
            .help = std::move(help),
            .defaultText = std::to_string(target)};
  flag.set = [&target, least, most](const std::string& text) {
    return setInteger(text, least, most, [&target](std::int64_t number) { target = number; });
  };
  return add(std::move(flag));
}

Flag& Flags::integer(std::optional<std::int64_t>& target, std::string name, std::string value, std::string help,
                     std::int64_t least, std::int64_t most) {
  Flag flag{.name = std::move(name), .value = std::move(value), .help = std::move(help)};
  flag.set = [&target, least, most](const std::string& text) {
    return setInteger(text, least, most, [&target](std::int64_t number) { target = number; });
  };
  return add(std::move(flag));
}

Flag& Flags::date(std::optional<Date>& target, std::string name, std::string help) {
  Flag flag{.name = std::move(name), .value = "YYYY-MM-DD", .help = std::move(help)};
  flag.set = [&target](const std::string& text) -> Result<bool> {
    const auto value = Date::parse(text);
    if (!value) return fail(fmt::format("'{}' is no day; write it as YYYY-MM-DD", text));
    target = value;
    return true;
  };
  return add(std::move(flag));
}

void Flags::positionals(std::vector<std::string>& target, std::string name, std::string help) {
  positionals_ = {&target, std::move(name), std::move(help)};
}

void Flags::rest(std::vector<std::string>& target, std::string name, std::string help) {
  rest_ = {&target, std::move(name), std::move(help)};
}

const Flag* Flags::find(std::string_view name) const {
  for (const Flag& flag : flags_)
    if (flag.name == name || (!flag.shortName.empty() && flag.shortName == name)) return &flag;
  return nullptr;
}

std::optional<bool> parseSwitch(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word.empty() || word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parseInteger(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> parseHeadroom(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  std::string_view whole = text, decimal;
  if (const auto dot = text.find('.'); dot != std::string_view::npos) {
    whole = text.substr(0, dot);
    decimal = text.substr(dot + 1);
    if (decimal.size() != 1 || decimal[0] < '0' || decimal[0] > '9') return std::nullopt;
  }
  if (whole.empty() || whole.size() > 3 || whole.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  const int tenths = static_cast<int>(*parseInteger(whole)) * 10 + (decimal.empty() ? 0 : decimal[0] - '0');
  return tenths <= 2000 ? std::optional(tenths) : std::nullopt;
}

}  // namespace rightslice::cli
