// The texts about the commands: `--help`, and the reference of all flags.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "cli/command.hpp"

namespace rightslice::cli {

/// `rightslice --help`
std::string overview(std::span<const std::unique_ptr<Command>> all, std::size_t width);
/// `rightslice COMMAND --help`: like a manual page.
std::string manualPage(const Command& command, const Flags& flags, std::size_t width);
/// Markdown of every flag of every command, with environment variable and default.
std::string flagsReference(std::span<const std::unique_ptr<Command>> all);

}  // namespace rightslice::cli
