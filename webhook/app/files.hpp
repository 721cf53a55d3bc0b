// Files and folders that a command line names.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace rightslice::app {

/// Reads one file whole (at most limits::kMaxFileBytes); Error.where is the file.
Result<std::string> readFile(const std::string& path);
/// Reads the first `most` bytes of a file, or all of a shorter one.
Result<std::string> readBeginning(const std::string& path, std::size_t most);
/// Standard input whole, with the same limit; Error.where is "-".
Result<std::string> readStandardInput();

bool isFolder(const std::string& path);

struct Listing {
  std::vector<std::string> files;  ///< sorted by path
  std::vector<Error> errors;       ///< folders that could not be read; Error.where is the folder
};

/// Every *.yaml, *.yml and *.json under the folder, recursively. Hidden entries (so also the ..data and ..2026_*
/// folders of a mounted ConfigMap, whose links are followed instead) and folders named in `skip` are left out; a folder
/// that links lead to again is read once, so loops end.
Listing filesUnder(const std::string& folder, const std::vector<std::string>& skip = {});

}  // namespace rightslice::app
