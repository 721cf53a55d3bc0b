// Reading without managedFields goes by another parser. Whatever it is given, it must take and refuse what the first one does.
#include <string>

#include <doctest/doctest.h>

#include "base/limits.hpp"
#include "json/document.hpp"

using namespace rightslice::json;
namespace limits = rightslice::limits;

namespace {

std::string readLean(const std::string& text) {
  const auto document = Document::parse(text, Leave::ManagedFields);
  REQUIRE(document);
  return document->root().text();
}

std::string bracketed(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

}  // namespace

TEST_CASE("what is left out: arrays called managedFields right in an object called metadata") {
  CHECK(readLean(R"({"metadata":{"name":"a","managedFields":[{"manager":"x"}],"labels":{}}})") == R"({"metadata":{"name":"a","labels":{}}})");
  CHECK(readLean(R"([{"object":{"metadata":{"managedFields":[]}}},{"metadata":{"managedFields":[1]}}])") == R"([{"object":{"metadata":{}}},{"metadata":{}}])");
}

TEST_CASE("everything else of that name stays") {
  for (const char* text : {R"({"managedFields":[1]})", R"({"metadata":{"labels":{"managedFields":"a"}}})", R"({"metadata":{"managedFields":"a"}})",
                           R"({"metadata":{"managedFields":{"a":1}}})", R"({"metadata":{"annotations":{"managedFields":[1]}}})",
                           R"({"metadata":[{"managedFields":[1]}]})"}) {
    CAPTURE(text);
    CHECK(readLean(text) == text);
  }
}

TEST_CASE("both parsers take the same, and say the same where they do not") {
  for (const std::string& text : {
           std::string(""), std::string(" "), std::string("{"), std::string("{}x"), std::string("{} {}"), std::string("[1,]"), std::string("{\"a\":1,}"),
           std::string("nul"), std::string("01"), std::string("1."), std::string(".5"), std::string("+1"), std::string("-"), std::string("1e"),
           std::string("NaN"), std::string("Infinity"), std::string("'a'"), std::string("// a\n1"), std::string("\"a\nb\""), std::string("\"\\x\""),
           std::string("\"\t\""), std::string("\xEF\xBB\xBF{}"), std::string("{}\0", 3), std::string("\"a\0b\"", 5), std::string("\"\xFF\""),
           std::string("\"\xC0\x80\""), std::string("\"\xED\xA0\x80\""), std::string(R"("\ud800")"), std::string(R"("\udc00")"),
           std::string(R"({"\udfff":1})"), std::string(R"("\ud83d\ude00")"), std::string(R"("\uD83D\u0041")"), std::string(R"({"a":1,"a":2})"),
           std::string(R"({"a":1,"\u0061":2})"), std::string(R"([{"x":{"a":1,"b":2,"a":1}}])"), std::string(R"({"metadata":{"managedFields":[1],"managedFields":[2]}})"),
           std::string("-0"), std::string("-0.0"), std::string("1e400"), std::string("-1e400"), std::string("1e-400"), std::string("9223372036854775808"),
           std::string("18446744073709551615"), std::string("18446744073709551616"), std::string("-9223372036854775808"),
           std::string("-9223372036854775809"), std::string("123456789012345678901234567890"), std::string("0.1"), std::string("1E5"),
           bracketed(static_cast<std::size_t>(limits::kMaxDepth)), bracketed(static_cast<std::size_t>(limits::kMaxDepth) + 1), bracketed(5000)}) {
    CAPTURE(text);
    const auto whole = Document::parse(text);
    const auto lean = Document::parse(text, Leave::ManagedFields);
    REQUIRE(whole.has_value() == lean.has_value());
    if (whole) {
      CHECK(lean->root().text() == whole->root().text());
      CHECK(lean->root().equals(whole->root()));
    } else {
      CHECK(lean.error().message == whole.error().message);
      CHECK(lean.error().where == whole.error().where);
    }
  }
}

TEST_CASE("an object of many members has its keys compared too") {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += "\"key" + std::to_string(i) + "\":1,";
  CHECK(Document::parse(text + "\"last\":1}", Leave::ManagedFields));
  CHECK(!Document::parse(text + "\"key42\":1}", Leave::ManagedFields));
}

TEST_CASE("a large text is read, and after it a small one") {
  const std::string large = "{\"a\":\"" + std::string(1U << 20, 'x') + "\"}";
  CHECK(readLean(large) == large);
  CHECK(readLean("{\"b\":1}") == "{\"b\":1}");
}
