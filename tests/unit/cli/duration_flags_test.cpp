#include "cli/duration_flags.hpp"

#include <doctest/doctest.h>

using namespace rightslice::cli;
using std::chrono::seconds;

TEST_CASE("a duration is whole seconds, minutes or hours, and no shorter than its flag takes") {
  seconds any{1}, long_{300};
  Flags flags;
  Flag& free = durationFlag(flags, any, "--any", "Any.");
  CHECK(free.set("0s"));
  CHECK(any == seconds(0));
  CHECK_FALSE(free.set("-1s"));
  CHECK_FALSE(free.set("1500ms"));
  Flag& bounded = durationFlag(flags, long_, "--long", "Long.", seconds(10));
  CHECK(bounded.set("9s").error().message == "'9s' is too short; at least 10s");
  CHECK_FALSE(bounded.set("0"));
  CHECK(long_ == seconds(300));
  CHECK(bounded.set("10s"));
  CHECK(long_ == seconds(10));
}
