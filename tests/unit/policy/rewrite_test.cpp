#include "policy/rewrite.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

Manifest oversized(const std::string& limits = R"("nvidia.com/mig-3g.40gb":"1")", const std::string& requests = "") {
  Manifest manifest;
  manifest.limits = limits;
  manifest.requests = requests;
  manifest.annotations = footprint(6 * kGiB);
  return manifest;
}
World rewriting(const std::string& more = "") { return World{h100Policy(oversizedIs("rewrite") + "\n" + more), "", {}}; }

struct After {
  json::Document document;
  json::View resources, annotations;
  std::string text;
};
After after(const Manifest& manifest, const World& world = rewriting()) {
  const auto judgement = world.judge(manifest);
  After out{parsed(patched(manifest.text(), judgement)), {}, {}, {}};
  const auto tmpl = out.document.root()["spec"]["template"];
  const bool bare = manifest.kind == "Pod";
  const auto spec = bare ? out.document.root()["spec"] : tmpl["spec"];
  out.resources = (*spec["containers"].elements().begin())["resources"];
  out.annotations = (bare ? out.document.root()["metadata"] : tmpl["metadata"])["annotations"];
  out.text = json::patchText(judgement.patch);
  return out;
}
std::string text(json::View value) { return std::string(value.text()); }

const std::string kRecord = R"("rightslice.io/original-request":"main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb")";

}  // namespace

TEST_CASE("a rewrite replaces the one key in limits and requests as it stands there, with tests before, and records the original") {
  struct Row {
    std::string_view rule;
    Manifest manifest;
    std::string resources;
  };
  const Row rows[] = {
      {"limits only", oversized(), R"({"limits":{"nvidia.com/mig-1g.10gb":"1"}})"},
      {"a number stays a number", oversized(R"("nvidia.com/mig-3g.40gb":1)"), R"({"limits":{"nvidia.com/mig-1g.10gb":1}})"},
      {"limits and requests", oversized(R"("nvidia.com/mig-3g.40gb":"1")", R"("nvidia.com/mig-3g.40gb":1)"),
       R"({"limits":{"nvidia.com/mig-1g.10gb":"1"},"requests":{"nvidia.com/mig-1g.10gb":1}})"},
      {"other keys stay", oversized(R"("cpu":"2","nvidia.com/mig-3g.40gb":"1000m","memory":"4Gi")"),
       R"({"limits":{"cpu":"2","memory":"4Gi","nvidia.com/mig-1g.10gb":"1000m"}})"},
      {"in the spelling of the request", oversized(R"("mig.das.com/mig-3g.40gb":"1")"), R"({"limits":{"mig.das.com/mig-1g.10gb":"1"}})"},
      {"and without mig-", oversized(R"("mig.das.com/3g.40gb":"1")"), R"({"limits":{"mig.das.com/1g.10gb":"1"}})"},
      {"a whole GPU", oversized(R"("nvidia.com/gpu":"1")"), R"({"limits":{"nvidia.com/mig-1g.10gb":"1"}})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto got = after(row.manifest);
    CHECK(text(got.resources) == row.resources);
    CHECK(contains(got.text, R"([{"op":"test")"));
    CHECK(got.annotations["rightslice.io/original-request"].exists());
  }
  CHECK(text(after(oversized()).annotations["rightslice.io/original-request"]) == R"("main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb")");
  CHECK(text(after(oversized()).annotations["rightslice.io/footprint"]) == "\"6442450944\"");
}

TEST_CASE("the patch is void where the object changed in the meantime") {
  const auto manifest = oversized();
  const auto judgement = rewriting().judge(manifest);
  CHECK(!json::apply(parsed(oversized(R"("nvidia.com/mig-3g.40gb":"2")").text()), judgement.patch));
  CHECK(json::apply(parsed(manifest.text()), judgement.patch));
}

TEST_CASE("the record is written whatever of metadata and annotations is there") {
  Manifest manifest = oversized();
  manifest.objectAnnotations = manifest.annotations;
  manifest.annotations.clear();
  const std::string record = R"({"rightslice.io/original-request":"main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb"})";
  CHECK(text(after(manifest).annotations) == record);  // metadata without annotations
  manifest.templateMetadata = false;
  CHECK(text(after(manifest).annotations) == record);  // no metadata
  Manifest pod = oversized();
  pod.kind = "Pod";
  CHECK(after(pod).annotations["rightslice.io/original-request"].exists());
}

TEST_CASE("records of several containers are sorted, and those of untouched containers stay as long as they hold") {
  Manifest manifest = oversized();
  manifest.more = R"(,{"name":"aux","image":"x","resources":{"limits":{"nvidia.com/mig-7g.80gb":"1"}}})";
  auto got = after(manifest);
  CHECK(text(got.annotations["rightslice.io/original-request"]) ==
        R"("aux=nvidia.com/mig-7g.80gb:1>nvidia.com/mig-1g.10gb,main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb")");
  manifest.more = R"(,{"name":"aux","image":"x","resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}})";
  manifest.annotations += R"(,"rightslice.io/original-request":"aux=nvidia.com/mig-7g.80gb:1>nvidia.com/mig-1g.10gb")";
  got = after(manifest);
  CHECK(text(got.annotations["rightslice.io/original-request"]) ==
        R"("aux=nvidia.com/mig-7g.80gb:1>nvidia.com/mig-1g.10gb,main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb")");
}

TEST_CASE("re-apply: with the author's key beside ours one is left, and the container is judged by the author's") {
  Manifest manifest = oversized(R"("nvidia.com/mig-3g.40gb":"1","nvidia.com/mig-1g.10gb":"1")");
  manifest.annotations += "," + kRecord;
  const auto judgement = rewriting().judge(manifest);
  CHECK(said(judgement) == "Oversized=rewrite");
  CHECK(judgement.containers[0].requested->resource == "nvidia.com/mig-3g.40gb");
  const auto got = after(manifest);
  CHECK(text(got.resources) == R"({"limits":{"nvidia.com/mig-1g.10gb":"1"}})");
  CHECK(text(got.annotations["rightslice.io/original-request"]) == R"("main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb")");
}

TEST_CASE("re-apply where the author's request now fits: ours goes, and so does the record") {
  Manifest manifest = oversized(R"("nvidia.com/mig-3g.40gb":"1","nvidia.com/mig-1g.10gb":"1")");
  manifest.annotations = footprint(30 * kGiB) + "," + kRecord;
  const auto got = after(manifest);
  CHECK(text(got.resources) == R"({"limits":{"nvidia.com/mig-3g.40gb":"1"}})");
  CHECK(!got.annotations["rightslice.io/original-request"].exists());
}

TEST_CASE("re-apply where another slice fits now: ours is replaced") {
  Manifest manifest = oversized(R"("nvidia.com/mig-3g.40gb":"1","nvidia.com/mig-1g.10gb":"1")");
  manifest.annotations = footprint(15 * kGiB) + "," + kRecord;
  const auto got = after(manifest);
  CHECK(text(got.resources) == R"({"limits":{"nvidia.com/mig-2g.20gb":"1"}})");
  CHECK(text(got.annotations["rightslice.io/original-request"]) == R"("main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-2g.20gb")");
}

TEST_CASE("another key beside ours: the author has changed the manifest, and is judged by what it says now") {
  struct Row {
    std::string_view rule, beside;
    Bytes footprint;
    std::string_view written, record;
  };
  const Row rows[] = {
      {"it is too large as well", "nvidia.com/mig-2g.20gb", 6 * kGiB, "nvidia.com/mig-1g.10gb", "main=nvidia.com/mig-2g.20gb:1>nvidia.com/mig-1g.10gb"},
      {"it fits", "nvidia.com/mig-2g.20gb", 15 * kGiB, "nvidia.com/mig-2g.20gb", ""},
      {"it is too small", "nvidia.com/mig-1g.20gb", 30 * kGiB, "nvidia.com/mig-1g.20gb", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    Manifest manifest = oversized(fmt::format(R"("{}":"1","nvidia.com/mig-1g.10gb":"1")", row.beside));
    manifest.annotations = footprint(row.footprint) + "," + kRecord;
    const auto got = after(manifest);
    CHECK(text(got.resources) == fmt::format(R"({{"limits":{{"{}":"1"}}}})", row.written));
    const auto record = got.annotations["rightslice.io/original-request"];
    CHECK((record.exists() ? text(record) : "") == (row.record.empty() ? "" : fmt::format("\"{}\"", row.record)));

    World validate;
    validate.request.validateOnly = true;
    CHECK(contains(said(validate.judge(manifest)), "MultipleSlices=deny"));
  }
  // Three slices, or ours in another number: somebody wrote them.
  for (const std::string keys : {R"("nvidia.com/mig-1g.20gb":"1","nvidia.com/mig-2g.20gb":"1","nvidia.com/mig-1g.10gb":"1")",
                                 R"("nvidia.com/mig-2g.20gb":"1","nvidia.com/mig-1g.10gb":"2")"}) {
    Manifest manifest = oversized(keys);
    manifest.annotations += "," + kRecord;
    CHECK(contains(said(rewriting().judge(manifest)), "MultipleSlices=warn"));
  }
}

TEST_CASE("two keys that no record explains are two slices") {
  Manifest manifest = oversized(R"("nvidia.com/mig-3g.40gb":"1","nvidia.com/mig-1g.10gb":"1")");
  CHECK(said(rewriting().judge(manifest)) == "MultipleSlices=warn");
  manifest.annotations += R"(,"rightslice.io/original-request":"main=nvidia.com/mig-3g.40gb:2>nvidia.com/mig-1g.10gb")";  // another count
  CHECK(said(rewriting().judge(manifest)) == "MultipleSlices=warn");
  manifest.annotations = footprint(6 * kGiB) + R"(,"rightslice.io/original-request":"other=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb")";
  CHECK(said(rewriting().judge(manifest)) == "MultipleSlices=warn");
}

TEST_CASE("/validate denies both keys together, whatever the policy's action") {
  Manifest manifest = oversized(R"("nvidia.com/mig-3g.40gb":"1","nvidia.com/mig-1g.10gb":"1")");
  manifest.annotations += "," + kRecord;
  for (const std::string more : {"", "  actions: {MultipleSlices: allow}"}) {
    World world{h100Policy(more), "", {}};
    world.request.validateOnly = true;
    const auto judgement = world.judge(manifest);
    CHECK(contains(said(judgement), "MultipleSlices=deny"));
    CHECK(judgement.decision == Action::Deny);
    CHECK(judgement.patch.empty());
  }
  manifest.limits = R"("nvidia.com/mig-1g.10gb":"1")";
  World world;
  world.request.validateOnly = true;
  CHECK(said(world.judge(manifest)) == "");
}

TEST_CASE("an entry is removed where the container asks for the original alone, or for a key that is not ours") {
  struct Row {
    std::string_view rule, resource;
    Bytes footprint;
    bool kept;
  };
  const Row rows[] = {
      {"ours alone: it stays", "nvidia.com/mig-1g.10gb", 6 * kGiB, true},
      {"the original alone, and it fits", "nvidia.com/mig-3g.40gb", 30 * kGiB, false},
      {"another key", "nvidia.com/mig-7g.80gb", 70 * kGiB, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    Manifest manifest = oversized(fmt::format(R"("{}":"1")", row.resource));
    manifest.annotations = footprint(row.footprint) + "," + kRecord;
    const auto got = after(manifest);
    CHECK(got.annotations["rightslice.io/original-request"].exists() == row.kept);
    CHECK(text(got.resources) == fmt::format(R"({{"limits":{{"{}":"1"}}}})", row.resource));
  }
}

TEST_CASE("engine flags that the new slice needs are written only with rewriteFlags, and only where it is sure how") {
  // On 1g.10gb a fraction of 0.9 leaves too little beside the pool for context and graphs; a lower one starts.
  Manifest manifest;
  manifest.image = "vllm/vllm-openai:v0.8.5";
  manifest.args = R"("--model","Qwen/Qwen2.5-1.5B-Instruct","--max-model-len","8192","--gpu-memory-utilization","0.9")";
  const std::string off = h100Policy("  slices: {offered: [1g.10gb, 3g.40gb]}\n  actions: {Oversized: rewrite}");
  const std::string on = off + "  engine: {rewriteFlags: true}\n";

  const auto without = World{off, "", {}}.judge(manifest);
  REQUIRE(without.containers[0].recommended);
  CHECK(without.containers[0].recommended->profile == "1g.10gb");
  REQUIRE(without.containers[0].recommended->flags.size() == 1);
  CHECK(said(without) == "Oversized=warn");
  CHECK(without.patch.empty());

  const auto with = World{on, "", {}}.judge(manifest);
  CHECK(said(with) == "Oversized=rewrite");
  CHECK(contains(json::patchText(with.patch), "/args/5"));
  CHECK(contains(json::patchText(with.patch), "\"" + without.containers[0].recommended->flags.front().second + "\""));

  // The default fraction stands nowhere: it joins the engine's own words.
  manifest.args = R"("--model","Qwen/Qwen2.5-1.5B-Instruct","--max-model-len","8192")";
  const auto unwritten = World{on, "", {}}.judge(manifest);
  CHECK(said(unwritten) == "Oversized=rewrite");
  CHECK(contains(json::patchText(unwritten.patch), R"("path":"/spec/template/spec/containers/0/args/4","value":"--gpu-memory-utilization")"));
  World again{on, "", {}};
  CHECK(said(again.judge(patched(manifest.text(), unwritten))) == "");

  // Between what the flags as written allow and the smallest slice lies no second rewrite.
  const std::string finer = h100Policy("  slices: {offered: [1g.10gb, 1g.20gb, 3g.40gb]}\n  actions: {Oversized: rewrite}\n  engine: {rewriteFlags: true}");
  const auto once = World{finer, "", {}}.judge(manifest);
  REQUIRE(once.containers[0].recommended);
  CHECK(once.containers[0].recommended->profile == "1g.10gb");
  CHECK(said(World{finer, "", {}}.judge(patched(manifest.text(), once))) == "");

  // A value that the script computes cannot be changed surely.
  manifest.args = R"("sh","-c","vllm serve Qwen/Qwen2.5-1.5B-Instruct --max-model-len 8192 --gpu-memory-utilization 0.$N")";
  manifest.container = R"("env":[{"name":"N","value":"9"}])";
  const auto computed = World{on, "", {}}.judge(manifest);
  CHECK(said(computed) == "Oversized=warn");
  CHECK(computed.patch.empty());
  CHECK(contains(finding(computed, Code::Oversized).message, "not rewritten: --gpu-memory-utilization"));
  const auto plainly = World{finer, "", {}}.judge(manifest);
  CHECK(said(plainly) == "Oversized=rewrite");
  CHECK(plainly.containers[0].recommended->profile == "1g.20gb");  // which needs none
}

namespace {
/// Two nodes with four of 1g.10gb, of which so many are held, and with free ones of 3g.40gb.
std::string nodesHolding(std::string_view requested) {
  return fmt::format("nodes:\n- {{name: a, labels: {{nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}}, allocatable: {{nvidia.com/mig-1g.10gb: 3, nvidia.com/mig-3g.40gb: 4}}{}}}\n"
                     "- {{name: b, labels: {{nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}}, allocatable: {{nvidia.com/mig-1g.10gb: 1}}, requested: {{nvidia.com/mig-1g.10gb: 1}}}}\n",
                     requested);
}
}  // namespace

TEST_CASE("no rewrite to a slice of which none is free: that would wait, and the message says so") {
  auto small = Manifest{};
  small.annotations = footprint(6 * kGiB);
  World world{h100Policy(oversizedIs("rewrite") + "\n  slices: {allowed: [1g.10gb, 3g.40gb]}"), "", {}};
  const auto with = [&](std::string_view requested) {
    world.surroundings = nodesHolding(requested);
    return world.judge(small);
  };
  for (const std::string_view free : {"", ", requested: {}", ", requested: {nvidia.com/mig-1g.10gb: 2, nvidia.com/mig-3g.40gb: 4}"}) {
    CAPTURE(free);
    CHECK(said(with(free)) == "Oversized=rewrite");
    CHECK_FALSE(contains(finding(with(free), Code::Oversized).message, "in use"));
  }
  const auto full = with(", requested: {nvidia.com/mig-1g.10gb: 3}");
  CHECK(said(full) == "Oversized=warn");
  CHECK(full.patch.empty());
  CHECK(recommended(full) == "1g.10gb");
  CHECK(contains(finding(full, Code::Oversized).message, "ask for nvidia.com/mig-1g.10gb (9.8 GiB) instead (all 4 on 2 nodes are in use now)"));
  CHECK(contains(finding(full, Code::Oversized).message, "; not rewritten: it would wait for a free nvidia.com/mig-1g.10gb"));
}

TEST_CASE("who holds the slice already keeps it, however full it is: the same manifest again changes nothing") {
  auto asked = Manifest{};
  asked.annotations = footprint(6 * kGiB);
  auto held = asked;
  held.limits = R"("nvidia.com/mig-1g.10gb":"1")";
  held.annotations += R"(,"rightslice.io/original-request":"main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb")";
  World world{h100Policy(oversizedIs("rewrite") + "\n  slices: {allowed: [1g.10gb, 3g.40gb]}"), nodesHolding(", requested: {nvidia.com/mig-1g.10gb: 3}"), {}};
  const auto old = workloadOf(held);
  world.request.operation = Operation::Update;
  world.request.old = &old;
  CHECK(said(world.judge(asked)) == "Oversized=rewrite");  // the author's manifest in place of ours
  auto both = held;
  both.limits += R"(,"nvidia.com/mig-3g.40gb":"1")";
  CHECK(said(world.judge(both)) == "Oversized=rewrite");   // merged with ours
  world.request = {};
  CHECK(said(world.judge(both)) == "Oversized=rewrite");
  CHECK(said(world.judge(asked)) == "Oversized=warn");     // a new object, though
}
