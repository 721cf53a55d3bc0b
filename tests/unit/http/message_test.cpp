#include "http/message.hpp"

#include <doctest/doctest.h>

#include "base/limits.hpp"

using namespace rightslice;
using std::chrono::milliseconds;

TEST_CASE("?timeout= less the margin is what is left, and never more than our own deadline") {
  struct Case { const char* query; milliseconds allowed; };
  const Case cases[] = {
      {"", limits::kReviewDeadline},
      {"timeout=5s", milliseconds{4900}},
      {"timeout=30s", limits::kReviewDeadline},
      {"a=b&timeout=1s500ms&c", milliseconds{1400}},
      {"timeout=100ms", milliseconds{0}},
      {"timeout=0s", milliseconds{0}},
      {"timeout=", limits::kReviewDeadline},
      {"timeout=5", limits::kReviewDeadline},
      {"timeout=s", limits::kReviewDeadline},
      {"timeout=-5s", limits::kReviewDeadline},
      {"timeout=99999999999999999999999s", limits::kReviewDeadline},
      {"timeout=2562047h", limits::kReviewDeadline},
      {"timeout=1m", limits::kReviewDeadline},
      {"xtimeout=1s", limits::kReviewDeadline},
  };
  for (const Case& each : cases) {
    CAPTURE(each.query);
    CHECK(http::timeAllowed(each.query) == each.allowed);
  }
}

TEST_CASE("an error is JSON whatever stands in it") {
  const auto response = http::errorResponse(404, "NotFound", "no \"x\"\n\xFF");
  CHECK(response.status == 404);
  CHECK(response.contentType == "application/json");
  CHECK(response.body == "{\"error\":\"no \\\"x\\\"\\u000a\xEF\xBF\xBD\",\"reason\":\"NotFound\"}\n");
}
