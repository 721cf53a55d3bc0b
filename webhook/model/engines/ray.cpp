// Ray Serve LLM: vLLM in the workers of a Ray cluster. What it serves stands in serveConfigV2 of the RayService
// (ray.serve.llm, LLMConfig; python/ray/llm/_internal/serve), not in the pods.
#include <fmt/format.h>

#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"ray start"};
constexpr std::string_view kImages[] = {"*rayproject/ray-llm*"};

void read(FlagSource& source, EngineRun& run) {
  run.version.clear();  // Ray's own, not vLLM's
  run.versionFromImage = false;
  run.multiNode = true;  // an engine's ranks may lie in several workers
  if (source.told.empty()) return;
  run.backend = &vllm;
  run.engineConfidence = Confidence::High;
  vllm.read(source, run);
  if (source.told.size() > 1) {
    // Which of them a worker runs is Ray's choice: nothing is surely there.
    run.settings.weightsUnsure = true;
    remember(run.open, fmt::format("serveConfigV2 has {} models, and Ray chooses which a worker runs; the first is counted",
                                   source.told.size()));
  }
}

}  // namespace

constinit const Engine ray{
    .name = "ray",
    .title = "Ray Serve LLM",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, {}, kImages, {}, false},
    .read = read,
    .whyUnknown = "a Ray worker runs what the cluster is told to, and no serveConfigV2 of a RayService with llm_configs stands in this "
                  "object; add the annotation rightslice.io/footprint with the measured peak (e.g. 7Gi)",
    .source = "Ray python/ray/llm/_internal/serve",
};

}  // namespace rightslice::model::engine
