#include "json/patch.hpp"

#include <string>

#include <doctest/doctest.h>

#include "base/limits.hpp"

using namespace rightslice::json;
namespace limits = rightslice::limits;

namespace {

struct Row {
  const char* rule;
  const char* document;
  const char* patch;
  const char* result;  ///< Null: the patch fails.
};

/// The result as JSON text, or "<where>: <message>".
std::string applied(std::string_view document, std::string_view patch) {
  const auto target = Document::parse(document);
  const auto operations = Document::parse(patch);
  REQUIRE(target);
  REQUIRE(operations);
  const auto parsed = parsePatch(operations->root());
  if (!parsed) {
    return "parse " + parsed.error().where + ": " + parsed.error().message;
  }
  const auto result = apply(*target, *parsed);
  return result ? result->root().text() : result.error().where + ": " + result.error().message;
}

void check(const Row& row) {
  CAPTURE(row.rule);
  const std::string result = applied(row.document, row.patch);
  CAPTURE(result);
  if (row.result == nullptr) {
    CHECK(result.find(": ") != std::string::npos);
    CHECK((result.starts_with("/") || result.starts_with("parse ")));
  } else {
    CHECK(result == Document::parse(row.result)->root().text());
  }
}

}  // namespace

TEST_CASE("the examples of RFC 6902, appendix A") {
  for (const Row& row : {
           Row{"A.1", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])", R"({"foo":"bar","baz":"qux"})"},
           Row{"A.2", R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])", R"({"foo":["bar","qux","baz"]})"},
           Row{"A.3", R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
           Row{"A.4", R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])", R"({"foo":["bar","baz"]})"},
           Row{"A.5", R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])", R"({"baz":"boo","foo":"bar"})"},
           Row{"A.6", R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
               R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])", R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
           Row{"A.7", R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
               R"({"foo":["all","cows","eat","grass"]})"},
           Row{"A.8", R"({"baz":"qux","foo":["a",2,"c"]})",
               R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])", R"({"baz":"qux","foo":["a",2,"c"]})"},
           Row{"A.9", R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])", nullptr},
           Row{"A.10", R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])", R"({"foo":"bar","child":{"grandchild":{}}})"},
           Row{"A.11", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])", R"({"foo":"bar","baz":"qux"})"},
           Row{"A.12", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])", nullptr},
           Row{"A.14", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
           Row{"A.15", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])", nullptr},
           Row{"A.16", R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])", R"({"foo":["bar",["abc","def"]]})"},
       }) {
    check(row);
  }
  // A.13 is a patch with two "op" members, which is no JSON here at all.
  CHECK(!Document::parse(R"([{"op":"add","path":"/baz","value":"qux","op":"remove"}])"));
}

TEST_CASE("the edges of every operation") {
  for (const Row& row : {
           Row{"the whole document can be replaced", "{}", R"([{"op":"replace","path":"","value":[1]}])", "[1]"},
           Row{"adding at the root replaces the document", "{}", R"([{"op":"add","path":"","value":null}])", "null"},
           Row{"the whole document cannot be removed", "{}", R"([{"op":"remove","path":""}])", nullptr},
           Row{"adding to an existing member replaces it in place", R"({"a":1,"b":2})", R"([{"op":"add","path":"/a","value":3}])", R"({"a":3,"b":2})"},
           Row{"null is a value", R"({"a":1})", R"([{"op":"add","path":"/b","value":null},{"op":"test","path":"/b","value":null}])", R"({"a":1,"b":null})"},
           Row{"an empty key is a key", R"({"":1})", R"([{"op":"replace","path":"/","value":2}])", R"({"":2})"},
           Row{"removal keeps the order", R"({"a":1,"b":2,"c":3})", R"([{"op":"remove","path":"/a"}])", R"({"b":2,"c":3})"},
           Row{"insert at the front", "[1,2]", R"([{"op":"add","path":"/0","value":0}])", "[0,1,2]"},
           Row{"insert at the end", "[1,2]", R"([{"op":"add","path":"/2","value":3}])", "[1,2,3]"},
           Row{"insert beyond the end", "[1,2]", R"([{"op":"add","path":"/3","value":3}])", nullptr},
           Row{"insert into an empty array", "[]", R"([{"op":"add","path":"/-","value":3}])", "[3]"},
           Row{"a leading zero is no index", "[1,2]", R"([{"op":"replace","path":"/01","value":3}])", nullptr},
           Row{"zero itself is", "[1,2]", R"([{"op":"replace","path":"/0","value":3}])", "[3,2]"},
           Row{"a sign is no index", "[1,2]", R"([{"op":"remove","path":"/-1"}])", nullptr},
           Row{"an exponent is no index", "[1,2]", R"([{"op":"test","path":"/1e0","value":2}])", nullptr},
           Row{"an index of twenty-five digits", "[1,2]", R"([{"op":"remove","path":"/1000000000000000000000000"}])", nullptr},
           Row{"the end is no element to remove", "[1,2]", R"([{"op":"remove","path":"/-"}])", nullptr},
           Row{"the end is no element to replace", "[1,2]", R"([{"op":"replace","path":"/-","value":1}])", nullptr},
           Row{"- is an ordinary key of an object", "{}", R"([{"op":"add","path":"/-","value":1}])", R"({"-":1})"},
           Row{"remove what is not there", "{}", R"([{"op":"remove","path":"/a"}])", nullptr},
           Row{"replace what is not there", "{}", R"([{"op":"replace","path":"/a","value":1}])", nullptr},
           Row{"test what is not there, even for null", "{}", R"([{"op":"test","path":"/a","value":null}])", nullptr},
           Row{"a scalar has no members", R"({"a":1})", R"([{"op":"add","path":"/a/b","value":1}])", nullptr},
           Row{"test compares numbers by value", "[1]", R"([{"op":"test","path":"/0","value":1.0}])", "[1]"},
           Row{"test compares objects without order", R"([{"a":1,"b":[2]}])", R"([{"op":"test","path":"/0","value":{"b":[2],"a":1}}])",
               R"([{"a":1,"b":[2]}])"},
           Row{"test tells apart neighbours beyond 2^53", "[9007199254740993]", R"([{"op":"test","path":"/0","value":9007199254740992}])", nullptr},
           Row{"test compares arrays in order", "[[1,2]]", R"([{"op":"test","path":"/0","value":[2,1]}])", nullptr},
           Row{"move into its own child", R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/c"}])", nullptr},
           Row{"move the root into itself", R"({"a":1})", R"([{"op":"move","from":"","path":"/b"}])", nullptr},
           Row{"move to where it is", R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
           Row{"move to a name that only begins the same", R"({"a":1})", R"([{"op":"move","from":"/a","path":"/ab"}])", R"({"ab":1})"},
           Row{"move a child over the root", R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":""}])", R"({"b":1})"},
           Row{"move what is not there", "{}", R"([{"op":"move","from":"/a","path":"/b"}])", nullptr},
           Row{"copy into its own child", R"({"a":{}})", R"([{"op":"copy","from":"/a","path":"/a/b"}])", R"({"a":{"b":{}}})"},
           Row{"copy the root into itself", R"({"a":1})", R"([{"op":"copy","from":"","path":"/b"}])", R"({"a":1,"b":{"a":1}})"},
           Row{"copy into an array", R"({"a":[1,2]})", R"([{"op":"copy","from":"/a/1","path":"/a/0"}])", R"({"a":[2,1,2]})"},
           Row{"a pointer begins with a slash", "{}", R"([{"op":"add","path":"a","value":1}])", nullptr},
           Row{"a tilde needs 0 or 1", R"({"~2":1})", R"([{"op":"remove","path":"/~2"}])", nullptr},
           Row{"a tilde at the end", R"({"~":1})", R"([{"op":"remove","path":"/~"}])", nullptr},
           Row{"an empty patch", R"({"a":1})", "[]", R"({"a":1})"},
           Row{"no such operation", "{}", R"([{"op":"spam","path":"","value":1}])", nullptr},
           Row{"no operation", "{}", R"([{"path":"","value":1}])", nullptr},
           Row{"no path", "{}", R"([{"op":"add","value":1}])", nullptr},
           Row{"no value", "{}", R"([{"op":"add","path":"/a"}])", nullptr},
           Row{"no from", "{}", R"([{"op":"copy","path":"/a"}])", nullptr},
           Row{"an operation that is no object", "{}", "[1]", nullptr},
           Row{"a patch that is no array", "{}", "{}", nullptr},
       }) {
    check(row);
  }
}

TEST_CASE("the first failure ends it, says where, and leaves the document as it was") {
  const auto document = Document::parse(R"({"a":1})");
  const Patch patch{{PatchOperation::Op::Add, "/b", "", "2"}, {PatchOperation::Op::Test, "/a", "", "7"}, {PatchOperation::Op::Remove, "/a", "", ""}};
  const auto result = apply(*document, patch);
  REQUIRE(!result);
  CHECK(result.error().where == "/1");
  CHECK(result.error().message == "cannot test: the value at \"/a\" is another one");
  CHECK(document->root().text() == R"({"a":1})");
}

TEST_CASE("a patch cannot nest deeper than a document may") {
  std::string text = "1";
  for (int i = 0; i < limits::kMaxDepth; ++i) {
    text = "{\"a\":" + text + "}";
  }
  const auto document = Document::parse(text);
  REQUIRE(document);
  const auto result = apply(*document, {{PatchOperation::Op::Copy, "/b", "", ""}});
  REQUIRE(!result);
  CHECK(result.error().message.find("deeper than 128 levels") != std::string::npos);
}

TEST_CASE("a result outlives document and patch") {
  auto document = Document::parse(R"({"a":"a string that is longer than what fits inside a value"})");
  auto result = apply(*document, {{PatchOperation::Op::Add, "/b", "", "\"another string that is longer than a value\""}});
  document = Document::parse("null");
  CHECK(result->root().text() == R"({"a":"a string that is longer than what fits inside a value","b":"another string that is longer than a value"})");
}

TEST_CASE("a patch is written as RFC 6902 has it and reads back") {
  using Op = PatchOperation::Op;
  const Patch patch{{Op::Test, "/a", "", "{\"x\":1}"}, {Op::Add, "/b~1c", "", "null"}, {Op::Remove, "/d", "", ""},
                    {Op::Move, "/f", "/e", ""},        {Op::Copy, "/g", "/f", ""},     {Op::Replace, "", "", "[]"}};
  const std::string text = patchText(patch);
  CHECK(text ==
        R"([{"op":"test","path":"/a","value":{"x":1}},{"op":"add","path":"/b~1c","value":null},{"op":"remove","path":"/d"},)"
        R"({"op":"move","from":"/e","path":"/f"},{"op":"copy","from":"/f","path":"/g"},{"op":"replace","path":"","value":[]}])");
  CHECK(*parsePatch(Document::parse(text)->root()) == patch);
  CHECK(patchText({}) == "[]");
}
