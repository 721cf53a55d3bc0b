#include "policy/load.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using written::clusterPolicy;
using written::exception;
using written::slicePolicy;

TEST_CASE("a diagnostic shows the whole story") {
  const Loaded read = written::loaded(slicePolicy("  slices:\n    offered: [1g.10gb, 3g.40bg]\n  hedroom: 5%"));
  CHECK(written::shown(read) ==
        "policies.yaml:7:24: error: spec.slices.offered[1]: no GPU product of the catalogue has a slice profile '3g.40bg'; "
        "did you mean '3g.40gb'? [UnknownProfile]\n"
        "    offered: [1g.10gb, 3g.40bg]\n"
        "                       ^\n"
        "policies.yaml:8:3: error: spec.hedroom: there is no such field; did you mean 'headroom'? [UnknownField]\n"
        "  hedroom: 5%\n"
        "  ^\n");
}

TEST_CASE("a bad document does not take the others of its file along") {
  const Loaded read = written::loaded(slicePolicy("", "a") + "---\n" + slicePolicy("  nope: 1", "b") + "---\n" +
                                      clusterPolicy("") + "---\n" + exception(written::kGoodException));
  CHECK_FALSE(read.ok());
  CHECK(read.documents == 4);
  REQUIRE(read.policies.size() == 2);
  CHECK(read.policies[0].id() == "team-a/a");
  CHECK(read.policies[1].id() == "platform");
  CHECK(read.exceptions.size() == 1);
  REQUIRE(read.diagnostics.size() == 1);
  CHECK(read.diagnostics[0].line == 13);
  CHECK(read.diagnostics[0].snippet == "  nope: 1");
}

TEST_CASE("a document that is no YAML is a syntax error with its line, and the others are read") {
  const Loaded read = written::loaded(slicePolicy("", "a") + "---\nspec: {a: 1, a: 2}\n---\n" + slicePolicy("", "c"));
  CAPTURE(written::shown(read));
  CHECK(read.policies.size() == 2);
  REQUIRE(read.diagnostics.size() == 1);
  CHECK(read.diagnostics[0].code == "SyntaxError");
  CHECK(read.diagnostics[0].line == 8);
  CHECK(read.diagnostics[0].snippet == "spec: {a: 1, a: 2}");
}

TEST_CASE("what is no policy says what a policy begins with") {
  struct Row { std::string text; std::string_view code; int line; std::string_view says; };
  const Row rows[] = {
      {"- a\n", "NotAPolicy", 1, "expected a mapping"},
      {"just text\n", "NotAPolicy", 1, "expected a mapping"},
      {"apiVersion: apps/v1\nkind: Deployment\n", "NotAPolicy", 2, "'Deployment' is no kind of policy"},
      {"apiVersion: rightslice.io/v1alpha1\nkind: SlicePolcy\n", "NotAPolicy", 2, "did you mean 'SlicePolicy'?"},
      {"apiVersion: rightslice.io/v1alpha1\nspec: {}\n", "MissingField", 1, "kind is missing"},
      {"apiVersion: rightslice.io/v1\nkind: SlicePolicy\nmetadata: {name: a}\nspec: {mode: audit}\n", "NotAPolicy", 1,
       "did you mean 'rightslice.io/v1alpha1'?"},
      {"kind: SlicePolicy\nmetadata: {name: a}\nspec: {mode: audit}\n", "MissingField", 1, "apiVersion is missing"},
  };
  for (const Row& row : rows) {
    const Loaded read = written::loaded(row.text);
    CAPTURE(row.text);
    CAPTURE(written::shown(read));
    CHECK(read.policies.empty());
    REQUIRE_FALSE(read.diagnostics.empty());
    CHECK(read.diagnostics[0].code == row.code);
    CHECK(read.diagnostics[0].line == row.line);
    CHECK(read.diagnostics[0].message.find(row.says) != std::string::npos);
  }
}

TEST_CASE("in a stream of other objects only policies are read, and what is meant as one is not skipped") {
  const std::string other = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n---\n- list\n---\n"
                            "apiVersion: example.com/v1\nkind: SlicePolicy\n---\n";
  const Loaded good = load(other + slicePolicy(""), "f", written::options(), false);
  CHECK(good.ok());
  CHECK(good.documents == 1);
  CHECK(good.policies.size() == 1);
  for (const char* bad : {"apiVersion: rightslice.io/v1\nkind: SlicePolicy\n", "apiVersion: rightslice.oi/v1alpha1\nkind: SlicePolicy\n",
                          "kind: SliceException\n", "apiVersion: rightslice.io/v1alpha1\nkind: Slicepolicies\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(load(other + bad, "f", written::options(), false).ok());
  }
}

TEST_CASE("policies may stand in a List, in YAML and in JSON") {
  const Loaded yaml = written::loaded(
      "apiVersion: v1\nkind: List\nitems:\n"
      "- {apiVersion: rightslice.io/v1alpha1, kind: SlicePolicy, metadata: {name: a}, spec: {mode: audit}}\n"
      "- {apiVersion: rightslice.io/v1alpha1, kind: SlicePolicy, metadata: {name: b}, spec: {mode: adit}}\n");
  CAPTURE(written::shown(yaml));
  CHECK(yaml.documents == 2);
  CHECK(yaml.policies.size() == 1);
  REQUIRE(yaml.diagnostics.size() == 1);
  CHECK(yaml.diagnostics[0].pointer == "/items/1/spec/mode");
  CHECK(yaml.diagnostics[0].line == 5);
  CHECK(yaml.diagnostics[0].column == 93);
  const Loaded json = written::loaded(
      R"({"apiVersion":"rightslice.io/v1alpha1","kind":"SlicePolicyList","items":[{"apiVersion":"rightslice.io/v1alpha1",
  "kind":"SlicePolicy","metadata":{"name":"a"},"spec":{"mode":"audit"}}]})");
  CAPTURE(written::shown(json));
  CHECK(json.ok());
  CHECK(json.policies.size() == 1);
}

TEST_CASE("an object that is parsed already is read by its place in its document") {
  const std::string text = "items:\n- " + std::string("{apiVersion: rightslice.io/v1alpha1, kind: SlicePolicy, metadata: {name: a}, spec: {mode: x}}\n");
  const json::YamlStream stream = json::parseYaml(text);
  REQUIRE(stream.documents.size() == 1);
  const json::YamlDocument& document = stream.documents[0];
  const Loaded read = loadObject(document.document.root().find("/items/0"), document.marks, "f", text, written::options(), "/items/0");
  REQUIRE(read.diagnostics.size() == 1);
  CHECK(read.diagnostics[0].line == 2);
  CHECK(read.diagnostics[0].column == 93);
  const Loaded placeless = loadObject(document.document.root().find("/items/0"), json::Marks(), "", "", written::options());
  REQUIRE(placeless.diagnostics.size() == 1);
  CHECK(placeless.diagnostics[0].line == 0);
}

TEST_CASE("a second policy of the same kind, namespace and name is an error that names the first") {
  const LoadOptions options = written::options();
  std::vector<Loaded> parts;
  parts.push_back(load(slicePolicy("", "a"), "one.yaml", options));
  parts.push_back(load(slicePolicy("", "a", "team-b") + "---\n" + slicePolicy("", "a"), "two.yaml", options));
  const Loaded merged = merge(std::move(parts));
  CHECK(merged.documents == 3);
  CHECK(merged.policies.size() == 2);
  REQUIRE(merged.diagnostics.size() == 1);
  CHECK(merged.diagnostics[0].text() ==
        "two.yaml:10:18: error: there is a SlicePolicy 'a' already in namespace 'team-a', in one.yaml:2; give this one another "
        "name or leave it out [DuplicatePolicy]\n"
        "metadata: {name: a, namespace: team-a}\n"
        "                 ^");
}

TEST_CASE("one file with the same policy twice is an error, kinds of the same name are not") {
  CHECK_FALSE(written::loaded(slicePolicy("") + "---\n" + slicePolicy("")).ok());
  CHECK(written::loaded(slicePolicy("", "x") + "---\n" + clusterPolicy("", "x") + "---\n" + exception(written::kGoodException, "x")).ok());
}

TEST_CASE("an empty file has no documents and nothing wrong") {
  for (const char* text : {"", "# only a comment\n", "---\n---\n"}) {
    const Loaded read = written::loaded(text);
    CHECK(read.ok());
    CHECK(read.documents == 0);
  }
}
