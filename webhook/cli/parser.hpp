// Reads a command line, and the environment behind it, into the flags of a command.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/flags.hpp"

namespace rightslice::cli {

/// Looks an environment variable up; a value of its own in tests.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string&)>;

struct Parsed {
  bool helpWanted = false;
};

/// A flag on the command line wins over its environment variable; of a flag given twice the last one holds, unless it
/// is repeatable. A repeatable flag's variable is split at commas. The error is one line for a person, with a
/// suggestion.
Result<Parsed> parse(Flags& flags, const std::vector<std::string>& arguments, const EnvironmentLookup& environment);

/// The environment of the process.
EnvironmentLookup processEnvironment();

}  // namespace rightslice::cli
