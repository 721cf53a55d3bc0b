#include "policy/actions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "policy/rewrite.hpp"

namespace rightslice::policy {
namespace {

/// DESIGN 3.7: same code and container, and for fit findings the shortfall or the asked slice not larger; else the same request.
bool noWorse(const RawFinding& now, const std::vector<RawFinding>& old) {
  return std::any_of(old.begin(), old.end(), [&](const RawFinding& before) {
    if (before.code != now.code || before.container != now.container) return false;
    switch (now.code) {
      case Code::Undersized:
      case Code::EngineCannotStart:
      case Code::Oversized:
        return now.measure <= before.measure;
      case Code::InvalidAnnotation:
        return now.path == before.path;
      default:
        return now.asked == before.asked;
    }
  });
}

/// Does the container hold a slice of the resource already: as the object was before, or as a rewrite put it there?
bool holds(const ActionInput& in, const std::string& resource) {
  const ContainerOutcome& outcome = *in.outcome;
  if (outcome.ask.ours && outcome.ask.ours->resource == resource) return true;
  if (in.before == nullptr) return false;
  for (const auto& pod : in.before->templates)
    for (const auto& container : pod.containers) {
      if (container.name != outcome.container->name) continue;
      const auto asked = [&](const auto& each) { return each.first == resource; };
      if (std::any_of(container.limits.begin(), container.limits.end(), asked)) return true;
    }
  return false;
}

/// The record finds a container again by its name alone, and takes the name from between signs. The API server refuses other names.
bool recordable(const ContainerOutcome& outcome) {
  const std::string& name = outcome.container->name;
  const auto& all = outcome.pod->containers;
  constexpr std::string_view kSigns = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !name.empty() && name.find_first_not_of(kSigns) == std::string::npos &&
         std::count_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; }) == 1;
}

/// Why a rewrite is not made; empty if it is.
std::string obstacle(const ActionInput& in) {
  const ContainerOutcome& outcome = *in.outcome;
  if (in.hasController) return "an object with a controller is never patched; change its owner";
  if (!outcome.rewrite) return "no slice that fits is known";
  if (!outcome.offerKnown) return "the slices on offer are not known: set spec.slices.offered";
  if (outcome.meaning && outcome.meaning->shared) return "a shared slice is not rewritten";
  const auto& entry = outcome.ask.entries.front();
  if (entry.count.value_or(1) != 1) return fmt::format("several devices are not rewritten: ask for one {}", outcome.rewrite->resource);
  if (!outcome.rewrite->obstacle.empty()) return outcome.rewrite->obstacle;
  if (outcome.rewrite->waits && !holds(in, outcome.rewrite->resource)) return fmt::format("it would wait for a free {}", outcome.rewrite->resource);
  const auto* kind = in.workload->kind;
  if (!outcome.pod->neverRewrite.empty()) return outcome.pod->neverRewrite;
  if (in.update && kind != nullptr && kind->immutableTemplate)
    return fmt::format("the template of a {} cannot be changed once it exists: create it anew", in.workload->kindName);
  if (outcome.pod->metadataPointer.empty()) return "the template has no metadata in which to record the rewrite";
  if (!recordable(outcome)) return "its container needs a name of its own (an RFC 1123 label) by which to record the rewrite";
  if (!outcome.rewrite->flags.empty()) {
    if (!in.policy->rewriteFlags)
      return fmt::format("{} must change with the slice, and spec.engine.rewriteFlags is off",
                         outcome.rewrite->flags.front().first);
    if (auto text = flagObstacle(outcome, *outcome.rewrite); !text.empty()) return text;
  }
  return "";
}

Action defaultOf(Code code) { return codes()[static_cast<std::size_t>(code)].defaultAction; }

}  // namespace

Decided decide(RawFinding finding, const ActionInput& in) {
  const auto index = static_cast<std::size_t>(finding.code);
  Action action = in.policy->actions[index];
  if (finding.insteadOfDefault && !in.policy->actionWritten[index]) action = *finding.insteadOfDefault;
  if (finding.always) action = Action::Deny;

  if (finding.code == Code::Oversized && action >= Action::Rewrite && in.outcome != nullptr) {
    const bool offer = in.outcome->offerKnown, load = in.outcome->loadStated;
    if (!offer || !load) {
      const auto name = policy::name(action);
      action = Action::Warn;
      finding.message += fmt::format(
          "; a warning instead of a {}: {}{}{}", name, offer ? "" : "the slices on offer are not known (set spec.slices.offered)",
          !offer && !load ? ", and " : "",
          load ? "" : "the load is assumed (set spec.load, or the annotation rightslice.io/concurrency or rightslice.io/context)");
      if (!offer && in.unknown != nullptr) in.unknown->push_back(fmt::format("slices on offer to container {}", finding.container));
    }
  }
  if (action == Action::Rewrite && in.outcome != nullptr) {
    if (const auto why = obstacle(in); !why.empty()) {
      action = defaultOf(finding.code);
      finding.message += fmt::format("; not rewritten: {}", why);
    }
  }
  if (finding.atMost && action > *finding.atMost) {
    action = *finding.atMost;
    finding.message += fmt::format("; only a warning, since {}", finding.atMostSince);
  }
  if (!finding.always)
    for (const auto* exception : in.exceptions) {
      if (!exception->covers(*in.policy, in.workload->ns, in.workload->kindName, in.workload->name, finding.code)) continue;
      const auto ceiling = exception->ceiling(in.now);
      if (!ceiling || action <= *ceiling) continue;
      action = *ceiling;
      finding.message += fmt::format("; excepted until {} by {} ({})", exception->expires.text(), exception->name, exception->owner);
    }
  if (in.old != nullptr && action >= Action::Rewrite && !finding.always && noWorse(finding, *in.old)) {
    action = Action::Warn;
    finding.message += "; it was no better before this update, so it passes";
  }
  if (in.recordedOnly) action = Action::Allow;
  return {std::move(finding), action};
}

Action effective(Action action, Mode mode) {
  switch (mode) {
    case Mode::Audit: return Action::Allow;
    case Mode::Warn: return std::min(action, Action::Warn);
    case Mode::Enforce: break;
  }
  return action;
}

}  // namespace rightslice::policy
