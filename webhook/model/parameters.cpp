// Parameters of a model by its shape. Formulas: facts/footprint 1.1, which reproduce published totals and file sizes.
#include <algorithm>

#include "model/architecture.hpp"

namespace rightslice::model {
namespace {

std::int64_t saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<std::int64_t>(value); }

/// Counts of one layer, 128 bit wide so that no config.json can overflow them.
struct LayerCount {
  Int128 linear = 0, kvProjection = 0, experts = 0, replicated = 0;
};

LayerCount attention(const Architecture& a) {
  const Int128 h = a.hidden;
  const Int128 nq = a.heads;
  const Int128 nkv = a.kvHeads;
  const Int128 d = a.headDim;
  LayerCount count;
  if (a.isMla()) {
    const Int128 keyDim = a.qkNopeDim + a.qkRopeDim;
    const Int128 ql = a.qLoraRank;
    count.linear =
        (ql > 0 ? ql : h) * nq * keyDim + Int128{a.kvLoraRank} * nq * (a.qkNopeDim + a.vHeadDim) + nq * a.vHeadDim * h;
    count.replicated = h * (a.kvLoraRank + a.qkRopeDim) + a.kvLoraRank + (ql > 0 ? h * ql + ql : 0);
    return count;
  }
  count.kvProjection = 2 * h * nkv * d;
  count.linear = 2 * h * nq * d + count.kvProjection;
  const bool gptOss = a.family == "gpt_oss";
  if (a.qkvBias || a.allBias || gptOss) count.replicated += (nq + 2 * nkv) * d;
  if (a.allBias || gptOss) count.replicated += h;
  if (gptOss) count.replicated += nq;  // attention sinks
  if (a.qkNorm == "head") count.replicated += 2 * d;
  if (a.qkNorm == "full") count.replicated += (nq + nkv) * d;
  return count;
}

LayerCount denseMlp(const Architecture& a) {
  const Int128 h = a.hidden;
  const Int128 i = a.denseIntermediate > 0 ? a.denseIntermediate : a.intermediate;
  LayerCount count;
  count.linear = (a.gatedMlp ? 3 : 2) * h * i;
  if (a.allBias) count.replicated = i + h;
  return count;
}

LayerCount expertMlp(const Architecture& a) {
  const Int128 h = a.hidden;
  const Int128 e = a.experts;
  const Int128 mi = a.moeIntermediate;
  const Int128 shared = a.sharedIntermediate > 0 ? Int128{a.sharedIntermediate} : Int128{a.sharedExperts} * mi;
  LayerCount count;
  count.experts = e * 3 * h * mi;
  count.linear = count.experts + 3 * h * shared;
  count.replicated = h * e + (a.sharedGate ? h : 0) + (a.routerBias ? e : 0);
  if (a.family == "gpt_oss") count.replicated += e * (2 * mi + h) + e;
  return count;
}

std::int64_t expertLayers(const Architecture& a) {
  if (a.experts <= 0) return 0;
  const std::int64_t step = std::max<std::int64_t>(a.moeLayerStep, 1);
  return a.layers / step - std::min(a.firstDenseLayers, a.layers) / step;
}

bool hasPlainArithmetic(const Architecture& a) {
  return a.family != "hybrid_gdn" && a.family != "nemotron_h" && a.family != "deci_nas" && a.family != "hybrid" &&
         a.family != "whisper";
}

}  // namespace

ParameterCount countParameters(const Architecture& a) {
  ParameterCount result;
  if (!hasPlainArithmetic(a)) {
    // Without a formula all of a declared total counts as held on each rank in 16 bit: the safe side.
    result.total = result.replicated = a.declaredParameters.value_or(0);
    return result;
  }
  const Int128 h = a.hidden;
  const Int128 layers = a.layers;
  const Int128 moe = expertLayers(a);
  const LayerCount att = attention(a);
  const LayerCount dense = denseMlp(a);
  const LayerCount expert = expertMlp(a);
  const Int128 norm = (a.normBias ? 2 : 1) * h;

  Int128 embedding = h * a.vocab * (a.tiedEmbeddings ? 1 : 2) + h * a.positionRows + (a.lmHeadBias ? a.vocab : 0);
  Int128 replicated = layers * (att.replicated + norm * a.normsPerLayer) + (layers - moe) * dense.replicated +
                      moe * expert.replicated + norm;
  if (a.isEncoder()) {  // a norm and token types after the embedding instead of a final norm, and a pooler
    embedding += h * a.typeRows;
    replicated += h * h + h;
  }
  const Int128 linear = layers * att.linear + (layers - moe) * dense.linear + moe * expert.linear;
  Int128 total = embedding + replicated + linear + a.visionParameters;
  replicated += a.visionParameters;  // towers are often replicated (facts/footprint 1.4)
  if (a.declaredParameters && *a.declaredParameters > total) {
    replicated += *a.declaredParameters - total;
    total = *a.declaredParameters;
  }
  result.total = saturated(total);
  result.linear = saturated(linear);
  result.kvProjection = saturated(layers * att.kvProjection);
  result.experts = saturated(moe * expert.experts);
  result.embedding = saturated(embedding);
  result.replicated = saturated(replicated);
  return result;
}

}  // namespace rightslice::model
