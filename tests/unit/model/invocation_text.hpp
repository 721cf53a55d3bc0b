// What was read of a container, in one line, for the tables of tests.
#pragma once
#include <fmt/format.h>

#include "model/engine.hpp"

namespace rightslice::model {

using Strings = std::vector<std::string>;

inline Invocation invocation(Strings command, Strings args, std::string image = "", std::vector<Invocation::Env> env = {}) {
  Invocation result;
  result.command = std::move(command);
  result.args = std::move(args);
  result.image = std::move(image);
  result.env = std::move(env);
  return result;
}

/// Everything that was read, in one line: what the tables below compare.
inline std::string shown(const EngineRun& run) {
  if (run.engine == nullptr) return "nothing";
  std::string text(run.engine->name);
  if (run.engineConfidence != Confidence::High) text += fmt::format("({})", name(run.engineConfidence));
  if (run.model) text += " " + *run.model;
  if (run.gguf) text += " gguf=" + *run.gguf;
  const Settings& s = run.settings;
  const auto number = [&](const char* key, const std::optional<std::int64_t>& value) {
    if (value) text += fmt::format(" {}={}", key, *value);
  };
  number("tp", s.tensorParallelSize);
  number("pp", s.pipelineParallelSize);
  number("dp", s.dataParallelSize);
  number("len", s.maxModelLen);
  if (s.maxModelLenAuto) text += " len=auto";
  number("seqs", s.maxNumSeqs);
  number("tokens", s.maxNumBatchedTokens);
  number("block", s.blockSize);
  number("pool", s.kvCacheMemoryBytes);
  number("blocks", s.numGpuBlocks);
  if (s.memoryFraction) text += fmt::format(" f={:g}", *s.memoryFraction);
  if (s.cpuOffloadGb) text += fmt::format(" offload={:g}", *s.cpuOffloadGb);
  number("poolTokens", s.poolTokens);
  number("prefill", s.maxPrefillTokens);
  number("graphs", s.graphBatch);
  number("ep", s.expertParallelSize);
  number("input", s.maxInputTokens);
  if (s.deviceFraction) text += fmt::format(" device={:g}", *s.deviceFraction);
  number("requests", s.maxConcurrentRequests);
  if (s.backend) text += " backend=" + *s.backend;
  number("positions", s.maxPositions);
  if (s.ropeFactor) text += fmt::format(" rope={:g}", *s.ropeFactor);
  if (s.wholePrompts) text += " wholePrompts";
  if (s.prefillGraphs) text += *s.prefillGraphs ? " prefillGraphs" : " noPrefillGraphs";
  if (s.weightsUnsure) text += " weightsUnsure";
  if (s.dtype) text += " dtype=" + *s.dtype;
  if (s.quantization) text += " q=" + *s.quantization;
  if (s.kvCacheDtype) text += " kv=" + *s.kvCacheDtype;
  if (s.enforceEager) text += " eager";
  if (s.textOnly) text += " textOnly";
  number("images", s.imagesPerPrompt);
  if (s.noVideo) text += " noVideo";
  if (s.skipImageProfile) text += " skipImages";
  const auto switched = [&](std::string_view what, const std::optional<bool>& value) {
    if (value) text += fmt::format(" {}={}", what, *value ? 1 : 0);
  };
  switched("v1", s.vllm.v1);
  switched("flashInfer", s.vllm.flashInferSampler);
  switched("runner2", s.vllm.secondRunner);
  switched("graphs", s.vllm.graphEstimate);
  if (s.pooling) text += " pooling";
  if (run.multiNode) text += " multiNode";
  if (!run.open.empty()) text += fmt::format(" open:{}", run.open.size());
  if (!run.badFlags.empty()) text += fmt::format(" bad:{}", run.badFlags.size());
  return text;
}

}  // namespace rightslice::model
