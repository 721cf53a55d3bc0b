#include "json/document.hpp"

#include <string>

#include <doctest/doctest.h>

#include "base/limits.hpp"

using rightslice::json::Document;
namespace limits = rightslice::limits;

namespace {

std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += piece;
  }
  return out;
}

std::string reprinted(std::string_view text) {
  const auto document = Document::parse(text);
  REQUIRE_MESSAGE(document, text);
  return document->root().text();
}

}  // namespace

TEST_CASE("every kind of value is read and printed back") {
  struct Row {
    const char* text;
    const char* printed;
  };
  for (const Row& row : {Row{"null", "null"}, Row{" true ", "true"}, Row{"false\n", "false"}, Row{"[]", "[]"}, Row{"{}", "{}"},
                         Row{"\"\"", "\"\""}, Row{"[1, -2 ,3.5]", "[1,-2,3.5]"},
                         Row{R"({"b":1,"a":{"c":[null]}})", R"({"b":1,"a":{"c":[null]}})"},
                         Row{R"("\u00e9\ud83d\ude00\/\b\u0001")", "\"\u00e9\U0001F600/\\b\\u0001\""},
                         Row{"9223372036854775807", "9223372036854775807"}, Row{"18446744073709551615", "18446744073709551615"},
                         Row{"-9223372036854775808", "-9223372036854775808"}, Row{"1e3", "1000"}, Row{"1.0", "1"},
                         Row{"100000000000000000000", "100000000000000000000"}, Row{"1e400", nullptr}}) {
    CAPTURE(row.text);
    const auto document = Document::parse(row.text);
    CHECK(document.has_value() == (row.printed != nullptr));
    if (document && row.printed != nullptr) {
      CHECK(document->root().text() == row.printed);
    }
  }
}

TEST_CASE("what is not JSON is an error that names line and column") {
  struct Row {
    const char* text;
    const char* where;
  };
  for (const Row& row :
       {Row{"", "1:1"}, Row{"  ", "1:3"}, Row{"{", "1:2"}, Row{"[1,]", "1:4"}, Row{"{\"a\":1,}", "1:8"}, Row{"{\n  \"a\" 1}", "2:7"},
        Row{"[1] x", "1:5"}, Row{"{} {}", "1:4"}, Row{"'a'", "1:1"}, Row{"nul", "1:4"}, Row{"01", "1:2"}, Row{"+1", "1:1"},
        Row{"1.", "1:3"}, Row{"NaN", "1:1"}, Row{"// c\n1", "1:1"}, Row{"\"a\nb\"", "1:3"}, Row{"\"\\x\"", "1:2"}, Row{"\"abc", "1:5"},
        Row{"\xEF\xBB\xBF{}", "1:1"}}) {
    CAPTURE(row.text);
    const auto document = Document::parse(row.text);
    REQUIRE(!document);
    CHECK(document.error().where == row.where);
    CHECK(document.error().message.starts_with("not valid JSON: "));
  }
}

TEST_CASE("a truncated document never parses") {
  const std::string whole = R"({"kind":"Pod","n":[1,2.5e3,true,null],"s":"\u00e9\"x"})";
  REQUIRE(Document::parse(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK(!Document::parse(std::string_view(whole).substr(0, length)));
  }
}

TEST_CASE("128 levels are read and 129 are refused") {
  CHECK(Document::parse(repeated("[", limits::kMaxDepth) + repeated("]", limits::kMaxDepth)));
  const auto deep = Document::parse(repeated("{\"a\":", limits::kMaxDepth + 1) + "1" + repeated("}", limits::kMaxDepth + 1));
  REQUIRE(!deep);
  CHECK(deep.error().message.find("deeper than 128 levels") != std::string::npos);
  CHECK(deep.error().where == "1:641");
}

TEST_CASE("a duplicate key is refused with its name and the place of the second one") {
  const auto document = Document::parse("{\"a\":1,\n \"b\":{\"x\":1,\"\\u0078\":2}}");
  REQUIRE(!document);
  CHECK(document.error().message.find("\"x\"") != std::string::npos);
  CHECK(document.error().where == "2:13");
}

TEST_CASE("the same key in different objects is no duplicate") {
  CHECK(reprinted(R"([{"a":1},{"a":{"a":[{"a":1}]}}])") == R"([{"a":1},{"a":{"a":[{"a":1}]}}])");
}

TEST_CASE("an object of 100,000 members is checked for duplicates too") {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) {
    text += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  }
  const auto unique = Document::parse(text + "\"last\":0}");
  REQUIRE(unique);
  CHECK(unique->root().size() == 100'001);
  CHECK(unique->root()["key99999"].integer() == 99'999);
  CHECK(unique->root().equals(unique->clone().root()));
  const auto doubled = Document::parse(text + "\"key7\":0}");
  REQUIRE(!doubled);
  CHECK(doubled.error().message.find("\"key7\"") != std::string::npos);
}

TEST_CASE("a document of 8 MiB is read") {
  const std::string text = "[\"" + std::string(limits::kMaxBodyBytes - 4, 'x') + "\"]";
  const auto document = Document::parse(text);
  REQUIRE(document);
  CHECK(document->root().at(0).string()->size() == limits::kMaxBodyBytes - 4);
  CHECK(Document::parse("[" + repeated("1,", 1 << 22) + "1]")->root().size() == (1U << 22) + 1);
}

TEST_CASE("a clone outlives its original and a moved document keeps its views") {
  auto original = Document::parse(R"({"name":"a string that is longer than what fits inside a value","list":[1,2]})");
  REQUIRE(original);
  const std::string before = original->root().text();
  const Document clone = original->clone();
  Document moved = std::move(*original);
  CHECK(moved.root()["list"].at(1).integer() == 2);
  moved = Document();
  CHECK(moved.root().isNull());
  CHECK(clone.root().text() == before);
}

TEST_CASE("a document that was moved away has nothing in it") {
  Document first;
  const Document second = std::move(first);
  CHECK(second.root().isNull());
  CHECK(!first.root().exists());
  CHECK(first.clone().root().isNull());
}
