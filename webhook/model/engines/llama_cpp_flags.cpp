// The flags of llama.cpp's server (common/arg.cpp) and of llama-cpp-python's (llama_cpp/server/settings.py), as far as they
// change what is taken of the device.
#include "model/engines/llama_cpp_flags.hpp"

#include "model/ggml_types.hpp"
#include "model/gguf.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

constexpr std::int64_t kAllLayers = GgmlSettings::kAllLayers;

bool isTrue(std::string_view value) {
  const std::string text = lowered(value);
  return text.empty() || text == "true" || text == "1" || text == "on" || text == "yes" || text == "enabled";
}
bool isFalse(std::string_view value) {
  const std::string text = lowered(value);
  return text == "false" || text == "0" || text == "off" || text == "no" || text == "disabled";
}

bool setSwitch(std::string_view value, std::optional<bool>& target) {
  if (isTrue(value)) target = true;
  else if (isFalse(value)) target = false;
  else if (lowered(value) == "auto" || value == "-1") target.reset();
  else return false;
  return true;
}

/// --ctx-size: 0 is the model's own.
bool setContext(std::string_view value, EngineRun& run) {
  const auto number = humanInteger(value);
  if (!number || *number < 0) return false;
  run.ggml.contextOfModel = *number == 0;
  if (*number == 0) run.settings.maxModelLen.reset();
  else run.settings.maxModelLen = *number;
  return true;
}

/// --parallel: -1 leaves it to the build.
bool setSlots(std::string_view value, EngineRun& run) {
  const auto number = humanInteger(value);
  if (!number || *number == 0) return false;
  if (*number < 0) run.settings.maxNumSeqs.reset();
  else run.settings.maxNumSeqs = *number;
  return true;
}

/// --n-gpu-layers: a number, "auto" or "all". Negative was "the build's default" and is now auto (-1) or all (-2).
bool setGpuLayers(std::string_view value, EngineRun& run) {
  if (value == "auto" || value == "-1") {
    run.ggml.gpuLayers.reset();
    return true;
  }
  const auto number = humanInteger(value);
  if (value != "all" && !number) return false;
  run.ggml.gpuLayers = !number || *number < 0 ? kAllLayers : std::min(*number, kAllLayers);
  return true;
}

/// llama-cpp-python: -1 is all.
bool setGpuLayersOfPython(std::string_view value, EngineRun& run) {
  const auto number = humanInteger(value);
  if (!number) return false;
  run.ggml.gpuLayers = *number < 0 ? kAllLayers : std::min(*number, kAllLayers);
  return true;
}

/// By name, or by the number of ggml's enum, as llama-cpp-python takes it.
std::string cacheType(std::string_view value) {
  const auto number = humanInteger(value);
  const GgmlType* const type = number && *number >= 0 && *number < 256 ? ggmlTypeOf(static_cast<std::uint32_t>(*number)) : nullptr;
  return lowered(type != nullptr ? type->name : value);
}

bool setKeyType(std::string_view value, EngineRun& run) {
  run.ggml.keyType = cacheType(value);
  run.settings.kvCacheDtype = run.ggml.keyType;
  return !value.empty();
}

bool setValueType(std::string_view value, EngineRun& run) {
  run.ggml.valueType = cacheType(value);
  if (run.ggml.keyType.empty()) run.settings.kvCacheDtype = run.ggml.valueType;
  return !value.empty();
}

bool setHostExperts(std::string_view value, EngineRun& run) {
  const auto number = humanInteger(value);
  if (!number || *number < 0) return false;
  run.ggml.hostExpertLayers = std::min(*number, kAllLayers);
  return true;
}

/// --override-tensor PATTERN=BUFFER,...: the usual pattern keeps all experts on the host.
bool setOverride(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  const bool toHost = text.find("=cpu") != std::string::npos;
  const bool someLayers = text.find("blk") != std::string::npos || text.find('[') != std::string::npos;
  if (toHost && !someLayers && text.find("exps") != std::string::npos) run.ggml.hostExpertLayers = kAllLayers;
  else run.ggml.overridesTensors = true;
  return text.find('=') != std::string::npos;
}

bool setPooling(std::string_view value, EngineRun& run) {
  run.settings.pooling = !isFalse(value) && value != "none";
  return true;
}

bool setTextOnly(std::string_view value, EngineRun& run) {
  run.settings.textOnly = !isFalse(value);
  return true;
}

bool setFile(std::string_view value, EngineRun& run) {
  run.model = withoutShard(value);
  return !value.empty();
}

/// user/repository, perhaps with :TYPE; without one the build takes Q4_K_M where there is one (common/download.cpp).
bool setRepository(std::string_view value, EngineRun& run) {
  if (value.empty()) return false;
  const auto colon = value.rfind(':');
  run.model = std::string(value.substr(0, colon));
  if (colon != std::string_view::npos) {
    const GgufType* type = findGgufType(value.substr(colon + 1));
    run.gguf = type != nullptr ? std::optional(std::string(type->name)) : std::nullopt;
  } else if (!run.gguf) {
    run.gguf = lowered(value).find("gpt-oss") != std::string::npos ? "MXFP4" : "Q4_K_M";  // the only type there is
  }
  return true;
}

bool setRepositoryFile(std::string_view value, EngineRun& run) {
  const std::string file = withoutShard(value);
  if (const GgufType* type = findGgufType(file)) run.gguf = std::string(type->name);
  if (!run.model) run.model = file;
  return !value.empty();
}

#define RIGHTSLICE_GGML(member) [](std::string_view v, EngineRun& run) { return setSwitch(v, run.ggml.member); }
#define RIGHTSLICE_TRUE(member) \
  [](std::string_view v, EngineRun& run) { \
    run.ggml.member = !isFalse(v); \
    return true; \
  }
#define RIGHTSLICE_FALSE(member) \
  [](std::string_view v, EngineRun& run) { \
    run.ggml.member = isFalse(v); \
    return true; \
  }

constexpr std::string_view kDraft = "the draft model is not modelled";
constexpr std::string_view kProjector = "the image encoder is not modelled";
constexpr std::string_view kAdapter = "the size of adapters is not known here";

constexpr Flag kFlags[] = {
    {"model", Takes::Value, setFile, {}, "LLAMA_ARG_MODEL"},
    {"model-url", Takes::Value, setFile, {}, "LLAMA_ARG_MODEL_URL"},
    {"hf-repo", Takes::Value, setRepository, {}, "LLAMA_ARG_HF_REPO"},
    {"hf-file", Takes::Value, setRepositoryFile, {}, "LLAMA_ARG_HF_FILE"},
    {"ctx-size", Takes::Value, setContext, {}, "LLAMA_ARG_CTX_SIZE"},
    {"parallel", Takes::Value, setSlots, {}, "LLAMA_ARG_N_PARALLEL"},
    {"batch-size", Takes::Value, [](std::string_view v, EngineRun& run) { return setCount(v, run.ggml.batch); }, {},
     "LLAMA_ARG_BATCH"},
    {"ubatch-size", Takes::Value, setMaxNumBatchedTokens, {}, "LLAMA_ARG_UBATCH"},
    {"n-gpu-layers", Takes::Value, setGpuLayers, {}, "LLAMA_ARG_N_GPU_LAYERS"},
    {"cache-type-k", Takes::Value, setKeyType, {}, "LLAMA_ARG_CACHE_TYPE_K"},
    {"cache-type-v", Takes::Value, setValueType, {}, "LLAMA_ARG_CACHE_TYPE_V"},
    {"flash-attn", Takes::Perhaps, RIGHTSLICE_GGML(flashAttention), {}, "LLAMA_ARG_FLASH_ATTN"},
    {"kv-unified", Takes::Nothing, RIGHTSLICE_GGML(unifiedKv), {}, "LLAMA_ARG_KV_UNIFIED"},
    {"swa-full", Takes::Nothing, RIGHTSLICE_TRUE(fullWindows), {}, "LLAMA_ARG_SWA_FULL"},
    {"kv-offload", Takes::Nothing, RIGHTSLICE_FALSE(kvOnHost), {}, "LLAMA_ARG_KV_OFFLOAD"},
    {"no-kv-offload", Takes::Nothing, RIGHTSLICE_TRUE(kvOnHost), {}, "LLAMA_ARG_NO_KV_OFFLOAD"},
    {"cpu-moe", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.ggml.hostExpertLayers = isFalse(v) ? 0 : kAllLayers;
       return true;
     },
     {}, "LLAMA_ARG_CPU_MOE"},
    {"n-cpu-moe", Takes::Value, setHostExperts, {}, "LLAMA_ARG_N_CPU_MOE"},
    {"override-tensor", Takes::Value, setOverride, {}, "LLAMA_ARG_OVERRIDE_TENSOR"},
    {"fit", Takes::Perhaps, RIGHTSLICE_GGML(fit), {}, "LLAMA_ARG_FIT"},
    {"fit-ctx", Takes::Value, [](std::string_view v, EngineRun& run) { return setCount(v, run.ggml.fitContext); }, {},
     "LLAMA_ARG_FIT_CTX"},
    {"split-mode", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       run.ggml.oneDevice = v == "none";
       return true;
     },
     {}, "LLAMA_ARG_SPLIT_MODE"},
    {"tensor-split", Takes::Value, RIGHTSLICE_TRUE(unevenSplit), {}, "LLAMA_ARG_TENSOR_SPLIT"},
    {"device", Takes::Value, RIGHTSLICE_TRUE(unevenSplit), {}, "LLAMA_ARG_DEVICE"},
    {"embedding", Takes::Nothing, setPooling, {}, "LLAMA_ARG_EMBEDDINGS"},
    {"reranking", Takes::Nothing, setPooling, {}, "LLAMA_ARG_RERANKING"},
    {"pooling", Takes::Value, setPooling, {}, "LLAMA_ARG_POOLING"},
    {"model-draft", Takes::Value, nullptr, kDraft, "LLAMA_ARG_MODEL_DRAFT"},
    {"hf-repo-draft", Takes::Value, nullptr, kDraft, "LLAMA_ARG_HFD_REPO"},
    {"lora", Takes::Several, nullptr, kAdapter},
    {"lora-scaled", Takes::Several, nullptr, kAdapter},
    {"control-vector", Takes::Several, nullptr, kAdapter},
    {"mmproj", Takes::Value, nullptr, kProjector, "LLAMA_ARG_MMPROJ"},
    {"mmproj-url", Takes::Value, nullptr, kProjector, "LLAMA_ARG_MMPROJ_URL"},
    {"no-mmproj", Takes::Nothing, setTextOnly, {}, "LLAMA_ARG_NO_MMPROJ"},
    {"no-mmproj-auto", Takes::Nothing, setTextOnly},
    {"model-vocoder", Takes::Value, nullptr, "the vocoder is not modelled"},
    {"models-dir", Takes::Value, nullptr, "models are loaded as they are asked for", "LLAMA_ARG_MODELS_DIR"},
    {"models-preset", Takes::Value, nullptr, "models are loaded as they are asked for", "LLAMA_ARG_MODELS_PRESET"},
    {"alias", Takes::Value, nullptr},
};

constexpr ShortFlag kShorts[] = {
    {"m", "model"},          {"mu", "model-url"},       {"hf", "hf-repo"},        {"hfr", "hf-repo"},
    {"hff", "hf-file"},      {"c", "ctx-size"},         {"np", "parallel"},       {"b", "batch-size"},
    {"ub", "ubatch-size"},   {"ngl", "n-gpu-layers"},   {"gpu-layers", "n-gpu-layers"},
    {"ctk", "cache-type-k"}, {"ctv", "cache-type-v"},   {"fa", "flash-attn"},     {"kvu", "kv-unified"},
    {"no-kvu", "no-kv-unified"}, {"nkvo", "no-kv-offload"}, {"kvo", "kv-offload"}, {"cmoe", "cpu-moe"},
    {"ncmoe", "n-cpu-moe"},  {"ot", "override-tensor"}, {"fitc", "fit-ctx"},      {"sm", "split-mode"},
    {"ts", "tensor-split"},  {"dev", "device"},         {"embeddings", "embedding"}, {"rerank", "reranking"},
    {"md", "model-draft"},   {"hfd", "hf-repo-draft"},  {"hfrd", "hf-repo-draft"}, {"mm", "mmproj"},
    {"mmu", "mmproj-url"},   {"mv", "model-vocoder"},   {"a", "alias"},
};

constexpr FlagTable kTable{.title = "llama.cpp", .flags = kFlags, .shorts = kShorts, .servedNames = "alias"};

constexpr Flag kPythonFlags[] = {
    {"model", Takes::Value, setRepositoryFile},
    {"hf-model-repo-id", Takes::Value, setModel},
    {"n-gpu-layers", Takes::Value, setGpuLayersOfPython},
    {"n-ctx", Takes::Value, setContext},
    {"n-batch", Takes::Value, [](std::string_view v, EngineRun& run) { return setCount(v, run.ggml.batch); }},
    {"n-ubatch", Takes::Value, setMaxNumBatchedTokens},
    {"flash-attn", Takes::Perhaps, RIGHTSLICE_GGML(flashAttention)},
    {"type-k", Takes::Value, setKeyType},
    {"type-v", Takes::Value, setValueType},
    {"offload-kqv", Takes::Perhaps, RIGHTSLICE_FALSE(kvOnHost)},
    {"embedding", Takes::Perhaps, setPooling},
    {"split-mode", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       run.ggml.oneDevice = v == "0";
       return true;
     }},
    {"tensor-split", Takes::Several, RIGHTSLICE_TRUE(unevenSplit)},
    {"clip-model-path", Takes::Value, nullptr, kProjector},
    {"lora-path", Takes::Value, nullptr, kAdapter},
    {"draft-model", Takes::Value, nullptr, kDraft},
    {"config-file", Takes::Value, nullptr, "the values in a config file are not visible here"},
    {"model-alias", Takes::Value, nullptr},
};
constexpr FlagTable kPythonTable{.title = "llama-cpp-python",
                                 .flags = kPythonFlags,
                                 .hasEnv = true,
                                 .servedNames = "model-alias"};

#undef RIGHTSLICE_GGML
#undef RIGHTSLICE_TRUE
#undef RIGHTSLICE_FALSE

}  // namespace

std::string withoutShard(std::string_view file) {  // "x-Q8_0-00001-of-00003.gguf" -> "x-Q8_0.gguf"
  constexpr std::size_t kShard = std::string_view("-00001-of-00003").size();
  std::string name(file);
  const auto end = lowered(name).ends_with(".gguf") ? name.size() - 5 : name.size();
  if (end <= kShard) return name;
  const std::string_view shard = std::string_view(name).substr(end - kShard, kShard);
  for (std::size_t i = 0; i < kShard; ++i) {
    const bool fits = i == 0 || i == 6 || i == 9 ? shard[i] == '-' : i == 7 || i == 8 ? shard[i] == "of"[i - 7] : isDigitAscii(shard[i]);
    if (!fits) return name;
  }
  return name.erase(end - kShard, kShard);
}

void readLlamaCppFlags(FlagSource& source, EngineRun& run) {
  readFlags(run.ggml.flavour == GgmlSettings::Flavour::Python ? kPythonTable : kTable, source, run);
}

}  // namespace rightslice::model
