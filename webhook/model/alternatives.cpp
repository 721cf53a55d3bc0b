// What else would fit a slice: a shorter maximum length, fewer requests, an 8-bit KV cache, a quantised build.
#include <algorithm>

#include "model/remedy.hpp"

namespace rightslice::model {
namespace {

using Length = Change::Length;

/// Builds with fewer bits than the one that is served, the mildest first.
std::vector<Format> smallerBuilds(Format now) {
  if (now == Format::None) return {Format::Fp8, Format::Awq};
  const bool eightBits =
      now == Format::Fp8 || now == Format::Fp8Block || now == Format::Int8 || now == Format::GptqInt8;
  if (eightBits) return {Format::Awq};
  return {};
}

}  // namespace

Alternatives alternatives(const EstimateInput& input, Bytes usable, int headroomTenths) {
  Alternatives result;
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0)
    return result;
  const Remedies remedies(input, {usable, headroomTenths});
  const ServingPlan& plan = remedies.now();
  const DeviceSizes sizes = deviceSizes(input, plan);
  if (sizes.parameters == 0) return result;

  const Bytes withoutKv = needOf(sizes) - sizes.kv.bytes;
  const Bytes sequence = kvOfSequence(plan, plan.context).bytes;
  const Int128 room = static_cast<Int128>(usable) * 1000 / (1000 + headroomTenths) - withoutKv;
  if (room > 0 && sequence > 0)
    result.sequencesThatFit = std::min(static_cast<std::int64_t>(room / sequence), plan.maxNumSeqs);
  if (remedies.holds(input)) return result;

  const auto take = [&](const Change& change) -> bool {
    auto way = remedies.attemptWithHelp(change);
    if (!way) return false;
    if (!way->build && way->maxModelLen) result.maxModelLen = way->maxModelLen;
    if (!way->build && way->concurrency) result.concurrency = way->concurrency;
    if (way->build) result.quantization = std::string(name(*way->build));
    result.ways.push_back(std::move(*way));
    return true;
  };
  std::vector<Format> builds = smallerBuilds(plan.format);
  std::erase_if(builds, [&](Format build) { return !remedies.possible(build); });
  const bool byFlags = remedies.possible();
  if (!byFlags && builds.empty()) return result;
  if (byFlags) {
    if (take({})) return result;  // nothing is lost
    const bool longEnough = take({.length = Length::NotBelowContext});
    take({.kvInFp8 = true});
    take({.fewer = true});
    if (!longEnough) take({.length = Length::Shorter});
  }
  for (const Format build : builds) {
    if (take({.build = build})) break;
  }
  if (!result.ways.empty()) return result;

  // Nothing alone is enough: the first of these that is, for each build.
  constexpr Change kTogether[] = {
      {.length = Length::NotBelowContext, .kvInFp8 = true},
      {.kvInFp8 = true, .fewer = true},
      {.length = Length::Shorter, .fewer = true},
      {.length = Length::Shorter, .kvInFp8 = true, .fewer = true},
  };
  for (const Change& change : kTogether) {
    if (byFlags && take(change)) return result;
  }
  for (const Format build : builds) {
    for (Change change : {Change{.length = Length::NotBelowContext}, Change{.kvInFp8 = true}, Change{.fewer = true}}) {
      change.build = build;
      if (take(change)) return result;
    }
  }
  for (const Format build : builds) {
    for (Change change : kTogether) {
      change.build = build;
      if (take(change)) return result;
    }
  }
  return result;
}

}  // namespace rightslice::model
