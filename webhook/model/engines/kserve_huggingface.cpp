// KServe's Hugging Face server: vLLM where vLLM knows the model, else transformers, which allocates as it goes
// (python/huggingfaceserver/huggingfaceserver/__main__.py and task.py, 0.13 to 0.16).
#include <algorithm>
#include <array>

#include "model/device_sizes.hpp"
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kModules[] = {"huggingfaceserver"};
constexpr std::string_view kImages[] = {"*kserve/huggingfaceserver*", "*/huggingfaceserver*", "*odh-kserve-huggingface*"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID", "HF_MODEL_ID", "STORAGE_URI"};

// Tasks that vLLM does not take over; the words of MLTask.
constexpr std::array<std::string_view, 8> kEncoderTasks{"fill_mask",          "sequence_classification", "token_classification",
                                                        "text_embedding",     "question_answering",      "multiple_choice",
                                                        "next_sentence_prediction", "table_question_answering"};

bool setBackend(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if (text != "auto" && text != "vllm" && text != "huggingface" && text != "triton") return false;
  run.backend = text == "auto" || text == "vllm" ? &vllm : nullptr;
  return true;
}

bool setTask(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if (std::find(kEncoderTasks.begin(), kEncoderTasks.end(), text) != kEncoderTasks.end()) run.backend = nullptr;
  return true;
}

// Beside these it takes vLLM's flags, with underscores or dashes.
constexpr Flag kFlags[] = {
    {"backend", Takes::Value, setBackend},
    {"task", Takes::Value, setTask},
    {"model-id", Takes::Value, setModel},
    {"model-dir", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       if (!run.model) run.model = std::string(v);
       return !v.empty();
     }},
    {"max-length", Takes::Value, setMaxModelLen},
    {"model-name", Takes::Value, nullptr},  // under which it is served: no evidence of what it is
};
constexpr FlagTable kTable{.title = "KServe's Hugging Face server", .flags = kFlags};

void read(FlagSource& source, EngineRun& run) {
  run.version.clear();  // KServe's own, not vLLM's
  run.versionFromImage = false;
  run.backend = &vllm;
  FlagSource own{source.words, source.variable, source.image, {}, {}, source.program, {}, {}};
  readFlags(kTable, own, run);
  if (run.backend == &vllm) vllm.read(source, run);
  else readFlags(FlagTable{.title = kTable.title, .flags = {}}, source, run);
}

void plan(ServingPlan& plan, const EstimateInput& input) {
  plan.tensorParallel = plan.pipelineParallel = 1;
  plan.layers = plan.architecture->layers;
  plan.maxNumSeqs = 1;  // requests are worked through one by one
  plan.maxNumBatchedTokens = std::min(plan.maxModelLen, std::max<std::int64_t>(input.load.context, 1));
}

/// Transformers: weights, the cache of the request at hand, and a pass over its prompt.
void size(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& /*input*/) {
  const Architecture& a = *plan.architecture;
  const Interval request = a.isEncoder() ? Interval{} : kvOfSequence(plan, plan.maxNumBatchedTokens);
  const Interval longest = a.isEncoder() ? Interval{} : sizes.kvOfOneSequence;
  sizes.kv = {0, request.bytes, std::max(request.bytes, longest.high)};
  sizes.activations = forwardPassOn(plan, plan.maxNumBatchedTokens);
  // Older releases of transformers compute the logits of the whole prompt, in 32 bit.
  const Bytes logits = a.isEncoder() ? 0 : timesBytes(timesBytes(plan.maxModelLen, a.vocab), 6);
  sizes.activations.high = plusBytes(timesBytes(sizes.activations.high, 2), logits);
  sizes.context = {205 * kMiB, 480 * kMiB, 563 * kMiB};
  sizes.nonTorch = {0, 128 * kMiB, 512 * kMiB};
  sizes.kvFrom = a.isEncoder() ? "an encoder keeps no KV cache" : "transformers: of the request at hand, up to the longest";
  sizes.activationsFrom = "transformers: one pass over the prompt, by formula, not measured";
  sizes.graphsFrom = "transformers captures none";
  sizes.runtimeFrom = "CUDA context, cuBLAS and the allocator's spare blocks, not measured";
}

}  // namespace

constinit const Engine kserveHuggingFace{
    .name = "kserve-huggingface",
    .title = "KServe's Hugging Face server",
    .kvRule = KvRule::None,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {{}, kModules, kImages, kModelEnv, false},
    .read = read,
    .plan = plan,
    .sizes = size,
    .source = "KServe python/huggingfaceserver",
};

}  // namespace rightslice::model::engine
