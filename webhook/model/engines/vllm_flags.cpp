// The flags of `vllm serve` and of the older API servers, and what they mean for memory. Also read: Dynamo's vLLM workers,
// KServe's Hugging Face server, NIM's pass-through arguments and Ray Serve LLM's engine_kwargs.
#include "model/engines/vllm_flags.hpp"

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

bool setMediaLimit(std::string_view value, EngineRun& run) {  // {"image": 0} or image=0,video=0
  bool digits = false;
  bool onlyZeros = true;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!isDigitAscii(value[i])) continue;
    digits = true;
    if (value[i] != '0') onlyZeros = false;
  }
  run.settings.textOnly = digits && onlyZeros;
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
    {"task", Takes::Value, setRunner},
    {"runner", Takes::Value, setRunner},
    {"convert", Takes::Value, setRunner},
    {"limit-mm-per-prompt", Takes::Value, setMediaLimit},
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
    // What takes memory and is not modelled.
    {"config", Takes::Value, nullptr, "the values in a config file are not visible here"},
    {"enable-lora", Takes::Nothing, nullptr, "LoRA adapters are not modelled"},
    {"lora-modules", Takes::Several, nullptr, "LoRA adapters are not modelled"},
    {"enable-prompt-adapter", Takes::Nothing, nullptr, "prompt adapters are not modelled"},
    {"prompt-adapters", Takes::Several, nullptr, "prompt adapters are not modelled"},
    {"speculative-config", Takes::Value, nullptr, "the draft model is not modelled"},
    {"speculative-model", Takes::Value, nullptr, "the draft model is not modelled"},
    {"kv-transfer-config", Takes::Value, nullptr, "buffers of the KV connector are not modelled"},
    {"kv-offloading-size", Takes::Value, nullptr, "buffers of KV offloading are not modelled"},
    {"hf-overrides", Takes::Value, nullptr, "it may change the model's shape"},
    {"rope-scaling", Takes::Value, nullptr, "it changes the longest sequence"},
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
    {"enable-chunked-prefill", Takes::Nothing, nullptr},
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
};

constexpr FlagTable kTable{.title = "vLLM", .flags = kFlags, .shorts = kShorts, .servedNames = "served-model-name"};

bool isOptimisation(const PlacedWord& placed) {  // -O3, -O.level=3
  const std::string& text = placed.word.text;
  return text.size() > 2 && text[0] == '-' && text[1] == 'O';
}

}  // namespace

void readVllmFlags(FlagSource& source, EngineRun& run) {
  std::erase_if(source.words, isOptimisation);
  readFlags(kTable, source, run);
}

}  // namespace rightslice::model
