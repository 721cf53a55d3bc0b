#include "policy/line_cursor.hpp"

#include <doctest/doctest.h>

#include <string>

using rightslice::policy::LineCursor;

TEST_CASE("lines are found in any order, and what is no line is not") {
  LineCursor lines("a\nbc\n\nd");
  CHECK(lines.offsetOf(1) == 0);
  CHECK(lines.offsetOf(4) == 6);
  CHECK(lines.offsetOf(2) == 2);
  CHECK(lines.offsetOf(3) == 5);
  CHECK(lines.offsetOf(4) == 6);
  CHECK(!lines.offsetOf(5));
  CHECK(lines.offsetOf(4) == 6);
  CHECK(!lines.offsetOf(0));
  CHECK(!lines.offsetOf(-1));
}

TEST_CASE("behind the last newline there is a line, which is empty") {
  LineCursor lines("a\n");
  CHECK(lines.offsetOf(2) == 2);
  CHECK(!lines.offsetOf(3));
  CHECK(LineCursor("").offsetOf(1) == 0);
}

TEST_CASE("a text is gone through once, however many of its lines are asked for in order") {
  constexpr int kLines = 5000;
  std::string text;
  for (int i = 0; i < kLines; ++i) text += "x\n";
  LineCursor lines(text);
  for (int line = 1; line <= kLines; ++line) REQUIRE(lines.offsetOf(line) == static_cast<std::size_t>(line - 1) * 2);
  CHECK(lines.passed() == kLines - 1);
}
