#include "app/tally_source.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rightslice::app {

using policy::Action;

PolicyTally& PolicyTally::operator+=(const PolicyTally& other) {
  matched += other.matched;
  wouldDeny += other.wouldDeny;
  wouldRewrite += other.wouldRewrite;
  for (std::size_t code = 0; code < policy::kCodes; ++code) findings[code] += other.findings[code];
  return *this;
}

TallySource::Judged TallySource::judge(const std::string& text, const admission::Environment& environment) {
  Judged out;
  const auto object = admission::readRunning(text);
  if (!object) return out;
  policy::Request request;
  request.validateOnly = true;  // as it is stored: what a rewrite would leave is another object
  request.counted = true;       // what runs does not raise the use of its namespace
  request.shares = true;
  const auto judgement = policy::judge(*object, *environment.policies, environment.catalogue, *environment.surroundings, request, environment.now);
  if (judgement.recordedOnly) return out;
  const auto exceptions = environment.policies->exceptions(object->ns);
  for (const policy::PolicyShare& share : judgement.shares) {
    Judged::Share& own = out.shares.emplace_back();
    own.policy = share.policy->id();
    for (const auto& [code, action] : share.findings) {
      if (action != Action::Allow) own.found.set(static_cast<std::size_t>(code));
      own.denies = own.denies || action == Action::Deny;
      own.rewrites = own.rewrites || action == Action::Rewrite;
      for (const policy::Exception* each : exceptions) {
        if (!each->ceiling(environment.now) || !each->covers(*share.policy, object->ns, object->kindName, object->name, code)) continue;
        std::string id = fmt::format("{}/{}", each->ns, each->name);
        if (std::find(out.exceptions.begin(), out.exceptions.end(), id) == out.exceptions.end()) out.exceptions.push_back(std::move(id));
      }
    }
  }
  return out;
}

bool TallySource::take(const std::vector<RunningText>& objects, const admission::Environment& environment, const std::string& basis,
                       std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  if (basis != basis_) known_.clear();
  basis_ = basis;
  Tally tally;
  for (const policy::Policy& each : environment.policies->policies()) tally.policies.try_emplace(each.id());
  for (const policy::Exception& each : environment.policies->allExceptions()) tally.exceptions.try_emplace(fmt::format("{}/{}", each.ns, each.name));
  decltype(known_) known;
  for (const RunningText& each : objects) {
    auto at = known_.find(each.text);
    if (at == known_.end()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      at = known_.emplace(each.text, std::make_shared<const Judged>(judge(*each.text, environment))).first;
    }
    known.emplace(*at);
    for (const Judged::Share& share : at->second->shares) {
      PolicyTally& sum = tally.policies[share.policy];
      ++sum.matched;
      if (share.denies) ++sum.wouldDeny;
      else if (share.rewrites) ++sum.wouldRewrite;
      for (std::size_t code = 0; code < policy::kCodes; ++code) sum.findings[code] += share.found[code] ? 1 : 0;
    }
    for (const std::string& id : at->second->exceptions) ++tally.exceptions[id];
  }
  known_ = std::move(known);
  const auto before = published_.get();
  if (!before || *before != tally) published_.set(std::make_shared<const Tally>(std::move(tally)));
  return true;
}

}  // namespace rightslice::app
