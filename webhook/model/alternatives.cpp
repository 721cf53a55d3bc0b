// What else would fit a slice: a shorter maximum length, fewer sequences, a quantised build.
#include <algorithm>

#include "model/device_sizes.hpp"

namespace rightslice::model {
namespace {

constexpr std::int64_t kLengthStep = 256;
constexpr std::int64_t kShortestUseful = 1024;

bool withHeadroom(Bytes need, Bytes usable, int headroomTenths) {
  return static_cast<Int128>(usable) * 1000 >= static_cast<Int128>(need) * (1000 + headroomTenths);
}

bool fits(const EstimateInput& input, Bytes usable, int headroomTenths) {
  const DeviceSizes sizes = deviceSizes(input, servingPlan(input));
  return withHeadroom(needOf(sizes), usable, headroomTenths);
}

/// The largest n in [1, most] for which `works`, which holds for all smaller ones too; 0 if none.
template <class Works>
std::int64_t largest(std::int64_t most, Works works) {
  std::int64_t low = 0;
  while (low < most) {
    const std::int64_t middle = low + (most - low + 1) / 2;
    if (works(middle)) low = middle;
    else most = middle - 1;
  }
  return low;
}

}  // namespace

Alternatives alternatives(const EstimateInput& input, Bytes usable, int headroomTenths) {
  Alternatives result;
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0)
    return result;
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes sizes = deviceSizes(input, plan);
  if (sizes.parameters == 0) return result;

  const Bytes withoutKv = needOf(sizes) - sizes.kv.bytes;
  const Bytes sequence = kvOfSequence(plan, plan.context).bytes;
  const Int128 room = static_cast<Int128>(usable) * 1000 / (1000 + headroomTenths) - withoutKv;
  if (room > 0 && sequence > 0)
    result.sequencesThatFit = std::min(static_cast<std::int64_t>(room / sequence), plan.maxNumSeqs);
  if (fits(input, usable, headroomTenths)) return result;

  if (!input.run->memoryRule()->flags.maxLength.empty()) {
    EngineRun run = *input.run;
    EstimateInput shorter = input;
    shorter.run = &run;
    run.settings.maxModelLenAuto = false;
    const std::int64_t steps = largest((plan.maxModelLen - 1) / kLengthStep, [&](std::int64_t n) {
      run.settings.maxModelLen = n * kLengthStep;
      return fits(shorter, usable, headroomTenths);
    });
    if (steps * kLengthStep >= kShortestUseful) result.maxModelLen = steps * kLengthStep;
  }
  {
    EstimateInput fewer = input;
    const std::int64_t count = largest(plan.concurrency - 1, [&](std::int64_t n) {
      fewer.load.concurrency = n;
      return fits(fewer, usable, headroomTenths);
    });
    if (count >= 1) result.concurrency = count;
  }
  const bool wide = plan.format == Format::None;
  const bool medium = plan.format == Format::Fp8 || plan.format == Format::Fp8Block || plan.format == Format::Int8 ||
                      plan.format == Format::GptqInt8;
  for (const Format format : {Format::Fp8, Format::Awq}) {
    if (!(wide || (medium && format == Format::Awq))) continue;
    EstimateInput smaller = input;
    smaller.format = format;
    if (!fits(smaller, usable, headroomTenths)) continue;
    result.quantization = std::string(name(format));
    break;
  }
  return result;
}

}  // namespace rightslice::model
