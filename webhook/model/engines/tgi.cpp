// TGI (text-generation-launcher). At the start it runs a batch of --max-batch-prefill-tokens and gives what is left to its KV
// cache (server/.../flash_causal_lm.py, warmup); it refuses a written --max-total-tokens that does not fit
// (backends/v3/src/lib.rs).
#include <algorithm>

#include "model/engines/engines.hpp"
#include "model/engines/tgi_memory.hpp"
#include "model/flag_table.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"text-generation-launcher", "text-generation-server serve"};
constexpr std::string_view kImages[] = {"*text-generation-inference*", "*huggingface-pytorch-tgi-inference*"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID", "HF_MODEL_ID"};

/// Bitsandbytes alone means 8 bit here, and EETQ is 8 bit; both quantise while loading.
bool setQuantize(std::string_view value, EngineRun& run) {
  constexpr struct {
    std::string_view word, format;
  } kWords[] = {{"bitsandbytes", "int8"},    {"eetq", "int8"},  {"bitsandbytes-nf4", "nf4"}, {"bitsandbytes-fp4", "nf4"},
                {"marlin", "gptq"},          {"gptq", "gptq"},  {"awq", "awq"},              {"fp8", "fp8"},
                {"compressed-tensors", "compressed-tensors"}};
  if (value == "exl2") {
    run.settings.weightsUnsure = true;
    remember(run.open, "--quantize exl2: its bits for each layer are not known here");
    return true;
  }
  for (const auto& [word, format] : kWords) {
    if (value != word) continue;
    run.settings.quantization = std::string(format);
    if (word.starts_with("bitsandbytes")) run.settings.enforceEager = true;  // it captures no graphs then
    return true;
  }
  return false;
}

bool setGraphs(std::string_view value, EngineRun& run) {  // 1,2,4 or 0
  std::int64_t largest = 0;
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto size = humanInteger(value.substr(0, comma));
    if (!size || *size < 0) return false;
    largest = std::max(largest, *size);
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  run.settings.enforceEager = largest == 0;
  if (largest > 0) run.settings.graphBatch = largest;
  return true;
}

bool setDeviceFraction(std::string_view value, EngineRun& run) {
  const auto number = decimalNumber(value);
  if (!number || *number <= 0 || *number > 1) return false;
  run.settings.deviceFraction = *number;
  return true;
}

bool setSharded(std::string_view value, EngineRun& run) {
  if (value == "false") run.settings.tensorParallelSize = 1;
  return value == "false" || value == "true";
}

constexpr Flag kFlags[] = {
    {"sharded", Takes::Value, setSharded},
    {"model-id", Takes::Value, setModel},
    {"num-shard", Takes::Value, setTensorParallel},
    {"quantize", Takes::Value, setQuantize},
    {"dtype", Takes::Value, setDtype},
    {"kv-cache-dtype", Takes::Value, setKvCacheDtype},
    {"max-total-tokens", Takes::Value, setMaxModelLen},
    {"max-input-tokens", Takes::Value, countIn<&Settings::maxInputTokens>},
    {"max-input-length", Takes::Value, countIn<&Settings::maxInputTokens>},
    {"max-batch-prefill-tokens", Takes::Value, setMaxNumBatchedTokens},
    {"max-batch-total-tokens", Takes::Value, countIn<&Settings::poolTokens>},
    {"max-concurrent-requests", Takes::Value, countIn<&Settings::maxConcurrentRequests>},
    {"max-batch-size", Takes::Value, setMaxNumSeqs},
    {"cuda-graphs", Takes::Value, setGraphs},
    {"cuda-memory-fraction", Takes::Value, setDeviceFraction},
    {"tgi-wiggle-room", Takes::Value, setFraction},  // a variable only
    {"lora-adapters", Takes::Value, nullptr, "LoRA adapters are not modelled"},
    {"speculate", Takes::Value, nullptr, "Medusa heads, where the model has any, are not modelled"},
    {"rope-scaling", Takes::Value, nullptr, "it changes the longest sequence"},
    {"rope-factor", Takes::Value, nullptr, "it changes the longest sequence"},
    {"trust-remote-code", Takes::Nothing, nullptr},
    {"disable-custom-kernels", Takes::Nothing, nullptr},
    {"json-output", Takes::Nothing, nullptr},
    {"ngrok", Takes::Nothing, nullptr},
    {"disable-grammar-support", Takes::Nothing, nullptr},
    {"enable-prefill-logprobs", Takes::Nothing, nullptr, "the logits of whole prompts are not modelled"},
};

constexpr FlagTable kTable{.title = "TGI", .flags = kFlags, .hasEnv = true};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine tgi{
    .name = "tgi",
    .title = "TGI",
    .kvRule = KvRule::Pooled,
    .whenShort = WhenShort::Shrinks,
    .fractionOf = FractionOf::TotalInUse,
    .flags = {.fraction = "TGI_WIGGLE_ROOM", .maxLength = "max-total-tokens", .batchTokens = "max-batch-prefill-tokens",
              .hasVariables = true},
    .signature = {kPrograms, {}, kImages, kModelEnv, false},
    .read = read,
    .plan = planTgi,
    .sizes = sizeTgi,
    .source = "text-generation-inference launcher/src/main.rs and server/.../flash_causal_lm.py, 1.4 to 3.3",
};

}  // namespace rightslice::model::engine
