// TEI (text-embeddings-router): encoders and decoders that only embed. No KV cache; at the start it runs a batch of
// --max-batch-tokens and stops where that does not fit (backends/src/lib.rs, warmup).
#include <algorithm>

#include "model/device_sizes.hpp"
#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"text-embeddings-router"};
constexpr std::string_view kImages[] = {"*text-embeddings-inference*", "*huggingface-text-embeddings*", "*huggingface-tei*"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID", "HF_MODEL_ID"};

constexpr Flag kFlags[] = {
    {"model-id", Takes::Value, setModel},
    {"served-model-name", Takes::Value, nullptr},
    {"dtype", Takes::Value, setDtype},
    {"max-batch-tokens", Takes::Value, setMaxNumBatchedTokens},
    {"max-batch-requests", Takes::Value, setMaxNumSeqs},
    {"max-concurrent-requests", Takes::Value,
     [](std::string_view v, EngineRun& run) { return setCount(v, run.settings.maxConcurrentRequests); }},
    {"dense-path", Takes::Value, nullptr},
    {"pooling", Takes::Value, nullptr},
    {"auto-truncate", Takes::Nothing, nullptr},
    {"json-output", Takes::Nothing, nullptr},
    {"disable-spans", Takes::Nothing, nullptr},
};
constexpr FlagTable kTable{.title = "TEI", .flags = kFlags, .hasEnv = true, .servedNames = "served-model-name"};

void read(FlagSource& source, EngineRun& run) {
  readFlags(kTable, source, run);
  if (source.image->tag.starts_with("cpu")) {
    run.settings.weightsUnsure = true;
    run.open.push_back("image " + std::string(source.image->tag) + ": this build computes on the CPU and takes no GPU memory");
  }
}

constexpr Bytes mib(std::int64_t count) { return count * kMiB; }

void plan(ServingPlan& plan, const EstimateInput& input) {
  if (!input.run->settings.maxNumBatchedTokens)
    plan.maxNumBatchedTokens = countOf(tei, Default::MaxNumBatchedTokens, plan.version, input.device, 16384);
  plan.maxNumSeqs = std::max<std::int64_t>(plan.maxNumSeqs, std::int64_t{1} << 20);  // requests wait, and hold nothing
  plan.tensorParallel = plan.pipelineParallel = 1;
  plan.layers = plan.architecture->layers;
}

void sizes(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const Architecture& a = *plan.architecture;
  sizes.activations = forwardPassOn(plan, plan.maxNumBatchedTokens);
  // Models without flash attention in TEI keep the scores of prompts of 512 tokens.
  const std::int64_t length = std::min<std::int64_t>(a.maxPositions, 512);
  const Bytes scores = timesBytes(timesBytes(plan.maxNumBatchedTokens, length), a.heads * plan.elementBytes * 3);
  sizes.activations.low = sizes.activations.bytes / 4;
  sizes.activations.high = plusBytes(sizes.activations.high, scores);
  sizes.activationsFrom = input.run->settings.maxNumBatchedTokens
                              ? "one batch of --max-batch-tokens, by formula, not measured"
                              : "one batch of 16384 tokens (the default of --max-batch-tokens), by formula, not measured";
  sizes.graphsFrom = "TEI captures none";
  sizes.context = {mib(150), mib(400), mib(560)};
  sizes.nonTorch = {0, mib(64), mib(256)};
  sizes.runtimeFrom = "CUDA context and workspace of cuBLAS, not measured";
}

}  // namespace

constinit const Engine tei{
    .name = "tei",
    .title = "TEI",
    .kvRule = KvRule::None,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {.batchTokens = "max-batch-tokens", .hasVariables = true},
    .signature = {kPrograms, {}, kImages, kModelEnv, false},
    .read = read,
    .plan = plan,
    .sizes = sizes,
    .source = "text-embeddings-inference router/src/main.rs, 1.2 to 1.8",
};

}  // namespace rightslice::model::engine
