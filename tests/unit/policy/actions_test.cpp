#include "policy/actions.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

Manifest declaring(Bytes bytes, const std::string& profile = "3g.40gb") {
  Manifest manifest;
  manifest.limits = fmt::format(R"("nvidia.com/mig-{}":"1")", profile);
  manifest.annotations = footprint(bytes);
  return manifest;
}

std::string updated(const Manifest& before, const Manifest& now, const std::string& policies) {
  const auto old = workloadOf(before);
  World world{policies, "", {}};
  world.request.operation = Operation::Update;
  world.request.old = &old;
  return said(world.judge(now));
}

std::string excepted(std::string_view spec, std::string_view today, std::string_view policy = "") {
  World world{(policy.empty() ? h100Policy(oversizedIs("deny")) : std::string(policy)) + "---\n" +
                  written::exception(fmt::format("{}\n  owner: ml\n  reason: migration\n  expires: \"2026-07-01\"", spec)),
              "", {}};
  world.now = written::day(today);
  return said(world.judge(declaring(6 * kGiB)));
}

}  // namespace

TEST_CASE("a policy maps a code to an action; what it does not name has its default") {
  CHECK(said(declaring(6 * kGiB)) == "Oversized=warn");
  CHECK(said(declaring(6 * kGiB), h100Policy(oversizedIs("allow"))) == "Oversized=allow");
  CHECK(said(declaring(6 * kGiB), h100Policy(oversizedIs("deny"))) == "Oversized=deny");
  CHECK(said(declaring(6 * kGiB), h100Policy(oversizedIs("rewrite"))) == "Oversized=rewrite");
  CHECK(said(declaring(6 * kGiB), h100Policy("  actions: {Undersized: allow}")) == "Oversized=warn");
  CHECK(said(declaring(50 * kGiB)) == "Undersized=deny");
  CHECK(said(declaring(50 * kGiB), h100Policy("  actions: {Undersized: rewrite}")) == "Undersized=rewrite");
}

TEST_CASE("deny and rewrite of Oversized need a known offer and a stated load; else they warn and say what is missing") {
  const auto policy = [](std::string_view action, bool offer, bool load) {
    return written::slicePolicy(fmt::format("  gpus: [NVIDIA-H100-80GB-HBM3]\n{}{}  models: [{{model: acme/x, weights: 6Gi}}]\n  actions: {{Oversized: {}}}",
                                            offer ? "  slices: {offered: [1g.10gb, 3g.40gb]}\n" : "", load ? "  load: {concurrency: 8}\n" : "", action));
  };
  Manifest manifest;
  manifest.image = "vllm/vllm-openai:v0.9.2";
  manifest.args = R"("--model","acme/x")";
  for (const std::string action : {"deny", "rewrite"}) {
    CAPTURE(action);
    CHECK(said(manifest, policy(action, true, true)) == "Oversized=" + action);
    for (const auto& [offer, load] : {std::pair{false, true}, {true, false}, {false, false}}) {
      CAPTURE(offer);
      CAPTURE(load);
      const auto judgement = World{policy(action, offer, load), "", {}}.judge(manifest);
      CHECK(said(judgement) == "Oversized=warn");
      const auto& message = finding(judgement, Code::Oversized).message;
      CHECK(contains(message, "slices on offer are not known") == !offer);
      CHECK(contains(message, "the load is assumed") == !load);
      CHECK((judgement.unknown == std::vector<std::string>{"slices on offer to container main"}) == !offer);
    }
  }
  CHECK(said(manifest, policy("allow", false, false)) == "Oversized=allow");
  manifest.annotations = R"("rightslice.io/context":"4096")";
  CHECK(said(manifest, policy("deny", true, false)) == "Oversized=deny");
}

TEST_CASE("an inventory makes the offer known too") {
  World world{h100Policy("  slices: {tolerance: 0}\n  actions: {Oversized: deny}"), "", {}};
  CHECK(said(world.judge(declaring(6 * kGiB))) == "Oversized=warn");
  world.surroundings = "nodes: [{name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}, allocatable: {nvidia.com/mig-1g.10gb: 7}}]";
  CHECK(said(world.judge(declaring(6 * kGiB))) == "Oversized=deny");
  world.surroundings = "nodes: [{name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}, allocatable: {nvidia.com/mig-3g.40gb: 2}}]";
  CHECK(said(world.judge(declaring(6 * kGiB))) == "");
}

TEST_CASE("a rewrite that cannot be made is the default of its finding, and the message says why") {
  const std::string over = h100Policy(oversizedIs("rewrite")), under = h100Policy("  actions: {Undersized: rewrite}");
  struct Row {
    std::string_view rule;
    Manifest manifest;
    std::string policy, said, why;
  };
  auto two = declaring(6 * kGiB);
  two.limits = R"("nvidia.com/mig-3g.40gb":"2")";
  auto bare = declaring(6 * kGiB);
  bare.kind = "Pod";
  auto shared = declaring(50 * kGiB, "3g.40gb.shared");
  auto single = declaring(6 * kGiB);
  single.limits = R"("nvidia.com/gpu":"1")";
  auto owned = declaring(6 * kGiB);
  owned.metadata = R"("ownerReferences":[{"apiVersion":"x.io/v1","kind":"Gizmo","name":"g","uid":"u","controller":true}])";
  auto nameless = declaring(6 * kGiB), named = declaring(6 * kGiB), twins = declaring(6 * kGiB);
  nameless.called = "";
  named.called = "a=b";
  twins.more = R"(,{"name":"main","image":"busybox"})";
  const std::string kNameless = "its container needs a name of its own";
  const std::string viaGpu = written::slicePolicy(
      "  gpuResource: 3g.40gb\n  gpus: [NVIDIA-H100-80GB-HBM3]\n  load: {concurrency: 8}\n  slices: {offered: [1g.10gb]}\n  actions: {Oversized: rewrite}");
  const Row rows[] = {
      {"it can", declaring(6 * kGiB), over, "Oversized=rewrite", ""},
      {"a Pod is created with it", bare, over, "Oversized=rewrite", ""},
      {"several slices", two, over, "MultipleSlices=warn Oversized=warn", "several devices are not rewritten"},
      {"undersized, nothing larger fits", declaring(90 * kGiB), under, "Undersized=deny", "no slice that fits is known"},
      {"undersized, something fits", declaring(50 * kGiB), under, "Undersized=rewrite", ""},
      {"undersized, shared", shared, under, "SharedSlice=warn Undersized=deny", "not rewritten"},
      {"undersized, no offer known", declaring(50 * kGiB), h100Policy("  slices: {tolerance: 0}\n  actions: {Undersized: rewrite}"), "Undersized=deny", "slices on offer are not known"},
      {"nvidia.com/gpu that means a slice", single, viaGpu, "Oversized=warn", "select nodes with 1g.10gb slices instead"},
      {"the record could not name its container", nameless, over, "Oversized=warn", kNameless},
      {"nor read its name back", named, over, "Oversized=warn", kNameless},
      {"nor tell it from another", twins, over, "Oversized=warn", kNameless},
      {"an object with a controller", owned, over, "Oversized=warn", "never patched"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto judgement = World{row.policy, "", {}}.judge(row.manifest);
    CHECK(said(judgement) == row.said);
    CHECK(judgement.patch.empty() == (row.said.find("rewrite") == std::string::npos));
    if (!row.why.empty()) CHECK(contains(judgement.findings.back().message, row.why));
  }
  const auto recommended = World{viaGpu, "", {}}.judge(single).containers[0].recommended;
  REQUIRE(recommended);
  CHECK(recommended->resource == "nvidia.com/gpu");
}

TEST_CASE("a kind with an immutable template is patched on CREATE only") {
  for (const std::string kind : {"Pod", "Job", "Deployment", "StatefulSet", "DaemonSet"}) {
    CAPTURE(kind);
    auto manifest = declaring(6 * kGiB);
    manifest.kind = kind;
    World world{h100Policy(oversizedIs("rewrite") + "\n  ratchet: false"), "", {}};
    CHECK(!world.judge(manifest).patch.empty());
    const auto old = workloadOf(manifest);
    world.request.operation = Operation::Update;
    world.request.old = &old;
    const bool immutable = kind == "Pod" || kind == "Job";
    CHECK(world.judge(manifest).patch.empty() == immutable);
    CHECK(said(world.judge(manifest)) == (immutable ? "Oversized=warn" : "Oversized=rewrite"));
  }
}

TEST_CASE("an exception allows with 14 days or more left, warns with 0 to 13, and counts for nothing once expired") {
  const std::string_view oversized = "  findings: [Oversized]";
  struct Row {
    std::string_view today, said;
  };
  for (const auto& row : {Row{"2026-06-16", "Oversized=allow"}, Row{"2026-06-17", "Oversized=allow"}, Row{"2026-06-18", "Oversized=warn"},
                          Row{"2026-07-01", "Oversized=warn"}, Row{"2026-07-02", "Oversized=deny"}}) {
    CAPTURE(row.today);
    CHECK(excepted(oversized, row.today) == row.said);
  }
}

TEST_CASE("an exception covers its findings, kinds, names and policies, and never makes an action stricter") {
  const std::string_view day = "2026-06-01";
  CHECK(excepted("  findings: [Oversized]\n  kind: Deployment\n  name: 'ch*'", day) == "Oversized=allow");
  CHECK(excepted("  findings: [Undersized]", day) == "Oversized=deny");
  CHECK(excepted("  findings: [Oversized]\n  kind: StatefulSet", day) == "Oversized=deny");
  CHECK(excepted("  findings: [Oversized]\n  name: 'other-*'", day) == "Oversized=deny");
  CHECK(excepted("  findings: [Oversized]\n  policies: [p]", day) == "Oversized=allow");
  CHECK(excepted("  findings: [Oversized]\n  policies: [q]", day) == "Oversized=deny");
  CHECK(excepted("  findings: [Oversized]", "2026-06-20", h100Policy(oversizedIs("allow"))) == "Oversized=allow");
  const auto cluster = [](std::string_view more) {
    return written::clusterPolicy(fmt::format("  gpus: [NVIDIA-H100-80GB-HBM3]\n  declarations: workload\n  slices: {{offered: [1g.10gb]}}\n  actions: {{Oversized: deny}}\n{}", more));
  };
  CHECK(excepted("  findings: [Oversized]", day, cluster("")) == "Oversized=deny");
  CHECK(excepted("  findings: [Oversized]", day, cluster("  exceptions: {namespaces: ['team-*']}")) == "Oversized=allow");
  CHECK(excepted("  findings: [Oversized]", day, cluster("  exceptions: {namespaces: ['prod-*']}")) == "Oversized=deny");
  CHECK(excepted("  findings: [Oversized]\n  policies: [platform]", day, cluster("")) == "Oversized=deny");
}

TEST_CASE("the ratchet: on UPDATE a finding no worse than before is a warning") {
  const std::string over = h100Policy(oversizedIs("deny")), plain = h100Policy();
  const auto quantity = [](const std::string& value) {
    auto manifest = declaring(30 * kGiB);
    manifest.limits = fmt::format(R"("nvidia.com/mig-3g.40gb":{})", value);
    return manifest;
  };
  auto scaled = declaring(50 * kGiB);
  scaled.replicas = 5;
  struct Row {
    std::string_view rule;
    Manifest before, now;
    std::string policy;
    std::string_view said;
  };
  const std::string denied = h100Policy("  slices: {offered: [3g.40gb], denied: ['3g.*', '4g.*']}");
  const Row rows[] = {
      {"undersized, unchanged", declaring(50 * kGiB), declaring(50 * kGiB), plain, "Undersized=warn"},
      {"an unrelated change", declaring(50 * kGiB), scaled, plain, "Undersized=warn"},
      {"a partial repair", declaring(50 * kGiB), declaring(45 * kGiB), plain, "Undersized=warn"},
      {"a larger slice that is still too small", declaring(50 * kGiB, "1g.10gb"), declaring(50 * kGiB), plain, "Undersized=warn"},
      {"a larger shortfall", declaring(50 * kGiB), declaring(50 * kGiB + 1), plain, "Undersized=deny"},
      {"a smaller slice", declaring(50 * kGiB), declaring(50 * kGiB, "1g.10gb"), plain, "Undersized=deny"},
      {"it fitted before", declaring(30 * kGiB), declaring(50 * kGiB), plain, "Undersized=deny"},
      {"oversized, the same slice", declaring(6 * kGiB), declaring(6 * kGiB), over, "Oversized=warn"},
      {"oversized, a smaller need on the same slice", declaring(15 * kGiB), declaring(6 * kGiB), over, "Oversized=warn"},
      {"oversized, a smaller slice", declaring(6 * kGiB, "7g.80gb"), declaring(6 * kGiB), over, "Oversized=warn"},
      {"oversized, a larger slice", declaring(6 * kGiB), declaring(6 * kGiB, "7g.80gb"), over, "Oversized=deny"},
      {"another code before", declaring(50 * kGiB), declaring(6 * kGiB), over, "Oversized=deny"},
      {"others: the same resource and quantity", quantity("1"), quantity(R"("1000m")"), denied, "ProfileNotAllowed=warn"},
      {"others: another resource", declaring(30 * kGiB, "4g.40gb"), quantity("1"), denied, "ProfileNotAllowed=deny"},
      {"others: another quantity", quantity("1"), quantity("2"), denied, "ProfileNotAllowed=deny MultipleSlices=warn"},
      {"an invalid quantity stays", quantity(R"("0.5")"), quantity(R"("0.5")"), plain, "InvalidQuantity=warn"},
      {"an invalid quantity comes", quantity("1"), quantity(R"("0.5")"), plain, "InvalidQuantity=deny"},
      {"ratchet: false", declaring(50 * kGiB), declaring(50 * kGiB), h100Policy("  ratchet: false"), "Undersized=deny"},
      {"a rewrite is held back too", declaring(6 * kGiB), declaring(6 * kGiB), h100Policy(oversizedIs("rewrite")), "Oversized=warn"},
      {"an allowed finding stays allowed", declaring(6 * kGiB), declaring(6 * kGiB), h100Policy(oversizedIs("allow")), "Oversized=allow"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CHECK(updated(row.before, row.now, row.policy) == row.said);
    CHECK(said(row.now, row.policy) != "");
  }
}

TEST_CASE("the ratchet is by container: one that was too small excuses no other") {
  auto before = declaring(50 * kGiB, "1g.10gb");  // the larger shortfall
  before.more = R"(,{"name":"b","image":"x","resources":{"limits":{"nvidia.com/mig-7g.80gb":1}}})";
  auto now = before;
  now.more = R"(,{"name":"b","image":"x","resources":{"limits":{"nvidia.com/mig-3g.40gb":1}}})";
  CHECK(updated(before, now, h100Policy()) == "Undersized=warn Undersized=deny");
}

TEST_CASE("modes: enforce acts, warn warns, audit lets pass") {
  const Action all[] = {Action::Allow, Action::Warn, Action::Rewrite, Action::Deny};
  for (const Action action : all) {
    CHECK(effective(action, Mode::Enforce) == action);
    CHECK(effective(action, Mode::Warn) == (action == Action::Allow ? Action::Allow : Action::Warn));
    CHECK(effective(action, Mode::Audit) == Action::Allow);
  }
}
