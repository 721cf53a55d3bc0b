// A subcommand of the program: its manual, its flags, and what it does.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/flags.hpp"

namespace rightslice::cli {

/// Exit statuses (DESIGN 5): nothing denied, something denied, bad usage or unreadable input.
constexpr int kOk = 0, kDenied = 1, kUsage = 2;

/// What `--help` says beside the flags.
struct Manual {
  std::string_view name;         ///< "check"
  std::string_view summary;      ///< "judge manifests offline"
  std::string_view synopsis;     ///< "rightslice check [FLAG]... FILE|FOLDER|-..."
  std::string_view description;  ///< paragraphs, separated by an empty line
  std::string_view exitStatus;   ///< one line each
  std::string_view examples;     ///< one line each
};

/// One row of the table of commands.
struct Command {
  virtual ~Command() = default;
  virtual Manual manual() const = 0;
  virtual void declare(Flags& flags) = 0;  ///< binds every flag to a member
  virtual int run() = 0;                   ///< after the flags were read; the exit status
  virtual bool hidden() const { return false; }
};

std::unique_ptr<Command> makeServe();
std::unique_ptr<Command> makeCheck();
std::unique_ptr<Command> makeReview();
std::unique_ptr<Command> makeScan();
std::unique_ptr<Command> makePlan();
std::unique_ptr<Command> makeHistory();
std::unique_ptr<Command> makeAudit();
std::unique_ptr<Command> makeImpact();
std::unique_ptr<Command> makeReplay();
std::unique_ptr<Command> makeExport();
std::unique_ptr<Command> makeSize();
std::unique_ptr<Command> makeGpus();
std::unique_ptr<Command> makeTest();
std::unique_ptr<Command> makeCerts();
std::unique_ptr<Command> makeDocs();

/// All commands, in the order of the manual.
std::vector<std::unique_ptr<Command>> commands();

}  // namespace rightslice::cli
