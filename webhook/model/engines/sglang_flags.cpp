// The flags of `sglang serve` and sglang.launch_server that mean something for memory, and those that take no value, so that
// the next word is not taken for one (SGLang srt/server_args.py and srt/arg_groups, 0.3.6 to 0.5.23).
#include "model/engines/sglang_flags.hpp"

#include <algorithm>

#include "model/speculative.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

bool setChunk(std::string_view value, EngineRun& run) {  // -1: prompts are not cut
  const auto number = humanInteger(value);
  if (!number) return false;
  run.settings.wholePrompts = *number <= 0;
  if (*number > 0) run.settings.maxNumBatchedTokens = *number;
  else run.settings.maxNumBatchedTokens.reset();
  return true;
}

bool setLargestGraph(std::string_view value, EngineRun& run) {
  std::optional<std::int64_t> size;
  if (!setCount(value, size)) return false;
  run.settings.graphBatch = std::max(run.settings.graphBatch.value_or(0), *size);
  return true;
}

bool setOffload(std::string_view value, EngineRun& run) {
  const auto number = decimalNumber(value);
  if (!number || *number < 0) return false;
  if (*number > 0) run.settings.cpuOffloadGb = *number;
  else run.settings.cpuOffloadGb.reset();
  if (*number > 0) run.settings.prefillGraphs = false;
  return true;
}

bool setLoadFormat(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if ((text == "bitsandbytes" || text == "gguf") && !run.settings.quantization) run.settings.quantization = text;
  if (text == "expert_pack") run.settings.weightsUnsure = true;
  return true;
}

/// int4wo-128, int8wo, fp8wo, fp8dq-per_tensor: weights are quantised while they are loaded.
bool setTorchAo(std::string_view value, EngineRun& run) {
  if (value.starts_with("int4")) run.settings.quantization = "w4a16";
  else if (value.starts_with("int8")) run.settings.quantization = "int8";
  else if (value.starts_with("fp8")) run.settings.quantization = "fp8";
  return true;
}

bool setModelOpt(std::string_view value, EngineRun& run) {
  if (value == "fp8") run.settings.quantization = "fp8";
  else if (value == "int4_awq" || value == "w4a8_awq") run.settings.quantization = "awq";
  else if (value.starts_with("nvfp4")) run.settings.quantization = "nvfp4";
  return true;
}

bool setWeightsUnsure(std::string_view value, EngineRun& run) {
  run.settings.weightsUnsure = value != "false" && value != "{}" && value != "0" && value != "-1";
  return true;
}

/// SGLang captures no graphs of prompts beside these.
bool noPrefillGraphs(std::string_view value, EngineRun& run) {
  if (value != "false") run.settings.prefillGraphs = false;
  return true;
}

bool setBackendOfGraphs(std::string_view value, EngineRun& run) {
  run.settings.enforceEager = value == "disabled";
  return true;
}

bool setEager(std::string_view value, EngineRun& run) {
  run.settings.enforceEager = value != "false";
  return noPrefillGraphs(value, run);
}

bool setGroup(std::string_view, EngineRun& run) {
  run.multiNode = true;
  return true;
}

/// Data parallelism of attention alone: its ranks are those of the tensor group.
bool shareGroup(std::string_view, EngineRun& run) {
  run.settings.dataParallelElsewhere = true;
  return noPrefillGraphs("true", run);
}

bool enableLora(std::string_view value, EngineRun& run) {
  run.lora.enabled = value != "false";
  return noPrefillGraphs("true", run);
}

bool setAlgorithm(std::string_view value, EngineRun& run) {
  run.draft.method = draftMethod(value);
  // "EAGLE" without a draft of its own takes the layer that the checkpoint brings.
  if (run.draft.method == DraftSettings::Method::Eagle && run.draft.model.empty())
    run.draft.method = DraftSettings::Method::Mtp;
  return noPrefillGraphs("true", run);
}

bool setDraft(std::string_view value, EngineRun& run) {
  if (run.draft.method == DraftSettings::Method::Mtp) run.draft.method = DraftSettings::Method::Eagle;
  setDraftModel(value, run.draft);
  return !value.empty() && noPrefillGraphs("true", run);
}

constexpr Flag kFlags[] = {
    // What decides the need.
    {"model-path", Takes::Value, setModel},
    {"model", Takes::Value, setModel},
    {"served-model-name", Takes::Value, nullptr},
    {"dtype", Takes::Value, setDtype},
    {"quantization", Takes::Value, setQuantization},
    {"torchao-config", Takes::Value, setTorchAo},
    {"modelopt-quant", Takes::Value, setModelOpt},
    {"load-format", Takes::Value, setLoadFormat},
    {"kv-cache-dtype", Takes::Value, setKvCacheDtype},
    {"context-length", Takes::Value, setMaxModelLen},
    {"max-running-requests", Takes::Value, setMaxNumSeqs},
    {"chunked-prefill-size", Takes::Value, setChunk},
    {"max-prefill-tokens", Takes::Value, countIn<&Settings::maxPrefillTokens>},
    {"max-total-tokens", Takes::Value, countIn<&Settings::poolTokens>},
    {"mem-fraction-static", Takes::Value, setFraction},
    {"page-size", Takes::Value, countIn<&Settings::blockSize>},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"pipeline-parallel-size", Takes::Value, setPipelineParallel},
    {"data-parallel-size", Takes::Value, countIn<&Settings::dataParallelSize>},
    {"expert-parallel-size", Takes::Value, countIn<&Settings::expertParallelSize>},
    {"cuda-graph-max-bs", Takes::Value, countIn<&Settings::graphBatch>},
    {"cuda-graph-max-bs-decode", Takes::Value, countIn<&Settings::graphBatch>},
    {"cuda-graph-bs", Takes::Several, setLargestGraph},
    {"cuda-graph-bs-decode", Takes::Several, setLargestGraph},
    {"disable-cuda-graph", Takes::Nothing, setEager},
    {"disable-decode-cuda-graph", Takes::Nothing, switchIn<&Settings::enforceEager>},
    {"cuda-graph-backend-decode", Takes::Value, setBackendOfGraphs},
    {"cuda-graph-backend-prefill", Takes::Value,
     [](std::string_view v, EngineRun& run) { return v != "disabled" || noPrefillGraphs("true", run); }},
    {"disable-piecewise-cuda-graph", Takes::Nothing, noPrefillGraphs},
    {"disable-prefill-cuda-graph", Takes::Nothing, noPrefillGraphs},
    {"enable-piecewise-cuda-graph", Takes::Nothing, switchIn<&Settings::prefillGraphs>},
    {"enforce-piecewise-cuda-graph", Takes::Nothing, switchIn<&Settings::prefillGraphs>},
    {"cpu-offload-gb", Takes::Value, setOffload},
    {"is-embedding", Takes::Nothing, switchIn<&Settings::pooling>},
    {"language-only", Takes::Nothing, switchIn<&Settings::textOnly>},
    {"language-model-only", Takes::Nothing, switchIn<&Settings::textOnly>},
    {"disable-hybrid-swa-memory", Takes::Nothing, switchIn<&Settings::hybridCacheDisabled>},
    {"nnodes", Takes::Value, setNodes},
    {"node-rank", Takes::Value, nullptr},
    {"dist-init-addr", Takes::Value, nullptr},
    {"use-ray", Takes::Nothing, [](std::string_view v, EngineRun& run) { return v == "false" || setGroup(v, run); }},
    // What takes memory and is not modelled.
    {"config", Takes::Value, nullptr, "the values in a config file are not visible here"},
    {"cuda-graph-config", Takes::Value, nullptr, "its values are not modelled"},
    {"json-model-override-args", Takes::Value, setWeightsUnsure, "it may change the model's shape"},
    {"enable-lora", Takes::Nothing, enableLora},
    {"lora-paths", Takes::Several, enableLora},
    {"max-loras-per-batch", Takes::Value, [](std::string_view v, EngineRun& run) { return setCount(v, run.lora.slots); }},
    {"max-lora-rank", Takes::Value, [](std::string_view v, EngineRun& run) { return setCount(v, run.lora.rank); }},
    {"lora-target-modules", Takes::Several,
     [](std::string_view v, EngineRun& run) {
       run.lora.targets.append(" ").append(v);
       return !v.empty();
     }},
    {"speculative-algorithm", Takes::Value, setAlgorithm},
    {"speculative-draft-model-path", Takes::Value, setDraft},
    {"speculative-draft-model", Takes::Value, setDraft},
    {"speculative-num-draft-tokens", Takes::Value,
     [](std::string_view v, EngineRun& run) { return setCount(v, run.draft.tokens); }},
    {"enable-dp-attention", Takes::Nothing, shareGroup, "attention that each rank holds whole is not modelled"},
    {"attn-dp-size", Takes::Value, shareGroup, "attention that each rank holds whole is not modelled"},
    {"attention-context-parallel-size", Takes::Value, nullptr, "context parallelism is not modelled"},
    {"moe-dense-tp-size", Takes::Value, nullptr, "another split of dense layers is not modelled"},
    {"moe-a2a-backend", Takes::Value, noPrefillGraphs, "its exchange buffers are not modelled"},
    {"enable-deepep-moe", Takes::Nothing, noPrefillGraphs, "its exchange buffers are not modelled"},
    {"ep-num-redundant-experts", Takes::Value, nullptr, "redundant experts are not modelled"},
    {"enable-eplb", Takes::Nothing, noPrefillGraphs, "redundant experts are not modelled"},
    {"enable-two-batch-overlap", Takes::Nothing, nullptr, "the second batch of the overlap is not modelled"},
    {"enable-symm-mem", Takes::Nothing, noPrefillGraphs, "symmetric memory (4 GiB from 0.5.6 on) is not modelled"},
    {"enable-hierarchical-cache", Takes::Nothing, noPrefillGraphs, "staging buffers of the host cache are not modelled"},
    {"enable-lmcache", Takes::Nothing, nullptr, "buffers of LMCache are not modelled"},
    {"enable-double-sparsity", Takes::Nothing, nullptr, "its label cache is not modelled"},
    {"enable-hisparse", Takes::Nothing, nullptr, "its buffers are not modelled"},
    {"disaggregation-mode", Takes::Value, noPrefillGraphs, "transfer buffers between prefill and decode are not modelled"},
    {"enable-pdmux", Takes::Nothing, nullptr, "its second set of graphs is not modelled"},
    {"encoder-only", Takes::Nothing, setWeightsUnsure, "only the encoder is loaded, which is not modelled"},
    {"kt-weight-path", Takes::Value, setWeightsUnsure, "experts in host memory are not modelled"},
    {"kt-num-gpu-experts", Takes::Value, setWeightsUnsure, "experts in host memory are not modelled"},
    {"enable-paged-experts", Takes::Nothing, setWeightsUnsure, "experts in host memory are not modelled"},
    {"offload-group-size", Takes::Value, setWeightsUnsure, "layers in host memory are not modelled"},
    {"ple-offload-embedding", Takes::Nothing, setWeightsUnsure, "embeddings in host memory are not modelled"},
    {"max-mamba-cache-size", Takes::Value, nullptr, "the cache of recurrent states is not modelled"},
    {"dllm-algorithm", Takes::Value, noPrefillGraphs, "diffusion language models are not modelled"},
    {"keep-mm-feature-on-device", Takes::Nothing, nullptr, "images kept on the device are not modelled"},
    {"enable-unified-memory", Takes::Nothing, nullptr, "its pool is not modelled"},
    {"enable-return-hidden-states", Takes::Nothing, nullptr, "hidden states that are returned are not modelled"},
    // No memory worth counting; listed so that the word that follows is not taken for their value.
    {"enable-torch-compile", Takes::Nothing, noPrefillGraphs},
    {"enable-deterministic-inference", Takes::Nothing, noPrefillGraphs},
    {"trust-remote-code", Takes::Nothing, nullptr},
    {"skip-tokenizer-init", Takes::Nothing, nullptr},
    {"skip-server-warmup", Takes::Nothing, nullptr},
    {"enable-multimodal", Takes::Nothing, nullptr},
    {"enable-metrics", Takes::Nothing, nullptr},
    {"enable-metrics-for-all-schedulers", Takes::Nothing, nullptr},
    {"enable-mixed-chunk", Takes::Nothing, nullptr},
    {"enable-dynamic-chunking", Takes::Nothing, nullptr},
    {"enable-cache-report", Takes::Nothing, nullptr},
    {"enable-custom-logit-processor", Takes::Nothing, nullptr},
    {"enable-memory-saver", Takes::Nothing, nullptr},
    {"enable-p2p-check", Takes::Nothing, nullptr},
    {"enable-priority-scheduling", Takes::Nothing, nullptr},
    {"enable-request-time-stats-logging", Takes::Nothing, nullptr},
    {"enable-fp32-lm-head", Takes::Nothing, nullptr},
    {"enable-dp-lm-head", Takes::Nothing, nullptr},
    {"enable-ep-moe", Takes::Nothing, nullptr},
    {"enable-nccl-nvls", Takes::Nothing, nullptr},
    {"enable-flashinfer-mla", Takes::Nothing, nullptr},
    {"enable-flashinfer-allreduce-fusion", Takes::Nothing, nullptr},
    {"enable-trace", Takes::Nothing, nullptr},
    {"disable-radix-cache", Takes::Nothing, nullptr},
    {"disable-cuda-graph-padding", Takes::Nothing, nullptr},
    {"disable-custom-all-reduce", Takes::Nothing, nullptr},
    {"disable-overlap-schedule", Takes::Nothing, nullptr},
    {"disable-outlines-disk-cache", Takes::Nothing, nullptr},
    {"disable-shared-experts-fusion", Takes::Nothing, nullptr},
    {"disable-fast-image-processor", Takes::Nothing, nullptr},
    {"disable-chunked-prefix-cache", Takes::Nothing, nullptr},
    {"disable-flashinfer-autotune", Takes::Nothing, nullptr},
    {"log-requests", Takes::Nothing, nullptr},
    {"show-time-cost", Takes::Nothing, nullptr},
    {"sleep-on-idle", Takes::Nothing, nullptr},
    {"allow-auto-truncate", Takes::Nothing, nullptr},
    {"grpc-mode", Takes::Nothing, nullptr},
    {"triton-attention-reduce-in-fp32", Takes::Nothing, nullptr},
};

// argparse also takes what begins a name and no other; these are the ones that people write.
constexpr ShortFlag kShorts[] = {
    {"tp", "tensor-parallel-size"},        {"tp-size", "tensor-parallel-size"},
    {"pp", "pipeline-parallel-size"},      {"pp-size", "pipeline-parallel-size"},
    {"dp", "data-parallel-size"},          {"dp-size", "data-parallel-size"},
    {"ep", "expert-parallel-size"},        {"ep-size", "expert-parallel-size"},
    {"mem-fraction", "mem-fraction-static"}, {"quant", "quantization"},
    {"attn-cp-size", "attention-context-parallel-size"}, {"nccl-init-addr", "dist-init-addr"},
    {"h", "help"},
};

constexpr FlagTable kTable{.title = "SGLang", .flags = kFlags, .shorts = kShorts, .abbreviates = true, .servedNames = "served-model-name"};

}  // namespace

void readSglangFlags(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace rightslice::model
