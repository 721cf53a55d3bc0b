#include "policy/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.hpp"
#include "json/view.hpp"
#include "policy/actions.hpp"
#include "policy/budget.hpp"
#include "policy/join.hpp"
#include "policy/judge_claim.hpp"
#include "policy/rewrite.hpp"
#include "policy/standing.hpp"

namespace rightslice::policy {
namespace {

using workload::Workload;

/// How containers are judged.
struct How {
  bool validateOnly = false, words = true;
};
constexpr How kForItself{true, false};   ///< nobody is shown what comes of it

std::vector<ContainerOutcome> judgeContainers(const Workload& object, const Policy& policy,
                                              const std::vector<const Policy*>& inForce, const Catalogue& catalogue,
                                              const workload::Surroundings& surroundings, How how) {
  std::vector<ContainerOutcome> out;
  for (const auto& pod : object.templates) {
    std::vector<OriginalRequest> record;
    if (const auto* text = pod.annotation(kOriginalRequest))
      record = parseOriginalRequests(*text).value_or(std::vector<OriginalRequest>{});
    std::map<std::string_view, const OriginalRequest*> originals;  // of one named twice the first
    for (const auto& entry : record) originals.emplace(entry.container, &entry);
    const OwnAnnotations annotations(object, pod);
    for (const auto& container : pod.containers) {
      ContainerInput input;
      input.workload = &object;
      input.pod = &pod;
      input.container = &container;
      input.policy = &policy;
      input.inForce = &inForce;
      input.catalogue = &catalogue;
      input.surroundings = &surroundings;
      const auto original = originals.find(container.name);
      input.original = original == originals.end() ? nullptr : original->second;
      input.annotations = &annotations;
      input.validateOnly = how.validateOnly;
      input.words = how.words;
      out.push_back(judgeContainer(input));
    }
  }
  return out;
}

/// The raw findings of an object under one policy: those of its containers and of its annotations.
std::vector<RawFinding> annotationFindings(const Workload& object, const std::vector<ContainerOutcome>& outcomes) {
  std::vector<RawFinding> out;
  std::set<std::string_view> notJudged;
  for (const auto& outcome : outcomes)
    if (outcome.notJudged) notJudged.insert(outcome.container->name);
  for (auto& fault : annotationFaults(object)) {
    if (!fault.container.empty() && notJudged.count(fault.container) > 0) continue;  // NotJudged stands alone in its container
    RawFinding finding;
    finding.code = Code::InvalidAnnotation;
    finding.container = fault.container;
    finding.path = fault.path;
    finding.message = fault.message;
    out.push_back(std::move(finding));
  }
  return out;
}

std::vector<RawFinding> rawFindings(const Workload& object, const Policy& policy, const std::vector<const Policy*>& inForce,
                                    const Catalogue& catalogue, const workload::Surroundings& surroundings) {
  const auto outcomes = judgeContainers(object, policy, inForce, catalogue, surroundings, kForItself);
  auto out = annotationFindings(object, outcomes);
  for (auto& finding : claimFindings(object, policy, catalogue, surroundings)) out.push_back(std::move(finding));
  for (const auto& outcome : outcomes) out.insert(out.end(), outcome.findings.begin(), outcome.findings.end());
  return out;
}

const Policy& neutralPolicy() {
  static const Policy policy = [] {
    Policy neutral;
    neutral.mode = Mode::Audit;
    for (std::size_t index = 0; index < kCodes; ++index) neutral.actions[index] = codes()[index].defaultAction;
    return neutral;
  }();
  return policy;
}

void addOnce(std::vector<std::string>& list, std::string text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

class Judge {
 public:
  Judge(const Workload& object, const PolicySet& policies, const Catalogue& catalogue, const workload::Surroundings& surroundings,
        const Request& request, Date now)
      : object_(object), policies_(policies), catalogue_(catalogue), surroundings_(surroundings), request_(request), now_(now) {}

  Judgement run() {
    out_.kind = object_.kindName;
    out_.ns = object_.ns;
    out_.name = object_.name;
    out_.policyDigest = policies_.digest();
    out_.catalogueDigest = catalogue_.digest();
    out_.surroundingsDigest = surroundings_.digest;
    for (const auto& part : object_.malformed)
      out_.notes.push_back(fmt::format("{}: {}; read as absent", part.where, part.message));
    for (const auto& note : object_.notes) out_.notes.push_back(note);
    if (object_.kind == nullptr) {
      unknownKind();
      return std::move(out_);
    }
    selection_ = policies_.select(object_.ns, object_.kindName, object_.labels, surroundings_.namespaceLabels(object_.ns));
    if (!selection_.labelsUnknown.empty()) {
      out_.unknown.push_back(fmt::format("namespace labels of {}", object_.ns));
      for (const auto* policy : selection_.labelsUnknown)
        out_.notes.push_back(fmt::format("policy {} selects namespaces by label, and the labels of namespace {} are not known: it "
                                         "does not apply",
                                         policy->id(), object_.ns));
    }
    if (selection_.policies.empty()) {
      for (auto& outcome :
           judgeContainers(object_, neutralPolicy(), selection_.policies, catalogue_, surroundings_, {request_.validateOnly, request_.words})) {
        outcome.judgement.recommended.reset();
        outcome.judgement.remedy.clear();
        outcome.judgement.cost.reset();
        out_.containers.push_back(std::move(outcome.judgement));
      }
      return std::move(out_);
    }
    out_.recordedOnly = object_.deleting || object_.mirrorPod || madeClaim() || provenChild(object_, policies_, surroundings_, request_);
    for (const auto* policy : selection_.policies) judgePolicy(*policy);
    keepOurs();
    if (request_.shares) share();
    joinOutcomes(outcomes_, selection_, request_.validateOnly, out_);
    patch();
    return std::move(out_);
  }

 private:
  /// A claim that was made for a pod, which is judged itself: a denial would stop it half-way.
  bool madeClaim() const { return object_.claim && object_.controller && object_.controller->kind == "Pod"; }

  Mode modeOf(const Policy& policy) const { return request_.asEnforced ? Mode::Enforce : policy.mode; }

  void unknownKind() {
    if (object_.gpuKeyPointer.empty()) return;
    Finding finding;
    finding.code = Code::NotJudged;
    finding.action = Action::Warn;
    finding.path = object_.gpuKeyPointer;
    finding.message = fmt::format("{} {} asks for a GPU, and objects of kind {} ({}) are not judged; the pods it creates are",
                                  object_.kindName, object_.name, object_.kindName, object_.apiVersion);
    out_.findings.push_back(std::move(finding));
    out_.effective.push_back(Action::Warn);
    out_.decision = Action::Warn;
  }

  void judgePolicy(const Policy& policy) {
    PolicyOutcome outcome;
    outcome.policy = &policy;
    outcome.mode = modeOf(policy);
    outcome.containers =
        judgeContainers(object_, policy, selection_.policies, catalogue_, surroundings_, {request_.validateOnly, request_.words});

    std::vector<RawFinding> old;
    const bool ratchet = policy.ratchet && request_.operation == Operation::Update && request_.old != nullptr;
    if (ratchet) old = rawFindings(*request_.old, policy, selection_.policies, catalogue_, surroundings_);

    ActionInput input;
    input.policy = &policy;
    input.workload = &object_;
    input.exceptions = policies_.exceptions(object_.ns);
    input.old = ratchet ? &old : nullptr;
    input.before = request_.operation == Operation::Update ? request_.old : nullptr;
    input.recordedOnly = out_.recordedOnly || exempt(policy, request_);
    input.update = request_.operation == Operation::Update;
    input.hasController = object_.controller.has_value();
    input.now = now_;
    input.unknown = &out_.unknown;
    outcomes_.push_back(std::move(outcome));
    PolicyOutcome& kept = outcomes_.back();
    const bool budgeted = !out_.recordedOnly && !request_.counted;
    if (request_.budgetOnly) {
      if (budgeted) budget(policy, kept, input);
      return;
    }
    for (auto& finding : annotationFindings(object_, kept.containers)) kept.findings.emplace_back(decide(std::move(finding), input), nullptr);
    for (auto& finding : claimFindings(object_, policy, catalogue_, surroundings_)) kept.findings.emplace_back(decide(std::move(finding), input), nullptr);
    for (const auto& container : kept.containers) {
      for (const auto& text : container.unknown) addOnce(out_.unknown, text);
      input.outcome = &container;
      for (const auto& finding : container.findings) kept.findings.emplace_back(decide(finding, input), &container);
    }
    input.outcome = nullptr;
    if (budgeted) budget(policy, kept, input);
  }

  void budget(const Policy& policy, PolicyOutcome& outcome, const ActionInput& input) {
    if (!policy.budget.memory && !policy.budget.gpusMillis && !policy.budget.costCents) return;
    const auto own = usageOfOutcomes(outcome.containers, catalogue_, surroundings_, request_.autoscaler);
    const auto written = request_.autoscaler != nullptr ? usageOfOutcomes(outcome.containers, catalogue_, surroundings_) : own;
    Request request = request_;
    if (request.operation == Operation::Update && request.old != nullptr && request.oldUsage.memory == 0) {
      const auto before = judgeContainers(*request.old, policy, selection_.policies, catalogue_, surroundings_, kForItself);
      request.oldUsage = usageOfOutcomes(before, catalogue_, surroundings_, request.autoscaler);
      request.oldWritten = usageOfOutcomes(before, catalogue_, surroundings_);
    }
    bool hangsOnOthers = false;
    const auto text = overBudget(policy, object_, {own, written}, request, hangsOnOthers);
    if (hangsOnOthers)
      addOnce(out_.unknown, fmt::format("{} namespace {}", request.usageKnown ? "autoscalers in" : "what else runs in", object_.ns));
    if (!text && request.surge > 0 && outcome.mode != Mode::Audit && !input.recordedOnly) {
      const auto rolling = usageOfOutcomes(outcome.containers, catalogue_, surroundings_, nullptr, request.surge);
      if (auto said = overWhileRolling(policy, rolling, request); !said.empty()) addOnce(out_.notes, std::move(said));
    }
    if (!text) return;
    RawFinding finding;
    finding.code = Code::OverBudget;
    finding.message = *text;
    ActionInput noRatchet = input;
    noRatchet.old = nullptr;  // it is found only where the request raises the use
    outcome.findings.emplace_back(decide(std::move(finding), noRatchet), nullptr);
  }

  /// Of two rewrites the larger wins, also when its result is judged again: what a rewrite wrote is not made smaller while another
  /// policy that rewrites finds nothing smaller.
  void keepOurs() {
    const auto rewrites = [](const Policy& policy) {
      return policy.actions[static_cast<std::size_t>(Code::Oversized)] == Action::Rewrite ||
             policy.actions[static_cast<std::size_t>(Code::Undersized)] == Action::Rewrite;
    };
    for (auto& outcome : outcomes_)
      for (auto& [decided, container] : outcome.findings) {
        if (decided.action != Action::Rewrite || decided.finding.code != Code::Oversized || !container->oursAlone) continue;
        const auto index = static_cast<std::size_t>(container - outcome.containers.data());
        const auto keeper = std::find_if(outcomes_.begin(), outcomes_.end(), [&](const PolicyOutcome& other) {
          return other.mode >= outcome.mode && rewrites(*other.policy) && !exempt(*other.policy, request_) && !other.containers[index].rewrite;
        });
        if (keeper == outcomes_.end()) continue;
        decided.action = Action::Warn;
        decided.finding.message += fmt::format("; not rewritten again: policy {} needs the slice that a rewrite put there", keeper->policy->id());
      }
  }

  void share() {
    for (const auto& outcome : outcomes_) {
      PolicyShare& own = out_.shares.emplace_back();
      own.policy = outcome.policy;
      for (const auto& [decided, container] : outcome.findings) own.findings.emplace_back(decided.finding.code, decided.action);
    }
  }

  /// The patch of the policies in enforce mode; of two rewrites the larger slice wins.
  void patch() {
    for (const auto& outcome : outcomes_)
      for (const auto& [decided, container] : outcome.findings)
        if (outcome.mode == Mode::Enforce && outcome.policy->actions[static_cast<std::size_t>(decided.finding.code)] == Action::Rewrite &&
            decided.action != Action::Rewrite && decided.action != Action::Allow)
          addOnce(out_.rewriteNotes, fmt::format("container {}: {}", decided.finding.container, decided.finding.message));
    const bool immutable = request_.operation == Operation::Update && object_.kind->immutableTemplate;
    if (request_.validateOnly || out_.recordedOnly || object_.controller || immutable) return;
    const PolicyOutcome* enforcing = nullptr;
    for (const auto& outcome : outcomes_)
      if (outcome.mode == Mode::Enforce && !exempt(*outcome.policy, request_) && enforcing == nullptr) enforcing = &outcome;
    if (enforcing == nullptr) return;

    for (const auto& pod : object_.templates) {
      std::vector<ContainerRewrite> rewrites;
      for (std::size_t index = 0; index < enforcing->containers.size(); ++index) {
        if (enforcing->containers[index].pod != &pod) continue;
        ContainerRewrite rewrite{&enforcing->containers[index], nullptr};
        for (const auto& outcome : outcomes_) {
          if (outcome.mode != Mode::Enforce) continue;
          const auto& container = outcome.containers[index];
          const bool wanted = std::any_of(outcome.findings.begin(), outcome.findings.end(), [&](const auto& finding) {
            return finding.second == &container && finding.first.action == Action::Rewrite;
          });
          if (!wanted || !container.rewrite) continue;
          if (rewrite.plan == nullptr || container.rewrite->usable > rewrite.plan->usable) rewrite = {&container, &*container.rewrite};
        }
        rewrites.push_back(rewrite);
      }
      for (auto& operation : rewritePatch(pod, rewrites)) out_.patch.push_back(std::move(operation));
    }
  }

  const Workload& object_;
  const PolicySet& policies_;
  const Catalogue& catalogue_;
  const workload::Surroundings& surroundings_;
  const Request& request_;
  const Date now_;
  Selection selection_;
  std::vector<PolicyOutcome> outcomes_;
  Judgement out_;
};

}  // namespace

std::string Catalogue::digest() const { return Digest().add(gpus->digest()).add(models->digest()).hex(); }

Judgement judge(const Workload& workload, const PolicySet& policies, const Catalogue& catalogue,
                const workload::Surroundings& surroundings, const Request& request, Date now) {
  return Judge(workload, policies, catalogue, surroundings, request, now).run();
}

Request::Usage usageOf(const Workload& workload, const PolicySet& policies, const Catalogue& catalogue,
                       const workload::Surroundings& surroundings, const workload::Autoscaler* autoscaler) {
  if (workload.kind == nullptr) return {};
  const auto selection = policies.select(workload.ns, workload.kindName, workload.labels, surroundings.namespaceLabels(workload.ns));
  const Policy* policy = selection.policies.empty() ? &neutralPolicy() : selection.policies.front();
  for (const auto* candidate : selection.policies)
    if (candidate->budget.memory || candidate->budget.gpusMillis || candidate->budget.costCents) {
      policy = candidate;
      break;
    }
  return usageOfOutcomes(judgeContainers(workload, *policy, selection.policies, catalogue, surroundings, kForItself), catalogue, surroundings,
                         autoscaler);
}

}  // namespace rightslice::policy
