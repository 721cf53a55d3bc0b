// A target without libFuzzer: every file of the folders and files that are named goes through it once, as ctest does with corpus and regressions.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "harness.hpp"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> filesOf(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const auto files = filesOf(argc, argv);
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
      return 2;
    }
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    std::printf("%s\n", path.c_str());  // the last line is the culprit where the program crashes
    std::fflush(stdout);
    rightslice::fuzz::setCurrentInput(path.string());
    rightslice::fuzz::run(input);
  }
  std::printf("%zu inputs\n", files.size());
  return files.empty() ? 2 : 0;
}
