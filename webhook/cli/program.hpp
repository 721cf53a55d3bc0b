// The command line as a whole: picks the command, reads its flags, runs it.
#pragma once

namespace rightslice::cli {

/// The exit status.
int runProgram(int argc, const char* const* argv);

}  // namespace rightslice::cli
