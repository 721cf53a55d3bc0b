// A subcommand of the program.
#pragma once
#include <memory>
#include <string>
#include <vector>

namespace CLI { class App; }

namespace rightslice::cli {

/// Exit statuses (DESIGN 5).
constexpr int kOk = 0, kDenied = 1, kUsage = 2;

/// One row per subcommand: adds itself to the parser, and runs.
struct Command {
  virtual ~Command() = default;
  virtual void describe(CLI::App& root) = 0;  ///< adds its subcommand with flags, help and environment variables
  virtual bool chosen() const = 0;
  virtual int run() = 0;
};

std::unique_ptr<Command> makeCheck();
std::unique_ptr<Command> makeReview();
std::unique_ptr<Command> makeSize();
std::unique_ptr<Command> makeGpus();
std::unique_ptr<Command> makeTest();
std::unique_ptr<Command> makeCerts();
std::unique_ptr<Command> makeServe();

}  // namespace rightslice::cli
