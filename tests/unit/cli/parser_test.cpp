#include "cli/parser.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace rightslice;
using namespace rightslice::cli;

namespace {

struct Sample {
  std::vector<std::string> policies{"default"}, positionals;
  std::string output = "text";
  std::int64_t days = 180;
  bool fix = false;
  std::optional<Date> now;

  Result<Parsed> read(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                      bool withPositionals = true) {
    Flags flags;
    flags.list(policies, "--policies", "DIR", "");
    flags.choice(output, "--output", {"text", "json"}, "").shortName = "-o";
    flags.integer(days, "--max-exception-days", "N", "", 1, 1000);
    flags.toggle(fix, "--fix", "");
    flags.date(now, "--now", "");
    if (withPositionals) flags.positionals(positionals, "FILE", "");
    return parse(flags, arguments, [environment](const std::string& name) -> std::optional<std::string> {
      const auto it = environment.find(name);
      return it == environment.end() ? std::nullopt : std::optional(it->second);
    });
  }
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("flags are read in every spelling, and positionals around them") {
  Sample sample;
  REQUIRE(
      sample.read({"a.yaml", "--policies", "x", "-o", "json", "--policies=y", "--max-exception-days=7", "--fix", "-"}));
  CHECK(sample.policies == Strings{"x", "y"});
  CHECK(sample.output == "json");
  CHECK(sample.days == 7);
  CHECK(sample.fix);
  CHECK(sample.positionals == Strings{"a.yaml", "-"});
}

TEST_CASE("a repeatable flag takes one value at a time, so a positional may follow") {
  Sample sample;
  REQUIRE(sample.read({"--policies", "x", "a.yaml"}));
  CHECK(sample.policies == Strings{"x"});
  CHECK(sample.positionals == Strings{"a.yaml"});
}

TEST_CASE("of a flag that is not repeatable the last one holds") {
  Sample sample;
  REQUIRE(sample.read({"-o", "json", "--output", "text", "--fix", "--fix=false"}));
  CHECK(sample.output == "text");
  CHECK_FALSE(sample.fix);
}

TEST_CASE("every flag has a variable; the command line wins over it") {
  Sample sample;
  REQUIRE(sample.read({"--max-exception-days", "9"}, {{"RIGHTSLICE_OUTPUT", "json"},
                                                      {"RIGHTSLICE_POLICIES", "a,b,,c"},
                                                      {"RIGHTSLICE_MAX_EXCEPTION_DAYS", "8"},
                                                      {"RIGHTSLICE_FIX", "yes"}}));
  CHECK(sample.output == "json");
  CHECK(sample.policies == Strings{"a", "b", "c"});
  CHECK(sample.days == 9);
  CHECK(sample.fix);
}

TEST_CASE("a comma splits only the variable, never the flag") {
  Sample sample;
  REQUIRE(sample.read({"--policies", "a,b"}));
  CHECK(sample.policies == Strings{"a,b"});
}

TEST_CASE("an empty variable is as good as none") {
  Sample sample;
  REQUIRE(sample.read({}, {{"RIGHTSLICE_OUTPUT", ""}, {"RIGHTSLICE_FIX", ""}, {"RIGHTSLICE_POLICIES", ""}}));
  CHECK(sample.output == "text");
  CHECK(sample.policies == Strings{"default"});
  CHECK_FALSE(sample.fix);
}

TEST_CASE("what cannot be read is one line that names the flag and the remedy") {
  struct Row {
    Strings arguments;
    std::map<std::string, std::string> environment;
    std::string message;
  };
  const Row rows[] = {
      {{"--polcies", "x"}, {}, "unknown flag --polcies; did you mean --policies?"},
      {{"--policies=x", "--fixx=1"}, {}, "unknown flag --fixx; did you mean --fix?"},
      {{"-o", "jsn"}, {}, "--output: 'jsn' is none of text, json; did you mean 'json'?"},
      {{"--max-exception-days", "0"}, {}, "--max-exception-days: '0' is no whole number from 1 to 1000"},
      {{"--max-exception-days", "7x"}, {}, "--max-exception-days: '7x' is no whole number from 1 to 1000"},
      {{"--now", "2026-02-30"}, {}, "--now: '2026-02-30' is no day; write it as YYYY-MM-DD"},
      {{"--policies", "--fix"}, {}, "--policies needs a value, but --fix follows"},
      {{}, {{"RIGHTSLICE_OUTPUT", "xml"}}, "RIGHTSLICE_OUTPUT: 'xml' is none of text, json"},
      {{}, {{"RIGHTSLICE_FIX", "perhaps"}}, "RIGHTSLICE_FIX: 'perhaps' is neither true nor false"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    Sample sample;
    const auto result = sample.read(row.arguments, row.environment);
    REQUIRE_FALSE(result);
    CHECK(result.error().message == row.message);
  }
}

TEST_CASE("a flag at the end without its value is an error") {
  Sample sample;
  CHECK_FALSE(sample.read({"a.yaml", "--policies"}));
}

TEST_CASE("an argument that no command expects is an error") {
  Sample sample;
  const auto result = sample.read({"stray"}, {}, false);
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "unexpected argument 'stray'");
}

TEST_CASE("after -- everything is a positional, or the rest where a command takes one") {
  Sample sample;
  REQUIRE(sample.read({"a", "--", "--fix", "b"}));
  CHECK(sample.positionals == Strings{"a", "--fix", "b"});
  CHECK_FALSE(sample.fix);

  Strings rest;
  std::string model;
  Flags flags;
  flags.text(model, "--model", "ID", "");
  flags.rest(rest, "COMMAND", "");
  REQUIRE(parse(flags, {"--model", "m", "--", "vllm", "serve", "--model", "other"},
                [](const auto&) { return std::nullopt; }));
  CHECK(model == "m");
  CHECK(rest == Strings{"vllm", "serve", "--model", "other"});
}

TEST_CASE("help is wanted even beside an unknown flag") {
  Sample sample;
  const auto result = sample.read({"--nonsense", "--help"});
  REQUIRE(result);
  CHECK(result->helpWanted);
}
