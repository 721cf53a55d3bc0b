#include "review_world.hpp"

#include <string>

#include "harness.hpp"
#include "policy/load.hpp"

namespace rightslice::fuzz {
namespace {

constexpr std::string_view kPolicies = R"(
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {name: default, namespace: team-a}
spec:
  mode: enforce
  gpus: [NVIDIA-H100-80GB-HBM3]
  slices: {offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb], denied: ["7g.*"]}
  load: {concurrency: 8, context: 4096}
  actions: {Oversized: deny, TightFit: deny, UnknownFootprint: deny, SharedSlice: deny, EngineSettings: deny}
  models: [{model: "acme/*", memory: 7Gi}, {model: acme/chat, quantization: awq, weights: 6Gi, kvPerToken: 64Ki, overhead: 2Gi}]
---
apiVersion: rightslice.io/v1alpha1
kind: SliceException
metadata: {name: legacy, namespace: team-a}
spec: {kind: Deployment, name: "legacy-*", findings: [Oversized, Undersized], owner: ml, reason: migration, expires: "2026-06-30"}
---
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {name: default, namespace: team-b}
spec:
  mode: enforce
  gpus: [NVIDIA-H100-80GB-HBM3, NVIDIA-A100-SXM4-80GB]
  slices: {offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 7g.80gb], prefer: density}
  load: {concurrency: 4, context: 2048}
  headroom: 12.5%
  actions: {Oversized: rewrite, Undersized: rewrite}
  engine: {rewriteFlags: true}
---
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {name: default, namespace: team-c}
spec: {mode: audit, gpus: [NVIDIA-H100-80GB-HBM3], load: {concurrency: 8}, slices: {offered: [1g.10gb, 3g.40gb]}, actions: {Oversized: rewrite, TightFit: deny}}
---
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {name: default, namespace: team-d}
spec: {mode: warn, load: {context: 8192}, slices: {minCompute: 2, tolerance: 1}, actions: {Oversized: deny, NotJudged: deny, InvalidAnnotation: deny}}
---
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {name: default, namespace: team-e}
spec:
  mode: enforce
  gpuResource: 3g.40gb
  ratchet: false
  declarations: policy
  budget: {memory: 60Gi, gpus: 1.5, cost: {amount: 2000, currency: USD, per: month}}
  match: {kinds: [Deployment, Pod, Job], selector: {matchExpressions: [{key: tier, operator: NotIn, values: [free]}]}}
---
apiVersion: rightslice.io/v1alpha1
kind: ClusterSlicePolicy
metadata: {name: platform}
spec:
  mode: enforce
  namespaces: ["gpu-*"]
  gpuResource: whole
  actions: {Oversized: rewrite}
  exempt: {users: ["break-glass"], groups: ["restore*"], serviceAccounts: ["velero:*"]}
  exceptions: {namespaces: ["gpu-*"]}
---
apiVersion: rightslice.io/v1alpha1
kind: ClusterSlicePolicy
metadata: {name: labelled}
spec: {mode: warn, namespaces: ["gpu-*"], namespaceSelector: {matchLabels: {tier: inference}}, overridable: true, actions: {Oversized: deny}}
)";

constexpr std::string_view kSurroundings = R"(
nodes:
- {name: h100, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, pool: a}, allocatable: {nvidia.com/mig-1g.10gb: 7, nvidia.com/mig-3g.40gb: 2}, requested: {nvidia.com/mig-1g.10gb: 3}}
- {name: a100, labels: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB, pool: b}, allocatable: {nvidia.com/gpu: 8}, requested: {}}
- {name: single, labels: {nvidia.com/gpu.product: NVIDIA-A30-MIG-1g.6gb}, allocatable: {nvidia.com/gpu: 4}, requested: {}}
- name: dra
  labels: {}
  devices:
  - {type: mig, product: NVIDIA H100 80GB HBM3, profile: 1g.10gb, memory: 9984Mi, count: 7}
  - {type: gpu, product: NVIDIA H100 80GB HBM3, memory: 81559Mi}
namespaces:
- {name: gpu-a, labels: {tier: inference}}
- {name: team-a, labels: {}}
prices: {currency: USD, date: "2026-01-01", gpuHour: {NVIDIA-H100-80GB-HBM3: 2.5, A100 80GB: 1.2}}
deviceClasses:
- {name: big, selectors: ["device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].profile == '3g.40gb'"], extendedResourceName: example.com/big}
claimTemplates:
- {namespace: team-a, name: large, spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: mig.nvidia.com, selectors: [{cel: {expression: 'device.attributes["gpu.nvidia.com"].profile == "3g.40gb"'}}]}}]}}}
claims: []
)";

/// A Deployment that runs, and owns what names its uid.
constexpr std::string_view kRunning = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"owner","namespace":"team-e","uid":"u-owner"},"spec":{"replicas":2,)"
                                      R"("template":{"spec":{"containers":[{"name":"server","resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}]}}}})";

std::shared_ptr<const admission::Running> running() {
  const auto object = json::Document::parse(kRunning).value();
  const auto text = admission::runningText(object.root(), "apps/v1", "Deployment");
  require(text.has_value(), "a Deployment with a slice is kept");
  const auto read = admission::readRunning(*text);
  require(read.has_value(), "what is kept is read");
  auto out = std::make_shared<admission::Running>();
  out->group = "apps";
  out->kind = "Deployment";
  out->ns = "team-e";
  out->name = "owner";
  out->uid = read->uid;
  out->text = std::make_shared<const std::string>(*text);
  out->usage = out->written = {20 * kGiB, 250, 100'000};
  return out;
}

}  // namespace

World::World(bool known) {
  policy::LoadOptions how;
  how.gpus = &gpu::Catalogue::builtIn();
  how.today = today();
  auto loaded = policy::load(kPolicies, "policies.yaml", how);
  for (const auto& each : loaded.diagnostics) require(false, "the policies of the world load", each.text());
  policies = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
  auto read = workload::readSurroundings(known ? kSurroundings : "{}", "surroundings.yaml");
  require(read.has_value(), "the surroundings of the world load", read ? "" : read.error().where + ": " + read.error().message);
  surroundings = std::move(*read);
  if (known) {
    inventory = std::make_unique<admission::Inventory>(std::vector{running()}, std::make_shared<const workload::Autoscalers>(std::vector<workload::Autoscaler>{}));
  }
}

admission::Environment World::environment(const policy::PolicySet& set) const {
  admission::Environment out;
  out.policies = &set;
  out.surroundings = &surroundings;
  out.now = today();
  out.inventory = inventory.get();
  return out;
}

Date World::today() { return Date::parse("2026-06-01").value(); }

admission::ReviewerOptions World::options() {
  admission::ReviewerOptions out;
  out.trustedControllers = {"system:kube-controller-manager", "system:serviceaccount:kube-system:*"};
  out.documentationUrl = "https://docs.example/";
  return out;
}

const World& knownWorld() {
  static const World world(true);
  return world;
}

const World& unknownWorld() {
  static const World world(false);
  return world;
}

}  // namespace rightslice::fuzz
