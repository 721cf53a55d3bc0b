// The flags of `vllm serve` and of the older API servers, and what they mean for memory. Also read: Dynamo's vLLM workers,
// KServe's Hugging Face server, NIM's pass-through arguments and Ray Serve LLM's engine_kwargs.
#include "model/engines/vllm_flags.hpp"

#include <fmt/format.h>

#include "model/engines/vllm_values.hpp"
#include "model/speculative.hpp"

namespace rightslice::model {
namespace {

/// Ranks of data parallelism are started in other pods too, or wherever Ray has room.
bool ranksElsewhere(std::string_view value, EngineRun& run) {
  run.settings.dataParallelElsewhere = value != "false" && value != "mp";
  return true;
}

constexpr Flag kFlags[] = {
    // What decides the need.
    {"model", Takes::Value, setModel},
    {"model-tag", Takes::Value, setModel},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"pipeline-parallel-size", Takes::Value, setPipelineParallel},
    {"data-parallel-size", Takes::Value, countIn<&Settings::dataParallelSize>},
    {"data-parallel-size-local", Takes::Value, countIn<&Settings::dataParallelLocal>},
    {"data-parallel-rank", Takes::Value, ranksElsewhere},
    {"data-parallel-start-rank", Takes::Value, ranksElsewhere},
    {"data-parallel-backend", Takes::Value, ranksElsewhere},
    {"max-model-len", Takes::Value, vllm_value::setLength},
    {"max-num-seqs", Takes::Value, setMaxNumSeqs},
    {"max-num-batched-tokens", Takes::Value, setMaxNumBatchedTokens},
    {"block-size", Takes::Value, countIn<&Settings::blockSize>},
    {"gpu-memory-utilization", Takes::Value, setFraction},
    {"dtype", Takes::Value, setDtype},
    {"quantization", Takes::Value, vllm_value::setQuantization},
    {"kv-cache-dtype", Takes::Value, setKvCacheDtype},
    {"kv-cache-memory-bytes", Takes::Value, countIn<&Settings::kvCacheMemoryBytes>},
    {"kv-cache-memory", Takes::Value, countIn<&Settings::kvCacheMemoryBytes>},
    {"num-gpu-blocks-override", Takes::Value, countIn<&Settings::numGpuBlocks>},
    {"cpu-offload-gb", Takes::Value, vllm_value::setOffload},
    {"load-format", Takes::Value, vllm_value::setLoadFormat},
    {"cudagraph-capture-sizes", Takes::Several, vllm_value::setLargestGraph},
    {"cuda-graph-sizes", Takes::Several, vllm_value::setLargestGraph},
    {"max-cudagraph-capture-size", Takes::Value, vllm_value::setLargestGraph},
    {"max-seq-len-to-capture", Takes::Value, nullptr},
    {"compilation-config", Takes::Value, vllm_value::setCompilation},
    {"optimization-level", Takes::Value, vllm_value::setOptimisation},
    {"rope-scaling", Takes::Value, vllm_value::setRopeScaling},
    {"hf-overrides", Takes::Value, vllm_value::setOverrides},
    {"task", Takes::Value, vllm_value::setRunner},
    {"runner", Takes::Value, vllm_value::setRunner},
    {"convert", Takes::Value, vllm_value::setRunner},
    {"limit-mm-per-prompt", Takes::Value, vllm_value::setMediaLimit},
    {"skip-mm-profiling", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.skipImageProfile = v != "false";
       return true;
     }},
    {"enforce-eager", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.enforceEager = v != "false";
       return true;
     }},
    {"language-model-only", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.textOnly = v != "false";
       return true;
     }},
    {"disable-hybrid-kv-cache-manager", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.hybridCacheDisabled = v != "false";
       return true;
     }},
    {"headless", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.multiNode = run.multiNode || v != "false";
       return true;
     }},
    {"nnodes", Takes::Value, setNodes},
    {"node-rank", Takes::Value, nullptr},
    {"data-parallel-address", Takes::Value,
     [](std::string_view, EngineRun& run) {
       run.multiNode = true;
       return true;
     }},
    {"served-model-name", Takes::Several, nullptr},
    // What is served beside the model.
    {"enable-lora", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.lora.enabled = v != "false";
       return true;
     }},
    {"lora-modules", Takes::Several, nullptr},
    {"max-loras", Takes::Value, [](std::string_view v, EngineRun& run) { return setCount(v, run.lora.slots); }},
    {"max-lora-rank", Takes::Value, [](std::string_view v, EngineRun& run) { return setCount(v, run.lora.rank); }},
    {"lora-extra-vocab-size", Takes::Value,
     [](std::string_view v, EngineRun& run) { return setCount(v, run.lora.extraVocabulary); }},
    {"fully-sharded-loras", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.lora.fullySharded = v != "false";
       return true;
     }},
    {"speculative-config", Takes::Value,
     [](std::string_view v, EngineRun& run) { return readSpeculativeConfig(v, run.draft); }},
    {"speculative-model", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       setDraftModel(v, run.draft);
       return !v.empty();
     }},
    {"num-speculative-tokens", Takes::Value,
     [](std::string_view v, EngineRun& run) { return setCount(v, run.draft.tokens); }},
    // What takes memory and is not modelled.
    {"config", Takes::Value, nullptr, "the values in a config file are not visible here"},
    {"enable-prompt-adapter", Takes::Nothing, nullptr, "prompt adapters are not modelled"},
    {"prompt-adapters", Takes::Several, nullptr, "prompt adapters are not modelled"},
    {"kv-transfer-config", Takes::Value, nullptr, "buffers of the KV connector are not modelled"},
    {"kv-offloading-size", Takes::Value, nullptr, "buffers of KV offloading are not modelled"},
    {"decode-context-parallel-size", Takes::Value, nullptr, "context parallelism is not modelled"},
    {"prefill-context-parallel-size", Takes::Value, nullptr, "context parallelism is not modelled"},
    {"offload-group-size", Takes::Value, vllm_value::setWeightsUnsure, "layers in host memory are not modelled"},
    {"offload-backend", Takes::Value, nullptr},
    {"kv-cache-dtype-skip-layers", Takes::Several, nullptr, "layers whose KV cache stays wide are not modelled"},
    {"quantization-config", Takes::Value, nullptr, "another quantisation than that of the checkpoint is not modelled"},
    {"mm-encoder-only", Takes::Nothing, vllm_value::setWeightsUnsure, "only the encoder is loaded, which is not modelled"},
    {"mm-ipc-gpu-memory-gb", Takes::Value, nullptr, "images kept on the device are not modelled"},
    {"mm-processor-device", Takes::Value, nullptr, "images that are prepared on the device are not modelled"},
    {"ubatch-size", Takes::Value, nullptr, "the second batch of the overlap is not modelled"},
    {"enable-elastic-ep", Takes::Nothing, nullptr, "elastic expert parallelism is not modelled"},
    {"engram-config", Takes::Value, nullptr, "its tables are not modelled"},
    {"diffusion-config", Takes::Value, nullptr, "diffusion language models are not modelled"},
    {"ec-transfer-config", Takes::Value, nullptr, "buffers of the encoder cache connector are not modelled"},
    {"num-redundant-experts", Takes::Value, nullptr, "redundant experts are not modelled"},
    {"enable-eplb", Takes::Nothing, nullptr, "redundant experts are not modelled"},
    {"enable-dbo", Takes::Nothing, nullptr, "the second batch of dual batch overlap is not modelled"},
    {"mm-processor-kwargs", Takes::Value, nullptr, "the size of images is not modelled"},
    {"additional-config", Takes::Value, nullptr, "its values are not modelled"},
    // No memory worth counting; listed so that their values are not taken for the model's name.
    {"allow-credentials", Takes::Nothing, nullptr},
    {"allowed-headers", Takes::Several, nullptr},
    {"allowed-methods", Takes::Several, nullptr},
    {"allowed-origins", Takes::Several, nullptr},
    {"api-key", Takes::Several, nullptr},
    {"middleware", Takes::Several, nullptr},
    {"async-scheduling", Takes::Nothing, nullptr},
    {"calculate-kv-scales", Takes::Nothing, nullptr},
    {"disable-async-output-proc", Takes::Nothing, nullptr},
    {"disable-cascade-attn", Takes::Nothing, nullptr},
    {"disable-custom-all-reduce", Takes::Nothing, nullptr},
    {"disable-fastapi-docs", Takes::Nothing, nullptr},
    {"disable-frontend-multiprocessing", Takes::Nothing, nullptr},
    {"disable-log-requests", Takes::Nothing, nullptr},
    {"disable-log-stats", Takes::Nothing, nullptr},
    {"disable-sliding-window", Takes::Nothing, nullptr},
    {"disable-uvicorn-access-log", Takes::Nothing, nullptr},
    {"enable-auto-tool-choice", Takes::Nothing, nullptr},
    {"enable-chunked-prefill", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.wholePrompts = v == "false";
       return true;
     }},
    {"enable-expert-parallel", Takes::Nothing, nullptr},
    {"enable-log-requests", Takes::Nothing, nullptr},
    {"enable-prefix-caching", Takes::Nothing, nullptr},
    {"enable-prompt-tokens-details", Takes::Nothing, nullptr},
    {"enable-reasoning", Takes::Nothing, nullptr},
    {"enable-request-id-headers", Takes::Nothing, nullptr},
    {"enable-server-load-tracking", Takes::Nothing, nullptr},
    {"enable-sleep-mode", Takes::Nothing, nullptr},
    {"enable-ssl-refresh", Takes::Nothing, nullptr},
    {"enable-force-include-usage", Takes::Nothing, nullptr},
    {"enable-log-outputs", Takes::Nothing, nullptr},
    {"generation-config-override", Takes::Value, nullptr},
    {"multi-step-stream-outputs", Takes::Nothing, nullptr},
    {"ray-workers-use-nsight", Takes::Nothing, nullptr},
    {"return-tokens-as-token-ids", Takes::Nothing, nullptr},
    {"skip-tokenizer-init", Takes::Nothing, nullptr},
    {"trust-remote-code", Takes::Nothing, nullptr},
    {"use-v2-block-manager", Takes::Nothing, nullptr},
    {"verbose", Takes::Nothing, nullptr},
    {"aggregate-engine-logging", Takes::Nothing, nullptr},
    {"allow-deprecated-quantization", Takes::Nothing, nullptr},
    {"cudagraph-metrics", Takes::Nothing, nullptr},
    {"dcp-q-replicate", Takes::Nothing, nullptr},
    {"disable-chunked-mm-input", Takes::Nothing, nullptr},
    {"disable-nccl-for-dp-synchronization", Takes::Nothing, nullptr},
    {"enable-batch-sharded-sampling", Takes::Nothing, nullptr},
    {"enable-cumem-allocator", Takes::Nothing, nullptr},
    {"enable-ep-weight-filter", Takes::Nothing, nullptr},
    {"enable-fault-tolerance", Takes::Nothing, nullptr},
    {"enable-flashinfer-autotune", Takes::Nothing, nullptr},
    {"enable-hc-sp", Takes::Nothing, nullptr},
    {"enable-layerwise-nvtx-tracing", Takes::Nothing, nullptr},
    {"enable-logging-iteration-details", Takes::Nothing, nullptr},
    {"enable-mamba-cache-stochastic-rounding", Takes::Nothing, nullptr},
    {"enable-mamba-shared-prefix-checkpoint", Takes::Nothing, nullptr},
    {"enable-mfu-metrics", Takes::Nothing, nullptr},
    {"enable-mm-embeds", Takes::Nothing, nullptr},
    {"enable-nccl-comm-suspend", Takes::Nothing, nullptr},
    {"enable-prompt-embeds", Takes::Nothing, nullptr},
    {"enable-return-routed-experts", Takes::Nothing, nullptr},
    {"enable-shm-tensor-arena", Takes::Nothing, nullptr},
    {"enable-trace-replay", Takes::Nothing, nullptr},
    {"fail-on-environ-validation", Takes::Nothing, nullptr},
    {"interleave-mm-strings", Takes::Nothing, nullptr},
    {"jit-monitor-verbose", Takes::Nothing, nullptr},
    {"kv-cache-metrics", Takes::Nothing, nullptr},
    {"kv-sharing-fast-prefill", Takes::Nothing, nullptr},
    {"long-prefill-token-threshold-adaptive", Takes::Nothing, nullptr},
    {"mm-device-do-normalize", Takes::Nothing, nullptr},
    {"monokernel", Takes::Nothing, nullptr},
    {"numa-bind", Takes::Nothing, nullptr},
    {"return-sampling-mask", Takes::Nothing, nullptr},
    {"scheduler-reserve-full-isl", Takes::Nothing, nullptr},
    {"sleep-mode-offload-cudagraph", Takes::Nothing, nullptr},
    {"swa-bounded-replay", Takes::Nothing, nullptr},
    {"use-fp64-gumbel", Takes::Nothing, nullptr},
    {"use-replayssm", Takes::Nothing, nullptr},
    {"use-tqdm-on-load", Takes::Nothing, nullptr},
    {"data-parallel-hybrid-lb", Takes::Nothing, ranksElsewhere},
    {"data-parallel-external-lb", Takes::Nothing, ranksElsewhere},
    {"data-parallel-multi-port-external-lb", Takes::Nothing, ranksElsewhere},
    {"allowed-media-domains", Takes::Several, nullptr},
    {"cpu-offload-params", Takes::Several, nullptr},
    {"offload-params", Takes::Several, nullptr},
    {"device-ids", Takes::Several, nullptr},
    {"ignore-patterns", Takes::Several, nullptr},
    {"logits-processors", Takes::Several, nullptr},
    {"port", Takes::Value, nullptr},
    {"host", Takes::Value, nullptr},
    {"tokenizer", Takes::Value, nullptr},
    {"seed", Takes::Value, nullptr},
};

constexpr ShortFlag kShorts[] = {
    {"tp", "tensor-parallel-size"},
    {"pp", "pipeline-parallel-size"},
    {"dp", "data-parallel-size"},
    {"q", "quantization"},
    {"n", "nnodes"},
    {"r", "node-rank"},
    {"dpa", "data-parallel-address"},
    {"dpl", "data-parallel-size-local"},
    {"dpn", "data-parallel-rank"},
    {"dpr", "data-parallel-start-rank"},
    {"dpb", "data-parallel-backend"},
    {"sc", "speculative-config"},
    {"cc", "compilation-config"},
    {"O", "optimization-level"},
    {"asc", "api-server-count"},
    {"ep", "enable-expert-parallel"},
    {"h", "help"},
    {"device-memory-utilization", "gpu-memory-utilization"},
    {"device_memory_utilization", "gpu-memory-utilization"},
    {"dcp", "decode-context-parallel-size"},
    {"pcp", "prefill-context-parallel-size"},
    {"dph", "data-parallel-hybrid-lb"},
    {"dpe", "data-parallel-external-lb"},
    {"dpm", "data-parallel-multi-port-external-lb"},
    {"dc", "diffusion-config"},
};

constexpr FlagTable kTable{.title = "vLLM", .flags = kFlags, .shorts = kShorts, .abbreviates = true, .saysMisspelt = true, .servedNames = "served-model-name"};

bool isOptimisation(const PlacedWord& placed) {  // -O3, -O.level=3
  const std::string& text = placed.word.text;
  return text.size() > 2 && text[0] == '-' && text[1] == 'O' && text[2] != '=';
}

/// Variables that change what vLLM counts and how it samples.
void readSwitches(const FlagSource& source, EngineRun& run) {
  auto& switches = run.settings.vllm;
  const struct {
    std::string_view name;
    std::optional<bool>& target;
  } variables[] = {{"VLLM_USE_V1", switches.v1},
                   {"VLLM_USE_FLASHINFER_SAMPLER", switches.flashInferSampler},
                   {"VLLM_USE_V2_MODEL_RUNNER", switches.secondRunner},
                   {"VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS", switches.graphEstimate}};
  for (const auto& [name, target] : variables) {
    const ShellValue value = source.variable(name);
    if (!value.isSet) continue;
    if (!value.known) run.open.push_back(fmt::format("env {}: its value is not known here", name));
    else if (value.text == "0" || value.text == "1") target = value.text == "1";
  }
  // Takes no memory: unknown, it may be on.
  if (const ShellValue value = source.variable("VLLM_ALLOW_LONG_MAX_MODEL_LEN"); value.isSet)
    switches.longLength = !value.known || value.text == "1" || value.text == "true";
}

}  // namespace

void readVllmFlags(FlagSource& source, EngineRun& run) {
  for (const PlacedWord& word : source.words) {
    if (isOptimisation(word) && (word.word.text == "-O0" || word.word.text == "-O.level=0")) run.settings.enforceEager = true;
  }
  std::erase_if(source.words, isOptimisation);
  readSwitches(source, run);
  readFlags(kTable, source, run);
}

}  // namespace rightslice::model
