#include "policy/judge_container.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/claimed.hpp"
#include "policy/fit.hpp"
#include "policy/money.hpp"
#include "policy/need.hpp"
#include "policy/parallelism.hpp"
#include "policy/unaccounted.hpp"

namespace rightslice::policy {
namespace {

using ResourceKind = gpu::ResourceName::Kind;

class Judge {
 public:
  explicit Judge(const ContainerInput& input) : in_(input) {
    out_.container = input.container;
    out_.pod = input.pod;
    out_.judgement.name = input.container->name;
  }

  ContainerOutcome run() {
    out_.ask = askOf(*in_.container);
    const bool bothKeys = setOursAside();
    if (notJudged()) return std::move(out_);

    const auto written = in_.annotations->of(in_.container->name);
    // spec.declarations: policy judges first as if the workload had declared nothing.
    const Annotations first = in_.policy->declarationsByPolicy ? Annotations{} : written;
    const NeedSource source(*in_.container, first, *in_.policy, *in_.catalogue, in_.words);
    describe(source);

    if (out_.ask.empty()) {
      for (const auto& each : source.run().unread)
        out_.unknown.push_back(fmt::format("{}, for container {}", each, in_.container->name));
      unaccounted();
      describeNeed(source);
      return std::move(out_);
    }
    if (bothKeys && in_.validateOnly) {
      const auto& theirs = out_.ask.entries.front().resource;
      auto& finding = add(Code::MultipleSlices, out_.ask.ours->path,
                          fmt::format("asks for {} and for {}, which a rewrite put in {} place; apply the manifest again through "
                                      "the mutating webhook, or remove one of the two",
                                      theirs, out_.ask.ours->resource,
                                      theirs == in_.original->asked ? "its" : fmt::format("{}'s", in_.original->asked)));
      finding.always = true;
    }
    for (const auto& entry : out_.ask.entries)
      if (!entry.count)
        add(Code::InvalidQuantity, entry.path, fmt::format("{}: {}; write a whole number, the same in limits and requests",
                                                           entry.resource, entry.problem));
    const bool invalid = std::any_of(out_.ask.entries.begin(), out_.ask.entries.end(), [](const auto& e) { return !e.count; });

    if (out_.ask.entries.size() > 1) {
      several(source);
      return std::move(out_);
    }
    const AskEntry& entry = out_.ask.entries.front();
    Meaning meaning = meaningOf(entry, *in_.pod, *in_.policy, *in_.catalogue->gpus, *in_.surroundings);
    if (meaning.kind == Meaning::Kind::UnknownMeaning) {
      unknownMeaning(entry, meaning, source);
      return std::move(out_);
    }
    if (!invalid) requested(entry, meaning);
    slice(entry, meaning);
    if (in_.pod->pattern) {
      out_.meaning = std::move(meaning);
      return std::move(out_);
    }
    for (const auto& each : source.run().unread) out_.unknown.push_back(fmt::format("{}, for container {}", each, in_.container->name));
    parallelism(entry, meaning, source);
    out_.meaning = std::move(meaning);
    if (invalid || out_.meaning->kind == Meaning::Kind::UnknownProfile || out_.meaning->kind == Meaning::Kind::NotOnGpu) {
      describeNeed(source);
      return std::move(out_);
    }
    fit(entry, written, source);
    money(entry);
    return std::move(out_);
  }

 private:
  /// With its claims.
  Ask askOf(const workload::Container& container) const {
    const auto& devices = in_.surroundings->devices;
    Ask ask = readAsk(container, &devices);
    addClaims(ask, in_.workload->ns, container, *in_.pod, devices);
    return ask;
  }

  RawFinding& add(Code code, std::string path, std::string message) {
    RawFinding finding;
    finding.code = code;
    finding.container = in_.container->name;
    finding.path = std::move(path);
    finding.message = std::move(message);
    for (const auto& entry : out_.ask.entries)
      finding.asked += entry.count ? fmt::format("{}:{};", entry.said(), *entry.count)
                                   : fmt::format("{}:{}/{};", entry.said(), entry.limitJson, entry.requestJson);
    out_.findings.push_back(std::move(finding));
    return out_.findings.back();
  }

  /// Re-apply: with R and W both there, W is ours and the container is judged as asking for R alone. With another key X in R's stead the
  /// author has changed the manifest since (a merge takes R out, puts X in and leaves W, which the author never wrote): X alone is judged.
  bool setOursAside() {
    if (in_.original == nullptr) return false;
    auto& entries = out_.ask.entries;
    const auto find = [&](const std::string& resource) {
      return std::find_if(entries.begin(), entries.end(), [&](const AskEntry& entry) { return entry.resource == resource; });
    };
    const auto asked = find(in_.original->asked);
    const auto written = find(in_.original->written);
    if (written == entries.end() || asked == written) return false;
    const bool asWritten = written->count == in_.original->count;
    out_.oursAlone = entries.size() == 1 && asWritten;
    const bool again = asked != entries.end() && asked->count == in_.original->count;
    const bool changed = asked == entries.end() && entries.size() == 2 && asWritten;
    if (!again && !changed) return false;
    out_.ask.ours = *written;
    entries.erase(written);
    return true;
  }

  bool notJudged() {
    std::string system, path = in_.container->pointer, detail;
    for (const auto& entry : out_.ask.entries)
      if (entry.name.kind == ResourceKind::OtherSystem && !entry.claim && system.empty()) {
        system = entry.name.system;
        path = entry.path;
        detail = entry.resource;
      }
    const auto firstOfNone = [&] {  // asked of the first alone: it looks at all of them
      return in_.container == &in_.pod->containers.front() &&
             std::all_of(in_.pod->containers.begin(), in_.pod->containers.end(), [&](const auto& other) { return askOf(other).entries.empty(); });
    };
    // What such a system gives out is asked for as nvidia.com/gpu, or not as a resource at all; a slice by its name or a device by a claim is none of it.
    const bool asksByAnyName = std::any_of(out_.ask.entries.begin(), out_.ask.entries.end(), [](const AskEntry& entry) {
      return !entry.claim && (entry.name.kind == ResourceKind::WholeGpu || entry.name.kind == ResourceKind::SharedGpu);
    });
    if (system.empty() && !in_.pod->sharingSystem.empty() && (asksByAnyName || firstOfNone())) {
      system = in_.pod->sharingSystem;
      detail = "an annotation or label of the pod";
    }
    if (system.empty() && !out_.ask.undecided.empty()) {
      undecidedClaims();
      return true;
    }
    if (system.empty()) return false;
    out_.notJudged = true;
    out_.findings.clear();
    add(Code::NotJudged, std::move(path),
        fmt::format("{} asks {} for a share of a GPU, which is not judged: only nvidia.com/gpu, nvidia.com/mig-* and mig.das.com/* are",
                    detail, system));
    return true;
  }

  void undecidedClaims() {
    out_.notJudged = true;
    for (const auto& each : out_.ask.undecided) {
      if (!each.unknown.empty()) out_.unknown.push_back(each.unknown);
      if (&each == &out_.ask.undecided.front()) add(Code::NotJudged, each.path, each.text);
    }
  }

  void describe(const NeedSource& source) {
    if (source.run().engine != nullptr) {
      out_.judgement.engine = source.run().engine->name;
      out_.judgement.settings = source.run().settings;
    }
    out_.judgement.model = source.modelName();
  }

  void describeNeed(const NeedSource& source) {
    if (out_.judgement.need) return;
    if (const auto* need = source.on({std::nullopt, false, 1})) out_.judgement.need = *need;
  }

  void unaccounted() {
    const auto gpu = unaccountedGpu(*in_.pod, *in_.container);
    if (!gpu) return;
    auto& finding = add(Code::UnaccountedGpu, in_.container->pointer,
                        fmt::format("asks for no GPU, but {}; ask for nvidia.com/gpu or a slice, so that it is counted and kept apart", gpu->why));
    if (!gpu->sure) finding.limit(Action::Warn, "the value is not known here");
  }

  void several(const NeedSource& source) {
    std::vector<Meaning> meanings;
    bool whole = false, slices = false;
    std::string names;
    for (const auto& entry : out_.ask.entries) {
      meanings.push_back(meaningOf(entry, *in_.pod, *in_.policy, *in_.catalogue->gpus, *in_.surroundings));
      if (meanings.back().kind == Meaning::Kind::UnknownMeaning) {
        unknownMeaning(entry, meanings.back(), source);
        return;
      }
      (meanings.back().kind == Meaning::Kind::Whole ? whole : slices) = true;
      names += (names.empty() ? "" : " and ") + entry.said();
    }
    if (whole && slices)
      add(Code::MixedGpuAndMig, in_.container->pointer, fmt::format("asks for {} in one container; ask for one of them", names));
    else if (slices)
      add(Code::MultipleSlices, out_.ask.entries.front().path,
          fmt::format("asks for {} in one container; slices do not add up for one process, so ask for one that is large enough", names));
    // What a name alone tells is said of each of them.
    for (std::size_t index = 0; index < meanings.size(); ++index) slice(out_.ask.entries[index], meanings[index]);
  }

  /// nvidia.com/gpu that may be a whole GPU or a slice: NotJudged, which stands alone.
  void unknownMeaning(const AskEntry& entry, const Meaning& meaning, const NeedSource& source) {
    out_.findings.clear();
    out_.notJudged = true;
    add(Code::NotJudged, entry.path, meaning.note);
    if (out_.ask.entries.size() == 1 && entry.count) {
      Requested requested;
      requested.resource = entry.resource;
      requested.count = *entry.count;
      out_.judgement.requested = std::move(requested);
    }
    describeNeed(source);
  }

  void requested(const AskEntry& entry, const Meaning& meaning) {
    if (entry.claim)
      for (const auto& alternative : entry.claim->alternatives)
        for (const auto& text : alternative.unread)
          out_.unknown.push_back(fmt::format("what '{}' leaves of the devices of {}", text, entry.claim->place));
    Requested requested;
    requested.resource = entry.resource;
    requested.count = *entry.count;
    if (meaning.kind == Meaning::Kind::Slice || meaning.kind == Meaning::Kind::NotOnGpu) requested.profile = meaning.profile;
    if (meaning.kind != Meaning::Kind::UnknownProfile)
      for (const auto* product : meaning.products) requested.gpus.push_back(product->label());
    if (meaning.usable) requested.usable = meaning.usable->smallest;
    out_.judgement.requested = std::move(requested);
  }

  /// Rules on the name, the sharing and the count of one entry.
  void slice(const AskEntry& entry, const Meaning& meaning) {
    if (meaning.kind == Meaning::Kind::UnknownProfile)
      add(Code::UnknownProfile, entry.path, meaning.viaClaim ? fmt::format("asks for {}, but {}", entry.said(), meaning.note) : meaning.note);
    if (meaning.kind == Meaning::Kind::NotOnGpu) {
      auto& finding = add(Code::ProfileNotOnGpu, entry.path, fmt::format("asks for {}, but {}", entry.said(), meaning.note));
      if (meaning.inventoryLacksIt) finding.insteadOfDefault = Action::Deny;
    }
    const bool named = meaning.kind == Meaning::Kind::Slice || meaning.kind == Meaning::Kind::NotOnGpu ||
                       (meaning.kind == Meaning::Kind::UnknownProfile && entry.name.kind != ResourceKind::Misspelt);
    if (meaning.viaClaim) {
      claimedProfiles(entry, meaning);
    } else if (named && !in_.policy->profileAllowed(meaning.profile)) {
      notAllowed(entry, fmt::format(" ({})", meaning.profile));
    }
    if (meaning.shared)
      add(Code::SharedSlice, entry.path,
          fmt::format("shares a device with other {} ({}): there is no guarantee of memory", meaning.viaClaim ? "containers or pods" : "pods", meaning.sharedBy));
    if (entry.count.value_or(1) > 1 && meaning.kind != Meaning::Kind::Whole && meaning.kind != Meaning::Kind::UnknownMeaning &&
        out_.ask.entries.size() == 1)
      add(Code::MultipleSlices, entry.path,
          fmt::format("asks for {} x {}: slices do not add up for one process, which sees one of them; ask for one that is large enough",
                      *entry.count, entry.said()));
  }

  RawFinding& notAllowed(const AskEntry& entry, const std::string& what) {
    return add(Code::ProfileNotAllowed, entry.path,
               fmt::format("asks for {}{}, which policy {} does not allow here ({})", entry.said(), what, in_.policy->id(), in_.policy->allowedText()));
  }

  /// Each profile that a claim names must be allowed. Of one that names none, those that it may be given: surely wrong if none of them is.
  void claimedProfiles(const AskEntry& entry, const Meaning& meaning) {
    std::string refused;
    std::size_t count = 0;
    for (const auto& profile : meaning.profiles) {
      if (in_.policy->profileAllowed(profile)) continue;
      refused += (refused.empty() ? "" : ", ") + profile;
      ++count;
    }
    if (count == 0) return;
    const bool itself = meaning.profilesNamed && meaning.profiles.size() == 1;
    auto& finding = notAllowed(entry, itself ? "" : fmt::format("{} {}", meaning.profilesNamed ? ", among it" : " and may be given", refused));
    if (!meaning.profilesNamed && count < meaning.profiles.size()) finding.limit(Action::Warn, "others that it may be given are allowed");
  }

  void parallelism(const AskEntry& entry, const Meaning& meaning, const NeedSource& source) {
    if (!entry.count) return;
    const bool group = source.run().multiNode || in_.pod->multiPodGroup;
    const auto parallel = parallelismOf(source.run(), in_.pod->multiPodGroup);
    if (!parallel) return;
    const std::int64_t devices = parallel->devices();
    auto what = fmt::format("tensor parallel size {} x pipeline parallel size {}", parallel->tensor, parallel->pipeline);
    if (devices > parallel->ranks()) what += fmt::format(" x data parallel size {}", *parallel->data);
    if (devices > *entry.count && !group) {
      auto& finding = add(Code::ParallelismExceedsDevices, entry.path,
          fmt::format("{} needs {} devices, but the container asks for {} x {}; ask for {}, or lower the parallelism", what, devices,
                      *entry.count, entry.said(), devices));
      if (!source.run().unread.empty()) finding.limit(Action::Warn, fmt::format("{} is not read", source.run().unread.front()));
    } else if (parallel->ranks() > 1 && meaning.kind != Meaning::Kind::Whole) {
      add(Code::TensorParallelOverSlices, entry.path,
          fmt::format("{} over slices: there is no peer-to-peer between slices, and one process sees one; use one larger slice or "
                      "whole GPUs",
                      what));
    }
  }

  void fit(const AskEntry& entry, const Annotations& written, const NeedSource& source) {
    ContainerInput input = in_;
    Fit fit = judgeFit(input, entry, *out_.meaning, in_.policy->declarationsByPolicy ? Annotations{} : written, source);
    if (in_.policy->declarationsByPolicy) {
      const NeedSource with(*in_.container, written, *in_.policy, *in_.catalogue, in_.words);
      Fit declared = judgeFit(input, entry, *out_.meaning, written, with);
      const bool known = fit.need || declared.need;
      const bool useDeclared = !fit.fitFinding && declared.fitFinding;
      const auto unknownFootprint = [](const RawFinding& finding) { return finding.code == Code::UnknownFootprint; };
      // An Oversized with a stated load on either side is one.
      const auto statedOversized = [](const Fit& side) {
        return side.loadStated && std::any_of(side.findings.begin(), side.findings.end(),
                                              [](const RawFinding& finding) { return finding.code == Code::Oversized; });
      };
      const bool stated = statedOversized(fit) || statedOversized(declared);
      for (auto& finding : declared.findings) {
        const bool there = std::any_of(fit.findings.begin(), fit.findings.end(), [&](const RawFinding& other) {
          return other.code == finding.code && other.path == finding.path;
        });
        if (!there) fit.findings.push_back(std::move(finding));
      }
      if (known) std::erase_if(fit.findings, unknownFootprint);
      // Where both sides want a larger slice the rewrite must serve both.
      const auto undersized = [](const RawFinding& finding) { return finding.code == Code::Undersized; };
      if (fit.rewrite && std::any_of(declared.findings.begin(), declared.findings.end(), undersized)) {
        if (!declared.rewrite)
          fit.rewrite.reset();
        else if (declared.rewrite->usable > fit.rewrite->usable)
          fit.rewrite = declared.rewrite;
      }
      if (useDeclared || !fit.need) {
        fit.need = std::move(declared.need);
        fit.recommended = std::move(declared.recommended);
        fit.rewrite = std::move(declared.rewrite);
        fit.remedy = std::move(declared.remedy);
        describe(with);
      }
      fit.loadStated = stated;
    }
    for (const auto& text : source.run().badFlags) {
      RawFinding bad;
      bad.code = Code::EngineSettings;
      bad.container = in_.container->name;
      bad.path = in_.container->pointer;
      bad.message = text;
      const bool failed = std::any_of(fit.findings.begin(), fit.findings.end(), [](const RawFinding& finding) {
        return finding.code == Code::Undersized || finding.code == Code::EngineCannotStart;
      });
      if (!failed) fit.findings.push_back(std::move(bad));
    }
    for (auto& finding : fit.findings) out_.findings.push_back(std::move(finding));
    out_.judgement.need = std::move(fit.need);
    out_.judgement.recommended = std::move(fit.recommended);
    out_.judgement.remedy = std::move(fit.remedy);
    out_.rewrite = std::move(fit.rewrite);
    out_.offerKnown = fit.offerKnown;
    out_.loadStated = fit.loadStated;
    const auto& lacking = out_.meaning->unknownProducts;
    if (!lacking.empty())
      out_.unknown.push_back(fmt::format("GPU product of container {}: the catalogue lacks {}", in_.container->name, fmt::join(lacking, ", ")));
    else if (out_.meaning->kind == Meaning::Kind::Whole && out_.meaning->products.empty())
      out_.unknown.push_back(fmt::format("GPU product of container {}", in_.container->name));
  }

  void money(const AskEntry& entry) {
    if (!in_.pod->replicasKnown) return;
    const auto& book = priceBook(*in_.surroundings);
    const auto& gpus = *in_.catalogue->gpus;
    const bool whole = out_.meaning->kind == Meaning::Kind::Whole;
    const auto asked = costOnSet(out_.meaning->products, whole ? "" : out_.meaning->profile,
                                 timesBytes(*entry.count, in_.pod->replicas), book, gpus);
    if (!asked) return;
    MonthlyCost cost;
    cost.currency = book.currency;
    cost.defaultBook = book.isDefault;
    cost.bookDate = book.date;
    cost.requestedCents = *asked;
    if (const auto& recommended = out_.judgement.recommended) {
      // Slices do not add up, so one takes the place of several.
      const std::int64_t count = recommended->count.value_or(1);
      cost.recommendedCents =
          costOnSet(out_.meaning->products, recommended->profile, timesBytes(count, in_.pod->replicas), book, gpus);
      const bool oversized = std::any_of(out_.findings.begin(), out_.findings.end(),
                                         [](const RawFinding& finding) { return finding.code == Code::Oversized; });
      if (oversized && cost.recommendedCents) cost.wasteCents = *asked - *cost.recommendedCents;
    }
    out_.judgement.cost = std::move(cost);
  }

  const ContainerInput& in_;
  ContainerOutcome out_;
};

}  // namespace

ContainerOutcome judgeContainer(const ContainerInput& input) { return Judge(input).run(); }

}  // namespace rightslice::policy
