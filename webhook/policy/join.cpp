#include "policy/join.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace rightslice::policy {
namespace {

class Join {
 public:
  Join(std::vector<PolicyOutcome>& outcomes, const Selection& selection, bool validateOnly, Judgement& out)
      : outcomes_(outcomes), selection_(selection), validateOnly_(validateOnly), out_(out) {}

  void run() {
    // By name: ties are decided by the first policy in this order.
    std::vector<PolicyOutcome*> byName;
    for (auto& outcome : outcomes_) byName.push_back(&outcome);
    std::sort(byName.begin(), byName.end(), [](const auto* a, const auto* b) { return a->policy->id() < b->policy->id(); });

    std::map<std::string, std::size_t, std::less<>> order;  // container -> position
    for (const auto& container : outcomes_.front().containers) order.emplace(container.container->name, order.size() + 1);

    Action strictest = Action::Allow, before = Action::Allow;
    bool allEnforce = true;
    Mode mode = Mode::Audit;
    std::map<std::tuple<Code, std::string_view, std::string_view>, std::size_t> known;  // of what the outcomes say -> place in ours
    for (const auto* outcome : byName) {
      mode = std::max(mode, outcome->mode);
      allEnforce = allEnforce && outcome->mode == Mode::Enforce;
      for (const auto& [decided, container] : outcome->findings) {
        const Action does = act(decided.action, outcome->mode);
        const Action would = act(decided.action, Mode::Enforce);
        strictest = std::max(strictest, does);
        before = std::max(before, would);
        const auto& raw = decided.finding;
        const auto [place, isNew] = known.try_emplace({raw.code, raw.container, raw.path}, out_.findings.size());
        if (isNew) {
          out_.findings.push_back({decided.finding.code, decided.action, decided.finding.container, decided.finding.path,
                                   decided.finding.message, outcome->policy->id()});
          out_.effective.push_back(does);
          continue;
        }
        const std::size_t index = place->second;
        Finding& same = out_.findings[index];
        if (std::tie(does, decided.action) > std::tie(out_.effective[index], same.action)) {
          same.message = decided.finding.message;
          same.policy = outcome->policy->id();
        }
        same.action = std::max(same.action, decided.action);
        out_.effective[index] = std::max(out_.effective[index], does);
      }
    }
    sortFindings(order);
    for (const auto* policy : selection_.policies) out_.policies.push_back(policy->id());
    out_.mode = mode;
    out_.decision = strictest;
    if (!allEnforce) out_.wouldBe = before;

    // Need, requested and recommended of each container come from the policy that decided it.
    struct Decider {
      PolicyOutcome* outcome;
      std::pair<Action, Action> best{Action::Allow, Action::Allow};
    };
    std::vector<Decider> deciders(outcomes_.front().containers.size(), Decider{byName.front()});
    for (auto* outcome : byName) {
      std::vector<std::pair<Action, Action>> own(deciders.size(), {Action::Allow, Action::Allow});
      for (const auto& [decided, container] : outcome->findings) {
        if (container == nullptr) continue;
        auto& strictestOwn = own[static_cast<std::size_t>(container - outcome->containers.data())];
        strictestOwn = std::max(strictestOwn, std::pair{act(decided.action, outcome->mode), decided.action});
      }
      for (std::size_t index = 0; index < deciders.size(); ++index)
        if (own[index] > deciders[index].best) deciders[index] = {outcome, own[index]};
    }
    for (std::size_t index = 0; index < deciders.size(); ++index)
      out_.containers.push_back(std::move(deciders[index].outcome->containers[index].judgement));
  }

 private:
  /// The effective action: a rewrite that is not written (any more) is a warning.
  Action act(Action action, Mode mode) const {
    const Action result = effective(action, mode);
    return result == Action::Rewrite && validateOnly_ ? Action::Warn : result;
  }

  void sortFindings(const std::map<std::string, std::size_t, std::less<>>& order) {
    std::vector<std::size_t> indexes(out_.findings.size());
    for (std::size_t index = 0; index < indexes.size(); ++index) indexes[index] = index;
    const auto position = [&](const Finding& finding) {
      const auto at = order.find(finding.container);
      return at == order.end() ? std::size_t{0} : at->second;
    };
    std::stable_sort(indexes.begin(), indexes.end(), [&](std::size_t a, std::size_t b) {
      const auto& left = out_.findings[a];
      const auto& right = out_.findings[b];
      return std::tuple(left.code, position(left), left.path) < std::tuple(right.code, position(right), right.path);
    });
    std::vector<Finding> findings;
    std::vector<Action> actions;
    for (const std::size_t index : indexes) {
      findings.push_back(std::move(out_.findings[index]));
      actions.push_back(out_.effective[index]);
    }
    out_.findings = std::move(findings);
    out_.effective = std::move(actions);
  }

  std::vector<PolicyOutcome>& outcomes_;
  const Selection& selection_;
  const bool validateOnly_;
  Judgement& out_;
};

}  // namespace

void joinOutcomes(std::vector<PolicyOutcome>& outcomes, const Selection& selection, bool validateOnly, Judgement& out) {
  Join(outcomes, selection, validateOnly, out).run();
}

}  // namespace rightslice::policy
