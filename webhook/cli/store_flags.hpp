// Where the history of looks is kept: the flags of commands that write or read it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "cli/flags.hpp"
#include "observe/history/store.hpp"

namespace rightslice::cli {

struct StoreFlags {
  /// --store and --store-file; after `before`, where a command has them for a part of it.
  void declare(Flags& flags, std::string help, const std::string& before = "--", std::string group = "history");
  /// --keep, for commands that write.
  void declareKeep(Flags& flags, const std::string& before = "--", std::string group = "history");
  bool given() const { return !store.empty() || !storeFile.empty(); }
  /// A --keep with nothing to keep it in; empty: it is right.
  std::string wrong() const;
  /// What history::openStore() takes; empty where no store is given.
  Result<std::string> address() const;
  observe::history::Retention retention() const { return {.days = keepDays}; }
  /// Null after the error was written on stderr.
  std::unique_ptr<observe::history::Store> open(observe::history::Opening opening) const;

  std::string store, storeFile, prefix = "--";
  std::int64_t keepDays = 90;
  bool keepGiven = false;
};

}  // namespace rightslice::cli
