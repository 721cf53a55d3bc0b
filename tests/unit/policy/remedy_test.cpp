// What a finding proposes, done to the manifest: judged again the finding is gone, and nothing worse is there.
#include "judged.hpp"
#include "policy/flag_edit.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

bool isFit(Code code) { return code == Code::Undersized || code == Code::EngineCannotStart || code == Code::TightFit; }

bool hasFit(const Judgement& judgement) {
  return std::any_of(judgement.findings.begin(), judgement.findings.end(), [](const Finding& f) { return isFit(f.code); });
}

std::string mended(const std::string& text, const model::FlagList& flags) {
  const auto workload = workloadOf(text);
  const FlagEdit edit = editFlags(workload.templates.at(0).containers.at(0), flags);
  REQUIRE_MESSAGE(edit.obstacle.empty(), edit.obstacle << " in " << text);
  const auto after = json::apply(parsed(text), edit.patch);
  REQUIRE(after);
  return std::string(after->root().text());
}

}  // namespace

TEST_CASE("the flags that a finding proposes mend it") {
  const struct {
    const char* model;
    const char* more;
    const char* slice;
  } rows[] = {
      {"Qwen/Qwen2.5-7B-Instruct", R"("--gpu-memory-utilization","0.3")", "3g.40gb"},
      {"Qwen/Qwen2.5-7B-Instruct", R"("--gpu-memory-utilization","1.0")", "3g.40gb"},
      {"Qwen/Qwen2.5-7B-Instruct", R"("--max-num-seqs","256")", "2g.20gb"},
      {"meta-llama/Llama-3.1-8B-Instruct", R"("--max-model-len","131072")", "3g.40gb"},
      {"meta-llama/Llama-3.1-8B-Instruct", R"("--max-model-len=131072")", "2g.20gb"},
      {"meta-llama/Llama-3.1-8B-Instruct", "", "2g.20gb"},
      {"Qwen/Qwen2.5-0.5B-Instruct", R"("--max-model-len","32768")", "1g.10gb"},
      {"Qwen/Qwen2.5-1.5B-Instruct", R"("--kv-cache-memory-bytes","536870912","--max-model-len","32768")", "1g.10gb"},
      {"Qwen/Qwen2.5-1.5B-Instruct", R"("--gpu-memory-utilization","0.99")", "1g.10gb"},
      {"google/gemma-2-2b", "", "1g.10gb"},
  };
  int mends = 0;
  for (const auto& row : rows) {
    for (const char* engine : {"vllm", "sglang"}) {
      CAPTURE(row.model);
      CAPTURE(row.more);
      CAPTURE(engine);
      Manifest manifest;
      manifest.limits = fmt::format(R"("nvidia.com/mig-{}":"1")", row.slice);
      const bool vllm = std::string_view(engine) == "vllm";
      const std::string more(row.more);
      if (!vllm && !more.empty()) continue;  // the flags are vLLM's
      manifest.args = vllm ? fmt::format(R"("vllm","serve","{}"{}{})", row.model, more.empty() ? "" : ",", more)
                           : fmt::format(R"("python3","-m","sglang.launch_server","--model-path","{}")", row.model);
      // No larger slice is on offer, so that flags are what is left.
      const World world{h100Policy(fmt::format("  slices: {{offered: [{}]}}", row.slice)), "", {}};
      const std::string text = manifest.text();
      const auto before = world.judge(text);
      const auto& remedy = before.containers.at(0).remedy;
      if (remedy.empty()) continue;
      ++mends;
      CAPTURE(model::flagsText(remedy));
      CHECK(hasFit(before));
      CHECK(contains(before.findings.front().message, model::flagsText(remedy)));
      const auto after = world.judge(mended(text, remedy));
      CHECK(said(after) == "");
    }
  }
  CHECK(mends >= 8);
}

TEST_CASE("flags are proposed beside a larger slice in words only where flags are enough") {
  Manifest manifest;
  manifest.limits = R"("nvidia.com/mig-2g.20gb":"1")";
  manifest.args = R"("vllm","serve","meta-llama/Llama-3.1-8B-Instruct","--max-model-len","131072")";
  const auto judgement = World{}.judge(manifest);
  const auto& undersized = finding(judgement, Code::Undersized);
  CHECK(contains(undersized.message, "would fit"));
  CHECK(contains(undersized.message, "--max-model-len"));
  REQUIRE(judgement.containers[0].recommended);
  CHECK(judgement.containers[0].recommended->profile == "3g.40gb");
}

TEST_CASE("what was declared is not argued away by flags") {
  Manifest manifest;
  manifest.annotations = footprint(30 * kGiB);
  manifest.limits = R"("nvidia.com/mig-2g.20gb":"1")";
  manifest.args = R"("vllm","serve","meta-llama/Llama-3.1-8B-Instruct")";
  const auto judgement = World{}.judge(manifest);
  CHECK(judgement.containers[0].remedy.empty());
  CHECK_FALSE(contains(finding(judgement, Code::Undersized).message, "would fit"));
}

TEST_CASE("/mutate writes no flags that change what a workload promises") {
  // On 2g.20gb the engine would start with a shorter maximum length; a rewrite never shortens it.
  Manifest manifest;
  manifest.limits = R"("nvidia.com/mig-7g.80gb":"1")";
  manifest.args = R"("vllm","serve","meta-llama/Llama-3.1-8B-Instruct","--max-model-len","131072")";
  const World world{h100Policy("  engine: {rewriteFlags: true}\n  actions: {Oversized: rewrite, Undersized: rewrite}"), "", {}};
  for (const char* slice : {"7g.80gb", "2g.20gb"}) {
    manifest.limits = fmt::format(R"("nvidia.com/mig-{}":"1")", slice);
    const auto judgement = world.judge(manifest);
    CHECK_FALSE(contains(json::patchText(judgement.patch), "131072"));
    CHECK_FALSE(contains(json::patchText(judgement.patch), "args"));
  }
}
