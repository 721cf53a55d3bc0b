#include "cli/parser.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/nearest.hpp"

namespace rightslice::cli {

namespace {

constexpr int kAnyNumber = CLI::detail::expected_max_vector_size;

bool accept(const CLI::results_t&) { return true; }

std::vector<std::string> splitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

/// One line for what CLI11 could not place.
Error unexpected(const Flags& flags, const std::string& word) {
  if (word.size() > 1 && word[0] == '-') {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> names{"--help"};
    for (const Flag& flag : flags.all()) names.push_back(flag.name);
    const auto meant = nearest(name, names);
    return {fmt::format("unknown flag {}{}", name, meant ? fmt::format("; did you mean {}?", *meant) : ""), {}};
  }
  return {fmt::format("unexpected argument '{}'", word), {}};
}

Result<bool> apply(const Flag& flag, const std::string& text, const std::string& writtenAs) {
  auto result = flag.set(text);
  if (!result) return fail(writtenAs + ": " + result.error().message);
  return true;
}

Result<bool> applyEnvironment(const Flag& flag, const EnvironmentLookup& environment) {
  const std::string variable = flag.environment();
  const auto text = environment(variable);
  if (!text || (text->empty() && !flag.isSwitch())) return true;
  const auto values = flag.repeatable ? splitAtCommas(*text) : std::vector{*text};
  for (const auto& value : values)
    if (auto done = apply(flag, value, variable); !done) return done;
  return true;
}

}  // namespace

Result<Parsed> parse(Flags& flags, const std::vector<std::string>& arguments, const EnvironmentLookup& environment) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  bool help = false;
  app.add_flag("-h,--help", help);

  std::vector<CLI::Option*> options;
  for (const Flag& flag : flags.all()) {
    const std::string names = flag.shortName.empty() ? flag.name : flag.shortName + "," + flag.name;
    CLI::Option* option = nullptr;
    if (flag.isSwitch()) {
      option = app.add_flag_callback(names, [] {});
    } else {
      option = app.add_option(names, CLI::callback_t(accept));
      option->expected(1);
    }
    option->multi_option_policy(flag.repeatable ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
    options.push_back(option);
  }
  CLI::Option* positionals = nullptr;
  if (flags.positionals().target != nullptr) {
    positionals = app.add_option("positionals", CLI::callback_t(accept));
    positionals->expected(kAnyNumber)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  // What follows `--` never reaches CLI11: it may be another program's command line.
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const std::vector<std::string> rest(dashes == arguments.end() ? dashes : dashes + 1, arguments.end());
  std::vector<std::string> reversed(arguments.begin(), dashes);
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return fail(error.what());
  }
  if (help) return Parsed{true};
  if (const auto extra = app.remaining(); !extra.empty()) return tl::unexpected(unexpected(flags, extra.front()));

  for (std::size_t i = 0; i < options.size(); ++i) {
    const Flag& flag = flags.all()[i];
    if (options[i]->count() == 0) {
      if (auto done = applyEnvironment(flag, environment); !done) return tl::unexpected(done.error());
      continue;
    }
    std::vector<std::string> values = options[i]->results();
    if (!flag.repeatable) values.erase(values.begin(), values.end() - 1);
    for (const std::string& value : values) {
      if (!flag.isSwitch() && flags.find(value) != nullptr)
        return fail(fmt::format("{} needs a value, but {} follows", flag.name, value));
      if (auto done = apply(flag, value, flag.name); !done) return tl::unexpected(done.error());
    }
  }
  if (positionals != nullptr) *flags.positionals().target = positionals->results();
  auto* target = flags.rest().target != nullptr ? flags.rest().target : flags.positionals().target;
  if (target != nullptr) target->insert(target->end(), rest.begin(), rest.end());
  else if (!rest.empty()) return tl::unexpected(unexpected(flags, rest.front()));
  return Parsed{};
}

EnvironmentLookup processEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

}  // namespace rightslice::cli
