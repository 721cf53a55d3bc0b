// Where the history of looks is kept: the flags of commands that write or read it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "cli/flags.hpp"
#include "observe/history/store.hpp"

namespace rightslice::cli {

struct StoreFlags {
  void declare(Flags& flags, std::string help);
  void declareKeep(Flags& flags);           ///< for commands that write
  bool given() const { return !store.empty() || !storeFile.empty(); }
  /// Null after the error was written on stderr.
  std::unique_ptr<observe::history::Store> open(observe::history::Opening opening) const;

  std::string store, storeFile;
  std::int64_t keepDays = 90;
};

}  // namespace rightslice::cli
