// LoRA slots. vLLM (vllm/lora/layers/base_linear.py, column_parallel_linear.py, fused_moe.py): for each linear layer
// and slot an A of rank x inputs and a B of outputs x rank in the model's type, zeroed at the start; A of a
// column-parallel layer and B of a row-parallel one are whole on each rank. SGLang (srt/lora/mem_pool.py): the same for
// the target modules only.
#include <algorithm>

#include "model/device_sizes.hpp"
#include "model/matrices.hpp"

namespace rightslice::model {
namespace {

constexpr Version kExperts{0, 11, 1};  // the first release of vLLM that wraps experts too
constexpr std::int64_t kRank = 16, kSlots = 1, kSglangSlots = 8;
constexpr std::int64_t kExtraVocabulary = 256;  // of vLLM until 0.11

bool splitsInputs(Role role) {
  return role == Role::AttentionOut || role == Role::Down || role == Role::SharedDown || role == Role::ExpertDown;
}

bool isReplicated(Role role) { return role == Role::QueryDown || role == Role::KvDown || role == Role::Router; }

bool isTable(Role role) { return role == Role::Embedding || role == Role::Head; }

/// Whether one of the words in `targets` names the module.
bool isTarget(std::string_view targets, Role role) {
  if (targets.find("all") != std::string_view::npos) return true;
  const std::string_view module = moduleName(role);
  const std::string_view last = module.substr(module.rfind('.') + 1);
  return !last.empty() && targets.find(last) != std::string_view::npos;
}

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }

}  // namespace

std::optional<Interval> adaptersOn(const ServingPlan& plan, const ParameterCount& count, const EngineRun& run) {
  const LoraSettings& lora = run.lora;
  const Architecture& a = *plan.architecture;
  const bool named = run.memoryRule()->name == "sglang";
  if (named && (!lora.rank || lora.targets.empty())) return std::nullopt;  // taken from the adapters' own files
  const std::int64_t slots = std::min<std::int64_t>(lora.slots.value_or(named ? kSglangSlots : kSlots), 1 << 20);
  const std::int64_t rank = std::min<std::int64_t>(lora.rank.value_or(kRank), 1 << 20);
  const std::int64_t tp = plan.tensorParallel;
  const auto ofMatrix = [&](const Matrix& m) -> Int128 {
    const std::int64_t parts = isReplicated(m.role) ? 1 : tp;
    const bool row = splitsInputs(m.role);
    const Int128 inputs = ceilDiv(m.columns, row ? parts : lora.fullySharded ? parts : 1);
    const Int128 outputs = ceilDiv(m.rows, row && !lora.fullySharded ? 1 : parts);
    return (inputs + outputs) * rank * slots * plan.elementBytes * m.perLayer *
           ceilDiv(m.layers, plan.pipelineParallel);
  };
  Int128 layers = 0;
  Int128 experts = 0;
  Int128 doubtful = 0;
  const Matrices matrices(a, count);
  for (const Matrix& m : matrices.all()) {
    if (named && !isTarget(lora.targets, m.role)) continue;
    if (isExpert(m.role))
      experts += ofMatrix(m);
    else if (isTable(m.role) || m.role == Role::Router || m.role == Role::OtherLinear)
      doubtful += ofMatrix(m);
    else
      layers += ofMatrix(m);
  }
  const std::int64_t extra = std::min<std::int64_t>(lora.extraVocabulary.value_or(kExtraVocabulary), 1 << 20);
  const Int128 vocabulary = Int128{2} * extra * a.hidden * slots * plan.elementBytes;
  const bool withExperts = named || (plan.version && *plan.version >= kExperts);
  const bool withoutExperts = !named && plan.version && *plan.version < kExperts;
  // Tables are wrapped for classes that declare them (Llama), extra rows only in older releases.
  return Interval{saturated(layers + (withExperts ? experts : 0)), saturated(layers + (withoutExperts ? 0 : experts)),
                  saturated(layers + (withoutExperts ? 0 : experts) + doubtful + (named ? 0 : vocabulary) +
                            (layers + experts) / 50)};
}

}  // namespace rightslice::model
