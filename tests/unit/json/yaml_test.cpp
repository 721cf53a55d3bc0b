#include "json/yaml.hpp"

#include <string>

#include <doctest/doctest.h>

#include "base/limits.hpp"
#include "json/writer.hpp"

using rightslice::json::Document;
using rightslice::json::parseYaml;
using rightslice::json::YamlStream;
namespace json = rightslice::json;
namespace limits = rightslice::limits;

namespace {

/// JSON text of the only document; "error <place>: <message>" if it is broken.
std::string asJson(std::string_view yaml) {
  const YamlStream stream = parseYaml(yaml);
  if (stream.documents.size() + stream.broken.size() != 1) {
    return "documents: " + std::to_string(stream.documents.size()) + ", broken: " + std::to_string(stream.broken.size());
  }
  return stream.broken.empty() ? stream.documents[0].document.root().text()
                               : "error " + stream.broken[0].error.where + ": " + stream.broken[0].error.message;
}

std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += piece;
  }
  return out;
}

struct Row {
  const char* yaml;
  const char* json;
};

struct BadRow {
  const char* yaml;
  const char* where;
  const char* says;
};

}  // namespace

TEST_CASE("plain scalars resolve as in kubectl") {
  for (const Row& row : {
           Row{"yes", "true"}, Row{"Yes", "true"}, Row{"YES", "true"}, Row{"yEs", "\"yEs\""}, Row{"on", "true"}, Row{"Off", "false"},
           Row{"no", "false"}, Row{"True", "true"}, Row{"FALSE", "false"}, Row{"y", "true"}, Row{"N", "false"}, Row{"~", "null"},
           Row{"null", "null"}, Row{"Null", "null"}, Row{"NULL", "null"}, Row{"nULL", "\"nULL\""}, Row{"0", "0"}, Row{"-0", "0"},
           Row{"42", "42"}, Row{"+42", "42"}, Row{"-42", "-42"}, Row{"0755", "493"}, Row{"0o755", "493"}, Row{"0O17", "15"},
           Row{"08", "8"}, Row{"09.5", "9.5"}, Row{"0x1F", "31"}, Row{"-0x1f", "-31"}, Row{"0b101", "5"}, Row{"-0b11", "-3"},
           Row{"0b102", "\"0b102\""}, Row{"0xG", "\"0xG\""}, Row{"0x", "\"0x\""}, Row{"1_000", "1000"}, Row{"_1", "\"_1\""},
           Row{"1_000.5", "1000.5"}, Row{"1e3", "1000"}, Row{"1E-2", "0.01"}, Row{".5", "0.5"}, Row{"-.5", "-0.5"}, Row{"+.5", "0.5"},
           Row{"1.", "1"}, Row{".", "\".\""}, Row{"-", "[null]"}, Row{"--", "\"--\""}, Row{"1e", "\"1e\""}, Row{"e1", "\"e1\""},
           Row{"1e400", "\"1e400\""}, Row{"1e-400", "0"}, Row{"9223372036854775807", "9223372036854775807"},
           Row{"9223372036854775808", "9223372036854775808"}, Row{"-9223372036854775808", "-9223372036854775808"},
           Row{"18446744073709551615", "18446744073709551615"}, Row{"18446744073709551616", "18446744073709551616"},
           Row{"-9223372036854775809", "-9223372036854775808"}, Row{"0x10000000000000000", "18446744073709551616"},
           Row{"2024-01-31", "\"2024-01-31\""}, Row{"2024-01-31T10:00:00Z", "\"2024-01-31T10:00:00Z\""}, Row{"12:30:45", "\"12:30:45\""},
           Row{"1.2.3", "\"1.2.3\""}, Row{"7Gi", "\"7Gi\""}, Row{"NaN", "\"NaN\""}, Row{"inf", "\"inf\""}, Row{"=", "\"=\""},
           Row{"<<", "\"<<\""}, Row{"a b  c", "\"a b  c\""}, Row{"--model", "\"--model\""}, Row{"a:b", "\"a:b\""}, Row{"a#b", "\"a#b\""},
       }) {
    CAPTURE(row.yaml);
    CHECK(asJson(row.yaml) == row.json);
  }
}

TEST_CASE("quotes and blocks make a string of everything") {
  for (const Row& row : {Row{"\"yes\"", "\"yes\""}, Row{"'1'", "\"1\""}, Row{"\"\"", "\"\""}, Row{"''", "\"\""}, Row{"'it''s'", "\"it's\""},
                         Row{"|\n  1\n", "\"1\\n\""}, Row{"|-\n  yes\n", "\"yes\""}, Row{">\n  a\n  b\n", "\"a b\\n\""},
                         Row{"|+\n  a\n\n", "\"a\\n\\n\""}, Row{"|2\n   a\n", "\" a\\n\""}, Row{"\"\\x41\\u00e9\\t\"", "\"A\u00e9\\t\""},
                         Row{"! 12", "\"12\""}, Row{"!!str 12", "\"12\""}, Row{"!!int \"3\"", "3"},
                         Row{"!!float 3", "3"}, Row{"!!bool yes", "true"}, Row{"!!null ''", "null"}, Row{"!!binary aGk=", "\"hi\""}, Row{"!!binary |\n  aG\n  k=\n", "\"hi\""},
                         Row{"!!timestamp 2001-01-01", "\"2001-01-01\""}, Row{"!<tag:yaml.org,2002:str> 1", "\"1\""}}) {
    CAPTURE(row.yaml);
    CHECK(asJson(row.yaml) == row.json);
  }
}

TEST_CASE("collections in block and flow style") {
  for (const Row& row :
       {Row{"a: 1\nb:\n- x\n- v: z\n  w: {}\n", R"({"a":1,"b":["x",{"v":"z","w":{}}]})"}, Row{"- - a\n  - b\n-\n", R"([["a","b"],null])"},
        Row{"{a: b, c: [1, 2], d: }", R"({"a":"b","c":[1,2],"d":null})"}, Row{"a:\nb:\n", R"({"a":null,"b":null})"},
        Row{"a: !!map {b: !!seq [c]}\n", R"({"a":{"b":["c"]}})"}, Row{"\"a b\": 'c'\n", R"({"a b":"c"})"},
        Row{"a: b # c\n# d\n", R"({"a":"b"})"}, Row{"a: b\r\nc:\r\n- d\r\n", R"({"a":"b","c":["d"]})"},
        Row{"a: |\r\n  x\r\n  y\r\nb: 1\r\n", R"({"a":"x\ny\n","b":1})"}, Row{"\xEF\xBB\xBF" "a: b\n", R"({"a":"b"})"},
        Row{"%YAML 1.1\n---\na: yes\n", R"({"a":true})"}, Row{"{a: \"b\",\n c: 'd',}\n", R"({"a":"b","c":"d"})"},
        Row{"a: !!str\n", R"({"a":""})"}, Row{"? a\n: b\n", R"({"a":"b"})"}, Row{"a: long\n  text\n", R"({"a":"long text"})"}}) {
    CAPTURE(row.yaml);
    CHECK(asJson(row.yaml) == row.json);
  }
}

TEST_CASE("keys of other types become their text") {
  CHECK(asJson("1: a\n2.5: b\nyes: c\n0x10: d\n1e6: e\n'3': f\n") == R"({"1":"a","2.5":"b","true":"c","16":"d","1e+06":"e","3":"f"})");
}

TEST_CASE("a merge key brings in what the map does not say itself") {
  for (const Row& row : {
           Row{"a: &a {x: 1, v: 2}\nb:\n  <<: *a\n  v: 3\n", R"({"a":{"x":1,"v":2},"b":{"v":3,"x":1}})"},
           Row{"a: &a {x: 1}\nb:\n  x: 2\n  <<: *a\n", R"({"a":{"x":1},"b":{"x":2}})"},
           Row{"- &a {x: 1, v: 1}\n- &b {x: 2, z: 2}\n- <<: [*a, *b]\n", R"([{"x":1,"v":1},{"x":2,"z":2},{"x":1,"v":1,"z":2}])"},
           Row{"<<: {a: 1}\nb: 2\n", R"({"b":2,"a":1})"},
           Row{"- &a {x: 1}\n- &b {<<: *a, v: 2}\n- {<<: *b, z: 3}\n", R"([{"x":1},{"v":2,"x":1},{"z":3,"v":2,"x":1}])"},
           Row{"\"<<\": {a: 1}\n", R"({"<<":{"a":1}})"},
       }) {
    CAPTURE(row.yaml);
    CHECK(asJson(row.yaml) == row.json);
  }
}

TEST_CASE("an alias stands for a copy of its anchor") {
  CHECK(asJson("a: &x [1, {b: &y text}]\nc: *x\nd: *y\n*y : key\n") == R"({"a":[1,{"b":"text"}],"c":[1,{"b":"text"}],"d":"text","text":"key"})");
  CHECK(asJson("- &a 1\n- &a 2\n- *a\n") == "[1,2,2]");
}

TEST_CASE("what kubectl or JSON could not take is an error with its place") {
  for (const BadRow& row : {
           BadRow{"a: 1\nb: 2\na: 3\n", "3:1", "\"a\" stands twice"}, BadRow{"{a: 1, a: 2}", "1:8", "stands twice"},
           BadRow{"1: a\n\"1\": b\n", "2:1", "\"1\" stands twice"}, BadRow{"? [a]\n: b\n", "1:3", "a key must be a plain value"},
           BadRow{"{a: b}: c\n", "1:1", "a key must be a plain value"}, BadRow{"~: a\n", "1:1", "must not be null"},
           BadRow{"a: !foo x\n", "1:4", "!foo"}, BadRow{"a: !foo {}\n", "1:4", "!foo"}, BadRow{"a: !!set {b}\n", "1:4", "set"},
           BadRow{"a: !!int x\n", "1:4", "is no !!int"}, BadRow{"a: !!binary x\n", "1:4", "base64"}, BadRow{"a: !!binary /w==\n", "1:4", "base64"}, BadRow{"a: .inf\n", "1:4", "no number that JSON has"},
           BadRow{"a: -.INF\n", "1:4", "quote it"}, BadRow{"a: .nan\n", "1:4", "no number"}, BadRow{"a: *b\n", "1:4", "anchor"},
           BadRow{"a: &a [*a]\n", "1:4", "an alias stands inside"}, BadRow{"a: &a {<<: *a}\n", "1:4", "an alias stands inside"},
           BadRow{"<<: 1\n", "1:5", "merges a map"}, BadRow{"<<: [1]\n", "1:6", "merges a map"},
           BadRow{"a: \"x\n", "1:4", "never closed"}, BadRow{"a: 'x\n", "1:4", "never closed"}, BadRow{"a: !!str \"x\n\n", "1:4", "never closed"},
           BadRow{"a: [1, 2\n", "2:1", "end of sequence flow not found"}, BadRow{"a: b: c\n", "1:5", "illegal map value"},
           BadRow{"foo\nbar: baz\n", "2:4", ""}, BadRow{"- a\nb: c\n", "2:1", "after the end"}, BadRow{"a: b\n]\n", "2:1", ""},
           BadRow{",", "1:1", "after the end"}, BadRow{"a: @x\n", "1:4", ""},
           BadRow{"a: \xFF\n", "1:4", "not UTF-8"}, BadRow{"a: \x01\n", "1:4", "U+0001"}, BadRow{"a: b\rc: d\n", "1:5", "carriage return"},
           BadRow{"a:\n\tb: c\n", "2:3", "tab"}, BadRow{"a:\n\t- b\n", "2:2", "tab"}, BadRow{"a: 'x' y\n", "1:8", ""},
           BadRow{"a: \"\\ud83d\"\n", "1:11", "invalid unicode"}, BadRow{"a: \"\\q\"\n", "1:7", "escape"},
       }) {
    CAPTURE(row.yaml);
    const YamlStream stream = parseYaml(row.yaml);
    CHECK(stream.documents.empty());
    REQUIRE(stream.broken.size() == 1);
    CHECK(stream.broken[0].error.where == row.where);
    CAPTURE(stream.broken[0].error.message);
    CHECK(stream.broken[0].error.message.find(row.says) != std::string::npos);
  }
}

TEST_CASE("nested too deep is an error in every style, and 128 levels are none") {
  for (const std::string& text :
       {repeated("[", 100'000), repeated("{a: ", 100'000), repeated("- ", 100'000), repeated("? ", 100'000), repeated("[{a: ", 50'000),
        repeated("[", limits::kMaxDepth + 1) + repeated("]", limits::kMaxDepth + 1), repeated("- ", limits::kMaxDepth + 1) + "a"}) {
    CHECK(asJson(text).find("deeper than 128 levels") != std::string::npos);
  }
  CHECK(asJson(repeated("[", limits::kMaxDepth) + repeated("]", limits::kMaxDepth)).starts_with("[["));
  CHECK(asJson(repeated("- ", limits::kMaxDepth) + "a").starts_with("[["));
}

TEST_CASE("aliases cannot nest deeper than the text may") {
  std::string text = "- &a0 [x]\n";
  for (int i = 1; i <= limits::kMaxDepth; ++i) {
    text += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  CHECK(asJson(text).find("deeper than 128 levels") != std::string::npos);
}

TEST_CASE("a billion laughs end early") {
  std::string text = "a0: &a0 lol\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + ", " + last + ", " + last + "]\n";
  }
  CHECK(asJson(text).find("with its aliases expanded") != std::string::npos);
  const std::string large = "- &a \"" + std::string(1 << 20, 'x') + "\"\n" + repeated("- *a\n", 1000);
  CHECK(asJson(large).find("with its aliases expanded") != std::string::npos);
}

TEST_CASE("as much may be repeated by aliases as kubectl lets be") {
  const std::string anchor = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb:\n";
  CHECK(asJson(anchor + repeated("- *a\n", 90)).starts_with("{\"a\":[1,2,"));  // within a thousand values anything goes
  CHECK(asJson(anchor + repeated("- *a\n", 1000)).starts_with("{\"a\":[1,2,"));
  const std::string wide = "a: &a [" + repeated("1, ", 100) + "1]\nb: &b [" + repeated("*a, ", 100) + "*a]\nc: *b\nd: *b\n";
  CHECK(asJson(wide).find("with its aliases expanded, the document is nearly nothing but what they repeat") != std::string::npos);
}

TEST_CASE("a stream goes on after a broken document, and empty documents are not counted") {
  const YamlStream stream = parseYaml(
      "# head\n---\na: 1\n---\n# nothing\n---\n---\nb: [\n---\nc: |\n  ---\n  x\n...\n# between\n%YAML 1.2\n--- # here\nd: 4\n--- e\n---\nf: 1\nf: 2\n");
  REQUIRE(stream.documents.size() == 4);
  CHECK(stream.documents[0].document.root().text() == R"({"a":1})");
  CHECK(stream.documents[0].index == 1);
  CHECK(stream.documents[1].document.root().text() == R"({"c":"---\nx\n"})");
  CHECK(stream.documents[1].index == 3);
  CHECK(stream.documents[2].document.root().text() == R"({"d":4})");
  CHECK(stream.documents[2].index == 4);
  CHECK(stream.documents[3].document.root().text() == "\"e\"");
  REQUIRE(stream.broken.size() == 2);
  CHECK(stream.broken[0].index == 2);
  CHECK(stream.broken[0].error.where == "9:1");
  CHECK(stream.broken[1].index == 6);
  CHECK(stream.broken[1].error.where == "21:1");
}

TEST_CASE("a text without any document gives none") {
  for (const char* text : {"", "\n\n", "# a\n", "---\n", "---\n---\n# x\n...\n", "\xEF\xBB\xBF", "   \t\n", "%YAML 1.2\n---\n", "...\n\xEF\xBB\xBF\n",
                           "# a\n\xEF\xBB\xBF# b\n---\n"}) {
    CAPTURE(text);
    const YamlStream stream = parseYaml(text);
    CHECK(stream.documents.empty());
    CHECK(stream.broken.empty());
  }
  CHECK(asJson("--- ~\n") == "null");
}

TEST_CASE("each document may begin with a byte order mark, and one mark alone is no value") {
  const YamlStream stream = parseYaml("\xEF\xBB\xBF" "a: 1\n...\n\xEF\xBB\xBF" "b: 2\n...\n# c\n\xEF\xBB\xBF---\nd: 3\n");
  CHECK(stream.broken.empty());
  REQUIRE(stream.documents.size() == 3);
  CHECK(stream.documents[1].document.root().text() == R"({"b":2})");
  CHECK(stream.documents[1].marks.find("/b").value.line == 3);
  CHECK(stream.documents[1].marks.find("/b").value.offset == 18);
  CHECK(stream.documents[2].document.root().text() == R"({"d":3})");
  for (const char* text : {"\xEF\xBB\xBF\xEF\xBB\xBF\n", "...\n\xEF\xBB\xBF\xEF\xBB\xBF\n"}) {
    const YamlStream marks = parseYaml(text);
    CHECK(marks.documents.empty());
    REQUIRE(marks.broken.size() == 1);
    CHECK(marks.broken[0].error.message == "there is no value here");
  }
}

TEST_CASE("every key and value has its place") {
  const YamlStream stream = parseYaml("# c\n---\nspec:\n  a/b: 1\n  list:\n  - x\n  - k: \xC3\xA9\n    e:\n  \xC3\xA9: z\n---\nnext: 1\n");
  REQUIRE(stream.documents.size() == 2);
  const auto place = [&](const char* pointer) {
    const auto found = stream.documents[0].marks.find(pointer);
    return std::to_string(found.key.line) + ":" + std::to_string(found.key.column) + " " + std::to_string(found.value.line) + ":" +
           std::to_string(found.value.column) + " +" + std::to_string(found.value.offset);
  };
  CHECK(place("") == "3:1 3:1 +8");
  CHECK(place("/spec") == "3:1 4:3 +16");
  CHECK(place("/spec/a~1b") == "4:3 4:8 +21");
  CHECK(place("/spec/list/0") == "6:5 6:5 +35");
  CHECK(place("/spec/list/1/k") == "7:5 7:8 +44");
  CHECK(place("/spec/list/1/e") == "8:5 8:5 +51");
  CHECK(place("/spec/\xC3\xA9") == "9:3 9:7 +60");
  CHECK(place("/spec/list/1/k/deeper/still") == place("/spec/list/1/k"));
  CHECK(place("/nothing") == place(""));
  CHECK(stream.documents[1].marks.find("/next").value.line == 11);
}

TEST_CASE("JSON is read as JSON, with places, also several values in a row") {
  const YamlStream stream = parseYaml("{\"a\": \"\\ud83d\\ude00\",\n \"b\":[1,{\"c/d\": null}]}\n{\"e\":2} [3]\n");
  REQUIRE(stream.documents.size() == 3);
  CHECK(stream.documents[0].document.root()["a"].string() == "\U0001F600");
  CHECK(stream.documents[2].document.root().text() == "[3]");
  CHECK(stream.documents[2].index == 3);
  const auto& marks = stream.documents[0].marks;
  CHECK(marks.find("/b/1/c~1d").key.line == 2);
  CHECK(marks.find("/b/1/c~1d").key.column == 10);
  CHECK(marks.find("/b/1/c~1d").value.column == 17);
  CHECK(marks.find("/b/0").value.column == 7);
  CHECK(stream.documents[1].marks.find("/e").key.line == 3);
  CHECK(stream.documents[1].marks.find("/e").key.column == 2);
}

TEST_CASE("what begins like JSON and is YAML is read as YAML") {
  CHECK(asJson("{a: b}") == R"({"a":"b"})");
  CHECK(asJson("[a, b]") == R"(["a","b"])");
  CHECK(asJson("{\"a\": 1,}") == R"({"a":1})");
  CHECK(asJson("{\"a\": 1} # comment\n") == R"({"a":1})");
  CHECK(asJson("---\n{\"a\": 1}\n...\n") == R"({"a":1})");
}

TEST_CASE("JSON that is broken is told about as JSON, and its neighbours are read") {
  const YamlStream stream = parseYaml("{\"a\":1}\n{\"b\":1,\"b\":2}\n{\"c\":3}\n");
  CHECK(stream.documents.size() == 2);
  REQUIRE(stream.broken.size() == 1);
  CHECK(stream.broken[0].index == 2);
  CHECK(stream.broken[0].error.where == "2:8");
  CHECK(parseYaml("{},{}").documents.size() == 2);
  CHECK(parseYaml("{},{}").broken.at(0).error.where == "1:3");
  CHECK(asJson("{\"a\": 1, \"b\"").starts_with("error 1:13: not valid JSON"));
}

TEST_CASE("large JSON is read without its places") {
  const std::string text = "[" + repeated("{\"key\":[1,2,3]},", 500'000) + "null]";
  const YamlStream stream = parseYaml(text);
  REQUIRE(stream.documents.size() == 1);
  CHECK(stream.documents[0].document.root().size() == 500'001);
  CHECK(stream.documents[0].marks.find("/7/key").value.line == 1);
}

TEST_CASE("a value is printed as kubectl would print it") {
  const auto document = Document::parse(
      R"({"kind":"Pod","spec":{"args":["--model","a: b","yes","1e3",""],"list":[[1,2],[],{}],"script":"a\n b\n","tail":"x\ny","empty":{},"n":null,"7Gi":"7Gi","t":"\u0085\t"}})");
  REQUIRE(document);
  CHECK(json::yamlText(document->root()) == R"(kind: Pod
spec:
  args:
  - --model
  - "a: b"
  - "yes"
  - "1e3"
  - ""
  list:
  - - 1
    - 2
  - []
  - {}
  script: |
    a
     b
  tail: |-
    x
    y
  empty: {}
  "n": null
  7Gi: 7Gi
  t: "\u0085\t"
)");
}
