// Parameters of a model by its shape. Formulas: facts/footprint 1.1, which reproduce published totals and file sizes.
#include <algorithm>

#include "model/architecture.hpp"
#include "model/recurrent.hpp"

namespace rightslice::model {
namespace {

std::int64_t saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<std::int64_t>(value); }

/// Counts of one layer or of all, 128 bit wide so that no config.json can overflow them.
struct LayerCount {
  Int128 linear = 0, kvProjection = 0, experts = 0, replicated = 0;

  void add(const LayerCount& one, Int128 times) {
    linear += one.linear * times;
    kvProjection += one.kvProjection * times;
    experts += one.experts * times;
    replicated += one.replicated * times;
  }
};

LayerCount latentAttention(const Architecture& a) {
  const Int128 h = a.hidden;
  const Int128 nq = a.heads;
  const Int128 keyDim = a.qkNopeDim + a.qkRopeDim;
  const Int128 ql = a.qLoraRank;
  LayerCount count;
  count.linear =
      (ql > 0 ? ql : h) * nq * keyDim + Int128{a.kvLoraRank} * nq * (a.qkNopeDim + a.vHeadDim) + nq * a.vHeadDim * h;
  count.replicated = h * (a.kvLoraRank + a.qkRopeDim) + a.kvLoraRank + (ql > 0 ? h * ql + ql : 0);
  if (a.indexHeads > 0) {  // DeepSeek-V3.2: the indexer and its norm
    const Int128 index = a.indexHeadDim;
    count.linear += (ql > 0 ? ql : h) * a.indexHeads * index;
    count.replicated += h * index + 2 * index + h * a.indexHeads;
  }
  return count;
}

LayerCount attention(const Architecture& a, const AttentionShape& shape) {
  if (a.isMla()) return latentAttention(a);
  const Int128 h = a.hidden;
  const Int128 nq = shape.heads > 0 ? shape.heads : a.heads;
  const Int128 nkv = shape.kvHeads > 0 ? shape.kvHeads : a.kvHeads;
  const Int128 d = shape.headDim > 0 ? shape.headDim : a.headDim;
  const Int128 valueDim = shape.vHeadDim > 0 ? shape.vHeadDim : a.vHeadDim > 0 ? a.vHeadDim : d;
  LayerCount count;
  count.kvProjection = h * nkv * (d + valueDim);
  count.linear = h * nq * d * (a.attentionGate ? 2 : 1) + h * nq * valueDim + count.kvProjection;
  if (a.qkvBias || a.allBias) count.replicated += nq * d + nkv * (d + valueDim);
  if (a.outBias || a.allBias) count.replicated += h;
  if (a.attentionSinks) count.replicated += nq;
  if (a.qkNorm == "head") count.replicated += 2 * d;
  if (a.qkNorm == "full") count.replicated += (nq + nkv) * d;
  return count;
}

LayerCount denseMlp(const Architecture& a, Int128 width) {
  const Int128 h = a.hidden;
  LayerCount count;
  count.linear = (a.gatedMlp ? 3 : 2) * h * width;
  if (a.mlpBias || a.allBias) count.replicated = (a.gatedMlp ? 2 : 1) * width + h;
  return count;
}

LayerCount expertMlp(const Architecture& a) {
  const Int128 h = a.hidden;
  const Int128 e = a.experts;
  const Int128 mi = a.moeIntermediate;
  const Int128 shared = a.sharedIntermediate > 0 ? Int128{a.sharedIntermediate} : Int128{a.sharedExperts} * mi;
  const Int128 matrices = a.gatedMlp ? 3 : 2;
  LayerCount count;
  count.experts = e * matrices * (a.expertHidden > 0 ? Int128{a.expertHidden} : h) * mi;
  count.linear = count.experts + matrices * h * shared;
  count.replicated = h * e + (a.sharedGate ? h : 0) + (a.routerBias ? e : 0);
  if (a.expertBias) count.replicated += e * ((matrices - 1) * mi + h);
  return count;
}

LayerCount allLayers(const Architecture& a) {
  LayerCount sum;
  if (a.attentionShapes.empty()) sum.add(attention(a, {}), a.attentionLayers());
  for (const AttentionShape& shape : a.attentionShapes) sum.add(attention(a, shape), shape.layers);

  const std::int64_t moe = a.expertLayers();
  if (moe > 0) sum.add(expertMlp(a), moe);
  const Int128 width = a.denseIntermediate > 0 ? a.denseIntermediate : a.intermediate;
  if (a.feedForwardShapes.empty()) sum.add(denseMlp(a, width), a.feedForwardLayers() - moe);
  for (const FeedForwardShape& shape : a.feedForwardShapes) sum.add(denseMlp(a, shape.intermediate), shape.layers);

  const RecurrentCount recurrent = recurrentParameters(a);
  sum.linear += recurrent.linear * a.recurrent.layers;
  sum.replicated += recurrent.replicated * a.recurrent.layers;
  return sum;
}

}  // namespace

std::int64_t Architecture::expertLayers() const {
  if (experts <= 0) return 0;
  const std::int64_t all = feedForwardLayers();
  if (moeLayers > 0) return std::min(moeLayers, all);
  const std::int64_t step = std::max<std::int64_t>(moeLayerStep, 1);
  return std::max<std::int64_t>(0, all / step - std::min(firstDenseLayers, all) / step);
}

ParameterCount countParameters(const Architecture& a) {
  const Int128 h = a.hidden;
  const LayerCount layers = allLayers(a);
  const Int128 norm = (a.normBias ? 2 : 1) * h;

  Int128 embedding = h * a.vocab * (a.tiedEmbeddings ? 1 : 2) + h * (Int128{a.positionRows} + a.typeRows) +
                     (a.lmHeadBias ? a.vocab : 0);
  Int128 replicated =
      layers.replicated + norm * (Int128{a.layers} * a.normsPerLayer + a.finalNorms) + a.extraParameters;
  if (a.pooler) replicated += h * h + h;
  const Int128 linear = layers.linear + a.extraLinear;
  Int128 total = embedding + replicated + linear + a.visionParameters;
  replicated += a.visionParameters;  // towers are often replicated (facts/footprint 1.4)
  if (a.declaredParameters && *a.declaredParameters > total) {
    // What the formula does not reach counts as held on each rank in 16 bit: the safe side.
    replicated += *a.declaredParameters - total;
    total = *a.declaredParameters;
  }
  ParameterCount result;
  result.total = saturated(total);
  result.linear = saturated(linear);
  result.kvProjection = saturated(layers.kvProjection);
  result.experts = saturated(layers.experts);
  result.embedding = saturated(embedding);
  result.replicated = saturated(replicated);
  return result;
}

}  // namespace rightslice::model
