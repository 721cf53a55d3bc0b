// Weights on one device. Formulas and constants: facts/footprint 1.2 (bits per weight), 1.3 (rotary table), 1.4
// (split).
#include <algorithm>

#include "model/device_sizes.hpp"
#include "model/gguf.hpp"

namespace rightslice::model {
namespace {

/// Thousandths of a bit per quantised weight, scales included; 0: not quantised.
std::int64_t bitsPerThousand(Format format) {
  switch (format) {
    case Format::None:
      return 0;
    case Format::Fp8:
      return 8000;
    case Format::Fp8Block:
      return 8002;
    case Format::Int8:
      return 8000;
    case Format::Awq:
    case Format::Gptq:
      return 4156;
    case Format::GptqInt8:
      return 8190;
    case Format::W4A16:
      return 4125;
    case Format::Nf4:
      return 4500;
    case Format::Mxfp4:
      return 4250;
    case Format::Nvfp4:
      return 4500;
    case Format::Gguf:
      return 4900;
  }
  return 0;
}

/// How far the formula is off at most, in thousandths: files of bitsandbytes and GGUF keep arbitrary layers wider
/// (facts/footprint 7).
struct Spread {
  std::int64_t low, high;
};
Spread spreadOf(Format format) {
  if (format == Format::Nf4 || format == Format::Gguf) return {60, 170};
  return {15, 10};
}

Bytes share(Int128 value, std::int64_t parts) {
  const Int128 result = (value + parts - 1) / parts;
  return result > kMaxBytes ? kMaxBytes : static_cast<Bytes>(result);
}

Bytes thousandths(Bytes value, std::int64_t factor) {
  const Int128 result = static_cast<Int128>(value) * factor / 1000;
  return result > kMaxBytes ? kMaxBytes : static_cast<Bytes>(result);
}

}  // namespace

Interval weightsOn(const ServingPlan& plan, const ParameterCount& count, const EngineRun& run, bool a100,
                   std::optional<Bytes> deviceMemory) {
  const Architecture& a = *plan.architecture;
  const std::int64_t tp = plan.tensorParallel;
  const std::int64_t pp = plan.pipelineParallel;
  const Int128 element = plan.elementBytes;

  std::int64_t bits = bitsPerThousand(plan.format);
  if (plan.format == Format::Gguf && run.gguf) {
    if (const GgufType* type = findGgufType(*run.gguf)) bits = type->bitsPerThousand;
  }
  // What the format covers: all linear weights; of mxfp4 checkpoints only the experts; of GGUF the embeddings too.
  const std::int64_t experts = count.experts;
  const std::int64_t kv = count.kvProjection;
  const std::int64_t others = count.linear - experts - kv;
  const bool expertsOnly = plan.format == Format::Mxfp4 && experts > 0;
  const auto stored = [&](std::int64_t parameters, bool covered, Int128 padding = 1000) -> Int128 {
    if (bits == 0 || !covered) return Int128{parameters} * element;
    return Int128{parameters} * bits * padding / 8'000'000;
  };
  // vLLM pads gpt-oss experts for its kernels: Triton on Hopper 1.0667, Marlin elsewhere 1.0904 (facts/footprint 1.2).
  const bool pads = expertsOnly && a.family == "gpt_oss";
  const bool surelyMarlin = a100;
  const bool probablyTriton = !surelyMarlin && deviceMemory.has_value();
  const auto rank = [&](Int128 padding) {
    const std::int64_t kvParts = std::min(tp, std::max<std::int64_t>(a.kvHeads, 1)) * pp;
    const bool wholeFile = plan.format == Format::Gguf;
    Bytes sum = share(stored(experts, true, padding), tp * pp);
    sum = plusBytes(sum, share(stored(others, !expertsOnly), tp * pp));
    sum = plusBytes(sum, share(stored(kv, !expertsOnly), kvParts));
    sum = plusBytes(sum, share(stored(count.embedding, wholeFile), tp * (pp > 1 && !a.tiedEmbeddings ? 2 : 1)));
    return plusBytes(sum, share(Int128{count.replicated} * element, pp));
  };
  const Bytes low = rank(pads ? 1066 : 1000);
  Bytes expected = pads ? rank(probablyTriton ? 1067 : 1090) : low;
  Bytes high = pads ? rank(1091) : low;
  if (!a.isEncoder() && a.positionRows == 0) {  // the table of rotary angles, in 16 bit
    const std::int64_t rotary = a.isMla() ? a.qkRopeDim : a.headDim;
    const Bytes table = timesBytes(timesBytes(a.maxPositions, rotary), 2);
    expected = plusBytes(expected, table);
    high = plusBytes(high, table);
  }
  const Spread spread = spreadOf(plan.format);
  Interval result{thousandths(low, 1000 - spread.low), expected,
                  plusBytes(thousandths(high, 1000 + spread.high), 64 * kMiB)};
  if (run.settings.cpuOffloadGb) {
    const double offloadBytes = std::min(*run.settings.cpuOffloadGb * static_cast<double>(kGiB), 1e18);
    const Bytes offload = static_cast<Bytes>(offloadBytes);
    result.low = std::max<Bytes>(0, result.low - offload);
    result.bytes = std::max<Bytes>(0, result.bytes - offload);
  }
  return result;
}

}  // namespace rightslice::model
