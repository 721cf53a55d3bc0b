#include "cli/terminal.hpp"

#include <doctest/doctest.h>

using namespace rightslice::cli;

TEST_CASE("text is wrapped at words, with its own first and next indentation") {
  CHECK(wrap("one two three four", 11, "- ", "  ") == "- one two\n  three\n  four\n");
  CHECK(wrap("averyveryverylongword x", 8, "", "  ") == "averyveryverylongword\n  x\n");
  CHECK(wrap("a\n\tb", 80, "", "") == "a b\n");
}

TEST_CASE("a control character of the input does not reach the terminal") {
  CHECK(wrap("a\x1b[31mb", 80, "", "") == "a?[31mb\n");
  CHECK(wrap("a\xC2\x9B" "31mb", 80, "", "") == "a?31mb\n");
}

TEST_CASE("columns are counted in characters, and line ends carry no blanks") {
  CHECK(table({{"a", "1"}, {"\xC3\xA4\xC3\xB6", "22"}, {"b", ""}}, {1}, " ") == " a    1\n \xC3\xA4\xC3\xB6  22\n b\n");
}

TEST_CASE("without colours text is painted with nothing") {
  CHECK(Style{}.paint(Colour::Red, "x") == "x");
  Style style;
  style.colours = true;
  CHECK(style.paint(Colour::Red, "x") == "\x1b[1;31mx\x1b[0m");
}
