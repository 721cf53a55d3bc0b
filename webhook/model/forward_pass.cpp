// What one pass through the layers takes at its peak. The expected value is the formula that vLLM's profile runs fit
// (facts/footprint 3): 2 B x tokens x (3 x intermediate / TP + 4 x hidden). Engines that keep more are inside `high`.
#include <algorithm>

#include "model/device_sizes.hpp"

namespace rightslice::model {
namespace {

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }

}  // namespace

Interval forwardPassOn(const ServingPlan& plan, std::int64_t tokens) {
  const Architecture& a = *plan.architecture;
  const std::int64_t tp = plan.tensorParallel;
  const Int128 batch = Int128{plan.elementBytes} * std::max<std::int64_t>(tokens, 1);
  // All experts of a token work at once, so their widths add up.
  const Int128 experts = Int128{a.expertsPerToken} * a.moeIntermediate +
                         (a.sharedIntermediate > 0 ? a.sharedIntermediate : a.sharedExperts * a.moeIntermediate);
  const Int128 width =
      std::max({Int128{a.intermediate}, Int128{a.denseIntermediate}, a.experts > 0 ? experts : Int128{0}});
  const Bytes expected = saturated(batch * (3 * ((width + tp - 1) / tp) + 4 * Int128{a.hidden}));
  // Kernels of experts write a row for each expert of a token; MLA expands its keys and values for prompts.
  Int128 more = a.experts > 0 ? batch * a.expertsPerToken * a.hidden : Int128{0};
  if (a.isMla()) more += batch * ((a.heads + tp - 1) / tp) * (2 * (a.qkNopeDim + a.qkRopeDim) + a.vHeadDim);
  return {0, expected, plusBytes(saturated(Int128{expected} * 130 / 100 + more), 256 * kMiB)};
}

}  // namespace rightslice::model
