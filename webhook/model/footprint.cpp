// Puts the parts of a need together and says for each where it comes from. Interval rules: DESIGN 3.4, facts/footprint
// 8.
#include "model/footprint.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "model/device_sizes.hpp"
#include "model/format.hpp"
#include "model/sized.hpp"
#include "model/spelling.hpp"
#include "model/start_rule.hpp"
#include "model/vision.hpp"

namespace rightslice::model {
namespace {

constexpr int kMarginPercent = 2;

std::string formatName(const ServingPlan& plan, const EstimateInput& input) {
  if (plan.format == Format::Gguf && input.run->gguf) return "GGUF " + *input.run->gguf;
  if (plan.format != Format::None) {
    std::string text(name(plan.format));
    if (plan.detail->bits > 0) text += fmt::format(" of {} bits", plan.detail->bits);
    if (plan.detail->group > 0) text += fmt::format(" in groups of {}", plan.detail->group);
    return text;
  }
  if (plan.elementBytes == 4) return "float32, 4 B each";
  const std::string dtype = input.run->settings.dtype.value_or("auto");
  const std::string shown = dtype != "auto"                         ? dtype
                            : plan.architecture->dtype == "float32" ? "16 bit"
                                                                    : plan.architecture->dtype;
  return shown + ", 2 B each";
}

std::string parallelText(const ServingPlan& plan) {
  std::string text;
  if (plan.tensorParallel > 1) text += fmt::format(", tensor parallel {}", plan.tensorParallel);
  if (plan.pipelineParallel > 1) text += fmt::format(", pipeline parallel {}", plan.pipelineParallel);
  return text;
}

/// Which weights the format leaves at 16 bit.
std::string wideText(const ServingPlan& plan) {
  const FormatTraits& format = traits(plan.format);
  if (format.stays.empty()) return {};
  const bool dense = format.covers == FormatTraits::Covers::Experts && plan.architecture->experts == 0;
  std::string text = fmt::format("; {}", dense ? traits(Format::Fp8).stays : format.stays);
  std::int64_t wide = 0;
  for (const std::int32_t layers : plan.detail->wideLayers) wide = plusBytes(wide, layers);
  if (wide > 0) text += fmt::format(", and {} matrices that the checkpoint names", wide);
  if (plan.detail->unclear) text += "; which layers the checkpoint leaves wide is not all understood";
  return text;
}

std::string weightsText(const EstimateInput& input, const ServingPlan& plan, const DeviceSizes& sizes) {
  const Architecture& a = *plan.architecture;
  std::string text = fmt::format("{:.2f}e9 parameters in {}{}, {} {}", static_cast<double>(sizes.parameters) / 1e9,
                                 formatName(plan, input), parallelText(plan),
                                 a.guess ? "not in the catalogue: guessed by" : "shape of", a.guess ? a.source : a.id);
  if (a.measuredWeights && plan.format == a.format)
    text += fmt::format("; {} of tensors by the header of the file", formatBytes(a.measuredWeights->bytes));
  else text += wideText(plan);
  if (input.run->settings.cpuOffloadGb)
    text += fmt::format("; --cpu-offload-gb {:g} taken off", *input.run->settings.cpuOffloadGb);
  if (plan.doubt != nullptr && !plan.doubt->unknown) text += "; " + plan.doubt->why;
  return text + sizes.weightsNote;
}

std::string kvText(const EstimateInput& input, const ServingPlan& plan, const DeviceSizes& sizes) {
  if (!sizes.kvFrom.empty()) return sizes.kvFrom;
  if (plan.architecture->isEncoder() || plan.kvRule == KvRule::None) return "an encoder keeps no KV cache";
  if (plan.kvRule == KvRule::Preallocated) {
    return fmt::format("{} tokens of all slots, allocated at the start, x {} per token", plan.preallocatedTokens,
                       formatBytes(sizes.kvBytesPerToken));
  }
  const Settings& settings = input.run->settings;
  if (settings.kvCacheMemoryBytes) return fmt::format("--kv-cache-memory-bytes {}", *settings.kvCacheMemoryBytes);
  if (settings.numGpuBlocks)
    return fmt::format("--num-gpu-blocks-override {}, blocks of {} tokens", *settings.numGpuBlocks, plan.blockSize);
  if (settings.poolTokens)
    return fmt::format("a pool of {} tokens as written x {} per token{}", *settings.poolTokens, formatBytes(sizes.kvBytesPerToken),
                       plan.poolIsCap ? ", less where memory is short" : "");
  const std::string perToken = formatBytes(sizes.kvBytesPerToken) + " per token";
  const bool oneIsLarger = !plan.autoLength && sizes.kv.bytes == sizes.kvOfOneSequence.bytes &&
                           timesBytes(plan.concurrency, plan.context) <= plan.maxModelLen;
  std::string text = oneIsLarger
                         ? fmt::format("one sequence of the maximum length {} x {}", plan.maxModelLen, perToken)
                         : fmt::format("{} sequences x {} tokens x {}", plan.concurrency, plan.context, perToken);
  if (!input.load.stated && !oneIsLarger) text += " (load assumed)";
  if (plan.architecture->encoderTokens > 0) text += "; and blocks for what the encoder hears in each";
  if (plan.architecture->slidingLayers > 0) {
    text += plan.windowAware && !plan.architecture->chunkedWindow ? "; layers with a sliding window hold their window"
                                                                  : "; layers with a sliding window counted as full";
  }
  if (const std::int64_t layers = plan.architecture->recurrent.layers; layers > 0)
    text += fmt::format("; {} layers keep a state per sequence, padded to the engine's pages", layers);
  return text;
}

std::string graphsText(const EstimateInput& input, const DeviceSizes& sizes) {
  const FlagNames& flags = input.run->memoryRule()->flags;
  if (input.run->settings.enforceEager && !flags.eager.empty()) return fmt::format("none with --{}", flags.eager);
  return !sizes.graphsFrom.empty() ? sizes.graphsFrom : "CUDA graphs, measured on models of this size";
}

std::string activationsText(const EstimateInput& input, const ServingPlan& plan, const DeviceSizes& sizes) {
  const Settings& settings = input.run->settings;
  if (!sizes.activationsFrom.empty()) return sizes.activationsFrom;
  const std::string_view images = sizes.peak.images > 0 ? ", with the images of the profile run" : "";
  switch (sizes.peak.of) {
    case ActivationPeak::Of::Images:
      return fmt::format("profile run: {} {} of {} tokens in the image encoder{}", sizes.peak.images,
                         sizes.peak.images == 1 ? "image" : "images", plan.architecture->visionEncoder->tokens,
                         settings.imagesPerPrompt || settings.noVideo ? " (--limit-mm-per-prompt)" : "");
    case ActivationPeak::Of::Layers:
      return fmt::format("profile run: {} tokens{} in the widest layer{}", plan.maxNumBatchedTokens,
                         settings.maxNumBatchedTokens ? " (--max-num-batched-tokens)" : " (default)", images);
    case ActivationPeak::Of::Sampler:
      break;
  }
  return fmt::format("profile run: {} sequences{} x {} vocabulary in the sampler{}", sizes.peak.sequences,
                     sizes.peak.sequences < plan.maxNumSeqs ? " (as many as have room for an image)"
                     : settings.maxNumSeqs                  ? " (--max-num-seqs)"
                                                            : " (default)",
                     plan.architecture->vocab, images);
}

/// A text of the command line for a term: not too long, and nothing that a terminal would obey.
std::string shortened(std::string_view text) {
  std::string result(text.substr(0, 80));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, '?');
  return result;
}

/// What takes memory and has no number, each as a term of its own.
std::vector<Term> openTerms(const EstimateInput& input, const ServingPlan& plan, const DeviceSizes& sizes) {
  std::vector<Term> terms;
  const auto add = [&](std::string name, std::string from) {
    terms.push_back({std::move(name), 0, std::move(from), 0, 0, true});
  };
  for (const std::string& open : input.run->open) add("notModelled", open);
  const DraftSettings& draft = input.run->draft;
  if (draft.method == DraftSettings::Method::Model && input.draft == nullptr)
    add("draftModel", fmt::format("the draft model {} is not in the catalogue", shortened(draft.model)));
  if (draft.method == DraftSettings::Method::Unknown)
    add("draftModel", "this kind of speculative decoding is not modelled");
  if (input.run->lora.enabled && !adaptersOn(plan, {}, *input.run))
    add("adapters", "LoRA adapters: rank and modules are those of the adapters' files; name --max-lora-rank and "
                    "--lora-target-modules");
  const Architecture& a = *input.architecture;
  if (!a.unmodelled.empty()) add("notModelled", fmt::format("{}: {}", a.id, a.unmodelled));
  if (a.vision && !sizes.imagesCounted && !input.run->settings.textOnly)
    add("images", fmt::format("{}: memory for images in the profile run is not modelled", a.id));
  if (plan.kvDtypeUnknown)
    add("notModelled", fmt::format("KV cache type {} is not known; counted in 16 bit",
                                   input.kvCacheDtype.value_or(input.run->settings.kvCacheDtype.value_or(""))));
  if (plan.doubt != nullptr && plan.doubt->unknown) add("notModelled", plan.doubt->why);
  if (input.run->settings.cpuOffloadGb)
    add("notModelled", "--cpu-offload-gb: what is copied back while computing is not modelled");
  return terms;
}

Confidence confidenceOf(const EstimateInput& input, const ServingPlan& plan, bool open) {
  Confidence lowest = std::min(
      {input.modelConfidence, input.formatConfidence, input.run->engineConfidence, input.run->modelConfidence});
  if (input.run->versionFromImage && !input.run->version.empty()) lowest = std::min(lowest, Confidence::Medium);
  const bool measured = plan.architecture->measuredWeights && plan.format == plan.architecture->format;
  if ((plan.format == Format::Gguf || plan.format == Format::Nf4) && !measured)
    lowest = std::min(lowest, Confidence::Medium);
  // How an engine pads the pages of states beside those of attention is not plain arithmetic.
  if (plan.architecture->recurrent.layers > 0) lowest = Confidence::Low;
  const bool anyType = plan.format == Format::Gguf && !input.run->gguf && !measured;  // from 2 to 16 bit
  return open || anyType ? Confidence::Low : lowest;
}

}  // namespace

std::string_view name(Need::Source source) {
  constexpr std::array<std::string_view, 3> names{"annotation", "policy", "estimate"};
  return names[static_cast<std::size_t>(source)];
}

bool spills(const EstimateInput& input) {
  return input.architecture != nullptr && input.run != nullptr && input.run->kvRule() &&
         servingPlan(input).whenShort == WhenShort::Spills;
}

namespace {

bool canBeSized(const EstimateInput& input) {
  return input.architecture != nullptr && input.run != nullptr && input.run->kvRule().has_value();
}

/// The high ends of all parts, with the margin for fragmentation.
struct HighEnd {
  Bytes parts = 0, margin = 0;
};
HighEnd highEndOf(const DeviceSizes& s) {
  HighEnd end;
  const auto add = [&](Bytes bytes) { end.parts = plusBytes(end.parts, bytes); };
  for (const Interval& size : {s.weights, s.kv, s.activations, s.graphs, s.context, s.nonTorch}) add(size.high);
  for (const DeviceSizes::Extra& extra : s.extras) add(extra.size.high);
  end.margin = static_cast<Bytes>(static_cast<Int128>(end.parts) * kMarginPercent / 100);
  return end;
}

/// `sizes` are those of the plan; `words`: the terms also say where they come from.
Estimate estimateOf(const EstimateInput& input, const ServingPlan& plan, DeviceSizes sizes, bool words) {
  if (auto* const explain = input.run->memoryRule()->explain) explain(sizes, plan, input);

  Estimate result;
  Need& need = result.need;
  const auto add = [&](std::string name, const Interval& size, auto&& from) {
    need.terms.push_back({std::move(name), size.bytes, words ? std::string(from()) : std::string(), size.low, size.high, false});
  };
  need.terms.reserve(8);
  add("weights", sizes.weights, [&] { return weightsText(input, plan, sizes); });
  add("kvCache", sizes.kv, [&] { return kvText(input, plan, sizes); });
  add("activations", sizes.activations, [&] { return activationsText(input, plan, sizes); });
  add("graphs", sizes.graphs, [&] { return graphsText(input, sizes); });
  if (sizes.runtimeFrom.empty()) {
    if (sizes.context.high > 0) add("cudaContext", sizes.context, [] { return "what CUDA takes before the engine does anything, measured"; });
    add("runtime", sizes.nonTorch, [] { return "buffers outside of PyTorch, measured"; });
  } else {
    add("runtime", sizes.runtime(), [&] { return sizes.runtimeFrom; });
  }
  for (const DeviceSizes::Extra& extra : sizes.extras) add(extra.name, extra.size, [&] { return extra.from; });
  const HighEnd high = highEndOf(sizes);
  add("margin", {0, 0, high.margin}, [] { return fmt::format("{} % of the high end for fragmentation", kMarginPercent); });

  const std::vector<Term> open = openTerms(input, plan, sizes);
  need.terms.insert(need.terms.end(), open.begin(), open.end());
  need.source = Need::Source::Estimate;
  need.confidence = confidenceOf(input, plan, !open.empty());
  need.minimum = minimumOf(sizes);
  need.bytes = needOf(sizes);
  if (open.empty()) need.high = plusBytes(high.parts, high.margin);

  result.parameters = sizes.parameters;
  result.kvBytesPerToken = sizes.poolBytesPerToken;
  result.weights = sizes.weights.bytes;
  result.kv = sizes.kv.bytes;
  result.activations = sizes.activations.bytes;
  result.graphs = sizes.graphs.bytes;
  result.runtime = sizes.runtime().bytes;
  result.maxModelLen = plan.maxModelLen;
  result.maxNumSeqs = plan.maxNumSeqs;
  result.maxNumBatchedTokens = plan.maxNumBatchedTokens;
  result.concurrency = plan.concurrency;
  result.context = plan.context;
  result.memoryFraction = plan.fraction;
  return result;
}

}  // namespace

std::optional<Estimate> estimate(const EstimateInput& input) {
  if (!canBeSized(input)) return std::nullopt;
  const ServingPlan plan = servingPlan(input);
  DeviceSizes sizes = deviceSizes(input, plan);
  if (sizes.parameters == 0) return std::nullopt;
  return estimateOf(input, plan, std::move(sizes), true);
}

Sized::Sized(EstimateInput input, WeightsMemo* weights) : input_(std::move(input)), weights_(weights) {
  if (!canBeSized(input_)) return;
  plan_ = servingPlan(input_);
  sizes_ = deviceSizes(input_, *plan_, weights);
  if (sizes_.parameters == 0) {
    plan_.reset();
    return;
  }
  if (!openTerms(input_, *plan_, sizes_).empty()) return;
  const HighEnd high = highEndOf(sizes_);
  high_ = plusBytes(high.parts, high.margin);
}

StartVerdict Sized::start(Bytes usable) const {
  if (!known() || usable <= 0) return {};
  StartVerdict verdict = checkStart(*plan_, loaded(sizes_), usable);
  verdict.surely = verdict.surely && high_.has_value();  // an open term might be what does not fit
  return verdict;
}

const std::optional<Estimate>& Sized::estimate(bool words) const {
  if (known() && (!estimate_ || (words && !worded_))) {
    estimate_ = estimateOf(input_, *plan_, sizes_, words);
    worded_ = words;
  }
  return estimate_;
}

std::vector<std::string> Sized::advice(Bytes usable) const {
  return known() ? adviceOn({&input_, &*plan_, loaded(sizes_), weights_}, usable) : std::vector<std::string>();
}

}  // namespace rightslice::model
