// What is kept of a look, and of what it cannot say anything.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>

#include "fixture.hpp"
#include "observe/history/difference.hpp"
#include "observe/report.hpp"
#include "observe/selector.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::history;

namespace {

constexpr std::string_view kCluster = R"(
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, uid: 6f1c}
---
apiVersion: v1
kind: Node
metadata: {name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '1', nvidia.com/mig.strategy: mixed, nvidia.com/mig.config: all-3g.40gb}}
status: {capacity: {nvidia.com/mig-3g.40gb: 2}, allocatable: {nvidia.com/mig-3g.40gb: 2}, conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: team-a, uid: u-1, annotations: {rightslice.io/footprint: 5Gi}}
spec:
  replicas: 2
  template: {spec: {containers: [{name: vllm, image: 'vllm/vllm-openai:v0.10.0', args: [--model, Qwen/Qwen2.5-7B-Instruct, --max-model-len, '4096'], resources: {limits: {nvidia.com/mig-3g.40gb: 1}}}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: chat-1, namespace: team-a, uid: p-1, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: chat, uid: u-1, controller: true}]}
spec: {nodeName: gpu-1, containers: [{name: vllm, image: 'vllm/vllm-openai:v0.10.0', resources: {limits: {nvidia.com/mig-3g.40gb: 1}}}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: vllm, image: 'vllm/vllm-openai:v0.10.0', state: {running: {}}}]}
)";

void readAll(Snapshot& snapshot, std::set<std::string> refused = {}) {
  const auto add = [&](std::string resource) {
    const auto state = refused.contains(resource) ? Seen::State::Forbidden : Seen::State::Read;
    snapshot.coverage.add({std::move(resource), "", state, "", 1});
  };
  for (const char* each : {"pods", "nodes", "namespaces", "replicasets.apps", "slicepolicies.rightslice.io", "clusterslicepolicies.rightslice.io", "sliceexceptions.rightslice.io"})
    add(each);
  for (const auto& each : workload::kinds())
    if (!each.plural.empty() && each.plural != "pods" && each.plural != "replicasets") add(std::string(each.plural) + (each.group.empty() ? "" : "." + std::string(each.group)));
  finish(snapshot);
}

Record recordAt(std::string_view yaml, std::string takenAt, std::set<std::string> refused = {}, std::string_view labels = "") {
  auto snapshot = snapshotOf(yaml, std::move(takenAt));
  if (refused.contains("nodes")) snapshot.nodes.reset();
  readAll(snapshot, std::move(refused));
  if (!labels.empty()) observe::select(snapshot, *Selector::parse(labels));
  const Look look(std::move(snapshot));
  auto book = workload::readRateBook("currency: USD\ngpuHour: {H100 80GB SXM5: 8}\n", "p.yaml");
  REQUIRE(book);
  const auto report = reportOf(look.snapshot, look.seen, gpu::Catalogue::builtIn(), *book);
  REQUIRE(report);
  auto record = recordOf(*report);
  REQUIRE(record);
  return std::move(*record);
}

std::string without(std::string_view text, std::string_view document) {
  std::string out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = std::min(text.find("---\n", from), text.size());
    const auto part = text.substr(from, to - from);
    if (part.find(document) == std::string_view::npos) out += std::string(out.empty() ? "" : "---\n") + std::string(part);
    from = to + 4;
  }
  return out;
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a record names the cluster by what is its own for life, and holds what is known of each workload and node") {
  const Record record = recordAt(kCluster, "2026-06-01T00:00:00Z");
  CHECK(record.cluster == "6f1c");
  CHECK(record.takenAt == 1780272000);
  REQUIRE(record.subjects.size() == 2);
  const Subject& chat = record.subjects[0];
  CHECK(chat.key == "team-a/Deployment/chat");
  CHECK(chat.ns() == "team-a");
  const Fields wanted{{"decision", "deny"}, {"policies", "all"}, {"replicas", "2"}, {"uid", "u-1"}};
  for (const auto& [field, value] : wanted) {
    CAPTURE(field);
    REQUIRE(chat.fields.contains(field));
    if (field != "decision") CHECK(chat.fields.at(field) == value);
  }
  CHECK(chat.fields.at("vllm/slice") == "1 x nvidia.com/mig-3g.40gb");
  CHECK(chat.fields.at("vllm/held") == "3g.40gb on NVIDIA-H100-80GB-HBM3");
  CHECK(chat.fields.at("vllm/image") == "vllm/vllm-openai:v0.10.0");
  CHECK(chat.fields.at("vllm/model") == "Qwen/Qwen2.5-7B-Instruct");
  CHECK(chat.fields.at("vllm/maxModelLen") == "4096");
  CHECK(chat.fields.at("vllm/needBytes") == "19682831360");
  const Subject& node = record.subjects[1];
  CHECK(node.key == "gpu-1");
  CHECK(node.fields.at("slices") == "2 x 3g.40gb");
  CHECK(node.fields.at("config") == "all-3g.40gb");
  // One H100 at 8.00 an hour, whoever holds it.
  REQUIRE(record.costs);
  std::int64_t cents = 0;
  for (const Rate& each : record.costs->rates) cents += each.cents;
  CHECK(cents == 584'000);
}

TEST_CASE("a workload that is not there any more is gone only where its kind and its pods were read") {
  const Record before = recordAt(kCluster, "2026-06-01T00:00:00Z");
  const State known = applied({}, differenceOf({}, before));
  const std::string less = without(without(kCluster, "kind: Deployment\nmetadata"), "kind: Pod");
  for (const auto& [refused, gone] : std::vector<std::pair<std::string, bool>>{{"", true}, {"pods", false}, {"deployments.apps", false}, {"statefulsets.apps", true}}) {
    CAPTURE(refused);
    const auto difference = differenceOf(known, recordAt(less, "2026-06-01T01:00:00Z", {refused}));
    CHECK(std::any_of(difference.subjects.begin(), difference.subjects.end(), [](const auto& each) {
            return each.what == SubjectChange::Sort::Gone && each.subject.key == "team-a/Deployment/chat";
          }) == gone);
  }
}

TEST_CASE("without nodes nothing is known of them, and nothing that hangs on them changes") {
  const Record before = recordAt(kCluster, "2026-06-01T00:00:00Z");
  const State known = applied({}, differenceOf({}, before));
  REQUIRE(std::any_of(known.findings.begin(), known.findings.end(), [](const auto& each) { return each.found.code == "Dark"; }));
  const Record after = recordAt(kCluster, "2026-06-01T01:00:00Z", {"nodes"});
  CHECK(!after.costs);
  const auto difference = differenceOf(known, after);
  for (const auto& each : difference.subjects) {
    CAPTURE(each.subject.key);
    for (const auto& one : each.fields) FAIL_CHECK(one.field, ": ", one.before.value_or("-"), " -> ", one.after.value_or("-"));
  }
  CHECK(std::none_of(difference.closed.begin(), difference.closed.end(), [](const auto& each) { return each.code == "Dark"; }));
}

TEST_CASE("a change is told field by field") {
  const Record before = recordAt(kCluster, "2026-06-01T00:00:00Z");
  const State known = applied({}, differenceOf({}, before));
  std::string text = with(std::string(kCluster), "replicas: 2", "replicas: 5");
  const auto difference = differenceOf(known, recordAt(text, "2026-06-01T01:00:00Z"));
  REQUIRE(difference.subjects.size() == 1);
  CHECK(difference.subjects[0].fields == std::vector<FieldChange>{{"replicas", "2", "5"}});
}

TEST_CASE("a look at some workloads alone knows nothing of the others, nor what all of it costs") {
  const Record all = recordAt(kCluster, "2026-06-01T00:00:00Z"), none = recordAt(kCluster, "2026-06-01T01:00:00Z", {}, "app=other");
  CHECK(none.find(Sort::Workload, "team-a/Deployment/chat") == nullptr);
  CHECK_FALSE(none.couldSee(Sort::Workload, "team-a/Deployment/chat"));
  CHECK(none.couldSee(Sort::Node, "gpu-1"));
  CHECK(all.costs);
  CHECK_FALSE(none.costs);
  CHECK(all.cluster == none.cluster);
  const std::string nameless = without(kCluster, "kube-system");   // it goes by its source
  CHECK(recordAt(nameless, "2026-06-01T00:00:00Z").cluster == recordAt(nameless, "2026-06-01T01:00:00Z", {}, "app=other").cluster);
  const auto difference = differenceOf(applied({}, differenceOf({}, all)), none);
  CHECK(difference.subjects.empty());
  for (const Found& each : difference.closed) CHECK(each.sort == Sort::Node);
}

TEST_CASE("what needs metrics is not closed by a look without them") {
  Record look = recordAt(kCluster, "2026-06-01T00:00:00Z");
  look.findings.push_back({Sort::Workload, "team-a/Deployment/chat", "NearCeiling", "vllm", "KV cache", "full", "", "high", {}});
  look.findings.push_back({Sort::Workload, "team-a/Deployment/chat", "Idle", "vllm", "", "idle", "", "high", {}});
  look.findings.push_back({Sort::Workload, "team-a/Deployment/chat", "Drift", "vllm", "model, observed", "another", "", "high", {}});
  look.findings.push_back({Sort::Workload, "team-a/Deployment/chat", "Drift", "vllm", "image", "another", "", "high", {}});
  std::sort(look.findings.begin(), look.findings.end(), [](const auto& a, const auto& b) { return a.id() < b.id(); });
  const auto difference = differenceOf(applied({}, differenceOf({}, look)), recordAt(kCluster, "2026-06-01T01:00:00Z"));
  REQUIRE(difference.closed.size() == 1);
  CHECK(difference.closed[0].aspect == "image");
}
