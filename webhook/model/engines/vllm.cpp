// vLLM. Pool and start rule: facts/footprint 4 (gpu_worker.py); batch defaults: policies/catalogue/engines.json.
#include <algorithm>

#include "model/device_sizes.hpp"
#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"
#include "model/engines/vllm_flags.hpp"
#include "model/engines/vllm_memory.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"vllm serve"};
constexpr std::string_view kModules[] = {"vllm.entrypoints.openai.api_server", "vllm.entrypoints.api_server", "vllm.scripts",
                                         "vllm.entrypoints.cli.main"};
constexpr std::string_view kImages[] = {"*vllm/vllm-openai*", "*/vllm-openai*", "*vllm-openai", "*rhaiis/vllm-*",
                                        "*/vllm-cuda*",       "*llm-d/llm-d*",  "vllm/vllm*"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID", "HF_MODEL_ID", "MODEL_NAME"};

void read(FlagSource& source, EngineRun& run) {
  if (const ShellValue extra = source.variable("VLLM_ADDITIONAL_ARGS"); extra.isSet) {
    if (!extra.known) run.open.emplace_back("env VLLM_ADDITIONAL_ARGS: its value is not known here");
    // KServe's template of an LLMInferenceService has them after its own and before those of the container.
    std::size_t at = source.words.size();
    if (!source.told.empty() && !source.told.front().engine.empty()) at = std::min(at, source.told.front().words.size());
    for (const ShellCommand& command : readShell(extra.text, source.variable, {})) {
      for (const ShellWord& word : command) {
        source.words.insert(source.words.begin() + static_cast<std::ptrdiff_t>(at++), {word, {false, kNoPlace, false, true}});
      }
    }
  }
  if (const ShellValue expanding = source.variable("VLLM_MLA_DISABLE"); expanding.isSet && expanding.text != "0")
    run.open.emplace_back("env VLLM_MLA_DISABLE: keys and values are kept expanded, which is not modelled");
  readVllmFlags(source, run);
}

}  // namespace

constinit const Engine vllm{
    .name = "vllm",
    .title = "vLLM",
    .kvRule = KvRule::Pooled,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Total,
    .flags = {.fraction = "gpu-memory-utilization",
              .maxLength = "max-model-len",
              .sequences = "max-num-seqs",
              .batchTokens = "max-num-batched-tokens",
              .eager = "enforce-eager",
              .kvDtype = "kv-cache-dtype",
              .kvFp8 = "fp8"},
    .signature = {kPrograms, kModules, kImages, kModelEnv, true},
    .read = read,
    .plan = planVllm,
    .sizes = sizeVllm,
    .source = "vLLM arg_utils and gpu_worker",
};

}  // namespace rightslice::model::engine
