#include "policy/schema.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using written::clusterPolicy;
using written::exception;
using written::slicePolicy;

namespace {

struct Row {
  std::string text;
  std::string_view code;
  int line, column;
  std::string_view says;
};

void checkRows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const Loaded read = written::loaded(row.text);
    CAPTURE(row.text);
    CAPTURE(written::shown(read));
    CHECK_FALSE(read.ok());
    CHECK(read.policies.empty());
    CHECK(read.exceptions.empty());
    REQUIRE(read.diagnostics.size() == 1);
    const Diagnostic& first = read.diagnostics.front();
    CHECK(first.code == row.code);
    CHECK(first.line == row.line);
    CHECK(first.column == row.column);
    CHECK(first.message.find(row.says) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("an unknown field is an error that says what may be meant") {
  checkRows({
      {slicePolicy("  hedroom: 10%"), "UnknownField", 6, 3, "did you mean 'headroom'?"},
      {slicePolicy("  offered: [1g.10gb]"), "UnknownField", 6, 3, "'offered' belongs under spec.slices"},
      {slicePolicy("  memory: 7Gi"), "UnknownField", 6, 3, "belongs under spec.budget or spec.models[]"},
      {slicePolicy("  slices: {tolerence: 1}"), "UnknownField", 6, 12, "did you mean 'tolerance'?"},
      {slicePolicy("  slices: {headroom: 5%}"), "UnknownField", 6, 12, "'headroom' belongs under spec"},
      {slicePolicy("  namespaces: [a]"), "UnknownField", 6, 3, "only a ClusterSlicePolicy has it, under spec"},
      {slicePolicy("  engine: {zzzzzzzzzzzz: 1}"), "UnknownField", 6, 12, "here may stand rewriteFlags"},
      {slicePolicy("  models:\n  - {model: a, memory: 1Gi, kvpertoken: 1Ki}"), "UnknownField", 7, 29, "did you mean 'kvPerToken'?"},
      {slicePolicy("  actions: {Oversize: warn}"), "UnknownFinding", 6, 13, "did you mean 'Oversized'?"},
      {slicePolicy("") + "extra: 1\n", "UnknownField", 7, 1, "there is no such field"},
      {exception(std::string(written::kGoodException) + "\n  mode: audit"), "UnknownField", 9, 3, "only a SlicePolicy has it, under spec"},
  });
}

TEST_CASE("a value of the wrong type is an error that says how to write it") {
  checkRows({
      {slicePolicy("  gpus: NVIDIA-H100-80GB-HBM3"), "WrongType", 6, 9, "write a list, such as [NVIDIA-H100-80GB-HBM3]"},
      {slicePolicy("  headroom: 10"), "WrongType", 6, 13, "write it with a percent sign, such as \"10%\""},
      {slicePolicy("  slices: [1g.10gb]"), "WrongType", 6, 11, "expected a mapping of fields, found a list"},
      {slicePolicy("  load: {concurrency: \"8\"}"), "WrongType", 6, 23, "write it without quotes"},
      {slicePolicy("  ratchet: \"true\""), "WrongType", 6, 12, "expected true or false, found the text 'true'"},
      {slicePolicy("  ratchet: 1"), "WrongType", 6, 12, "found the number 1"},
      {slicePolicy("  gpuResource: true"), "WrongType", 6, 16, "put the value in quotes"},
      {slicePolicy("  match: {selector: {matchLabels: {tier: 1}}}"), "WrongType", 6, 42, "put the value in quotes"},
      {slicePolicy("  slices: {offered: [1]}"), "WrongType", 6, 22, "spec.slices.offered[0]"},
      {slicePolicy("  budget: {memory: 7.5}"), "WrongType", 6, 20, "write it with a unit"},
      {slicePolicy("  budget: {gpus: \"4\"}"), "WrongType", 6, 18, "write it without quotes"},
      {slicePolicy("  actions: [Oversized]"), "WrongType", 6, 12, "found a list"},
      {exception("  findings: [Oversized]\n  owner: a\n  reason: b\n  expires: 20260701"), "WrongType", 8, 12, "YYYY-MM-DD"},
  });
}

TEST_CASE("a value that is impossible is an error that says what is possible") {
  checkRows({
      {slicePolicy("  slices: {prefer: densty}"), "InvalidValue", 6, 20, "one of compute, density; did you mean 'density'?"},
      {slicePolicy("  headroom: 201%"), "InvalidValue", 6, 13, "from \"0%\" to \"200%\""},
      {slicePolicy("  headroom: 10.25%"), "InvalidValue", 6, 13, "at most one decimal"},
      {slicePolicy("  headroom: \"10\""), "InvalidValue", 6, 13, "such as \"10%\""},
      {slicePolicy("  headroom: -1%"), "InvalidValue", 6, 13, "a percentage"},
      {slicePolicy("  slices: {minCompute: 0}"), "InvalidValue", 6, 24, "a whole number from 1"},
      {slicePolicy("  slices: {tolerance: -1}"), "InvalidValue", 6, 23, "a whole number from 0"},
      {slicePolicy("  load: {context: 0.5}"), "InvalidValue", 6, 19, "0.5 is not a whole number"},
      {slicePolicy("  actions: {TightFit: rewrite}"), "InvalidValue", 6, 23, "rewrite is only possible for Oversized and Undersized"},
      {slicePolicy("  actions: {TightFit: block}"), "InvalidValue", 6, 23, "one of allow, warn, deny"},
      {slicePolicy("  budget: {memory: 0}"), "InvalidValue", 6, 20, "a quantity above 0"},
      {slicePolicy("  budget: {memory: 7GB}"), "InvalidValue", 6, 20, "'7GB' is not a quantity"},
      {slicePolicy("  budget: {gpus: 0}"), "InvalidValue", 6, 18, "a number above 0"},
      {slicePolicy("  budget: {cost: {amount: 5, currency: Euro}}"), "InvalidValue", 6, 40, "three letters"},
      {slicePolicy("  budget: {cost: {amount: 5, currency: EUR, per: year}}"), "InvalidValue", 6, 50, "'month'"},
      {slicePolicy("  slices: {offered: [\"1g.*\"]}"), "InvalidValue", 6, 22, "globs stand only in allowed and denied"},
      {slicePolicy("  declarations: me"), "InvalidValue", 6, 17, "one of workload, policy"},
      {slicePolicy("  models: [{model: a, memory: 1Gi, quantization: int3}]"), "InvalidValue", 6, 50, "a weight format"},
      {slicePolicy("  models: [{model: a, memory: 1Gi, engine: vlm}]"), "InvalidValue", 6, 44, "one of vllm, "},
      {slicePolicy("  match: {selector: {matchExpressions: [{key: a, operator: in, values: [b]}]}}"), "InvalidValue", 6, 60, "'In'"},
      {slicePolicy("", "UPPER"), "InvalidValue", 3, 18, "lower-case letters"},
      {slicePolicy("", "p", "a.b"), "InvalidValue", 3, 32, "a namespace"},
      {clusterPolicy("  exempt: {serviceAccounts: [flux]}"), "InvalidValue", 6, 30, "namespace:name"},
      {exception("  findings: []\n  owner: a\n  reason: b\n  expires: \"2026-07-01\""), "InvalidValue", 5, 13, "at least 1"},
      {exception("  findings: [Oversize]\n  owner: a\n  reason: b\n  expires: \"2026-07-01\""), "UnknownFinding", 5, 14, "did you mean 'Oversized'?"},
      {exception("  findings: [Oversized]\n  owner: \" \"\n  reason: b\n  expires: \"2026-07-01\""), "InvalidValue", 6, 10, "says something"},
      {exception("  findings: [Oversized]\n  owner: a\n  reason: b\n  expires: \"2026-02-30\""), "InvalidValue", 8, 12, "a date"},
  });
}

TEST_CASE("a required field that is not there is an error at the object that lacks it") {
  const std::string head = "apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\n";
  checkRows({
      {head + "metadata: {name: p}\nspec: {ratchet: true}\n", "MissingField", 4, 1, "spec.mode is missing"},
      {head + "metadata: {name: p}\n", "MissingField", 1, 1, "spec is missing"},
      {head + "metadata: {namespace: a}\nspec: {mode: audit}\n", "MissingField", 3, 1, "metadata.name is missing"},
      {head + "spec: {mode: audit}\n", "MissingField", 1, 1, "metadata is missing"},
      {slicePolicy("  models: [{memory: 1Gi}]"), "MissingField", 6, 12, "spec.models[0].model is missing"},
      {slicePolicy("  budget: {cost: {amount: 5}}"), "MissingField", 6, 12, "spec.budget.cost.currency is missing"},
      {exception("  findings: [Oversized]\n  owner: a\n  reason: b"), "MissingField", 4, 1, "spec.expires is missing"},
  });
}

TEST_CASE("all problems of a document are reported, in the order of their places") {
  const Loaded read = written::loaded(slicePolicy("  slices: {prefer: x, minCompute: 0}\n  gpus: [H900]\n  headroom: 5\n  nope: 1"));
  CAPTURE(written::shown(read));
  REQUIRE(read.diagnostics.size() == 5);
  std::vector<int> lines;
  for (const Diagnostic& each : read.diagnostics) lines.push_back(each.line);
  CHECK(lines == std::vector<int>{6, 6, 7, 8, 9});
}

TEST_CASE("metadata is free but for name and namespace, and status is not read") {
  const Loaded read = written::loaded(
      "apiVersion: rightslice.io/v1alpha1\nkind: ClusterSlicePolicy\n"
      "metadata: {name: a.b, labels: {x: 1}, annotations: {y: [z]}, uid: u, managedFields: []}\n"
      "spec: {mode: warn}\nstatus: {anything: [at, all]}\n");
  CAPTURE(written::shown(read));
  CHECK(read.ok());
  REQUIRE(read.policies.size() == 1);
  CHECK(read.policies[0].id() == "a.b");
}

TEST_CASE("a cluster policy has no namespace") {
  const Loaded read = written::loaded("apiVersion: rightslice.io/v1alpha1\nkind: ClusterSlicePolicy\n"
                                      "metadata: {name: a, namespace: b}\nspec: {mode: warn}\n");
  REQUIRE(read.diagnostics.size() == 1);
  CHECK(read.diagnostics[0].message == "metadata.namespace: a ClusterSlicePolicy has none; leave it out");
  CHECK(read.diagnostics[0].column == 21);
}

TEST_CASE("a value without a value is no default") {
  const Loaded read = written::loaded(slicePolicy("  ratchet:\n  gpus: ~"));
  REQUIRE(read.diagnostics.size() == 2);
  for (const Diagnostic& each : read.diagnostics) {
    CHECK(each.code == "WrongType");
    CHECK(each.message.find("found nothing; give it a value or leave the field out") != std::string::npos);
  }
}

TEST_CASE("checkShape alone says whether the shape is right") {
  json::YamlStream stream = json::parseYaml(slicePolicy("  nope: 1"));
  REQUIRE(stream.documents.size() == 1);
  std::vector<Diagnostic> out;
  const json::YamlDocument& document = stream.documents[0];
  CHECK_FALSE(checkShape(DocumentKind::SlicePolicy, document.document.root(), document.marks, "f", "", out));
  REQUIRE(out.size() == 1);
  CHECK(out[0].pointer == "/spec/nope");
}
