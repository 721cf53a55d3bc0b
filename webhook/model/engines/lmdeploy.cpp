// LMDeploy (lmdeploy serve api_server), with its TurboMind and PyTorch engines. The pool is a fraction of what the weights
// leave; both engines serve shorter sequences where it is small (messages.py, pytorch/engine/executor/base.py).
#include <algorithm>

#include "model/device_sizes.hpp"
#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"lmdeploy serve"};
constexpr std::string_view kModules[] = {"lmdeploy"};
constexpr std::string_view kImages[] = {"*openmmlab/lmdeploy*"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID", "HF_MODEL_ID"};

bool setShare(std::string_view value, EngineRun& run) {  // above 1: a number of blocks
  const auto number = decimalNumber(value);
  if (!number || *number <= 0) return false;
  if (*number >= 1) {
    run.settings.numGpuBlocks = static_cast<std::int64_t>(std::min(*number, 1e12));
    run.settings.memoryFraction.reset();
  } else {
    run.settings.memoryFraction = *number;
  }
  return true;
}

/// 4 and 8 bit with a scale and a zero for each head and token; later releases take words too.
bool setPolicy(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if (text == "0" || text == "none") run.settings.kvCacheDtype.reset();
  else if (text == "4" || text == "int4") run.settings.kvCacheDtype = "int4";
  else if (text == "8" || text == "int8") run.settings.kvCacheDtype = "int8";
  else if (text == "16" || text.starts_with("fp8")) run.settings.kvCacheDtype = "fp8";
  else return false;
  return true;
}

bool setModelFormat(std::string_view value, EngineRun& run) {
  if (value == "hf" || value == "llama") return true;
  return setQuantization(value, run);
}

bool setEngine(std::string_view value, EngineRun& run) {
  run.settings.backend = lowered(value);
  return value == "pytorch" || value == "turbomind";
}

constexpr Flag kFlags[] = {
    {"model-path", Takes::Value, setModel},
    {"model-name", Takes::Value, nullptr},
    {"backend", Takes::Value, setEngine},
    {"dtype", Takes::Value, setDtype},
    {"model-format", Takes::Value, setModelFormat},
    {"quant-policy", Takes::Value, setPolicy},
    {"session-len", Takes::Value, setMaxModelLen},
    {"max-batch-size", Takes::Value, setMaxNumSeqs},
    {"max-prefill-token-num", Takes::Value, setMaxNumBatchedTokens},
    {"cache-max-entry-count", Takes::Value, setShare},
    {"num-gpu-blocks", Takes::Value, countIn<&Settings::numGpuBlocks>},
    {"cache-block-seq-len", Takes::Value, countIn<&Settings::blockSize>},
    {"tp", Takes::Value, setTensorParallel},
    {"dp", Takes::Value, countIn<&Settings::dataParallelSize>},
    {"ep", Takes::Value, countIn<&Settings::expertParallelSize>},
    {"eager-mode", Takes::Nothing, switchIn<&Settings::enforceEager>},
    {"language-model-only", Takes::Nothing, switchIn<&Settings::textOnly>},
    {"nnodes", Takes::Value, setNodes},
    {"adapters", Takes::Several, nullptr, "LoRA adapters are not modelled"},
    {"speculative-algorithm", Takes::Value, nullptr, "the draft model is not modelled"},
    {"speculative-draft-model", Takes::Value, nullptr, "the draft model is not modelled"},
    {"hf-overrides", Takes::Value,
     [](std::string_view, EngineRun& run) {
       run.settings.weightsUnsure = true;
       return true;
     },
     "it may change the model's shape"},
    {"rope-scaling-factor", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       if (const auto factor = decimalNumber(v); factor && *factor > 1)
         remember(run.open, "--rope-scaling-factor: it changes the longest sequence");
       return true;
     }},
    {"cp", Takes::Value, nullptr, "context parallelism is not modelled"},
    {"enable-microbatch", Takes::Nothing, nullptr, "the second batch of the overlap is not modelled"},
    {"enable-eplb", Takes::Nothing, nullptr, "redundant experts are not modelled"},
    {"role", Takes::Value, nullptr, "transfer buffers between prefill and decode are not modelled"},
    {"kv-transfer-config", Takes::Value, nullptr, "buffers of the KV connector are not modelled"},
    {"vision-max-batch-size", Takes::Value, nullptr},
    {"api-keys", Takes::Several, nullptr},
    {"allow-origins", Takes::Several, nullptr},
    {"allow-methods", Takes::Several, nullptr},
    {"allow-headers", Takes::Several, nullptr},
    {"allow-credentials", Takes::Nothing, nullptr},
    {"ssl", Takes::Nothing, nullptr},
    {"disable-fastapi-docs", Takes::Nothing, nullptr},
    {"disable-metrics", Takes::Nothing, nullptr},
    {"enable-metrics", Takes::Nothing, nullptr},
    {"enable-prefix-caching", Takes::Nothing, nullptr},
    {"allow-terminate-by-client", Takes::Nothing, nullptr},
    {"enable-abort-handling", Takes::Nothing, nullptr},
    {"trust-remote-code", Takes::Nothing, nullptr},
    {"empty-init", Takes::Nothing, nullptr},
};

constexpr FlagTable kTable{.title = "LMDeploy", .flags = kFlags, .servedNames = "model-name"};

void read(FlagSource& source, EngineRun& run) {
  readFlags(kTable, source, run);
  std::erase_if(source.positional, [](const PlacedWord& word) { return word.word.text == "serve"; });
}

constexpr Bytes mib(std::int64_t count) { return count * kMiB; }

void plan(ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  const auto usual = [&](Default setting, std::int64_t fallback) {
    return countOf(lmdeploy, setting, plan.version, input.device, fallback);
  };
  if (!settings.blockSize) plan.blockSize = usual(Default::BlockSize, 64);
  if (!settings.maxNumSeqs) plan.maxNumSeqs = usual(Default::MaxNumSeqs, 128);
  if (!settings.maxNumBatchedTokens) plan.maxNumBatchedTokens = usual(Default::MaxNumBatchedTokens, 8192);
  if (settings.kvCacheDtype == "int4" || settings.kvCacheDtype == "int8") plan.kvHeadScaleBytes = 4;
}

void sizes(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const Architecture& a = *plan.architecture;
  const Settings& settings = input.run->settings;
  sizes.activations = forwardPassOn(plan, plan.maxNumBatchedTokens);
  const Bytes logits = timesBytes(timesBytes(plan.concurrency, a.vocab), 10);
  sizes.activations.bytes = plusBytes(sizes.activations.bytes, logits);
  sizes.activations.high = plusBytes(sizes.activations.high, timesBytes(logits, 2));
  sizes.activationsFrom = "one batch of --max-prefill-token-num, by formula, not measured";
  const bool pytorch = settings.backend == "pytorch";
  if (!settings.enforceEager && !a.isEncoder()) sizes.graphs = {0, pytorch ? mib(400) : 0, mib(1200)};
  sizes.graphsFrom = pytorch ? "CUDA graphs of the PyTorch engine, not measured"
                             : "TurboMind captures none; the PyTorch engine would";
  sizes.context = {mib(205), mib(512), mib(900)};
  // The PyTorch engine keeps room for the logits of a batch before it takes its pool, or for fewer where memory is short.
  const Bytes rows = plusBytes(plan.maxNumBatchedTokens, 2 * std::min<std::int64_t>(plan.maxNumSeqs, 4096));
  const Bytes room = timesBytes(rows, 2 * a.vocab);
  sizes.nonTorch = {0, plusBytes(mib(128), pytorch ? room : 0),
                    plusBytes(mib(512), settings.backend == "turbomind" ? 0 : room)};
  if (plan.tensorParallel > 1) {
    sizes.nonTorch.bytes = plusBytes(sizes.nonTorch.bytes, mib(410));
    sizes.nonTorch.high = plusBytes(sizes.nonTorch.high, mib(820));
  }
  sizes.runtimeFrom =
      pytorch ? "CUDA context, and room for the logits of --max-prefill-token-num tokens"
              : "CUDA context and workspaces; where TurboMind lacks the model, the PyTorch engine keeps room for logits";
}

}  // namespace

constinit const Engine lmdeploy{
    .name = "lmdeploy",
    .title = "LMDeploy",
    .kvRule = KvRule::Pooled,
    .whenShort = WhenShort::Shrinks,
    .fractionOf = FractionOf::FreeAfterWeights,
    .flags = {.fraction = "cache-max-entry-count",
              .maxLength = "session-len",
              .sequences = "max-batch-size",
              .batchTokens = "max-prefill-token-num",
              .eager = "eager-mode"},
    .signature = {kPrograms, kModules, kImages, kModelEnv, true},
    .read = read,
    .plan = plan,
    .sizes = sizes,
    .source = "LMDeploy cli/utils.py, messages.py and pytorch/engine/executor/base.py, 0.6.4 to 0.18",
};

}  // namespace rightslice::model::engine
