// What one pass through the layers takes at its peak: 2 B x tokens x (3 x intermediate / TP + 4 x hidden), which is gate, up and
// their product, and inputs, residual and outputs. vLLM runs whose batch decides the peak lie within 2 % of it.
#include <algorithm>

#include "model/device_sizes.hpp"

namespace rightslice::model {
namespace {

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }

}  // namespace

std::int64_t widestLayer(const Architecture& a, bool withExperts) {
  if (a.experts == 0) return a.intermediate;
  const std::int64_t shared =
      a.sharedIntermediate > 0 ? a.sharedIntermediate : timesBytes(a.sharedExperts, a.moeIntermediate);
  // All experts of a token work at once, so their widths add up.
  const std::int64_t routed =
      plusBytes(withExperts ? timesBytes(a.expertsPerToken, a.moeIntermediate) : 0, shared);
  const bool hasDense = a.firstDenseLayers > 0 || a.moeLayerStep > 1 || a.denseIntermediate > 0;
  return std::max(hasDense ? std::max(a.intermediate, a.denseIntermediate) : 0, routed);
}

Bytes layerActivations(const ServingPlan& plan, std::int64_t tokens, bool withExperts) {
  const Architecture& a = *plan.architecture;
  const std::int64_t width = ceilDiv(widestLayer(a, withExperts), plan.tensorParallel);
  return saturated(Int128{plan.elementBytes} * tokens * (3 * Int128{width} + 4 * Int128{a.hidden}));
}

Interval forwardPassOn(const ServingPlan& plan, std::int64_t tokens) {
  const Architecture& a = *plan.architecture;
  const std::int64_t tp = plan.tensorParallel;
  const Int128 batch = Int128{plan.elementBytes} * std::max<std::int64_t>(tokens, 1);
  const Bytes expected = layerActivations(plan, std::max<std::int64_t>(tokens, 1));
  // Kernels of experts write a row for each expert of a token; MLA expands its keys and values for prompts.
  Int128 more = a.experts > 0 ? batch * a.expertsPerToken * a.hidden : Int128{0};
  if (a.isMla()) more += batch * ((a.heads + tp - 1) / tp) * (2 * (a.qkNopeDim + a.qkRopeDim) + a.vHeadDim);
  return {0, expected, plusBytes(saturated(Int128{expected} * 130 / 100 + more), 256 * kMiB)};
}

}  // namespace rightslice::model
