#include "http/date.hpp"

#include <doctest/doctest.h>

using rightslice::http::secondsOfDate;

TEST_CASE("the date of a header") {
  CHECK(secondsOfDate("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
  CHECK(secondsOfDate("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 anF 1994 08:49:37 GMT",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 8:49:37  GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(secondsOfDate(text));
  }
}
