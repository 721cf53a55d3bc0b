// The flags of `vllm serve` and of the older API servers, and what they mean for memory. Also read: Dynamo's vLLM workers,
// KServe's Hugging Face server, NIM's pass-through arguments and Ray Serve LLM's engine_kwargs.
#include "model/engines/vllm_flags.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "json/document.hpp"
#include "model/speculative.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

bool setLength(std::string_view value, EngineRun& run) {
  run.settings.maxModelLenAuto = value == "auto" || value == "-1";
  if (run.settings.maxModelLenAuto) {
    run.settings.maxModelLen.reset();
    return true;
  }
  return setCount(value, run.settings.maxModelLen);
}

bool setOffload(std::string_view value, EngineRun& run) {
  const auto number = decimalNumber(value);
  if (!number || *number < 0) return false;
  if (*number > 0) run.settings.cpuOffloadGb = *number;
  else run.settings.cpuOffloadGb.reset();
  return true;
}

bool setLoadFormat(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if ((text == "bitsandbytes" || text == "gguf") && !run.settings.quantization) run.settings.quantization = text;
  return true;
}

bool setRunner(std::string_view value, EngineRun& run) {
  run.settings.pooling = value != "generate" && value != "auto" && value != "none";
  return true;
}

/// The first whole number behind `kind`, or nothing.
std::optional<std::int64_t> limitOf(std::string_view text, std::string_view kind) {
  std::size_t at = text.find(kind);
  if (at == std::string_view::npos) return std::nullopt;
  at = text.find_first_of("0123456789", at);
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  for (; at < text.size() && isDigitAscii(text[at]); ++at) value = std::min<std::int64_t>(value * 10 + (text[at] - '0'), 1 << 20);
  return value;
}

bool setMediaLimit(std::string_view value, EngineRun& run) {  // {"image": 0}, {"image": {"count": 5, ...}} or image=0,video=0
  const auto images = limitOf(value, "image");
  const auto videos = limitOf(value, "video");
  const auto audios = limitOf(value, "audio");
  run.settings.imagesPerPrompt = images;
  run.settings.noVideo = videos == 0;
  const bool any = images || videos || audios;
  run.settings.textOnly = any && images.value_or(0) == 0 && videos.value_or(0) == 0 && audios.value_or(0) == 0;
  return true;
}

bool setWeightsUnsure(std::string_view value, EngineRun& run) {
  if (value != "false" && value != "0") run.settings.weightsUnsure = true;
  return true;
}

/// What rope scaling makes of the longest sequence: yarn, linear and dynamic stretch it, other kinds say nothing of it
/// (config/model.py, _get_and_verify_max_len).
void readRope(json::View rope, EngineRun& run) {
  const std::string_view kind = rope["rope_type"].stringOr(rope["type"].stringOr(""));
  if (kind != "yarn" && kind != "linear" && kind != "dynamic") return;
  if (const auto factor = rope["factor"].number(); factor && *factor > 0 && *factor <= 1e6) run.settings.ropeFactor = *factor;
  if (const auto positions = rope["original_max_position_embeddings"].integer(); positions && *positions > 0)
    run.settings.maxPositions = std::min(*positions, kMaxBytes);
}

bool setRopeScaling(std::string_view value, EngineRun& run) {
  const auto document = json::Document::parse(value);
  if (!document || !document->root().isObject()) return false;
  readRope(document->root(), run);
  return true;
}

/// Overrides of config.json: those of positions are read, of others it is not known what they change.
bool setOverrides(std::string_view value, EngineRun& run) {
  const auto document = json::Document::parse(value);
  if (!document || !document->root().isObject()) {  // --hf-overrides.key value, or a function
    run.settings.weightsUnsure = true;
    remember(run.open, "--hf-overrides: it may change the model's shape");
    return true;
  }
  for (const auto& [key, entry] : document->root().members()) {
    if (key == "rope_scaling" || key == "rope_parameters") {
      readRope(entry, run);
    } else if (key == "max_position_embeddings") {
      if (const auto positions = entry.integer(); positions && *positions > 0)
        run.settings.maxPositions = std::min(*positions, kMaxBytes);
    } else if (key != "architectures" && key != "rope_theta" && key != "is_matryoshka" && key != "matryoshka_dimensions") {
      run.settings.weightsUnsure = true;
      remember(run.open, "--hf-overrides: it may change the model's shape");
    }
  }
  return true;
}

bool setLargestGraph(std::string_view value, EngineRun& run) {  // 1 2 4 or [1,2,4]
  std::int64_t largest = 0, number = 0;
  bool inNumber = false;
  for (const char c : value) {
    if (isDigitAscii(c)) {
      number = std::min<std::int64_t>(number * 10 + (c - '0'), 1 << 30);
      inNumber = true;
      largest = std::max(largest, number);
    } else if (c != ',' && c != ' ' && c != '[' && c != ']') {
      return false;
    } else {
      number = 0;
    }
  }
  if (inNumber) run.settings.graphBatch = std::max(run.settings.graphBatch.value_or(0), largest);
  return inNumber;
}

/// Without graphs as with --enforce-eager: cudagraph_mode NONE, and optimisation level 0 (config/compilation.py).
bool setCompilation(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if (text == "none" || text == "0") {  // --compilation-config.cudagraph_mode NONE, --compilation-config 0
    run.settings.enforceEager = true;
    return true;
  }
  const auto document = json::Document::parse(value);
  if (!document || !document->root().isObject()) return true;
  const json::View root = document->root();
  const std::string mode = lowered(root["cudagraph_mode"].stringOr(""));
  if (mode == "none" || root["cudagraph_mode"].integer() == 0 || root["use_cudagraph"].boolean() == false ||
      root["level"].integer() == 0)
    run.settings.enforceEager = true;
  std::int64_t largest = root["max_cudagraph_capture_size"].integer().value_or(0);
  for (const json::View size : root["cudagraph_capture_sizes"].elements()) largest = std::max(largest, size.integer().value_or(0));
  if (largest > 0) run.settings.graphBatch = std::min<std::int64_t>(largest, 1 << 30);
  return true;
}

bool setOptimisation(std::string_view value, EngineRun& run) {
  if (value == "0" || value == "O0") run.settings.enforceEager = true;
  return true;
}

#define RIGHTSLICE_COUNT(member) [](std::string_view v, EngineRun& run) { return setCount(v, run.settings.member); }

constexpr Flag kFlags[] = {
    // What decides the need.
    {"model", Takes::Value, setModel},
    {"model-tag", Takes::Value, setModel},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"pipeline-parallel-size", Takes::Value, setPipelineParallel},
    {"data-parallel-size", Takes::Value, RIGHTSLICE_COUNT(dataParallelSize)},
    {"max-model-len", Takes::Value, setLength},
    {"max-num-seqs", Takes::Value, setMaxNumSeqs},
    {"max-num-batched-tokens", Takes::Value, setMaxNumBatchedTokens},
    {"block-size", Takes::Value, RIGHTSLICE_COUNT(blockSize)},
    {"gpu-memory-utilization", Takes::Value, setFraction},
    {"dtype", Takes::Value, setDtype},
    {"quantization", Takes::Value, setQuantization},
    {"kv-cache-dtype", Takes::Value, setKvCacheDtype},
    {"kv-cache-memory-bytes", Takes::Value, RIGHTSLICE_COUNT(kvCacheMemoryBytes)},
    {"kv-cache-memory", Takes::Value, RIGHTSLICE_COUNT(kvCacheMemoryBytes)},
    {"num-gpu-blocks-override", Takes::Value, RIGHTSLICE_COUNT(numGpuBlocks)},
    {"cpu-offload-gb", Takes::Value, setOffload},
    {"load-format", Takes::Value, setLoadFormat},
    {"cudagraph-capture-sizes", Takes::Several, setLargestGraph},
    {"cuda-graph-sizes", Takes::Several, setLargestGraph},
    {"max-cudagraph-capture-size", Takes::Value, setLargestGraph},
    {"max-seq-len-to-capture", Takes::Value, nullptr},
    {"compilation-config", Takes::Value, setCompilation},
    {"optimization-level", Takes::Value, setOptimisation},
    {"rope-scaling", Takes::Value, setRopeScaling},
    {"hf-overrides", Takes::Value, setOverrides},
    {"task", Takes::Value, setRunner},
    {"runner", Takes::Value, setRunner},
    {"convert", Takes::Value, setRunner},
    {"limit-mm-per-prompt", Takes::Value, setMediaLimit},
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
    {"offload-group-size", Takes::Value, setWeightsUnsure, "layers in host memory are not modelled"},
    {"offload-backend", Takes::Value, nullptr},
    {"kv-cache-dtype-skip-layers", Takes::Several, nullptr, "layers whose KV cache stays wide are not modelled"},
    {"quantization-config", Takes::Value, nullptr, "another quantisation than that of the checkpoint is not modelled"},
    {"mm-encoder-only", Takes::Nothing, setWeightsUnsure, "only the encoder is loaded, which is not modelled"},
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
    {"data-parallel-hybrid-lb", Takes::Nothing, nullptr},
    {"data-parallel-external-lb", Takes::Nothing, nullptr},
    {"data-parallel-multi-port-external-lb", Takes::Nothing, nullptr},
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

#undef RIGHTSLICE_COUNT

constexpr ShortFlag kShorts[] = {
    {"tp", "tensor-parallel-size"},
    {"pp", "pipeline-parallel-size"},
    {"dp", "data-parallel-size"},
    {"q", "quantization"},
    {"n", "nnodes"},
    {"r", "node-rank"},
    {"dpa", "data-parallel-address"},
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

constexpr FlagTable kTable{.title = "vLLM", .flags = kFlags, .shorts = kShorts, .servedNames = "served-model-name"};

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
