#include "json/writer.hpp"

#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "json/document.hpp"

using namespace rightslice::json;

TEST_CASE("compact and indented text of the same calls") {
  const auto write = [](Writer writer) {
    writer.beginObject().member("s", "text").member("n", std::int64_t{-5}).memberBool("b", true);
    writer.key("list").beginArray().integer(1).null().raw("{\"x\":1}").endArray();
    writer.key("empty").beginObject().endObject().key("none").beginArray().endArray();
    return writer.endObject().take();
  };
  CHECK(write(Writer()) == R"({"s":"text","n":-5,"b":true,"list":[1,null,{"x":1}],"empty":{},"none":[]})");
  CHECK(write(Writer(2)) == R"({
  "s": "text",
  "n": -5,
  "b": true,
  "list": [
    1,
    null,
    {"x":1}
  ],
  "empty": {},
  "none": []
})");
}

TEST_CASE("strings are escaped, and what is no UTF-8 becomes U+FFFD") {
  struct Row {
    std::string text;
    const char* json;
  };
  for (const Row& row : {Row{"", "\"\""}, Row{"a\"b\\c/", R"("a\"b\\c/")"}, Row{"\b\f\n\r\t", R"("\b\f\n\r\t")"},
                         Row{std::string("\0\x1f\x7f", 3), "\"\\u0000\\u001f\x7f\""}, Row{"\u00e9\U0001F600", "\"\u00e9\U0001F600\""},
                         Row{"a\xFF" "b", "\"a\uFFFDb\""}, Row{"\xC3", "\"\uFFFD\""}, Row{"\xED\xA0\x80", "\"\uFFFD\uFFFD\uFFFD\""},
                         Row{"\xC0\x80", "\"\uFFFD\uFFFD\""}, Row{"\xF4\x90\x80\x80", "\"\uFFFD\uFFFD\uFFFD\uFFFD\""}}) {
    CAPTURE(row.text);
    CHECK(quoted(row.text) == row.json);
    CHECK(Document::parse(quoted(row.text)));
  }
}

TEST_CASE("numbers are as short as they can be and read back the same") {
  struct Row {
    double value;
    const char* text;
  };
  for (const Row& row : {Row{0, "0"}, Row{-0.0, "-0.0"}, Row{1, "1"}, Row{0.1, "0.1"}, Row{-2.5, "-2.5"}, Row{1e6, "1000000"}, Row{1e20, "100000000000000000000"},
                         Row{1e21, "1e+21"}, Row{1e-6, "0.000001"}, Row{1e-7, "1e-07"}, Row{5e-324, "5e-324"},
                         Row{1.7976931348623157e308, "1.7976931348623157e+308"}, Row{std::numeric_limits<double>::infinity(), "null"},
                         Row{std::numeric_limits<double>::quiet_NaN(), "null"}}) {
    CAPTURE(row.text);
    CHECK(Writer().number(row.value).take() == row.text);
  }
}

TEST_CASE("amounts in hundredths") {
  struct Row {
    std::int64_t value;
    const char* text;
  };
  for (const Row& row : {Row{123456, "1234.56"}, Row{500, "5"}, Row{150, "1.5"}, Row{5, "0.05"}, Row{0, "0"}, Row{-5, "-0.05"}, Row{-12300, "-123"},
                         Row{std::numeric_limits<std::int64_t>::min(), "-92233720368547758.08"}}) {
    CAPTURE(row.value);
    CHECK(Writer().hundredths(row.value).take() == row.text);
  }
}

TEST_CASE("a view is written as it is, and a view of nothing as null") {
  const auto document = Document::parse(R"({"a":[1,2.50,"x",{"b":null}],"c":{}})");
  CHECK(Writer().value(document->root()).take() == R"({"a":[1,2.5,"x",{"b":null}],"c":{}})");
  CHECK(Writer().value(View()).take() == "null");
  CHECK(Writer(1).value(document->root()["a"].at(3)).take() == "{\n \"b\": null\n}");
}
