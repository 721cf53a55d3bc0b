#include "json/view.hpp"

#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "json/document.hpp"

using namespace rightslice::json;

namespace {
const Document& sample() {
  static const Document document = *Document::parse(
      R"({"s":"text","i":7,"d":1.5,"w":3.0,"t":true,"n":null,"o":{"a/b":{"m~n":[10,20]},"":1},"a":[1,[2],{"k":"v"}],"big":18446744073709551615})");
  return document;
}
}  // namespace

TEST_CASE("a missing member is a view of nothing, however far one looks") {
  const View nothing = sample().root()["none"]["deeper"].at(3)["x"];
  CHECK(!nothing.exists());
  CHECK(nothing.typeName() == "nothing");
  CHECK(!nothing.isNull());
  CHECK(!nothing.string());
  CHECK(!nothing.integer());
  CHECK(!nothing.number());
  CHECK(!nothing.boolean());
  CHECK(!nothing.scalarText());
  CHECK(nothing.stringOr("else") == "else");
  CHECK(nothing.size() == 0);
  CHECK(nothing.equals(View()));
  CHECK(!nothing.equals(sample().root()["n"]));
  for ([[maybe_unused]] const auto member : nothing.members()) {
    FAIL("nothing has no members");
  }
  for ([[maybe_unused]] const auto element : nothing.elements()) {
    FAIL("nothing has no elements");
  }
}

TEST_CASE("a getter of the wrong type gives nothing") {
  const View root = sample().root();
  for (const char* key : {"s", "i", "d", "t", "n", "o", "a"}) {
    const View value = root[key];
    CAPTURE(key);
    CHECK(value.string().has_value() == value.isString());
    CHECK(value.number().has_value() == value.isNumber());
    CHECK(value.boolean().has_value() == value.isBool());
    CHECK(value["x"].exists() == false);
    CHECK((value.size() > 0) == (value.isArray() || value.isObject()));
  }
  CHECK(root["s"].typeName() == "string");
  CHECK(root["i"].typeName() == "number");
  CHECK(root["t"].typeName() == "boolean");
  CHECK(root["n"].typeName() == "null");
  CHECK(root["o"].typeName() == "object");
  CHECK(root["a"].typeName() == "array");
}

TEST_CASE("whole numbers that fit are integers") {
  const View root = sample().root();
  CHECK(root["i"].integer() == 7);
  CHECK(root["w"].integer() == 3);
  CHECK(!root["d"].integer());
  CHECK(!root["big"].integer());
  CHECK(Document::parse("1e3")->root().integer() == 1000);
  CHECK(!Document::parse("1e300")->root().integer());
  CHECK(Document::parse("-9223372036854775808.0")->root().integer() == std::numeric_limits<std::int64_t>::min());
  CHECK(!Document::parse("9223372036854775808.0")->root().integer());
}

TEST_CASE("scalars have a text") {
  const View root = sample().root();
  CHECK(root["s"].scalarText() == "text");
  CHECK(root["i"].scalarText() == "7");
  CHECK(root["d"].scalarText() == "1.5");
  CHECK(root["w"].scalarText() == "3");
  CHECK(root["t"].scalarText() == "true");
  CHECK(root["big"].scalarText() == "18446744073709551615");
  CHECK(!root["n"].scalarText());
  CHECK(!root["a"].scalarText());
}

TEST_CASE("JSON pointers find what RFC 6901 says") {
  const View root = sample().root();
  CHECK(root.find("").node() == root.node());
  CHECK(root.find("/o/a~1b/m~0n/1").integer() == 20);
  CHECK(root.find("/o/").integer() == 1);
  CHECK(root.find("/a/2/k").string() == "v");
  for (const char* pointer : {"o", "/x", "/a/-", "/a/00", "/a/9", "/a/-1", "/o/a~b", "/s/0", "/o/~", "//"}) {
    CAPTURE(pointer);
    CHECK(!root.find(pointer).exists());
  }
  CHECK(escapeToken("a/b~c") == "a~1b~0c");
  CHECK(escapeToken("~1") == "~01");
}

TEST_CASE("members and elements come in document order") {
  std::string keys;
  for (const View::Member member : sample().root().members()) {
    keys += std::string(member.key) + ",";
  }
  CHECK(keys == "s,i,d,w,t,n,o,a,big,");
  std::string types;
  for (const View element : sample().root()["a"].elements()) {
    types += std::string(element.typeName()) + ",";
  }
  CHECK(types == "number,array,object,");
}

TEST_CASE("equality is deep, without order of members, and by value of numbers") {
  struct Row {
    const char* left;
    const char* right;
    bool equal;
  };
  for (const Row& row : {Row{"1", "1.0", true}, Row{"0", "-0.0", true}, Row{"9007199254740993", "9007199254740992", false},
                         Row{"9007199254740993", "9007199254740992.0", false}, Row{"18446744073709551615", "18446744073709551616", false},
                         Row{"-1", "18446744073709551615", false}, Row{"0.1", "0.1", true}, Row{"0.1", "0.2", false}, Row{"1e300", "1e300", true},
                         Row{"1", "\"1\"", false}, Row{"1", "true", false}, Row{"null", "false", false}, Row{"true", "false", false},
                         Row{"[]", "{}", false}, Row{R"({"a":1,"b":2})", R"({"b":2,"a":1})", true}, Row{R"({"a":1})", R"({"a":1,"b":2})", false},
                         Row{R"({"a":1,"b":2})", R"({"a":1,"c":2})", false}, Row{"[1,2]", "[2,1]", false}, Row{"[[1],{}]", "[[1.0],{}]", true},
                         Row{"\"a\\u0000b\"", "\"a\\u0000c\"", false}}) {
    CAPTURE(row.left);
    CAPTURE(row.right);
    const auto left = Document::parse(row.left);
    const auto right = Document::parse(row.right);
    CHECK(left->root().equals(right->root()) == row.equal);
    CHECK(right->root().equals(left->root()) == row.equal);
  }
}
