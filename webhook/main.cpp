#include <csignal>
#include <cstdio>
#include <exception>

#include "cli/program.hpp"

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // at the size limit a write is to fail, so that what is half written can be removed
  try {
    return rightslice::cli::runProgram(argc, argv);
  } catch (const std::exception& error) {  // a bug, or no memory: everything expected is a value
    std::fprintf(stderr, "rightslice: internal error: %s\n", error.what());
    return 2;
  }
}
