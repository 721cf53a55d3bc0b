#include "observe/history/record.hpp"

#include <algorithm>
#include <array>

#include "base/date.hpp"
#include "observe/history/peaks.hpp"
#include "observe/history/subjects.hpp"
#include "workload/kind.hpp"

namespace rightslice::observe::history {
namespace {

constexpr std::array<std::string_view, 2> kSorts{"workload", "node"};

std::string_view nsOf(Sort sort, std::string_view key) {
  return sort == Sort::Workload ? key.substr(0, std::min(key.find('/'), key.size())) : std::string_view();
}

/// "Deployment" of "team-a/Deployment/chat".
std::string_view kindOf(std::string_view key) {
  const std::size_t from = key.find('/');
  if (from == std::string_view::npos) return {};
  const std::size_t to = key.find('/', from + 1);
  return key.substr(from + 1, (to == std::string_view::npos ? key.size() : to) - from - 1);
}

/// Is all known of the resources that objects of this kind are read from? Of a kind that is not in the table, pods stand for it.
bool kindKnown(const Coverage& coverage, std::string_view kind, std::string_view ns) {
  bool inTable = false, all = true;
  for (const workload::Kind& each : workload::kinds()) {
    if (each.plural.empty()) continue;
    const std::string resource = each.group.empty() ? std::string(each.plural) : std::string(each.plural).append(".").append(each.group);
    const bool known = coverage.known(resource, ns);
    if (each.kind == kind) {
      inTable = true;
      if (!known) return false;
    }
    all = all && known;
  }
  return inTable || all;
}

/// Nobody knows what it costs where some GPUs, or some of what holds them, was not looked at. What a selector leaves out holds as much as ever.
std::optional<Costs> costsOf(const Report& report) {
  const Money& money = report.money.money;
  if (!money.nodesKnown || !report.snapshot.scope.empty() || !report.snapshot.selector.empty() || !report.snapshot.heldKnown) return std::nullopt;
  Costs out{money.currency, money.bookDate, {}};
  std::map<std::tuple<std::string, std::string, Bucket>, Rate> rates;
  for (const MoneyEntry& each : money.entries) {
    std::string ns, key;
    if (each.part.deployed) {
      ns = report.seen.workloads[*each.part.deployed].judgement.ns;
      key = keyOf(report, *each.part.deployed);
    }
    Rate& rate = rates[{ns, key, each.part.bucket}];
    rate.ns = ns;
    rate.workload = key;
    rate.bucket = name(each.part.bucket);
    rate.cents = plusBytes(rate.cents, each.cents);
    rate.centihours = plusBytes(rate.centihours, each.centihours);
  }
  for (auto& [id, rate] : rates) out.rates.push_back(std::move(rate));
  return out;
}

/// Where the cluster has no name of its own it goes by the source, of which a selector is no part (select() in observe/selector.cpp).
std::string clusterOf(const Snapshot& snapshot) {
  if (!snapshot.clusterId.empty()) return snapshot.clusterId;
  std::string out = snapshot.source;
  if (const auto at = out.rfind(", workloads with "); !snapshot.selector.empty() && at != std::string::npos) out.resize(at);
  return out;
}

template <class Items>
void inOrder(Items& items) {
  std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.id() < b.id(); });
  items.erase(std::unique(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.id() == b.id(); }), items.end());
}

}  // namespace

std::string_view name(Sort sort) { return kSorts[static_cast<std::size_t>(sort)]; }
std::string_view Subject::ns() const { return nsOf(sort, key); }
std::string_view Found::ns() const { return nsOf(sort, key); }

const Subject* Record::find(Sort sort, std::string_view key) const {
  const auto wanted = std::pair(sort, key);
  const auto at = std::lower_bound(subjects.begin(), subjects.end(), wanted, [](const Subject& a, const auto& b) { return a.id() < b; });
  return at != subjects.end() && at->id() == wanted ? &*at : nullptr;
}

bool Record::couldSee(Sort sort, std::string_view key) const {
  if (sort == Sort::Node) return coverage.known("nodes");
  const std::string ns(nsOf(sort, key));
  if (selected) return false;   // it may be there with other labels
  if (!scope.empty() && !scope.contains(ns)) return false;
  return coverage.known("pods", ns) && kindKnown(coverage, kindOf(key), ns);
}

bool Record::couldTell(const Found& found) const {
  const Subject* subject = find(found.sort, found.key);
  if (subject == nullptr) return couldSee(found.sort, found.key);
  if (subject->untold.empty()) return true;
  return !subject->untold.contains(found.code) && !subject->untold.contains(found.code + "/" + found.container) &&
         !subject->untold.contains(found.code + "/" + found.container + "/" + found.aspect);
}

Result<Record> recordOf(const Report& report, const policy::Catalogue& catalogue) {
  const Snapshot& snapshot = report.snapshot;
  Record out;
  const auto takenAt = secondsOfTimestamp(snapshot.takenAt);
  if (!takenAt) return fail("'" + snapshot.takenAt + "' is no time of a look");
  out.takenAt = *takenAt;
  out.source = snapshot.source;
  out.cluster = clusterOf(snapshot);
  out.scope = snapshot.scope;
  out.selected = !snapshot.selector.empty();
  out.coverage = snapshot.coverage;
  addWorkloads(report, out);
  addNodes(report, out);
  inOrder(out.subjects);
  inOrder(out.findings);
  out.costs = costsOf(report);
  addPeaks(report, catalogue, out);
  return out;
}

}  // namespace rightslice::observe::history
