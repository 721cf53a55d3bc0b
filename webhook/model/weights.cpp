// Weights on one device: what is stored of each matrix, how it is split, and what the engine adds. Formulas:
// facts/footprint 1.2 (bits per weight), 1.3 (rotary table), 1.4 (split).
#include <algorithm>
#include <array>

#include "model/caching_allocator.hpp"
#include "model/device_sizes.hpp"
#include "model/format.hpp"
#include "model/gguf.hpp"

namespace rightslice::model {
namespace {

// Tensors that engines on PyTorch make one of: QKV, gate and up, the experts of a layer.
enum Tensor { kTable, kHead, kQkv, kOut, kLowRank, kGateUp, kDown, kShared, kExpertUp, kExpertDown, kSmall, kTensors };
Tensor tensorOf(Role role) {
  switch (role) {
    case Role::Embedding:
      return kTable;
    case Role::Head:
      return kHead;
    case Role::Query:
    case Role::Key:
    case Role::Value:
    case Role::QueryUp:
      return kQkv;
    case Role::AttentionOut:
      return kOut;
    case Role::KvUp:
      return kLowRank;
    case Role::Gate:
    case Role::Up:
      return kGateUp;
    case Role::Down:
      return kDown;
    case Role::SharedGate:
    case Role::SharedUp:
      return kShared;
    case Role::ExpertGate:
    case Role::ExpertUp:
      return kExpertUp;
    case Role::ExpertDown:
      return kExpertDown;
    default:
      return kSmall;
  }
}

Bytes bounded(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }
Bytes thousandths(Bytes value, std::int64_t factor) { return bounded(Int128{value} * factor / 1000); }

/// The weights of one rank, counted matrix by matrix.
class Rank {
 public:
  Rank(const ServingPlan& plan, const Matrices& matrices) : plan_(plan), a_(*plan.architecture), matrices_(matrices) {}

  /// `expertPadding`: thousandths by which kernels widen the experts.
  Bytes bytes(std::int64_t expertPadding) {
    const std::int64_t pp = plan_.pipelineParallel;
    Bytes sum = 0;
    for (const Matrix& m : matrices_.all()) {
      const Bytes size = ofMatrix(m, isExpert(m.role) ? expertPadding : 1000);
      sum = plusBytes(sum, size);
      const Tensor tensor = tensorOf(m.role);
      const std::int64_t layers = std::max<std::int64_t>(1, ceilDiv(m.layers, pp));
      tensors_[tensor] = plusBytes(tensors_[tensor], size / layers);
      if (tensor > kHead && tensor != kSmall) layers_ = std::max(layers_, layers);
    }
    return plusBytes(sum, bounded((matrices_.rest() * plan_.elementBytes + pp - 1) / pp));
  }

  /// What the allocator charges beyond the tensors; after bytes().
  Bytes slack() const {
    constexpr std::int64_t kMost = 24;  // the pattern repeats: more layers are computed from as many
    Bytes smallest = kMaxBytes;
    for (const Bytes size : tensors_) {
      if (size > kMiB) smallest = std::min(smallest, size);
    }
    CachingAllocator allocator(smallest);
    const auto charge = [&](Bytes size) { return allocator.take(size) - size; };
    Bytes outside = charge(tensors_[kTable]);
    Bytes inLayers = 0;
    const std::int64_t simulated = std::min(layers_, kMost);
    for (std::int64_t layer = 0; layer < simulated; ++layer) {
      for (std::size_t tensor = kQkv; tensor < kSmall; ++tensor) inLayers += charge(tensors_[tensor]);
    }
    outside += charge(tensors_[kHead]);
    return plusBytes(outside, simulated > 0 ? bounded(Int128{inLayers} * layers_ / simulated) : 0);
  }

 private:
  Bytes ofMatrix(const Matrix& m, std::int64_t padding) const {
    const FormatTraits& format = traits(plan_.format);
    const bool isTable = m.role == Role::Embedding || m.role == Role::Head;
    // vLLM rounds the vocabulary up to 64 rows (vocab_parallel_embedding.py).
    const std::int64_t rows = isTable ? ceilDiv(m.rows, 64) * 64 : m.rows;
    const std::int64_t wide = wideLayersOf(format, *plan_.detail, m, a_.experts > 0);
    const Int128 wideBits = Int128{rows} * m.columns * plan_.elementBytes * 8;
    Int128 bits = wideBits * wide;
    if (wide < m.layers)
      bits += storedBits(format, *plan_.detail, rows, m.columns) * (m.layers - wide) * padding / 1000;
    const std::int64_t parts = split(m.role);
    if (parts == 1) return bounded((bits * m.perLayer + 7) >> 3);
    return bounded((bits * m.perLayer + Int128{8} * parts - 1) / (Int128{8} * parts));
  }

  std::int64_t split(Role role) const {
    const std::int64_t tp = plan_.tensorParallel;
    const std::int64_t pp = plan_.pipelineParallel;
    switch (role) {
      case Role::Key:
      case Role::Value:
        return std::min(tp, std::max<std::int64_t>(a_.kvHeads, 1)) * pp;
      case Role::QueryDown:
      case Role::KvDown:
      case Role::Router:
        return pp;
      case Role::Embedding:
      case Role::Head:  // on the first and on the last stage
        return tp * (pp > 1 && !a_.tiedEmbeddings ? 2 : 1);
      default:
        return tp * pp * (isExpert(role) ? plan_.expertReplicas : 1);
    }
  }

  const ServingPlan& plan_;
  const Architecture& a_;
  const Matrices& matrices_;
  std::array<Bytes, kTensors> tensors_{};
  std::int64_t layers_ = 0;
};

/// What a header of the file says, if this run loads the file as it is.
const MeasuredWeights* measuredOf(const ServingPlan& plan) {
  const Architecture& a = *plan.architecture;
  return a.measuredWeights && plan.format == a.format ? &*a.measuredWeights : nullptr;
}

/// A GGUF file, as llama.cpp holds it or, where another engine loads it, whole.
Interval ofGguf(const ServingPlan& plan, const Matrices& matrices, const EngineRun& run) {
  const std::int64_t parts = plan.tensorParallel * plan.pipelineParallel;
  const bool hostKeepsTable =
      run.engine != nullptr && (run.engine->name == "llama.cpp" || run.engine->name == "ollama");
  if (const MeasuredWeights* measured = measuredOf(plan)) {
    const Bytes whole = std::max<Bytes>(0, measured->bytes - (hostKeepsTable ? measured->hostTable : 0));
    const Bytes part = ceilDiv(whole, parts);
    return {part, part, plusBytes(thousandths(part, 1000 + (parts > 1 ? 50 : 2)), kMiB)};
  }
  // The low end is what surely lies on the device; the token table, which llama.cpp looks up on the host, counts in the
  // expected size, so that this is the file's.
  const auto fileOf = [&](std::string_view name) {
    return ceilDiv(ggufSize(*findGgufType(name), *plan.architecture, matrices).tensors, parts);
  };
  const GgufType* type = run.gguf ? findGgufType(*run.gguf) : nullptr;
  const GgufSize size = ggufSize(type != nullptr ? *type : *findGgufType("Q2_K"), *plan.architecture, matrices);
  const Bytes surely = ceilDiv(hostKeepsTable ? size.device : size.tensors, parts);
  // A GGUF of an unknown mix: the usual one, between the smallest and the largest usual ones.
  if (type == nullptr) return {surely, fileOf("Q4_K_M"), fileOf("Q8_0")};
  const Bytes expected = ceilDiv(size.tensors, parts);
  return {thousandths(surely, 1000 - type->lowThousandths), expected,
          thousandths(expected, 1000 + type->highThousandths)};
}

Interval ofTensors(const ServingPlan& plan, const Matrices& matrices, bool a100, bool deviceKnown) {
  const Architecture& a = *plan.architecture;
  // vLLM pads gpt-oss experts for its kernels: Triton on Hopper 1.0667, Marlin elsewhere 1.0904 (facts/footprint 1.2).
  const bool pads = plan.format == Format::Mxfp4 && a.experts > 0 && a.family == "gpt_oss";
  Rank rank(plan, matrices);
  Bytes expected = rank.bytes(!pads ? 1000 : !a100 && deviceKnown ? 1067 : 1090);
  const Bytes slack = rank.slack();
  const Bytes low = pads ? Rank(plan, matrices).bytes(1066) : expected;
  Bytes high = pads ? Rank(plan, matrices).bytes(1091) : expected;
  Bytes added = slack;
  if (!a.isEncoder() && a.positionRows == 0) {  // the table of rotary angles, in 16 bit
    const std::int64_t rotary = a.isMla() ? a.qkRopeDim : a.headDim;
    const auto positions = static_cast<std::int64_t>(std::min(static_cast<double>(a.maxPositions) * a.rotaryFactor, 1e12));
    added = plusBytes(added, timesBytes(timesBytes(positions, rotary), 2));
  }
  if (const MeasuredWeights* measured = measuredOf(plan)) {
    // The file's bytes, split as the arithmetic splits its own.
    ServingPlan alone = plan;
    alone.tensorParallel = alone.pipelineParallel = 1;
    const Bytes arithmetic = std::max<Bytes>(1, Rank(alone, matrices).bytes(1000));
    // Engines serve float32 checkpoints in 16 bit; float32 scales of a quantised file stay.
    const bool narrows = plan.elementBytes == 2 && measured->float32 > measured->bytes / 2;
    const Bytes held = measured->bytes - (narrows ? measured->float32 / 2 : 0);
    expected = plusBytes(bounded(Int128{held} * expected / arithmetic), added);
    return {thousandths(expected, 995), expected, plusBytes(thousandths(expected, pads ? 1025 : 1003), 16 * kMiB)};
  }
  expected = plusBytes(expected, added);
  high = plusBytes(high, added);
  const FormatTraits& format = traits(plan.format);
  const std::int64_t doubt = plan.detail->unclear ? 100 : 0;
  return {thousandths(low, std::max<std::int64_t>(0, 1000 - format.lowThousandths - doubt)), expected,
          plusBytes(thousandths(high, 1000 + format.highThousandths + doubt), 64 * kMiB)};
}

/// The ends moved to those of the formats that the files may have instead.
Interval doubted(Interval size, const ServingPlan& plan, const Matrices& matrices, bool a100, bool deviceKnown) {
  if (plan.doubt->unknown) return {0, size.bytes, size.high};
  static const Quantization usual;
  const auto in = [&](Format format) {
    ServingPlan other = plan;
    other.format = format;
    other.detail = format == plan.architecture->format ? &plan.architecture->quantization : &usual;
    return ofTensors(other, matrices, a100, deviceKnown);
  };
  size.low = std::min(size.low, in(plan.doubt->narrowest).low);
  size.high = std::max(size.high, in(plan.doubt->widest).high);
  return size;
}

}  // namespace

Interval weightsOn(const ServingPlan& plan, const ParameterCount& count, const EngineRun& run, bool a100, bool deviceKnown) {
  const Matrices matrices(*plan.architecture, count);
  Interval result = plan.format == Format::Gguf ? ofGguf(plan, matrices, run)
                                                : ofTensors(plan, matrices, a100, deviceKnown);
  if (plan.doubt != nullptr) result = doubted(result, plan, matrices, a100, deviceKnown);
  if (run.settings.cpuOffloadGb) {
    const double offloadBytes = std::min(*run.settings.cpuOffloadGb * static_cast<double>(kGiB), 1e18);
    const Bytes offload = static_cast<Bytes>(offloadBytes);
    result.low = std::max<Bytes>(0, result.low - offload);
    result.bytes = std::max<Bytes>(0, result.bytes - offload);
  }
  return result;
}

}  // namespace rightslice::model
