#include "json/pieces.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace rightslice::json;

namespace {

std::string member(std::string_view text, std::string_view key) { return std::string(memberText(text, key).value_or("nothing")); }

std::string elements(std::string_view text) {
  const auto found = elementTexts(text);
  if (!found) return "nothing";
  std::string out;
  for (const std::string_view each : *found) out += std::string(out.empty() ? "" : " | ") + std::string(each);
  return out;
}

}  // namespace

TEST_CASE("a member is found by its key, whatever stands in it and beside it") {
  CHECK(member(R"({"a":1})", "a") == "1");
  CHECK(member(R"( { "b" : {"a":2} , "a" : [1, {"a":3}] , "c" : null } )", "a") == R"([1, {"a":3}])");
  CHECK(member(R"({"a":"}\"{,:","b":2})", "a") == R"("}\"{,:")");
  CHECK(member(R"({"a":"}\"{,:","b":2})", "b") == "2");
  CHECK(member(R"({"b":{"x":1,"x":2},"a":{"u":"\ud800"}})", "a") == R"({"u":"\ud800"})");
  CHECK(member(R"({"":0})", "") == "0");
}

TEST_CASE("no member where there is none, more than one, or no whole object") {
  for (const std::string_view text : {R"({})", R"({"b":1})", R"({"a":1,"a":2})", R"(["a",1])", R"("a")", "", "{", R"({"a")", R"({"a":)", R"({"a":1)", R"({"a":1,})",
                                      R"({"a" 1})", R"({"a":1 2})", R"({"a":1}})", R"({"a":1} x)", R"({"a":})", R"({"a":,"b":1})", R"({,"a":1})", R"({"a":{})",
                                      R"({"a":"1})", R"({"b":{"a":1}})", R"({"\u0061":1})"}) {
    CAPTURE(text);
    CHECK(member(text, "a") == "nothing");
  }
}

TEST_CASE("the elements of an array, and nothing where there is no whole array") {
  CHECK(elements("[]") == "");
  CHECK(elements(R"([1,"a,b",{"c":[2,3]},[ ] , null])") == R"(1 | "a,b" | {"c":[2,3]} | [ ] | null)");
  for (const std::string_view text : {"", "[", "]", "{}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[1]x", R"(["a)", "[[1]"}) {
    CAPTURE(text);
    CHECK(elements(text) == "nothing");
  }
}

TEST_CASE("a million levels are stepped over") {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  CHECK(member("{\"a\":" + deep + ",\"b\":1}", "b") == "1");
  CHECK(elements("[" + deep + ",1]").size() == deep.size() + 4);
}
