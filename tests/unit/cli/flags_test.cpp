#include "cli/flags.hpp"

#include <doctest/doctest.h>

#include <set>

#include "cli/command.hpp"
#include "cli/manual.hpp"

using namespace rightslice::cli;

TEST_CASE("headroom is 0 to 200 percent with one decimal at most") {
  struct Row {
    const char* text;
    std::optional<int> tenths;
  };
  const Row rows[] = {{"10%", 100},   {"10", 100}, {"0%", 0},   {"12.5%", 125}, {"200%", 2000},
                      {"200.1%", {}}, {"201", {}}, {"-1%", {}}, {"1.25%", {}},  {"", {}},
                      {"%", {}},      {"ten", {}}, {".5", {}},  {"1000", {}}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parseHeadroom(row.text) == row.tenths);
  }
}

TEST_CASE("a switch is written in words or digits") {
  for (const char* text : {"true", "TRUE", "yes", "on", "1"}) CHECK(parseSwitch(text) == true);
  for (const char* text : {"false", "no", "Off", "0", ""}) CHECK(parseSwitch(text) == false);
  CHECK_FALSE(parseSwitch("2"));
}

TEST_CASE("a variable is the flag in capitals with underscores") {
  Flag flag;
  flag.name = "--max-model-len";
  CHECK(flag.environment() == "RIGHTSLICE_MAX_MODEL_LEN");
}

TEST_CASE("every command documents itself: each flag once, with help, in manual and reference") {
  const auto all = commands();
  const std::string reference = flagsReference(all);
  for (const auto& command : all) {
    Flags flags;
    command->declare(flags);
    const std::string page = manualPage(*command, flags, 100);
    CAPTURE(command->manual().name);
    for (const char* heading : {"USAGE", "WHAT IT DOES", "FLAGS", "EXIT STATUS", "EXAMPLES"})
      CHECK(page.find(heading) != std::string::npos);
    std::set<std::string> names;
    for (const Flag& flag : flags.all()) {
      CAPTURE(flag.name);
      CHECK(names.insert(flag.name).second);
      CHECK_FALSE(flag.help.empty());
      CHECK(page.find(flag.environment()) != std::string::npos);
      CHECK((command->hidden() || reference.find("`" + flag.environment() + "`") != std::string::npos));
    }
  }
}
