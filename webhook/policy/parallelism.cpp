#include "policy/parallelism.hpp"

#include "base/bytes.hpp"

namespace rightslice::policy {
namespace {

/// vLLM (v1/engine/utils.py, get_device_indices) and SGLang (managers/data_parallel_controller.py) give each replica devices of its own.
std::optional<std::int64_t> replicasHere(const model::EngineRun& run, bool group) {
  const auto& settings = run.settings;
  const std::int64_t written = settings.dataParallelSize.value_or(1);
  if (written <= 1) return 1;
  const auto* rule = run.memoryRule();
  if (rule == nullptr || (rule->name != "vllm" && rule->name != "sglang") || settings.dataParallelElsewhere) return std::nullopt;
  if (settings.dataParallelLocal) return settings.dataParallelLocal;
  return group || run.multiNode ? std::nullopt : std::optional(written);
}

}  // namespace

std::int64_t Parallelism::ranks() const { return timesBytes(tensor, pipeline); }
std::int64_t Parallelism::devices() const { return timesBytes(ranks(), data.value_or(1)); }

bool splitIsChosen(const model::EngineRun& run) {
  return run.memoryRule() != nullptr && run.memoryRule()->name == "nim" && !run.settings.tensorParallelSize;
}

std::optional<Parallelism> parallelismOf(const model::EngineRun& run, bool group) {
  Parallelism out;
  out.tensor = run.settings.tensorParallelSize.value_or(1);
  out.pipeline = run.settings.pipelineParallelSize.value_or(1);
  out.data = replicasHere(run, group);
  if (out.tensor < 1 || out.pipeline < 1 || out.data.value_or(1) < 1) return std::nullopt;
  return out;
}

}  // namespace rightslice::policy
