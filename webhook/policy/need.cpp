#include "policy/need.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/glob.hpp"

namespace rightslice::policy {
namespace {

bool sameQuantization(std::string_view declared, std::string_view effective) {
  const auto a = model::parseFormat(declared), b = model::parseFormat(effective.empty() ? "none" : effective);
  if (a && b) return *a == *b;
  return declared == effective;
}

std::string quantizationOf(const Annotations& annotations, const model::EngineRun& run,
                           const std::optional<model::Resolved>& resolved) {
  if (annotations.quantization) return *annotations.quantization;
  if (run.settings.quantization) return *run.settings.quantization;
  if (resolved && resolved->formatFromName) return std::string(model::name(*resolved->formatFromName));
  if (resolved && resolved->architecture != nullptr) return std::string(model::name(resolved->architecture->format));
  return "none";
}

}  // namespace

const DeclaredModel* mostSpecific(const std::vector<DeclaredModel>& models, std::string_view model,
                                  std::string_view quantization, std::string_view engine) {
  const DeclaredModel* best = nullptr;
  std::tuple<bool, int, int> bestRank;
  for (const auto& declared : models) {
    if (!globMatches(declared.model, model, true)) continue;
    if (!declared.quantization.empty() && !sameQuantization(declared.quantization, quantization)) continue;
    if (!declared.engine.empty() && declared.engine != engine) continue;
    const std::tuple<bool, int, int> rank{globIsExact(declared.model), globLiteralCount(declared.model),
                                          (declared.quantization.empty() ? 0 : 1) + (declared.engine.empty() ? 0 : 1)};
    if (best == nullptr || rank > bestRank) {
      best = &declared;
      bestRank = rank;
    }
  }
  return best;
}

NeedSource::NeedSource(const workload::Container& container, const Annotations& annotations, const Policy& policy,
                       const Catalogue& catalogue, bool words)
    : run_(model::readInvocation(container.invocation)), footprint_(annotations.footprint), policy_(&policy), words_(words) {
  modelName_ = annotations.model ? *annotations.model : run_.model.value_or("");
  if (annotations.model) {
    run_.modelConfidence = model::Confidence::High;
    if (run_.engine != nullptr && run_.engine->namedModel != nullptr) run_.engine->namedModel(*annotations.model, run_);
  }
  if (!modelName_.empty()) resolved_ = catalogue.models->find(modelName_);
  if (run_.draft.method == model::DraftSettings::Method::Model) draft_ = catalogue.models->find(run_.draft.model);
  quantization_ = quantizationOf(annotations, run_, resolved_);
  if (!footprint_ && !modelName_.empty())
    declaredModel_ = mostSpecific(policy.models, modelName_, quantization_, run_.engine != nullptr ? run_.engine->name : "");

  if (annotations.quantization) format_ = model::parseFormat(*annotations.quantization);
  kvCacheDtype_ = annotations.kvCacheDtype;

  load_.concurrency = annotations.concurrency.value_or(policy.concurrency.value_or(8));
  load_.context = annotations.context.value_or(policy.context.value_or(4096));
  load_.stated = annotations.concurrency || annotations.context || policy.loadWritten || footprint_ ||
                 (declaredModel_ != nullptr && declaredModel_->memory) ||
                 !run_.loadCounts();
}

model::Need NeedSource::declaredNeed(std::int64_t devices) const {
  model::Need need;
  need.confidence = model::Confidence::High;
  const auto add = [&](std::string name, Bytes bytes, std::string from) {
    need.terms.push_back({std::move(name), bytes, std::move(from), bytes, bytes, false});
    need.bytes = plusBytes(need.bytes, bytes);
  };
  if (footprint_) {
    need.source = model::Need::Source::Annotation;
    add("footprint", *footprint_, "annotation rightslice.io/footprint");
  } else {
    need.source = model::Need::Source::Policy;
    const auto& d = *declaredModel_;
    const std::string from = fmt::format("spec.models of policy {}, model {}", policy_->id(), d.model);
    if (d.memory) {
      add("memory", *d.memory, from);
    } else {
      add("weights", d.weights.value_or(0), from);
      if (d.overhead) add("overhead", *d.overhead, from);
      if (d.kvPerToken) {
        std::int64_t concurrency = load_.concurrency, context = load_.context;
        if (run_.settings.maxNumSeqs) concurrency = std::min(concurrency, *run_.settings.maxNumSeqs);
        if (run_.settings.maxModelLen) context = std::min(context, *run_.settings.maxModelLen);
        const std::int64_t tokens = std::max(run_.settings.maxModelLen.value_or(0), timesBytes(concurrency, context));
        add("kvCache", timesBytes(*d.kvPerToken, tokens),
            fmt::format("{} tokens x {} ({}; {} requests of {} tokens)", tokens, formatBytes(*d.kvPerToken), from, concurrency,
                        context));
      }
    }
  }
  if (devices > 1) {
    need.bytes = ceilDiv(need.bytes, devices);
    for (auto& term : need.terms) {
      term.bytes = term.low = term.high = ceilDiv(term.bytes, devices);
      term.from += fmt::format(", shared by {} GPUs", devices);
    }
  }
  need.minimum = need.bytes;
  need.high = need.bytes;
  return need;
}

std::optional<model::EstimateInput> NeedSource::inputOn(const model::Device& device) const {
  if (!resolved_ || resolved_->architecture == nullptr || run_.engine == nullptr) return std::nullopt;
  auto input = model::estimateInput(*resolved_, run_, load_, device);
  if (draft_) {
    input.draft = draft_->architecture;
    input.draftFormat = draft_->formatFromName;
  }
  if (format_) {
    input.format = format_;
    input.formatConfidence = model::Confidence::High;
  }
  if (kvCacheDtype_) input.kvCacheDtype = kvCacheDtype_;
  return input;
}

const model::Sized* NeedSource::sizedOn(const model::Device& device) const {
  const auto known = std::find_if(sized_.begin(), sized_.end(), [&](const auto& each) { return each->input().device == device; });
  if (known != sized_.end()) return known->get();
  auto input = inputOn(device);
  if (!input) return nullptr;
  return sized_.emplace_back(std::make_unique<model::Sized>(std::move(*input), &weights_)).get();
}

const model::Need* NeedSource::on(const model::Device& device) const {
  if (declared()) {
    auto known = declared_.find(device.count);
    if (known == declared_.end()) known = declared_.emplace(device.count, declaredNeed(device.count)).first;
    return &known->second;
  }
  const auto* sized = sizedOn(device);
  return sized != nullptr && sized->known() ? &sized->estimate(words_)->need : nullptr;
}

std::optional<Bytes> NeedSource::highOn(const model::Device& device) const {
  if (declared()) return on(device)->high;
  const auto* sized = sizedOn(device);
  return sized != nullptr ? sized->high() : std::nullopt;
}

std::optional<model::Need> NeedSource::onDevices(model::Device device) const {
  if (declared()) return declaredNeed(device.count);
  auto input = inputOn(device);
  if (!input) return std::nullopt;
  model::EngineRun run = run_;
  if (run.settings.pipelineParallelSize.value_or(1) != 1) return std::nullopt;
  if (run.settings.tensorParallelSize) run.settings.tensorParallelSize = std::min(*run.settings.tensorParallelSize, device.count);
  input->run = &run;
  auto estimate = model::estimate(*input);
  if (!estimate || !device.memory || !model::startsOn(*input, *estimate, *device.memory).surely) return std::nullopt;
  return std::move(estimate->need);
}

std::string NeedSource::unknownBecause() const {
  if (run_.engine != nullptr && !run_.engine->whyUnknown.empty() && (modelName_.empty() || !run_.kvRule()))
    return fmt::format("{} (looked at {})", run_.engine->whyUnknown, fmt::join(run_.lookedAt, ", "));
  if (run_.engine != nullptr && !run_.kvRule())
    return fmt::format("{} is recognised, but its memory cannot be computed from its flags; add the annotation "
                       "rightslice.io/footprint (its measured peak, e.g. 7Gi)",
                       run_.engine->name);
  if (modelName_.empty()) {
    std::string looked;
    for (const auto& place : run_.lookedAt) looked += (looked.empty() ? "" : ", ") + place;
    return fmt::format("no model found (looked at {}); add the annotation rightslice.io/footprint (e.g. 7Gi){}",
                       looked.empty() ? "command, args, env and image" : looked,
                       run_.engine != nullptr ? " or rightslice.io/model" : "");
  }
  if (run_.engine == nullptr)
    return fmt::format("no inference engine recognised for model {}; add the annotation rightslice.io/footprint (e.g. 7Gi) or "
                       "declare the model under spec.models of a policy",
                       modelName_);
  if (!resolved_)
    return fmt::format("model {} is not in the catalogue; add the annotation rightslice.io/footprint (e.g. 7Gi), declare it "
                       "under spec.models of a policy, or name a model of the same shape in rightslice.io/model",
                       modelName_);
  return fmt::format("the memory of model {} under {} cannot be computed; add the annotation rightslice.io/footprint (e.g. 7Gi)",
                     modelName_, run_.engine->name);
}

}  // namespace rightslice::policy
