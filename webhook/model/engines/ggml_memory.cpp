// KV cells: llama-kv-cache.cpp and llama-kv-cache-iswa.cpp. Compute buffer: facts/footprint 4 (Ollama's fs/ggml/ggml.go, and
// what llama.cpp logs).
#include "model/engines/ggml_memory.hpp"

#include <algorithm>

#include "model/ggml_types.hpp"
#include "model/recurrent.hpp"

namespace rightslice::model {
namespace {

constexpr std::int64_t kCellBlock = 256;

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }
Bytes percent(Bytes value, std::int64_t part) { return saturated(Int128{value} * part / 100); }
std::int64_t padded(std::int64_t cells) { return timesBytes(ceilDiv(std::max<std::int64_t>(cells, 1), kCellBlock), kCellBlock); }

/// Bytes of 32 elements; keys and values of a type that is not known count as 16 bit.
std::int64_t blockBytes(std::string_view type) {
  const GgmlType* const known = ggmlTypeNamed(type);
  return static_cast<std::int64_t>(ggmlBytes(known != nullptr ? known->type : Ggml::F16, 32));
}

/// Tokens of intermediate results that are alive in a feed-forward step, in elements per token.
Int128 feedForwardWidth(const Architecture& a) {
  const Int128 experts = Int128{a.expertsPerToken} * (2 * Int128{a.moeIntermediate} + a.hidden);
  return std::max(2 * std::max(Int128{a.intermediate}, Int128{a.denseIntermediate}), a.experts > 0 ? experts : Int128{0});
}

}  // namespace

std::int64_t paddedCells(std::int64_t cells, std::int64_t slots) {
  return timesBytes(padded(cells / std::max<std::int64_t>(slots, 1)), std::max<std::int64_t>(slots, 1));
}

GgmlCell ggmlCell(const ServingPlan& plan, std::string_view keyType, std::string_view valueType) {
  ServingPlan wide = plan;  // in 16 bit, as every release of an engine would count them
  wide.kvBitsTwice = wide.kvValueBitsTwice = wide.kvLowBitsTwice = 32;
  wide.kvHeadBytes = 0;
  wide.version.reset();
  const KvPerToken each = kvPerToken(wide);
  // A latent is kept once, as a key. 32 elements take 64 bytes in 16 bit.
  const bool latent = plan.architecture->isMla();
  const Int128 taken = blockBytes(keyType) + (latent ? 0 : blockBytes(valueType));
  const Int128 of = latent ? 64 : 128;
  return {saturated(Int128{each.full} * taken / of), saturated(Int128{each.sliding} * taken / of)};
}

Interval ggmlKv(const ServingPlan& plan, const GgmlCache& cache, const GgmlCell& cell, Certain windows) {
  const Architecture& a = *plan.architecture;
  if (a.isEncoder()) return {};
  Bytes states = 0;
  if (a.recurrent.layers > 0) {  // convolution and state in 32 bit, for each slot (llama-memory-recurrent.cpp)
    const RecurrentState state = recurrentState(a);
    const std::int64_t layers = ceilDiv(a.recurrent.layers, plan.pipelineParallel);
    states = timesBytes(timesBytes(layers, plusBytes(state.conv, state.recurrent)), 4 * cache.slots);
  }
  const auto with = [&](Bytes low, Bytes bytes, Bytes high) {
    const Interval kv{plusBytes(low, states), plusBytes(bytes, states), plusBytes(high, states)};
    return a.guess ? stretched(kv, a.guess->kvLow, a.guess->kv, a.guess->kvHigh) : kv;
  };
  const Bytes all = timesBytes(cache.cells, cell.both());
  if (cell.sliding == 0 || windows == Certain::No) return with(all, all, all);
  // Shared cells hold the windows of all slots and what one batch adds; cells of a slot hold its own.
  const std::int64_t streams = cache.unified ? 1 : cache.slots;
  const std::int64_t windowCells = plusBytes(timesBytes(a.slidingWindow, cache.unified ? cache.slots : 1), cache.batch);
  const std::int64_t kept = timesBytes(padded(std::min(cache.cells / streams, windowCells)), streams);
  const Bytes cut = plusBytes(timesBytes(cache.cells, cell.full), timesBytes(std::min(kept, cache.cells), cell.sliding));
  // Families that came after builds learned of windows never run in older ones.
  const bool older = a.family == "gemma2" || a.family == "gemma3";
  return with(cut, cut, windows == Certain::Perhaps && older ? all : cut);
}

Interval ggmlComputeBuffer(const ServingPlan& plan, const GgmlCache& cache, Certain flash) {
  const Architecture& a = *plan.architecture;
  const Int128 n = cache.batch;
  const Int128 hidden = a.hidden;
  // An encoder attends to the batch itself.
  const Int128 seen = a.isEncoder() ? n : Int128{cache.unified ? cache.cells : cache.cells / std::max<std::int64_t>(cache.slots, 1)};
  const Int128 output = a.isEncoder() ? 0 : 4 * n * (hidden + a.vocab);
  const Int128 scores = 4 * n * (1 + 4 * hidden + seen * (1 + a.heads));
  // Without scores: the mask in 32 and in 16 bit, beside the feed-forward step.
  const Int128 masks = 6 * n * seen * (a.slidingLayers > 0 && a.slidingWindow > 0 ? 2 : 1);
  const Int128 lean = masks + 4 * n * (2 * hidden + feedForwardWidth(a));
  const Bytes with = saturated(std::max(output, scores));
  const Bytes without = saturated(std::max(output, lean));
  const Bytes expected = flash == Certain::No ? with : without;
  const Bytes highest = flash == Certain::Yes ? without : std::max(with, without);
  return {percent(std::min(with, without), 85), expected, plusBytes(percent(highest, 115), 32 * kMiB)};
}

void addGgmlRuntime(DeviceSizes& sizes, const ServingPlan& plan, const GgmlCache& cache) {
  sizes.context = {205 * kMiB, 480 * kMiB, 563 * kMiB};
  sizes.graphs = {0, 0, 48 * kMiB};
  // Kernels without integer arithmetic convert what the output matrix multiplies.
  const Bytes converted = saturated(Int128{4} * cache.batch * plan.architecture->vocab);
  sizes.nonTorch = {0, 48 * kMiB, plusBytes(64 * kMiB, converted)};
  sizes.activationsFrom = "compute buffer";
  sizes.graphsFrom = "CUDA graphs of single tokens";
  sizes.runtimeFrom = "CUDA context, cuBLAS and scratch memory";
}

}  // namespace rightslice::model
