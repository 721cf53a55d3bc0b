// The peak of vLLM's profile run. Formula and fit: facts/footprint 3.
#include <algorithm>

#include "model/device_sizes.hpp"

namespace rightslice::model {
namespace {

constexpr std::int64_t kSamplerHalfBytes =
    77;                                  // 38.5 bytes per logit of the dummy sampler pass, fitted on measured runs
constexpr Version kNewRunner{0, 20, 0};  // from about here the profile run skips top-k and top-p

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }

}  // namespace

Interval activationsOn(const ServingPlan& plan, const EngineRun& run) {
  const Architecture& a = *plan.architecture;
  const std::int64_t tp = plan.tensorParallel;
  // All experts of a token work at once, so their widths add up.
  const Int128 experts = Int128{a.expertsPerToken} * a.moeIntermediate +
                         (a.sharedIntermediate > 0 ? a.sharedIntermediate : a.sharedExperts * a.moeIntermediate);
  const Int128 width =
      std::max({Int128{a.intermediate}, Int128{a.denseIntermediate}, a.experts > 0 ? experts : Int128{0}});
  const Bytes forward = saturated(Int128{plan.elementBytes} * plan.maxNumBatchedTokens *
                                  (3 * ((width + tp - 1) / tp) + 4 * Int128{a.hidden}));
  const Bytes sampler = a.isEncoder() ? 0 : saturated(Int128{kSamplerHalfBytes} * plan.maxNumSeqs * a.vocab / 2);
  const Bytes safe = std::max(forward, sampler);
  const Bytes expected = run.settings.pooling ? forward : safe;

  // Newer runners were measured at 0.75 of the sampler term with 256 sequences and at 0.31 with 1024.
  const bool old = plan.version && *plan.version < kNewRunner;
  const std::int64_t samplerPercent = old ? 85 : plan.maxNumSeqs <= 512 ? 75 : 30;
  const Bytes lowSampler = run.settings.pooling ? 0 : saturated(Int128{sampler} * samplerPercent / 100);
  const Bytes low = std::max(lowSampler, saturated(Int128{forward} * 85 / 100));
  return {std::min(low, expected), expected, plusBytes(saturated(Int128{safe} * 108 / 100), 128 * kMiB)};
}

}  // namespace rightslice::model
