// The peak of PyTorch's memory in vLLM's profile run (gpu_model_runner.py: profile_run, _dummy_run, _dummy_sampler_run).
// Nothing here is fitted but the few MiB of cuBLAS: each part is a tensor of the source, with its size in bytes.
// tests/accuracy has the runs: where the number of sequences is known, the expected value lies within 2 % of the log.
#include "model/engines/vllm_profile.hpp"

#include <algorithm>

#include "model/vision.hpp"

namespace rightslice::model {
namespace {

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(std::max<Int128>(0, value)); }

constexpr Version kV1{0, 8, 0};
// The fused kernels of experts keep their workspace (fused_moe/modular_kernel.py).
constexpr Version kKeptWorkspace{0, 11, 0};
// top-k and top-p filter by a Triton kernel instead of a sort (v1/sample/ops/topk_topp_triton.py). Qwen3-14B on one
// H100: 5.64 GiB with 0.15 and 0.16, 2.23 GiB with 0.17 and 0.18 (llm-d-planner, accuracy/accuracy_report.md).
constexpr Version kFilterKernel{0, 17, 0};
// Model runner V2 by default for dense models (pull request 44443).
constexpr Version kSecondRunner{0, 25, 0};

constexpr Bytes kCublas = 8 * kMiB + kMiB / 8;  // workspace of cuBLAS: 4096 KiB x 2 + 16 KiB x 8
constexpr Bytes kCublasHopper = 32 * kMiB;      // from Hopper on

/// What the sampler of a release holds per logit of sequences x vocabulary.
struct Sampler {
  std::int64_t bytes;            ///< at its peak
  std::int64_t stateEighths;     ///< held all the time, in eighths of a byte
  bool bufferPerProcessor;       ///< one row of 32 bit logits for each multiprocessor
};
// 16 and 32 bit logits 6, sorted values and indices 12, scratch of the sort 20.
constexpr Sampler kSorting{38, 0, false};
// 16 and 32 bit logits 6, probabilities 4, exponential noise 4. FlashInfer's sampler: masked logits and probabilities.
constexpr Sampler kFiltering{14, 0, true};
// 16 and 32 bit logits; counts of the tokens of each output (4) and a bit for those of the prompt, held in its state.
constexpr Sampler kSecond{6, 33, false};

/// The samplers that may run, and the one to expect.
struct Samplers {
  Sampler expected = kSorting;
  bool sorting = false, filtering = false, second = false;
};

Samplers samplersOf(const ServingPlan& plan, const EstimateInput& input) {
  const auto& switches = input.run->settings.vllm;
  Samplers found;
  if (!plan.version) {
    found = {kSorting, true, true, true};  // the largest is the safe one
  } else if (*plan.version < kFilterKernel) {
    const bool flashInfer = switches.flashInferSampler.value_or(false);
    found = flashInfer ? Samplers{kFiltering, true, true, false} : Samplers{kSorting, true, false, false};
  } else if (*plan.version < kSecondRunner) {
    found = {kFiltering, false, true, true};  // some models already took the second runner
  } else {
    found = {plan.architecture->experts > 0 ? kFiltering : kSecond, false, true, true};
  }
  if (switches.secondRunner && found.second) {
    found.second = *switches.secondRunner;
    if (found.second && !found.sorting) found = {kSecond, false, false, true};
    if (!found.second && !found.sorting) found.expected = kFiltering;
  }
  return found;
}

/// About as many as the memory suggests: 132 on 80 GiB, 16 on a tenth of that. It decides a few percent.
std::int64_t processorsOf(const Device& device) {
  constexpr std::int64_t kMost = 132;
  if (!device.memory) return kMost;
  return std::clamp<std::int64_t>(*device.memory * 5 / (3 * kGiB), 14, kMost);
}

struct Images {
  std::int64_t count = 0;
  std::int64_t sequences = 0;  ///< that remain for the language model
  Bytes encoder = 0;           ///< while they are encoded
  Bytes kept = 0;              ///< while the language model runs: pixels, and what the encoder made of them
};

Images imagesOf(const ServingPlan& plan, const EstimateInput& input, bool v0) {
  const Architecture& a = *plan.architecture;
  const Settings& settings = input.run->settings;
  Images images{0, plan.maxNumSeqs, 0, 0};
  const VisionEncoder* const e = a.visionEncoder ? &*a.visionEncoder : nullptr;
  if (e == nullptr || settings.textOnly || settings.skipImageProfile) return images;
  // The largest thing that a prompt may hold: an image, or a video of several times its size.
  const std::int64_t size =
      settings.noVideo ? 1 : std::clamp<std::int64_t>(plan.maxModelLen / e->tokens, 1, e->imagesOfVideo);
  const std::int64_t tokens = size * e->tokens;
  const Int128 most = Int128{plan.maxNumSeqs} * std::max<std::int64_t>(1, settings.imagesPerPrompt.value_or(1 << 16));
  std::int64_t things = 0;
  if (!v0) {
    things = saturated(std::min(Int128{std::max(plan.maxNumBatchedTokens, tokens) / tokens}, most));
  } else if (e->crossAttention) {
    things = plan.maxNumSeqs;
  } else {
    // V0 profiles with as many sequences as have room for one each; with text alone where not even one has.
    images.sequences = std::clamp<std::int64_t>(plan.maxNumBatchedTokens / tokens, 1, plan.maxNumSeqs);
    things = tokens > plan.maxModelLen ? 0 : images.sequences;
  }
  images.count = timesBytes(things, size);
  const Int128 patches = Int128{images.count} * e->patches;
  const Int128 element = plan.elementBytes;
  const Int128 pixels = patches * e->pixels * element;
  const Int128 width = (e->feedForward() + plan.tensorParallel - 1) / plan.tensorParallel + 4 * e->hidden + e->kept;
  images.encoder = saturated(patches * width * element + pixels);
  images.kept = saturated(Int128{images.count} * e->tokens * a.hidden * e->outputs * element + pixels);
  return images;
}

/// What the kernels of experts keep: gate and up of each token's experts, and their outputs.
Bytes expertWorkspace(const ServingPlan& plan, bool v0) {
  const Architecture& a = *plan.architecture;
  const bool keeps = a.experts > 0 && plan.format != Format::Mxfp4 && !v0 &&
                     (!plan.version || *plan.version >= kKeptWorkspace);
  if (!keeps) return 0;
  const std::int64_t width = ceilDiv(a.moeIntermediate, plan.tensorParallel);
  return saturated(Int128{plan.elementBytes} * plan.maxNumBatchedTokens * a.expertsPerToken *
                   (Int128{std::max(width, a.hidden)} + std::max(timesBytes(2, width), a.hidden)));
}

/// The parts of a peak; which of them are there at once does not depend on the sampler.
struct Parts {
  Bytes always = 0, layers = 0;
  Images images;
  Bytes logits = 0;       ///< sequences x vocabulary
  Bytes rows = 0;         ///< hidden states of the batch and of the sampled rows
  Bytes processorRows = 0;
};

Bytes peakOf(const Parts& parts, const Sampler& sampler, ActivationPeak::Of& of) {
  const Bytes sampling = plusBytes(plusBytes(timesBytes(parts.logits, sampler.bytes), parts.rows),
                                   sampler.bufferPerProcessor ? parts.processorRows : 0);
  const Bytes state = saturated(Int128{parts.logits} * sampler.stateEighths / 8);
  const Bytes language = plusBytes(plusBytes(parts.images.kept, state), std::max(sampling, parts.layers));
  of = parts.images.encoder > language ? ActivationPeak::Of::Images
       : parts.layers > sampling       ? ActivationPeak::Of::Layers
                                       : ActivationPeak::Of::Sampler;
  return plusBytes(parts.always, std::max(parts.images.encoder, language));
}

Parts partsOf(const ServingPlan& plan, const EstimateInput& input) {
  const Architecture& a = *plan.architecture;
  const bool v0 = isV0(plan, input);
  const bool hopper = input.device.memory && *input.device.memory >= 70 * kGiB && !input.device.isA100;
  const Int128 element = plan.elementBytes;
  Parts parts;
  parts.images = imagesOf(plan, input, v0);
  const Bytes workspace = expertWorkspace(plan, v0);
  parts.always = plusBytes(hopper ? kCublasHopper : kCublas, workspace);
  Int128 layers = layerActivations(plan, plan.maxNumBatchedTokens, workspace == 0);
  const std::int64_t width = ceilDiv(widestLayer(a, workspace == 0), plan.tensorParallel);
  if (plan.format == Format::Fp8 || plan.format == Format::Int8) layers += Int128{plan.maxNumBatchedTokens} * width;  // a copy in 8 bit
  if (plan.pipelineParallel > 1) layers += 2 * element * plan.maxNumBatchedTokens * a.hidden;  // from the stage before
  parts.layers = saturated(layers);
  if (a.isEncoder() || input.run->settings.pooling) return parts;
  const std::int64_t sequences = parts.images.sequences;
  parts.logits = timesBytes(sequences, a.vocab);
  parts.rows = saturated(element * a.hidden * (Int128{plan.maxNumBatchedTokens} + 2 * Int128{sequences}));
  parts.processorRows = timesBytes(4 * processorsOf(input.device), a.vocab);
  return parts;
}

}  // namespace

bool isV0(const ServingPlan& plan, const EstimateInput& input) {
  if (const auto v1 = input.run->settings.vllm.v1) return !*v1 && (!plan.version || *plan.version < Version{0, 11, 0});
  return plan.version && *plan.version < kV1;
}

ProfileRun profileRun(const ServingPlan& plan, const EstimateInput& input) {
  const Parts parts = partsOf(plan, input);
  const Samplers samplers = samplersOf(plan, input);
  ProfileRun run;
  run.peak = {ActivationPeak::Of::Sampler, parts.images.sequences, parts.images.count};
  run.bytes.bytes = peakOf(parts, samplers.expected, run.peak.of);

  // Between the samplers that may run. Images may be smaller than the processor's default allows, or left out of the
  // profile; an encoder may hold more at once than its MLP (46 KB a patch where 31 are expected, Llama 3.2 Vision).
  Parts least = parts, most = parts;
  least.images.encoder = least.images.kept = 0;
  most.images.encoder = saturated(Int128{most.images.encoder} * 3 / 2);
  ActivationPeak::Of ignored{};
  Bytes low = run.bytes.bytes, high = run.bytes.bytes;
  const auto widen = [&](bool may, const Sampler& sampler) {
    if (!may) return;
    low = std::min(low, peakOf(least, sampler, ignored));
    high = std::max(high, peakOf(most, sampler, ignored));
  };
  widen(samplers.sorting, kSorting);
  widen(samplers.filtering, kFiltering);
  widen(samplers.second, kSecond);
  constexpr std::int64_t kLowPercent = 95, kHighPercent = 103;
  run.bytes.low = saturated(Int128{low} * kLowPercent / 100);
  run.bytes.high = plusBytes(saturated(Int128{high} * kHighPercent / 100), kCublasHopper);
  return run;
}

}  // namespace rightslice::model
