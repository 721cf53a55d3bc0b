#include "cli/program.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/nearest.hpp"
#include "cli/command.hpp"
#include "cli/manual.hpp"
#include "cli/parser.hpp"
#include "cli/program_name.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"

namespace rightslice::cli {

namespace {

int usageError(const std::string& message, std::string_view seeAlso) {
  complain(message);
  printError(asCalled(fmt::format("Try '{} --help'.\n", seeAlso)));
  return kUsage;
}

int runCommand(Command& command, const std::vector<std::string>& arguments) {
  Flags flags;
  command.declare(flags);
  const auto parsed = parse(flags, arguments, processEnvironment());
  const std::string name = fmt::format("rightslice {}", command.manual().name);
  if (!parsed) return usageError(parsed.error().message, name);
  if (parsed->helpWanted) {
    print(manualPage(command, flags, Style::ofOutput().width));
    return kOk;
  }
  return command.run();
}

int dispatch(std::vector<std::string> arguments) {
  const auto all = commands();
  if (arguments.empty()) {
    printError(overview(all, Style::ofOutput().width));
    return kUsage;
  }
  std::string word = arguments.front();
  arguments.erase(arguments.begin());
  if (word == "help" && !arguments.empty()) {
    word = arguments.front();
    arguments = {"--help"};
  }
  if (word == "--help" || word == "-h" || word == "help") {
    print(overview(all, Style::ofOutput().width));
    return kOk;
  }
  if (word == "--version" || word == "version") {
    print(fmt::format("rightslice {}\n", version()));
    return kOk;
  }
  std::vector<std::string> names{"--help", "--version"};
  for (const auto& command : all) {
    if (command->manual().name == word) return runCommand(*command, arguments);
    if (!command->hidden()) names.emplace_back(command->manual().name);
  }
  const auto meant = nearest(word, names);
  return usageError(fmt::format("unknown {} '{}'{}", word.starts_with('-') ? "flag" : "command", word,
                                meant ? fmt::format("; did you mean '{}'?", *meant) : ""),
                    "rightslice");
}

}  // namespace

std::vector<std::unique_ptr<Command>> commands() {
  std::vector<std::unique_ptr<Command>> all;
  all.push_back(makeServe());
  all.push_back(makeCheck());
  all.push_back(makeReview());
  all.push_back(makeScan());
  all.push_back(makePlan());
  all.push_back(makeHistory());
  all.push_back(makeAudit());
  all.push_back(makeImpact());
  all.push_back(makeReplay());
  all.push_back(makeExport());
  all.push_back(makeSize());
  all.push_back(makeGpus());
  all.push_back(makeTest());
  all.push_back(makeCerts());
  all.push_back(makeDocs());
  return all;
}

int runProgram(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (const auto& command : commands()) words.emplace_back(command->manual().name);
  setProgramName(argc > 0 ? argv[0] : "", std::move(words));
  const int status = dispatch({argv + (argc > 0 ? 1 : 0), argv + argc});
  return finishOutput() ? status : kUsage;
}

}  // namespace rightslice::cli
