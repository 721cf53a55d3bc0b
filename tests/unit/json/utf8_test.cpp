#include "json/utf8.hpp"

#include <doctest/doctest.h>

using namespace rightslice::json;

TEST_CASE("what commands a terminal or turns a line around becomes a question mark") {
  struct Row {
    std::string_view text, printed;
  };
  for (const Row& row : {Row{"plain \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80", "plain \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"}, Row{"a\x1b[31mb", "a?[31mb"},
                         Row{"a\nb\tc\rd", "a b\tc?d"}, Row{"\x7F", "?"}, Row{"\xC2\x9B" "31m", "?31m"}, Row{"\xC2\xA0", "\xC2\xA0"},
                         Row{"\xE2\x80\xA8\xE2\x80\xAE", "??"}, Row{"\xE2\x80\xA7\xE2\x80\xAF", "\xE2\x80\xA7\xE2\x80\xAF"},
                         Row{"\xE2\x81\xA6\xE2\x81\xAA", "?\xE2\x81\xAA"}, Row{"\xFF\xC2", "??"}, Row{std::string_view("\0", 1), "?"}, Row{"", ""}}) {
    CAPTURE(row.text);
    CHECK(printable(row.text) == row.printed);
  }
}
