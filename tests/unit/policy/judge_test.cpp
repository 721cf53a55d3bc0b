#include "policy/judge.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

Manifest declaring(Bytes bytes) {
  Manifest manifest;
  manifest.annotations = footprint(bytes);
  return manifest;
}

std::string text(std::optional<Action> action) { return action ? std::string(name(*action)) : "-"; }
std::string text(std::optional<Mode> mode) { return mode ? std::string(name(*mode)) : "-"; }
std::string joined(const std::vector<std::string>& list) { return fmt::format("{}", fmt::join(list, " ")); }

Manifest child(std::string_view ownerKind = "ReplicaSet", std::string_view apiVersion = "apps/v1") {
  auto manifest = declaring(50 * kGiB);
  manifest.kind = "Pod";
  manifest.metadata = fmt::format(R"("ownerReferences":[{{"apiVersion":"{}","kind":"{}","name":"chat-1","uid":"u-1","controller":true}}])", apiVersion, ownerKind);
  return manifest;
}

}  // namespace

TEST_CASE("without a policy an object is allowed and not judged, with no mode and no policies") {
  World world;
  world.policies = h100Policy();
  Manifest manifest = declaring(500 * kGiB);
  manifest.ns = "elsewhere";
  const auto judgement = world.judge(manifest);
  CHECK(judgement.policies.empty());
  CHECK(!judgement.mode);
  CHECK(!judgement.wouldBe);
  CHECK(judgement.decision == Action::Allow);
  CHECK(said(judgement) == "");
  CHECK(judgement.containers.size() == 1);
  CHECK(judgement.containers[0].need->bytes == 500 * kGiB);
  CHECK(!judgement.containers[0].recommended);
  manifest.ns = "team-a";
  CHECK(said(world.judge(manifest)) == "Undersized=deny");
}

TEST_CASE("modes decide what happens; wouldBe says what enforce would do, exactly where a policy is not in enforce mode") {
  struct Row {
    std::string_view mode, action;
    std::string_view decision, wouldBe;
    bool patched = false;
  };
  const Row rows[] = {
      {"enforce", "deny", "deny", "-"},     {"enforce", "rewrite", "rewrite", "-", true}, {"enforce", "warn", "warn", "-"},   {"enforce", "allow", "allow", "-"},
      {"warn", "deny", "warn", "deny"},     {"warn", "rewrite", "warn", "rewrite"},       {"warn", "warn", "warn", "warn"},   {"warn", "allow", "allow", "allow"},
      {"audit", "deny", "allow", "deny"},   {"audit", "rewrite", "allow", "rewrite"},     {"audit", "warn", "allow", "warn"}, {"audit", "allow", "allow", "allow"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.mode);
    CAPTURE(row.action);
    const auto judgement = World{h100Policy(oversizedIs(row.action), "p", row.mode), "", {}}.judge(declaring(6 * kGiB));
    CHECK(text(judgement.decision) == row.decision);
    CHECK(text(judgement.wouldBe) == row.wouldBe);
    CHECK(text(judgement.mode) == row.mode);
    CHECK(judgement.patch.empty() == !row.patched);
    CHECK(said(judgement) == fmt::format("Oversized={}", row.action));  // findings always say what enforce would do
  }
}

TEST_CASE("findings of several policies are joined, strictest first; the modes of each count") {
  const auto both = [](std::string_view first, std::string_view second, std::string_view mode = "enforce") {
    return World{h100Policy(oversizedIs(first), "a") + "---\n" + h100Policy(oversizedIs(second), "b", mode), "", {}}.judge(declaring(6 * kGiB));
  };
  auto judgement = both("warn", "deny");
  CHECK(said(judgement) == "Oversized=deny");
  CHECK(judgement.findings[0].policy == "team-a/b");
  CHECK(joined(judgement.policies) == "team-a/a team-a/b");
  CHECK(text(judgement.decision) == "deny");
  CHECK(said(both("deny", "allow")) == "Oversized=deny");
  CHECK(said(both("rewrite", "warn")) == "Oversized=rewrite");
  CHECK(both("rewrite", "warn").patch.size() > 0);
  judgement = both("warn", "deny", "audit");
  CHECK(said(judgement) == "Oversized=deny");
  CHECK(text(judgement.decision) == "warn");
  CHECK(text(judgement.wouldBe) == "deny");
  CHECK(text(judgement.mode) == "enforce");
  judgement = both("warn", "rewrite", "audit");
  CHECK(judgement.patch.empty());
  CHECK(text(judgement.wouldBe) == "rewrite");
}

TEST_CASE("each policy judges with its own settings, and the one that decides gives need and recommendation") {
  const std::string loose = h100Policy("  headroom: 0%\n  actions: {Oversized: warn}", "a");
  const std::string strict = h100Policy("  headroom: 100%\n  actions: {Oversized: deny}", "b");
  const auto judgement = World{loose + "---\n" + strict, "", {}}.judge(declaring(9 * kGiB));
  CHECK(said(judgement) == "Oversized=deny");
  CHECK(recommended(judgement) == "2g.20gb");
  CHECK(recommended(World{loose, "", {}}.judge(declaring(9 * kGiB))) == "1g.10gb");
}

TEST_CASE("of two rewrites the larger slice wins") {
  const std::string rewrite = "  actions: {Oversized: rewrite}";
  for (const bool swap : {false, true}) {
    const std::string a = h100Policy("  headroom: 0%\n" + rewrite, swap ? "b" : "a"), b = h100Policy("  headroom: 100%\n" + rewrite, swap ? "a" : "b");
    const auto manifest = declaring(9 * kGiB);
    const auto judgement = World{a + "---\n" + b, "", {}}.judge(manifest);
    CHECK(contains(patched(manifest.text(), judgement), "nvidia.com/mig-2g.20gb"));
  }
}

TEST_CASE("and its result stays when it is judged again; what nobody rewrote is judged as it stands") {
  const std::string rewrite = "  actions: {Oversized: rewrite}";
  const World world{h100Policy("  headroom: 0%\n" + rewrite, "a") + "---\n" + h100Policy("  headroom: 100%\n" + rewrite, "b"), "", {}};
  const auto manifest = declaring(9 * kGiB);
  const auto once = patched(manifest.text(), world.judge(manifest));
  const auto again = world.judge(once);
  CHECK(again.patch.empty());
  CHECK(said(again) == "Oversized=warn");
  CHECK(contains(again.findings[0].message, "policy team-a/b needs the slice"));
  auto written = declaring(9 * kGiB);
  written.limits = R"("nvidia.com/mig-2g.20gb":"1")";
  CHECK(!world.judge(written).patch.empty());
}

TEST_CASE("allowed and denied of every policy in force bind a recommendation, whatever the mode") {
  const std::string other = h100Policy("  slices: {denied: ['1g.10gb']}", "z", "audit");
  CHECK(recommended(World{h100Policy("", "a"), "", {}}.judge(declaring(6 * kGiB))) == "1g.10gb");
  CHECK(recommended(World{h100Policy("", "a") + "---\n" + other, "", {}}.judge(declaring(6 * kGiB))) == "2g.20gb");
}

TEST_CASE("findings stand in the order of the table, then of the containers") {
  Manifest manifest = declaring(6 * kGiB);
  manifest.limits = R"("nvidia.com/mig-3g.40gb":2)";
  manifest.more = R"(,{"name":"a","image":"x","resources":{"limits":{"nvidia.com/mig-3g.40gb":1}}},{"name":"c","image":"x","resources":{"limits":{"nvidia.com/mig-3g.41gb":1}}})";
  const auto judgement = World{}.judge(manifest);
  CHECK(said(judgement) == "UnknownProfile=warn MultipleSlices=warn Oversized=warn Oversized=warn");
  CHECK(judgement.findings[2].container == "main");
  CHECK(judgement.findings[3].container == "a");
  CHECK(judgement.effective.size() == judgement.findings.size());
}

TEST_CASE("a policy whose namespace labels are not known does not apply, and the verdict says so") {
  World world{written::clusterPolicy("  gpus: [NVIDIA-H100-80GB-HBM3]\n  namespaceSelector: {matchLabels: {gpu: strict}}\n  declarations: workload"), "", {}};
  auto judgement = world.judge(declaring(50 * kGiB));
  CHECK(judgement.policies.empty());
  CHECK(joined(judgement.unknown) == "namespace labels of team-a");
  CHECK(judgement.notes.size() == 1);
  CHECK(judgement.decision == Action::Allow);
  world.surroundings = "namespaces: [{name: team-a, labels: {gpu: strict}}]";
  judgement = world.judge(declaring(50 * kGiB));
  CHECK(joined(judgement.policies) == "platform");
  CHECK(judgement.unknown.empty());
  CHECK(said(judgement) == "Undersized=deny");
  world.surroundings = "namespaces: [{name: team-a, labels: {gpu: lax}}]";
  CHECK(world.judge(declaring(50 * kGiB)).policies.empty());
  CHECK(world.judge(declaring(50 * kGiB)).unknown.empty());
}

TEST_CASE("an object of an unknown kind that names a GPU anywhere is not judged, and says where") {
  const auto judgement = World{}.judge(std::string(
      R"({"apiVersion":"x.io/v1","kind":"Gizmo","metadata":{"name":"g","namespace":"team-a"},"spec":{"res":{"nvidia.com/gpu":1}}})"));
  CHECK(said(judgement) == "NotJudged=warn");
  CHECK(judgement.findings[0].path == "/spec/res/nvidia.com~1gpu");
  CHECK(judgement.findings[0].container.empty());
  CHECK(said(World{}.judge(std::string(R"({"apiVersion":"x.io/v1","kind":"Gizmo","metadata":{"name":"g"},"spec":{"gpu":1}})"))) == "");
}

TEST_CASE("objects that are being deleted and mirror pods are recorded only") {
  auto deleting = declaring(50 * kGiB);
  deleting.metadata = R"("uid":"u","deletionTimestamp":"2026-06-01T00:00:00Z")";
  auto mirror = declaring(50 * kGiB);
  mirror.kind = "Pod";
  mirror.annotations += R"(,"kubernetes.io/config.mirror":"x")";
  for (const auto& manifest : {deleting, mirror}) {
    const auto judgement = World{}.judge(manifest);
    CHECK(judgement.recordedOnly);
    CHECK(text(judgement.decision) == "allow");
    CHECK(said(judgement) == "Undersized=allow");
  }
  CHECK(!World{}.judge(declaring(50 * kGiB)).recordedOnly);
}

TEST_CASE("a child is recorded only if a policy matches its owner's kind and the owner is proven") {
  auto ownerManifest = declaring(50 * kGiB);
  ownerManifest.kind = "ReplicaSet";
  const auto owner = workloadOf(ownerManifest);
  auto otherManifest = ownerManifest;
  otherManifest.limits = R"("nvidia.com/mig-1g.10gb":"1")";
  const auto asksOther = workloadOf(otherManifest);
  const auto judged = [&](const workload::Workload* proof, std::string user = "", const std::string& policy = h100Policy(), const Manifest& object = child()) {
    World world{policy, "", {}};
    world.request.owner = proof;
    world.request.user = std::move(user);
    world.request.trustedControllers = {"system:kube-controller-manager", "system:serviceaccount:kube-system:*"};
    return world.judge(object);
  };
  CHECK(said(judged(&owner)) == "Undersized=allow");
  CHECK(judged(&owner).recordedOnly);
  CHECK(said(judged(nullptr)) == "Undersized=deny");
  CHECK(said(judged(&asksOther)) == "Undersized=deny");
  CHECK(said(judged(nullptr, "system:kube-controller-manager")) == "Undersized=allow");
  CHECK(said(judged(nullptr, "system:serviceaccount:kube-system:replicaset-controller")) == "Undersized=allow");
  CHECK(said(judged(nullptr, "system:serviceaccount:team-a:replicaset-controller")) == "Undersized=deny");
  CHECK(said(judged(&owner, "", h100Policy("  match: {kinds: [Pod]}"))) == "Undersized=deny");
  CHECK(said(judged(&owner, "", h100Policy("  match: {kinds: [Pod, ReplicaSet]}"))) == "Undersized=allow");
  CHECK(said(judged(nullptr, "system:kube-controller-manager", h100Policy(), child("Gizmo", "x.io/v1"))) == "Undersized=deny");  // an owner that nobody judged
}

TEST_CASE("an object that names an owner and runs something else is no child of it") {
  const auto serving = [](std::string kind, std::string_view model) {
    Manifest manifest = kind == "Pod" ? child() : Manifest{};
    manifest.kind = kind;
    manifest.annotations.clear();
    manifest.limits = R"("nvidia.com/mig-1g.10gb":"1")";
    manifest.image = "vllm/vllm-openai:v0.9.2";
    manifest.args = fmt::format(R"("--model","{}","--max-model-len","4096")", model);
    return manifest;
  };
  const auto owner = workloadOf(serving("ReplicaSet", "Qwen/Qwen2.5-0.5B-Instruct"));
  World world;
  world.request.owner = &owner;
  CHECK(world.judge(serving("Pod", "Qwen/Qwen2.5-0.5B-Instruct")).recordedOnly);
  CHECK(!world.judge(serving("Pod", "Qwen/Qwen2.5-7B-Instruct")).recordedOnly);
  CHECK(said(world.judge(serving("Pod", "Qwen/Qwen2.5-7B-Instruct"))) == "Undersized=deny");
}

TEST_CASE("a child is never patched, and does not count in a budget") {
  auto manifest = child();
  manifest.annotations = footprint(6 * kGiB);
  World world{h100Policy(oversizedIs("rewrite") + "\n  budget: {memory: 1Gi}"), "", {}};
  CHECK(world.judge(manifest).patch.empty());
  world.request.user = "system:kube-controller-manager";
  world.request.trustedControllers = {"system:*"};
  CHECK(said(world.judge(manifest)) == "Oversized=allow");
  manifest.metadata.clear();
  world.request.user.clear();
  CHECK(said(world.judge(manifest)) == "Oversized=rewrite OverBudget=deny");
}

TEST_CASE("exempt users, groups and service accounts are recorded by that policy, never denied or patched") {
  const auto cluster = [](std::string_view exempt, std::string_view action) {
    return written::clusterPolicy(fmt::format("  gpus: [NVIDIA-H100-80GB-HBM3]\n  declarations: workload\n  load: {{concurrency: 8}}\n  slices: {{offered: [1g.10gb]}}\n"
                                              "  actions: {{Oversized: {}}}\n  exempt: {{{}}}",
                                              action, exempt));
  };
  struct Row {
    std::string_view exempt, user;
    std::vector<std::string> groups;
    bool exempted;
  };
  const Row rows[] = {
      {"users: ['restore-*']", "restore-1", {}, true},
      {"users: ['restore-*']", "alice", {}, false},
      {"users: ['restore-*']", "", {}, false},
      {"groups: [break-glass]", "alice", {"dev", "break-glass"}, true},
      {"groups: [break-glass]", "alice", {"dev"}, false},
      {"serviceAccounts: ['velero:*']", "system:serviceaccount:velero:server", {}, true},
      {"serviceAccounts: ['velero:*']", "system:serviceaccount:other:server", {}, false},
      {"serviceAccounts: ['*']", "alice", {}, false},
  };
  for (const auto& row : rows) {
    for (const std::string action : {"deny", "rewrite"}) {
      CAPTURE(row.exempt);
      CAPTURE(row.user);
      World world{cluster(row.exempt, action), "", {}};
      world.request.user = row.user;
      world.request.groups = row.groups;
      const auto judgement = world.judge(declaring(6 * kGiB));
      CHECK(text(judgement.decision) == (row.exempted ? "allow" : action));
      CHECK(judgement.patch.empty() == (row.exempted || action == "deny"));
    }
  }
}

TEST_CASE("a namespace's own policy counts beside a cluster policy that exempts the user") {
  World world{written::clusterPolicy("  exempt: {users: [alice]}\n  gpus: [NVIDIA-H100-80GB-HBM3]") + "---\n" + h100Policy(), "", {}};
  world.request.user = "alice";
  CHECK(said(world.judge(declaring(50 * kGiB))) == "Undersized=deny");
}

TEST_CASE("parts of a wrong type are read as absent, and the verdict says which") {
  const auto judgement = World{}.judge(std::string(
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"team-a"},"spec":{"containers":[{"name":"main","args":"serve"}]}})"));
  REQUIRE(judgement.notes.size() == 1);
  CHECK(contains(judgement.notes[0], "/spec/containers/0/args"));
}

TEST_CASE("a judgement carries the digests of what it was made with") {
  const auto a = World{}.judge(declaring(6 * kGiB)), b = World{h100Policy("  headroom: 11%"), "", {}}.judge(declaring(6 * kGiB));
  CHECK(a.policyDigest != b.policyDigest);
  CHECK(a.catalogueDigest == b.catalogueDigest);
  CHECK(!a.catalogueDigest.empty());
}
