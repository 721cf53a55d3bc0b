#include "harness.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace rightslice::fuzz {
namespace {

std::string currentInput;

}  // namespace

void setCurrentInput(std::string_view name) { currentInput = name; }

void require(bool holds, std::string_view law, std::string_view detail) {
  if (holds) return;
  std::fflush(stdout);
  std::fprintf(stderr, "%s%sbroken law: %.*s\n%.*s\n", currentInput.c_str(), currentInput.empty() ? "" : ": ", static_cast<int>(law.size()), law.data(),
               static_cast<int>(detail.size()), detail.data());
  std::abort();
}

}  // namespace rightslice::fuzz
