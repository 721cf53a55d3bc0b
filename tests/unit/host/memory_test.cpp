#include "host/memory.hpp"

#include <doctest/doctest.h>

using rightslice::host::Ebb;

TEST_CASE("memory is given back once when a crowd has gone, and not for the coming and going of a few") {
  Ebb ebb;
  CHECK_FALSE(ebb.fell(0));
  CHECK_FALSE(ebb.fell(Ebb::kCrowd - 1));
  CHECK_FALSE(ebb.fell(0));         // too few to matter
  CHECK_FALSE(ebb.fell(1000));
  CHECK_FALSE(ebb.fell(600));       // most are still there
  CHECK(ebb.fell(500));
  CHECK_FALSE(ebb.fell(500));       // once
  CHECK_FALSE(ebb.fell(300));
  CHECK(ebb.fell(0));
  CHECK_FALSE(ebb.fell(0));
}
