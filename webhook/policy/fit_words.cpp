#include "policy/fit_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "policy/claimed.hpp"

namespace rightslice::policy {
namespace {

/// " (all 14 on 2 nodes are in use now)"; empty where one is free, or it is not known.
std::string heldText(const Offered& offered) {
  if (!offered.allHeld()) return "";
  if (offered.slices == 1) return " (the only one is in use now)";
  return fmt::format(" (all {} on {} are in use now)", offered.slices, offered.nodes == 1 ? "one node" : fmt::format("{} nodes", offered.nodes));
}

}  // namespace

std::string FitWords::asks() const {
  std::string text = entry_.count.value_or(1) > 1 ? fmt::format("asks for {} x {}", *entry_.count, entry_.said())
                                                  : fmt::format("asks for {}", entry_.said());
  if (meaning_.viaGpuResource) text += fmt::format(" (a {} slice here)", meaning_.profile);
  return text;
}

std::string FitWords::holds(Bytes usable) const {
  std::string text = fmt::format("{} holds {}", meaning_.profile.empty() ? "each GPU" : meaning_.profile, formatBytes(usable));
  if (meaning_.usable->standIn) text += " (estimated: not measured on this product)";
  return text;
}

std::string FitWords::advice(const Choice& choice, const model::FlagList& flags) const {
  if (meaning_.viaGpuResource)
    return fmt::format("select nodes with {} slices ({}) instead, by {}{}", choice.candidate.profile, formatBytes(choice.candidate.usable),
                       meaning_.selectedByPartition ? "cloud.google.com/gke-gpu-partition-size" : "nvidia.com/gpu.product or their pool",
                       heldText(choice.candidate.offered));
  const auto holds = formatBytes(choice.candidate.usable);
  std::string text = entry_.claim ? claimAdvice(*entry_.claim, choice.candidate.profile, holds)
                                  : fmt::format("ask for {} ({}) instead", gpu::resourceFor(choice.candidate.profile, entry_.name), holds);
  for (const auto& [flag, value] : flags) text += fmt::format(" with {} {}", flag, value);
  return text + heldText(choice.candidate.offered);
}

std::string FitWords::computeLoss(const Choice& choice, int before) const {
  const int after = choice.candidate.computeSlices;
  std::string text;
  if (after < before) text = fmt::format("; compute falls from {} to {} slices", before, after);
  const auto* product = meaning_.products.front();
  const auto* own = product->profile(choice.candidate.profile);
  const auto* asked = meaning_.profile.empty() ? nullptr : product->profile(meaning_.profile);
  const auto total = asked != nullptr ? asked->memorySlices : product->memorySlices;
  if (own != nullptr && own->memorySlices && total && *own->memorySlices < *total)
    text += fmt::format("{} memory bandwidth to {}/{}", text.empty() ? ";" : ",", *own->memorySlices, *total);
  return text;
}

std::string FitWords::way(const model::Way& way) {
  const std::string flags = model::flagsText(way.flags);
  std::string text;
  if (way.build) text = fmt::format("a build quantised to {}", model::name(*way.build));
  if (way.build && way.concurrency) text += " with ";
  if (way.concurrency) text += fmt::format("a concurrency of {}", *way.concurrency);
  if (flags.empty()) return text;
  if (way.concurrency) return fmt::format("{} ({})", text, flags);
  return text.empty() ? flags : fmt::format("{} with {}", text, flags);
}

std::string FitWords::need(const model::Need& need, bool low) const {
  return fmt::format("{} ({})", formatBytes(low ? need.minimum : need.bytes), largestTerms(need, low));
}

std::string FitWords::what() const {
  if (source_.modelName().empty()) return "the container";
  const auto& run = source_.run();
  const bool label = !run.modelBy.empty() && run.model == source_.modelName();
  return label ? fmt::format("{} (by {})", source_.modelName(), run.modelBy) : source_.modelName();
}

std::string FitWords::noneFits(const model::Need& need, bool offerKnown) const {
  if (!meaning_.unknownProducts.empty())
    return fmt::format("the catalogue lacks {}, so no slice is recommended", meaning_.unknownProducts.front());
  if (!need.high) return "what it takes at most is not known, so no slice is recommended";
  if (meaning_.kind == Meaning::Kind::Whole) return "use more GPUs with tensor parallelism, or a smaller build";
  return offerKnown ? "no slice that is offered and allowed fits" : "no slice of this product fits; use a whole GPU or a smaller build";
}

std::string FitWords::load() const {
  if (source_.declared() && source_.loadStated()) return "";  // the declaration says it all
  if (!source_.declared() && !source_.run().loadCounts())
    return source_.run().kvRule() == model::KvRule::None ? "" : " with the context of all its slots";
  return fmt::format(" with its load of {} requests of {} tokens{}", source_.load().concurrency, source_.load().context,
                     source_.loadStated() ? "" : " (assumed)");
}

std::string FitWords::largestTerms(const model::Need& need, bool low) {
  std::vector<const model::Term*> terms;
  for (const auto& term : need.terms)
    if ((low ? term.low : term.bytes) > 0) terms.push_back(&term);
  std::stable_sort(terms.begin(), terms.end(),
                   [&](const auto* a, const auto* b) { return (low ? a->low : a->bytes) > (low ? b->low : b->bytes); });
  if (terms.size() > 3) terms.resize(3);
  std::string text;
  for (const auto* term : terms)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", term->name, formatBytes(low ? term->low : term->bytes));
  return text;
}

std::string FitWords::percent(int tenths) {
  return tenths % 10 == 0 ? fmt::format("{} %", tenths / 10) : fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

}  // namespace rightslice::policy
