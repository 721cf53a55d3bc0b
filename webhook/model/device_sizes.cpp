#include "model/device_sizes.hpp"

#include <algorithm>

namespace rightslice::model {
namespace {

constexpr Bytes mib(std::int64_t count) { return count * kMiB; }

// CUDA context, and what vLLM's own processes take outside of PyTorch (facts/footprint 3 and 8).
constexpr Interval kContext{mib(205), mib(512), mib(563)};
constexpr Interval kNonTorch{mib(51), mib(133), mib(154)};
constexpr Interval kNonTorchParallel{mib(51), mib(410), mib(820)};  // with NCCL's buffers
constexpr Interval kGraphs{0, mib(614), mib(717)};
constexpr Interval kGraphsOfLarge{0, mib(1024), mib(1127)};
constexpr std::int64_t kLargeModel = 15'000'000'000;

Interval times(const Interval& interval, std::int64_t count) {
  return {timesBytes(interval.low, count), timesBytes(interval.bytes, count), timesBytes(interval.high, count)};
}

}  // namespace

Interval DeviceSizes::runtime() const {
  return {context.low + nonTorch.low, context.bytes + nonTorch.bytes, context.high + nonTorch.high};
}

DeviceSizes deviceSizes(const EstimateInput& input, const ServingPlan& plan) {
  const ParameterCount count = countParameters(*input.architecture);
  DeviceSizes sizes;
  sizes.parameters = count.total;
  sizes.weights = weightsOn(plan, count, *input.run, input.device.isA100, input.device.memory);
  sizes.activations = activationsOn(plan, *input.run);
  sizes.kvBytesPerToken = kvBytesPerToken(plan);
  sizes.kvOfOneSequence = kvOfSequence(plan, plan.maxModelLen);

  const Interval load = times(kvOfSequence(plan, plan.context), plan.concurrency);
  const Interval& one = sizes.kvOfOneSequence;
  if (plan.absolutePool) {
    sizes.kv = {*plan.absolutePool, *plan.absolutePool, *plan.absolutePool};
  } else if (plan.autoLength || input.run->engine->whenShort != WhenShort::Refuses) {
    // The engine takes a shorter sequence where memory is short: one block is enough to start.
    const Bytes block = timesBytes(plan.blockSize, sizes.kvBytesPerToken);
    sizes.kv = {std::min(block, load.bytes), load.bytes, load.high};
  } else {
    sizes.kv = {one.low, std::max(one.bytes, load.bytes), std::max(one.high, load.high)};
  }
  sizes.context = kContext;
  sizes.nonTorch = plan.tensorParallel > 1 || plan.pipelineParallel > 1 ? kNonTorchParallel : kNonTorch;
  if (!input.run->settings.enforceEager && !input.architecture->isEncoder())
    sizes.graphs = count.total > kLargeModel ? kGraphsOfLarge : kGraphs;
  return sizes;
}

Bytes minimumOf(const DeviceSizes& s) {
  return plusBytes(plusBytes(s.weights.low, s.kv.low),
                   plusBytes(s.activations.low, plusBytes(s.graphs.low, s.runtime().low)));
}

Bytes needOf(const DeviceSizes& s) {
  return plusBytes(plusBytes(s.weights.bytes, s.kv.bytes),
                   plusBytes(s.activations.bytes, plusBytes(s.graphs.bytes, s.runtime().bytes)));
}

}  // namespace rightslice::model
