#include "policy/compile.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using written::clusterPolicy;
using written::slicePolicy;
using Texts = std::vector<std::string>;

namespace {

struct Row {
  std::string text;
  std::string_view code;
  int line, column;
  std::string_view says;
};

}  // namespace

TEST_CASE("what the catalogue, the kinds or the other fields contradict is an error at its place") {
  const std::vector<Row> rows{
      {slicePolicy("  gpus: [NVIDIA-H900-80GB]"), "UnknownGpu", 6, 10, "no GPU product of the catalogue is called 'NVIDIA-H900-80GB'"},
      {slicePolicy("  gpus:\n  - H100\n  - NVIDIA-A100-SXM4-40G"), "UnknownGpu", 7, 5, "spec.gpus[0]"},
      {slicePolicy("  slices: {offered: [1g.10gb, 2g.10gbx]}"), "UnknownProfile", 6, 31, "spec.slices.offered[1]"},
      {slicePolicy("  slices: {offered: [3g.41gb]}"), "UnknownProfile", 6, 22, "did you mean '3g.40gb'?"},
      {slicePolicy("  gpuResource: hole"), "UnknownProfile", 6, 16, "did you mean 'whole'?"},
      {slicePolicy("  gpuResource: 9g.99gb"), "UnknownProfile", 6, 16, "(whole means a whole GPU)"},
      {slicePolicy("  match: {kinds: [Deployment, Deploymnt]}"), "UnknownKind", 6, 31, "did you mean 'Deployment'?"},
      {slicePolicy("  match: {kinds: [Zzzzzzzzzzz]}"), "UnknownKind", 6, 19, "known are "},
      {slicePolicy("  match: {selector: {matchLabels: {\"a b\": c}}}"), "InvalidValue", 6, 36, "'a b' is not the key of a label"},
      {slicePolicy("  match: {selector: {matchExpressions: [{key: a, operator: In}]}}"), "MissingField", 6, 41, "at least one value"},
      {slicePolicy("  match: {selector: {matchExpressions: [{key: a, operator: NotIn, values: []}]}}"), "MissingField", 6, 41, "at least one value"},
      {slicePolicy("  match: {selector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}"), "InvalidValue", 6, 68, "takes no values"},
      {clusterPolicy("  namespaceSelector: {matchExpressions: [{key: a, operator: In}]}"), "MissingField", 6, 42, "at least one value"},
      {slicePolicy("  models: [{model: a}]"), "MissingField", 6, 12, "memory is missing"},
      {slicePolicy("  models: [{model: a, kvPerToken: 64Ki}]"), "MissingField", 6, 12, "weights is missing"},
      {slicePolicy("  models: [{model: a, memory: 1Gi, overhead: 1Gi}]"), "InvalidValue", 6, 36, "memory is the whole peak already"},
      {slicePolicy("  models: [{model: a, memory: 1Gi, weights: 1Gi}]"), "InvalidValue", 6, 36, "memory is the whole peak already"},
      {slicePolicy("  models:\n  - {model: acme/a, quantization: awq, memory: 1Gi}\n  - {model: ACME/A, quantization: AWQ, memory: 2Gi}"),
       "InvalidValue", 8, 13, "is declared before"},
      {slicePolicy("  budget: {gpus: 0.1234}"), "InvalidValue", 6, 18, "at most three decimals"},
      {slicePolicy("  budget: {gpus: 1e12}"), "InvalidValue", 6, 18, "up to 1000000"},
      {slicePolicy("  budget: {cost: {amount: 0.001, currency: EUR}}"), "InvalidValue", 6, 27, "from 0.01"},
  };
  for (const Row& row : rows) {
    const Loaded read = written::loaded(row.text);
    CAPTURE(row.text);
    CAPTURE(written::shown(read));
    CHECK(read.policies.empty());
    REQUIRE_FALSE(read.diagnostics.empty());
    const Diagnostic& first = read.diagnostics.front();
    CHECK(first.code == row.code);
    CHECK(first.line == row.line);
    CHECK(first.column == row.column);
    CHECK(first.message.find(row.says) != std::string::npos);
  }
}

TEST_CASE("what is not written has its default") {
  const Policy p = written::onePolicy("apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {name: p}\nspec: {mode: audit}\n");
  CHECK(p.id() == "default/p");
  CHECK(p.mode == Mode::Audit);
  CHECK(p.kinds.empty());
  CHECK(p.gpus.empty());
  CHECK(p.gpuMeaning == Policy::GpuMeaning::Unset);
  CHECK_FALSE(p.offered);
  CHECK_FALSE(p.preferDensity);
  CHECK(p.minCompute == 1);
  CHECK(p.tolerance == 0);
  CHECK_FALSE(p.loadWritten);
  CHECK(p.headroomTenths == 100);
  for (const CodeRow& row : codes()) CHECK(p.actions[static_cast<std::size_t>(row.code)] == row.defaultAction);
  CHECK(p.actionWritten == std::array<bool, kCodes>{});
  CHECK_FALSE(p.rewriteFlags);
  CHECK(p.ratchet);
  CHECK_FALSE(p.declarationsByPolicy);
  CHECK(written::onePolicy(clusterPolicy("")).declarationsByPolicy);
  CHECK_FALSE(written::onePolicy(clusterPolicy("")).namespaces);
}

TEST_CASE("every field of a policy is read") {
  const Policy p = written::onePolicy(slicePolicy(R"(  match:
    kinds: [Deployment, StatefulSet]
    selector: {matchLabels: {tier: inference}, matchExpressions: [{key: a, operator: NotIn, values: [b, c]}]}
  gpus: [NVIDIA-H100-80GB-HBM3, nvidia-h100-80gb-hbm3-SHARED]
  gpuResource: 3g.40gb
  slices:
    offered: [1g.10gb, 1g.10gb.me, 1g.10gb+me, 3g.40gb]
    allowed: ["*"]
    denied: ["7g.*", "*.me", "1g.10gb.me"]
    prefer: density
    minCompute: 2
    tolerance: 3
  load: {context: 8192}
  headroom: 12.5%
  actions: {Oversized: rewrite, Undersized: warn, NotJudged: deny}
  engine: {rewriteFlags: true}
  budget: {memory: 320Gi, gpus: 4.125, cost: {amount: 12000.5, currency: usd, per: month}}
  ratchet: false
  declarations: policy
  models:
  - {model: acme/ranker-v3, memory: 7Gi}
  - {model: acme/chat-*, quantization: awq, engine: vllm, weights: 6Gi, kvPerToken: 64Ki, overhead: 2Gi})"));
  CHECK(p.id() == "team-a/p");
  CHECK(p.mode == Mode::Enforce);
  CHECK(p.file == written::kFile);
  CHECK(p.line == 2);
  CHECK(p.kinds == Texts{"Deployment", "StatefulSet"});
  REQUIRE(p.selector.requirements.size() == 2);
  CHECK(p.selector.requirements[1].op == Selector::Operator::NotIn);
  CHECK(p.selector.requirements[1].values == Texts{"b", "c"});
  REQUIRE(p.gpus.size() == 1);
  CHECK(p.gpus[0]->title == "H100 80GB SXM5");
  CHECK(p.gpuMeaning == Policy::GpuMeaning::Profile);
  CHECK(p.gpuProfile == "3g.40gb");
  CHECK(p.offered == Texts{"1g.10gb", "1g.10gb+me", "3g.40gb"});
  CHECK(p.denied == Texts{"7g.*", "*+me", "1g.10gb+me"});
  CHECK(p.preferDensity);
  CHECK(p.minCompute == 2);
  CHECK(p.tolerance == 3);
  CHECK_FALSE(p.concurrency);
  CHECK(p.context == 8192);
  CHECK(p.loadWritten);
  CHECK(p.headroomTenths == 125);
  CHECK(p.actions[static_cast<std::size_t>(Code::Oversized)] == Action::Rewrite);
  CHECK(p.actions[static_cast<std::size_t>(Code::Undersized)] == Action::Warn);
  CHECK(p.actions[static_cast<std::size_t>(Code::NotJudged)] == Action::Deny);
  CHECK(p.actionWritten[static_cast<std::size_t>(Code::NotJudged)]);
  CHECK_FALSE(p.actionWritten[static_cast<std::size_t>(Code::TightFit)]);
  CHECK(p.rewriteFlags);
  CHECK(p.budget.memory == 320 * kGiB);
  CHECK(p.budget.gpusMillis == 4125);
  CHECK(p.budget.costCents == 1200050);
  CHECK(p.budget.currency == "USD");
  CHECK_FALSE(p.ratchet);
  CHECK(p.declarationsByPolicy);
  REQUIRE(p.models.size() == 2);
  CHECK(p.models[0].memory == 7 * kGiB);
  CHECK(p.models[1].quantization == "awq");
  CHECK(p.models[1].engine == "vllm");
  CHECK(p.models[1].weights == 6 * kGiB);
  CHECK(p.models[1].kvPerToken == 64 * kKiB);
  CHECK(p.models[1].overhead == 2 * kGiB);
}

TEST_CASE("every field that only a cluster policy has is read") {
  const Policy p = written::onePolicy(clusterPolicy(R"(  namespaces: ["team-*", prod]
  namespaceSelector: {matchLabels: {env: prod}}
  overridable: true
  declarations: workload
  exempt: {users: [velero], groups: ["system:masters"], serviceAccounts: ["velero:velero"]}
  exceptions: {namespaces: ["team-*"]})"));
  CHECK(p.cluster);
  CHECK(p.id() == "platform");
  CHECK(p.namespaces == Texts{"team-*", "prod"});
  REQUIRE(p.namespaceSelector);
  CHECK(p.namespaceSelector->requirements.size() == 1);
  CHECK(p.overridable);
  CHECK_FALSE(p.declarationsByPolicy);
  CHECK(p.exemptUsers == Texts{"velero"});
  CHECK(p.exemptGroups == Texts{"system:masters"});
  CHECK(p.exemptServiceAccounts == Texts{"velero:velero"});
  CHECK(p.exceptionNamespaces == Texts{"team-*"});
}

TEST_CASE("an empty list of what is offered is known to be empty, and an empty list of namespaces is pointed out") {
  CHECK(written::onePolicy(slicePolicy("  slices: {offered: []}")).offered == Texts{});
  const Loaded nowhere = written::loaded(clusterPolicy("  namespaces: []"));
  CHECK(nowhere.ok());
  REQUIRE(nowhere.diagnostics.size() == 1);
  CHECK(nowhere.diagnostics[0].warning);
  CHECK(nowhere.diagnostics[0].message.find("applies nowhere") != std::string::npos);
}

TEST_CASE("the same model may be declared for several formats and engines") {
  CHECK(written::onePolicy(slicePolicy("  models:\n  - {model: a, memory: 1Gi}\n  - {model: a, memory: 1Gi, quantization: awq}\n"
                                       "  - {model: a, memory: 1Gi, engine: vllm}\n  - {model: b, memory: 1Gi, engine: \"\"}"))
            .models.size() == 4);
}

TEST_CASE("gpuResource says what nvidia.com/gpu means") {
  CHECK(written::onePolicy(slicePolicy("  gpuResource: whole")).gpuMeaning == Policy::GpuMeaning::Whole);
  CHECK(written::onePolicy(slicePolicy("  gpuResource: 1g.10gb.me")).gpuProfile == "1g.10gb+me");
}

TEST_CASE("an offered profile that no product of spec.gpus has is a warning, since node selection may name another product") {
  const auto loaded = written::loaded(slicePolicy("  gpus: [NVIDIA-H100-80GB-HBM3]\n  slices: {offered: [1g.5gb]}"));
  REQUIRE(loaded.policies.size() == 1);
  CHECK(loaded.policies.front().offered == std::vector<std::string>{"1g.5gb"});
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics.front().warning);
  CHECK(loaded.diagnostics.front().code == "UnknownProfile");
}
