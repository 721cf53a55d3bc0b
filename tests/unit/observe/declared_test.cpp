// What is declared against what runs: Drift and Stale; and what judging says of what runs.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "fixture.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

struct Case {
  std::string rollout = "", status = "observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2";
  std::string image = "vllm/vllm-openai:v0.10.2", model = "Qwen/Qwen2.5-7B-Instruct", more = "", slice = "nvidia.com/mig-3g.40gb";
  std::string imageId = "sha256:1", annotations = "";
};

/// A Deployment of revision 2 with a pod as it declares and a pod as `of` says, of revision 1 where `old`.
std::string yamlOf(const Case& of, bool old) {
  const auto pod = [](std::string_view name, std::string_view set, std::string_view hash, const Case& is) {
    return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, namespace: a, uid: {0}, creationTimestamp: '2026-05-01T00:00:00Z', labels: {{pod-template-hash: {2}}}, "
                       "ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: chat-{2}, uid: {1}, controller: true}}]}}\n"
                       "spec: {{nodeName: gpu-1, containers: [{{name: main, image: '{3}', args: ['--model', '{4}'{5}], resources: {{limits: {{{6}: '1'}}}}}}]}}\n"
                       "status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}], containerStatuses: [{{name: main, imageID: '{7}', state: {{running: {{}}}}}}]}}\n",
                       name, set, hash, is.image, is.model, is.more, is.slice, is.imageId);
  };
  const Case declared;
  std::string out = fmt::format("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: chat, namespace: a, uid: d, generation: 2, annotations: {{deployment.kubernetes.io/revision: '2'}}}}\n"
                                "spec: {{replicas: 2, {} template: {{metadata: {{annotations: {{{}}}}}, spec: {{containers: [{{name: main, image: '{}', args: ['--model', '{}'], "
                                "resources: {{limits: {{{}: '1'}}}}}}]}}}}}}\nstatus: {{{}}}\n",
                                of.rollout, of.annotations, declared.image, declared.model, declared.slice, of.status);
  for (const std::string_view revision : {"1", "2"})
    out += fmt::format("---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {{name: chat-h{0}, namespace: a, uid: r{0}, annotations: {{deployment.kubernetes.io/revision: '{0}'}}, "
                       "ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: chat, uid: d, controller: true}}]}}\n"
                       "spec: {{template: {{spec: {{containers: [{{name: main, resources: {{limits: {{nvidia.com/mig-3g.40gb: '1'}}}}}}]}}}}}}\n",
                       revision);
  return out + pod("chat-1", "r2", "h2", declared) + pod("chat-2", old ? "r1" : "r2", old ? "h1" : "h2", of);
}

std::vector<std::string> aspects(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& each : findings) out.push_back(each.aspect);
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("pods as their object declares them have no drift and are not stale") {
  const Look look(yamlOf({}, false));
  REQUIRE(look.seen.workloads.size() == 1);
  CHECK(look.seen.placement.deployed[0].pods.size() == 2);
  CHECK(look.findings(Code::Drift).empty());
  CHECK(look.findings(Code::Stale).empty());
}

TEST_CASE("what differs between declared and running, by aspect") {
  const auto of = [](const Case& is) { return aspects(Look(yamlOf(is, false)).findings(Code::Drift)); };
  CHECK(of({.image = "vllm/vllm-openai:v0.11.0"}) == Texts{"image"});
  CHECK(of({.model = "Qwen/Qwen2.5-1.5B-Instruct"}) == Texts{"model"});
  CHECK(of({.more = ", '--max-model-len', '8192'"}) == Texts{"context"});
  CHECK(of({.more = ", '--kv-cache-dtype', 'fp8'"}) == Texts{"precision"});
  CHECK(of({.more = ", '--max-num-seqs', '16'"}) == Texts{"concurrency"});
  CHECK(of({.slice = "nvidia.com/mig-2g.20gb"}) == Texts{"slice"});
  CHECK(of({.more = ", '--served-model-name', 'chat'"}).empty());
  const auto found = Look(yamlOf({.more = ", '--max-model-len', '8192'"}, false)).findings(Code::Drift);
  CHECK(found[0].message == "context: Deployment chat declares the default, and pod chat-2 runs 8192");
  CHECK(found[0].evidence.size() == 2);
}

TEST_CASE("one name of an image for two images") {
  const auto found = Look(yamlOf({.imageId = "sha256:2"}, false)).findings(Code::Drift);
  REQUIRE(found.size() == 1);
  CHECK(found[0].message == "image: vllm/vllm-openai:v0.10.2 stands for 2 images in the pods: its tag was moved");
}

TEST_CASE("what admission wrote is no longer what is declared") {
  CHECK(Look(yamlOf({.annotations = "rightslice.io/original-request: 'main=nvidia.com/mig-7g.80gb:1>nvidia.com/mig-3g.40gb'"}, false)).findings(Code::Drift).empty());
  const auto found = Look(yamlOf({.annotations = "rightslice.io/original-request: 'main=nvidia.com/mig-7g.80gb:1>nvidia.com/mig-2g.20gb'"}, false)).findings(Code::Drift);
  REQUIRE(found.size() == 1);
  CHECK(found[0].message == "slice: admission wrote nvidia.com/mig-2g.20gb in place of nvidia.com/mig-7g.80gb, and now nvidia.com/mig-3g.40gb is declared");
}

TEST_CASE("old pods are stale where nothing replaces them, and a rollout on its way is no finding") {
  const std::string half = "observedGeneration: 2, replicas: 2, updatedReplicas: 1, readyReplicas: 2";
  const Case other{.status = half, .model = "Qwen/Qwen2.5-1.5B-Instruct"};
  const Look moving(yamlOf(other, true));
  CHECK(moving.findings(Code::Stale).empty());
  CHECK(moving.findings(Code::Drift).empty());
  Case paused = other;
  paused.rollout = "paused: true,";
  const Look standing(yamlOf(paused, true));
  REQUIRE(standing.findings(Code::Stale).size() == 1);
  CHECK(standing.findings(Code::Stale)[0].message == "1 of 2 pods runs an older template than Deployment chat declares, and the rollout is paused");
  CHECK(aspects(standing.findings(Code::Drift)) == Texts{"model"});
  Case late = other;
  late.status += ", conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]";
  CHECK(Look(yamlOf(late, true)).findings(Code::Stale)[0].message.ends_with("the rollout has passed its deadline"));
  Case unseen = paused;
  unseen.status = "observedGeneration: 1, replicas: 2, updatedReplicas: 2";
  CHECK(Look(yamlOf(unseen, true)).findings(Code::Stale).empty());
}

TEST_CASE("a slice that is too small by the judgement, under a pod that is ready: the judgement is in doubt") {
  const auto of = [](std::string_view status) {
    return Look(fmt::format("apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: a, uid: p, annotations: {{rightslice.io/footprint: 30Gi}}}}\n"
                            "spec: {{nodeSelector: {{nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}}, containers: [{{name: main, image: x, resources: {{limits: {{nvidia.com/mig-1g.10gb: '1'}}}}}}]}}\n"
                            "status: {{phase: Running, conditions: [{{type: Ready, status: '{}'}}]}}\n",
                            status))
        .findings(Code::Undersized);
  };
  REQUIRE(of("False").size() == 1);
  CHECK(of("False")[0].confidence == model::Confidence::High);
  REQUIRE(of("True").size() == 1);
  CHECK(of("True")[0].confidence == model::Confidence::Low);
  CHECK(of("True")[0].remedy.starts_with("it runs all the same"));
}
