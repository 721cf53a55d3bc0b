// TensorRT-LLM (trtllm-serve). A dry run of --max_num_tokens tells what is left; the pool is a fraction of that
// (_torch/pyexecutor/_util.py, configure_kv_cache_capacity). A pool too small for --max_seq_len shortens it.
#include <algorithm>

#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"
#include "model/engines/tensorrt_llm_memory.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model {
namespace {

bool setBackend(std::string_view value, EngineRun& run) {
  if (value == "tensorrt" || value == "trt")
    remember(run.open, "--backend tensorrt: what a built engine takes beside its weights is fixed in it");
  else if (value != "pytorch" && value != "_autodeploy")
    return false;
  return true;
}

constexpr Flag kFlags[] = {
    {"model", Takes::Value, setModel},
    {"served-model-name", Takes::Value, nullptr},
    {"backend", Takes::Value, setBackend},
    {"max-batch-size", Takes::Value, setMaxNumSeqs},
    {"max-num-tokens", Takes::Value, setMaxNumBatchedTokens},
    {"max-seq-len", Takes::Value, setMaxModelLen},
    {"free-gpu-memory-fraction", Takes::Value, setFraction},
    {"kv-cache-dtype", Takes::Value, setKvCacheDtype},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"pipeline-parallel-size", Takes::Value, setPipelineParallel},
    {"moe-expert-parallel-size", Takes::Value,
     [](std::string_view v, EngineRun& run) { return setCount(v, run.settings.expertParallelSize); }},
    {"fail-fast-on-attention-window-too-large", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.refusesShortPool = v != "false";
       return true;
     }},
    {"config", Takes::Value, nullptr, "the values in a config file are not visible here"},
    {"max-beam-width", Takes::Value, nullptr, "beam search is not modelled"},
    {"context-parallel-size", Takes::Value, nullptr, "context parallelism is not modelled"},
    {"moe-cluster-parallel-size", Takes::Value, nullptr, "expert clusters are not modelled"},
    {"server-role", Takes::Value, nullptr, "transfer buffers between prefill and decode are not modelled"},
    {"disagg-cluster-uri", Takes::Value, nullptr, "transfer buffers between prefill and decode are not modelled"},
    {"enable-attention-dp", Takes::Nothing, nullptr, "attention that each rank holds whole is not modelled"},
    {"enable-chunked-prefill", Takes::Nothing, nullptr},
    {"trust-remote-code", Takes::Nothing, nullptr},
    {"tokenizer", Takes::Value, nullptr},
    {"port", Takes::Value, nullptr},
    {"host", Takes::Value, nullptr},
};
constexpr ShortFlag kShorts[] = {{"tp_size", "tensor-parallel-size"},
                                 {"tp-size", "tensor-parallel-size"},
                                 {"pp_size", "pipeline-parallel-size"},
                                 {"pp-size", "pipeline-parallel-size"},
                                 {"ep_size", "moe-expert-parallel-size"},
                                 {"ep-size", "moe-expert-parallel-size"},
                                 {"cp_size", "context-parallel-size"},
                                 {"kv_cache_free_gpu_memory_fraction", "free-gpu-memory-fraction"},
                                 {"kv-cache-free-gpu-memory-fraction", "free-gpu-memory-fraction"},
                                 {"extra_llm_api_options", "config"},
                                 {"extra-llm-api-options", "config"}};
constexpr FlagTable kTable{.title = "TensorRT-LLM", .flags = kFlags, .shorts = kShorts, .servedNames = "served-model-name"};

constexpr Bytes mib(std::int64_t count) { return count * kMiB; }

}  // namespace

void readTensorRtLlmFlags(FlagSource& source, EngineRun& run) {
  readFlags(kTable, source, run);
  // trtllm-serve serve MODEL: the subcommand is no model.
  if (!source.positional.empty() && source.positional.front().word.text == "serve")
    source.positional.erase(source.positional.begin());
}

void planTensorRtLlm(ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  const auto usual = [&](Default setting, std::int64_t fallback) {
    return countOf(engine::tensorRtLlm, setting, plan.version, input.device, fallback);
  };
  if (!settings.maxNumSeqs) plan.maxNumSeqs = usual(Default::MaxNumSeqs, 2048);
  if (!settings.maxNumBatchedTokens) plan.maxNumBatchedTokens = usual(Default::MaxNumBatchedTokens, 8192);
  plan.blockSize = usual(Default::BlockSize, 32);
  plan.graphBatch = usual(Default::GraphBatch, 128);
  if (settings.refusesShortPool) plan.whenShort = WhenShort::Refuses;
}

void sizeTensorRtLlm(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput&) {
  const Architecture& a = *plan.architecture;
  sizes.activations = forwardPassOn(plan, plan.maxNumBatchedTokens);
  sizes.activations.low = sizes.activations.bytes / 4;
  // Logits of the sequences that run; at most the sampler keeps them for all that may.
  const Bytes logits = timesBytes(timesBytes(plan.concurrency, a.vocab), 10);
  sizes.activations.bytes = plusBytes(sizes.activations.bytes, logits);
  const std::int64_t rows = std::min<std::int64_t>(plan.maxNumSeqs, 4096);
  const Bytes kept = timesBytes(timesBytes(rows, a.vocab), 8);
  sizes.activations.high = plusBytes(sizes.activations.high, std::max(logits, kept));
  sizes.activationsFrom = "dry run of --max_num_tokens, by formula, not measured";
  // 19 sizes up to 128 (llmapi/llm_args.py, CudaGraphConfig).
  sizes.graphs = {0, mib(19 * 20), mib(19 * 64)};
  sizes.graphsFrom = "CUDA graphs for batches up to 128, not measured";
  sizes.context = {mib(205), mib(640), mib(1100)};
  // The table of blocks: two entries of 4 bytes for each block of each sequence.
  const Bytes table = timesBytes(timesBytes(rows, ceilDiv(plan.maxModelLen, plan.blockSize)), 8);
  sizes.nonTorch = {0, plusBytes(table, mib(200)), plusBytes(table, mib(900))};
  if (plan.tensorParallel > 1 || plan.pipelineParallel > 1) {
    sizes.nonTorch.bytes = plusBytes(sizes.nonTorch.bytes, mib(410));
    sizes.nonTorch.high = plusBytes(sizes.nonTorch.high, mib(820));
  }
  sizes.runtimeFrom = "CUDA context, workspace of the attention kernels and the table of blocks, not measured";
}

}  // namespace rightslice::model

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"trtllm-serve"};
constexpr std::string_view kModules[] = {"tensorrt_llm.commands.serve"};
constexpr std::string_view kImages[] = {"*nvidia/tensorrt-llm*"};

}  // namespace

constinit const Engine tensorRtLlm{
    .name = "tensorrt-llm",
    .title = "TensorRT-LLM",
    .kvRule = KvRule::Pooled,
    .whenShort = WhenShort::Shrinks,
    .fractionOf = FractionOf::FreeAfterLoad,
    .flags = {.fraction = "kv_cache_free_gpu_memory_fraction",
              .maxLength = "max_seq_len",
              .sequences = "max_batch_size",
              .batchTokens = "max_num_tokens"},
    .signature = {kPrograms, kModules, kImages, {}, true},
    .read = readTensorRtLlmFlags,
    .plan = planTensorRtLlm,
    .sizes = sizeTensorRtLlm,
    .source = "TensorRT-LLM commands/serve.py, llmapi/llm_args.py and _torch/pyexecutor/_util.py, 0.17 to 1.2",
};

}  // namespace rightslice::model::engine
