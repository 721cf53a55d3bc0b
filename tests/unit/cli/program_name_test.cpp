#include "cli/program_name.hpp"

#include <doctest/doctest.h>

using namespace rightslice::cli;

TEST_CASE("the program is kubectl's plugin by the name of its file alone") {
  for (const char* name : {"kubectl-rightslice", "/usr/local/bin/kubectl-rightslice", "./kubectl-rightslice", "kubectl-rightslice.exe"}) {
    CHECK(programName(name) == "kubectl rightslice");
  }
  for (const char* name : {"rightslice", "/opt/kubectl-rightslice/rightslice", "kubectl-rightslice-old", "kubectl", ""}) CHECK(programName(name) == "rightslice");
}

TEST_CASE("commands are shown as they are typed, the name in a sentence stays") {
  setProgramName("kubectl-rightslice", {"check", "gpus"});
  CHECK(asCalled("rightslice check a\nhelm template . | rightslice check -\n") == "kubectl rightslice check a\nhelm template . | kubectl rightslice check -\n");
  CHECK(asCalled("Try 'rightslice gpus --help'.") == "Try 'kubectl rightslice gpus --help'.");
  CHECK(asCalled("rightslice COMMAND [FLAG], rightslice --version") == "kubectl rightslice COMMAND [FLAG], kubectl rightslice --version");
  CHECK(asCalled("kubectl rightslice check") == "kubectl rightslice check");
  for (const char* same : {"rightslice - puts", "the lease rightslice in the namespace", "-n rightslice", "deployment/rightslice check", "rightslice checks", "rightslice"}) {
    CHECK(asCalled(same) == same);
  }
  setProgramName("rightslice", {"check", "gpus"});
  CHECK(asCalled("rightslice check a") == "rightslice check a");
}
