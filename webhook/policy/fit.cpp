#include "policy/fit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "json/view.hpp"
#include "policy/claimed.hpp"
#include "policy/fit_words.hpp"
#include "policy/flag_edit.hpp"
#include "policy/ladder.hpp"
#include "policy/parallelism.hpp"

namespace rightslice::policy {
namespace {

constexpr std::string_view kStandInMemory = "the memory of this slice is an estimate";

/// usable x 1000 >= need x (1000 + h), exactly; h in tenths of a percent.
bool holds(Bytes usable, Bytes need, int headroomTenths) {
  return static_cast<Int128>(usable) * 1000 >= static_cast<Int128>(need) * (1000 + headroomTenths);
}

using Flags = model::FlagList;

class Judge {
 public:
  Judge(const ContainerInput& input, const AskEntry& entry, const Meaning& meaning, const Annotations& annotations,
        const NeedSource& source)
      : in_(input), entry_(entry), meaning_(meaning), annotations_(annotations), source_(source), words_(entry, meaning, source) {
    a100_ = !meaning.products.empty() && std::all_of(meaning.products.begin(), meaning.products.end(), [](const auto* product) {
      return product->title.starts_with("A100") || product->title.starts_with("A800");
    });
  }

  Fit run() {
    const bool whole = meaning_.kind == Meaning::Kind::Whole;
    devices_ = whole ? *entry_.count : 1;
    out_.loadStated = source_.loadStated();
    ladder();
    const auto smallest = meaning_.usable ? std::optional(meaning_.usable->smallest) : std::nullopt;
    const auto* need = source_.on(device(smallest));
    if (need == nullptr) {
      auto& finding = add(Code::UnknownFootprint, source_.unknownBecause());
      if (source_.modelName().empty() && leaderNamesModel()) finding.limit(Action::Warn, "another pod of its group names the model, and it joins that one");
      return std::move(out_);
    }
    out_.need = *need;
    if (source_.declared()) disagree(*need, smallest);
    if (!meaning_.usable) return std::move(out_);
    fit(*need);
    return std::move(out_);
  }

 private:
  model::Device device(std::optional<Bytes> memory) const { return {memory, a100_, devices_}; }

  RawFinding& add(Code code, std::string message) {
    RawFinding finding;
    finding.code = code;
    finding.container = in_.container->name;
    finding.path = entry_.path;
    finding.message = std::move(message);
    finding.asked = fmt::format("{}:{};", entry_.said(), entry_.count.value_or(0));
    out_.findings.push_back(std::move(finding));
    return out_.findings.back();
  }

  /// What an object that is not read says of the model or its flags may change all that they tell.
  void hangsOnUnread(RawFinding& finding) const {
    const auto& unread = source_.run().unread;
    if (unread.empty()) return;
    finding.limit(Action::Warn, fmt::format("{} {} not read", fmt::join(unread, " and "), unread.size() == 1 ? "is" : "are"));
  }

  /// Of a group of pods often the first alone is told what they serve.
  bool leaderNamesModel() const {
    if (!in_.pod->multiPodGroup) return false;
    const auto names = [](const workload::Container& container) { return model::readInvocation(container.invocation).model.has_value(); };
    const auto& templates = in_.workload->templates;
    return std::any_of(templates.begin(), templates.end(), [&](const workload::PodTemplate& other) {
      return &other != in_.pod && std::any_of(other.containers.begin(), other.containers.end(), names);
    });
  }

  void disagree(const model::Need& declared, std::optional<Bytes> memory) {
    const auto* sized = source_.sizedOn(device(memory));
    if (sized == nullptr || !sized->known()) return;
    const auto& e = sized->estimate(false)->need;
    const bool low = static_cast<Int128>(declared.bytes) * 100 < static_cast<Int128>(e.minimum) * 85;
    const bool high = e.high && static_cast<Int128>(declared.bytes) * 100 > static_cast<Int128>(*e.high) * 115;
    if (!low && !high) return;
    auto& finding = add(
        Code::FootprintDisagrees,
        fmt::format("{} declared for {}, but its flags say {} to {} ({}); measure again and correct the declaration",
                    formatBytes(declared.bytes), source_.modelName().empty() ? "this container" : source_.modelName(),
                    formatBytes(e.minimum), e.high ? formatBytes(*e.high) : "an unknown peak", FitWords::largestTerms(e, false)));
    if (source_.declaredByAnnotation() && !annotations_.footprintPath.empty()) finding.path = annotations_.footprintPath;
  }

  void ladder() {
    LadderInput input{&meaning_, in_.policy, in_.inForce, std::max(in_.policy->minCompute, annotations_.minComputeSlices)};
    ladder_ = ladderOf(input, *in_.catalogue->gpus, *in_.surroundings);
    out_.offerKnown = ladder_.offerKnown;
    // There is no peer-to-peer between slices, in one pod or in several, and one slice is one device.
    if (const auto parallel = parallelismOf(source_.run(), in_.pod->multiPodGroup); parallel && parallel->devices() > 1) ladder_.candidates.clear();
  }

  /// The flags with which the engine starts on the candidate: none as written; nothing if it does not fit at all.
  std::optional<Flags> flagsFor(const Candidate& candidate) const {
    const model::Device device{candidate.usable, a100_, 1};
    const auto high = source_.highOn(device);
    if (!high || !holds(candidate.usable, *high, in_.policy->headroomTenths)) return std::nullopt;
    const auto* sized = source_.sizedOn(device);
    if (sized == nullptr || !sized->known()) return Flags{};
    const auto start = sized->start(candidate.usable);
    // What was declared was measured; the estimate then only has to leave a start possible.
    if (source_.declared() ? !start.surelyNot : start.surely) return Flags{};
    // Another memory fraction changes nothing that the workload promises; a shorter context would.
    const auto fraction = model::fractionFor(sized->input(), candidate.usable);
    return fraction ? std::optional(Flags{*fraction}) : std::nullopt;
  }

  /// The smallest class that fits as written; else the smallest that fits with another memory fraction. Where flags are rewritten too, the smallest of both: what
  /// a rewrite leaves is looked at again, and must not be found oversized.
  std::optional<Choice> chooseClass(std::optional<Bytes> below) const {
    const auto search = [&](const std::function<bool(const Flags&)>& takes) {
      return choose(ladder_, below, requestCompute(), in_.policy->preferDensity, [&](const Candidate& candidate) {
        const auto flags = flagsFor(candidate);
        return flags && takes(*flags);
      });
    };
    const auto canBeWritten = [&](const Flags& flags) {
      return flags.empty() || (in_.policy->rewriteFlags && editFlags(*in_.container, flags).obstacle.empty());
    };
    const auto written = search(canBeWritten);
    return written ? written : search([](const Flags&) { return true; });
  }

  int requestCompute() const {
    int compute = 0;
    if (meaning_.kind == Meaning::Kind::Whole) {
      for (const auto* product : meaning_.products) compute = std::max(compute, product->computeSlices.value_or(7));
    } else if (!meaning_.offers.empty()) {
      compute = meaning_.offers.front().profile->computeSlices;
    }
    return compute;
  }

  void recommend(const Choice& choice) {
    Recommended recommended;
    recommended.profile = choice.candidate.profile;
    recommended.usable = choice.candidate.usable;
    recommended.resource = entry_.claim              ? sliceClassResource()
                           : meaning_.viaGpuResource ? entry_.resource
                                                     : gpu::resourceFor(choice.candidate.profile, entry_.name);
    RewritePlan plan;
    recommended.flags = flagsFor(choice.candidate).value_or(Flags{});
    plan.flags = recommended.flags;
    plan.resource = recommended.resource;
    plan.usable = choice.candidate.usable;
    plan.waits = choice.candidate.offered.allHeld();
    if (entry_.claim)
      plan.obstacle = fmt::format("{} is an object of its own, which a rewrite of this one cannot change", entry_.claim->place);
    else if (meaning_.viaGpuResource)
      plan.obstacle = fmt::format("{} means a slice of the node: select nodes with {} slices instead", entry_.resource,
                                  choice.candidate.profile);
    out_.recommended = std::move(recommended);
    out_.rewrite = std::move(plan);
  }

  std::string advice(const Choice& choice) const { return words_.advice(choice, flagsFor(choice.candidate).value_or(Flags{})); }

  /// What else would do, the gentlest first; the first that is only flags is kept for `check --fix`.
  std::string alternativesText(const model::Alternatives& other) {
    std::string text;
    for (const auto& way : other.ways) {
      text += (text.empty() ? "" : ", or ") + FitWords::way(way);
      if (out_.remedy.empty() && way.onlyFlags()) out_.remedy = way.flags;
    }
    return text.empty() ? text : "; here " + text + " would fit";
  }

  /// What a declaration says was measured, whatever the flags: nothing else can be promised then.
  model::Alternatives alternatives(Bytes usable) const {
    const auto* sized = source_.declared() ? nullptr : source_.sizedOn(device(usable));
    return sized != nullptr ? model::alternatives(sized->input(), usable, in_.policy->headroomTenths) : model::Alternatives{};
  }

  void fit(const model::Need& need) {
    const auto& range = *meaning_.usable;
    const int headroom = in_.policy->headroomTenths;
    const bool severalWhole = meaning_.kind == Meaning::Kind::Whole && devices_ > 1;
    const auto larger = [&]() -> std::optional<Choice> {
      if (severalWhole || meaning_.shared) return std::nullopt;
      return chooseClass(std::nullopt);
    };

    // Undersized and the start are judged on the largest of the set: only what is surely wrong is denied.
    const auto* needOnLargest = range.largest == range.smallest ? &need : source_.on(device(range.largest));
    const auto* sized = source_.sizedOn(device(range.largest));
    const model::Estimate* estimate = sized != nullptr && sized->known() ? &*sized->estimate(false) : nullptr;
    const bool estimateStands = source_.declared() && estimate != nullptr && estimate->need.confidence == model::Confidence::High &&
                                estimate->need.minimum > range.largest;
    const model::Need& minimumNeed = estimateStands ? estimate->need : needOnLargest != nullptr ? *needOnLargest : need;
    if (minimumNeed.minimum > range.largest) {
      const auto choice = larger();
      auto& finding = add(Code::Undersized,
                          fmt::format("{}, but {}, and {} cannot start with less than {}{}; {}", words_.asks(),
                                      words_.holds(range.largest), words_.what(), words_.need(minimumNeed, true),
                                      alternativesText(alternatives(range.smallest)),
                                      choice ? advice(*choice) : words_.noneFits(need, ladder_.offerKnown)));
      finding.measure = minimumNeed.minimum - range.largest;
      if (range.standIn) finding.limit(Action::Warn, std::string(kStandInMemory));
      if (!source_.declared() || estimateStands) hangsOnUnread(finding);
      out_.fitFinding = true;
      if (choice) recommend(*choice);
      return;
    }
    if (meaning_.shared) return;

    if (estimate != nullptr) {
      if (sized->start(range.largest).surelyNot) {
        const auto start = model::startsOn(sized->input(), *estimate, range.largest, headroom);
        // On the smallest of the set, so that it starts on each.
        const auto remedy = range.smallest == range.largest ? model::Remedy{start.flags, start.perhaps} : remedyOn(range.smallest);
        auto& finding = add(Code::EngineCannotStart,
                            fmt::format("{} cannot start on {}: {}{}", source_.run().engine->name,
                                        meaning_.profile.empty() ? "this GPU" : meaning_.profile, start.why,
                                        remedyText(remedy, larger())));
        if (remedy.perhaps.empty()) out_.remedy = remedy.flags;
        const auto share = static_cast<Bytes>(static_cast<double>(range.largest) * std::max(estimate->memoryFraction, 0.0));
        finding.measure = std::max<Bytes>(0, estimate->need.minimum - share);
        if (range.standIn) finding.limit(Action::Warn, std::string(kStandInMemory));
        hangsOnUnread(finding);
        out_.fitFinding = true;
        return;
      }
    }

    if (!holds(range.smallest, need.bytes, headroom)) {
      tight(need, range, larger());
      return;
    }
    oversized(range);
    settings(range);
  }

  model::Remedy remedyOn(Bytes usable) const {
    const auto* sized = source_.sizedOn(device(usable));
    return sized != nullptr ? model::remedyFor(sized->input(), usable, in_.policy->headroomTenths) : model::Remedy{};
  }

  std::string remedyText(const model::Remedy& remedy, const std::optional<Choice>& choice) const {
    const std::string sure = model::flagsText(remedy.flags);
    if (remedy.perhaps.empty() && !sure.empty()) return "; set " + sure;
    std::string text = remedy.perhaps.empty() ? "" : fmt::format("; {} may be enough", model::flagsText(remedy.perhaps));
    if (!sure.empty()) return fmt::format("{}, {} surely is", text, sure);
    if (choice) return fmt::format("{}; no flag surely helps: {}", text, advice(*choice));
    return text;
  }

  void tight(const model::Need& need, const UsableRange& range, const std::optional<Choice>& choice) {
    std::string text = fmt::format("{}; {} needs {}, with {} headroom {}, and {}", words_.asks(), words_.what(), words_.need(need, false),
                                   FitWords::percent(in_.policy->headroomTenths),
                                   formatBytes(withHeadroom(need.bytes)), words_.holds(range.smallest));
    if (range.smallest < range.largest && range.smallestProduct != nullptr &&
        (need.minimum > range.smallest || holds(range.largest, need.bytes, in_.policy->headroomTenths)))
      text += fmt::format(" on {}", range.smallestProduct->label());
    if (const auto* sized = source_.declared() ? nullptr : source_.sizedOn(device(range.smallest)); sized != nullptr) {
      const auto other = alternatives(range.smallest);
      if (model::spills(sized->input()))
        text += "; what does not fit stays on the host, which is slow and no error";
      else if (source_.run().loadCounts())
        text += fmt::format("; {} sequence{} of {} tokens fit", other.sequencesThatFit, other.sequencesThatFit == 1 ? "" : "s",
                            source_.load().context);
      text += alternativesText(other);
    }
    if (choice) text += "; " + advice(*choice);
    auto& finding = add(Code::TightFit, std::move(text));
    if (devices_ > 1 && splitIsChosen(source_.run()))
      finding.limit(Action::Warn, "the engine chooses precision and split by the GPUs that it finds");
    out_.fitFinding = true;
    if (choice) recommend(*choice);
    refused(range.smallest);
  }

  /// What the engine will not take stands beside what it takes too much of.
  void refused(Bytes usable) {
    if (const auto* sized = source_.sizedOn(device(usable)); sized != nullptr && sized->known()) say(model::refusedFlags(sized->input()));
  }

  void say(const std::vector<std::string>& advice) {
    for (const auto& text : advice) {
      auto& finding = add(Code::EngineSettings, text);
      finding.path = in_.container->pointer;
    }
  }

  Bytes withHeadroom(Bytes need) const {
    const Int128 total = (static_cast<Int128>(need) * (1000 + in_.policy->headroomTenths) + 999) / 1000;
    return total > kMaxBytes ? kMaxBytes : static_cast<Bytes>(total);
  }

  void oversized(const UsableRange& range) {
    if (meaning_.kind == Meaning::Kind::Whole && devices_ > 1) {
      fewerGpus(range);
      return;
    }
    const auto choice = chooseClass(range.smallest);
    if (!choice || choice->classesBelowRequest <= in_.policy->tolerance) return;
    const auto* needThere = source_.on({choice->candidate.usable, a100_, 1});
    auto& finding = add(Code::Oversized,
                        fmt::format("{} ({}), but {} needs only {}{}; {}{}", words_.asks(), formatBytes(range.smallest),
                                    words_.what(), words_.need(*needThere, false), words_.load(), advice(*choice),
                                    words_.computeLoss(*choice, requestCompute())));
    finding.measure = timesBytes(range.smallest, entry_.count.value_or(1));
    if (entry_.claim && entry_.claim->forOthers) finding.limit(Action::Warn, "other pods may use the same claim");
    out_.fitFinding = true;
    recommend(*choice);
  }

  void fewerGpus(const UsableRange& range) {
    const auto* sized = source_.sizedOn(device(range.smallest));
    const std::int64_t heads = sized != nullptr ? sized->input().architecture->heads : 0;
    const auto parallel = parallelismOf(source_.run(), in_.pod->multiPodGroup);
    if (!parallel || !parallel->data) return;
    const std::int64_t others = timesBytes(parallel->pipeline, *parallel->data);  // devices for each rank of tensor parallelism
    for (std::int64_t n = others; n < devices_; n += others) {
      if (devices_ % n != 0) continue;
      const std::int64_t tensor = n / others;
      if (heads > 0 && heads % tensor != 0) continue;
      const auto need = source_.onDevices({range.smallest, a100_, n / *parallel->data});
      if (!need || !need->high || !holds(range.smallest, *need->high, in_.policy->headroomTenths)) continue;
      const bool lower = tensor < parallel->tensor;
      auto& finding = add(Code::Oversized,
                          fmt::format("{}, but {} needs only {} on each of {} GPU{}; ask for {}: {}{}", words_.asks(), words_.what(),
                                      words_.need(*need, false), n, n == 1 ? "" : "s", entry_.resource, n,
                                      lower ? fmt::format(", with a tensor parallel size of {}", tensor) : ""));
      finding.measure = timesBytes(range.smallest, devices_);
      if (lower) finding.limit(Action::Warn, "the tensor parallel size that is written may be there for its speed");
      out_.fitFinding = true;
      Recommended recommended;
      recommended.resource = entry_.resource;
      recommended.count = n;
      out_.recommended = std::move(recommended);
      return;
    }
  }

  void settings(const UsableRange& range) {
    const auto* sized = source_.sizedOn(device(range.smallest));
    if (sized == nullptr || !sized->known()) return;
    say(sized->advice(range.smallest));
  }

  const ContainerInput& in_;
  const AskEntry& entry_;
  const Meaning& meaning_;
  const Annotations& annotations_;
  const NeedSource& source_;
  FitWords words_;
  bool a100_ = false;
  std::int64_t devices_ = 1;
  Ladder ladder_;
  Fit out_;
};

}  // namespace

Fit judgeFit(const ContainerInput& input, const AskEntry& entry, const Meaning& meaning, const Annotations& annotations,
             const NeedSource& source) {
  return Judge(input, entry, meaning, annotations, source).run();
}

}  // namespace rightslice::policy
