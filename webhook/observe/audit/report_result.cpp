#include "observe/audit/report_result.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "admission/message.hpp"

namespace rightslice::observe::audit {
namespace {

constexpr std::array<std::string_view, 4> kSeverities{"high", "medium", "low", "info"};
constexpr std::array<std::string_view, 3> kOutcomes{"fail", "warn", "skip"};
constexpr std::size_t kMostMessage = 1024, kMostProperty = 512;   // bytes

struct Weight {
  Severity severity;
  Outcome outcome;
};

/// Of what runs, by its code.
Weight weightOf(Code code) {
  switch (code) {
    case Code::Undersized:
    case Code::NearCeiling:
    case Code::Restarting: return {Severity::High, Outcome::Fail};
    case Code::Pending: return {Severity::Medium, Outcome::Fail};
    case Code::Oversized:
    case Code::Drift:
    case Code::Idle: return {Severity::Medium, Outcome::Warn};
    case Code::Stale:
    case Code::Dark:
    case Code::Stranded: return {Severity::Low, Outcome::Warn};
  }
  return {Severity::Info, Outcome::Skip};
}

/// Of what is declared, by what enforce would do.
Weight weightOf(const policy::Finding& finding) {
  using policy::Code;
  const bool fit = finding.code == Code::Undersized || finding.code == Code::EngineCannotStart || finding.code == Code::TightFit || finding.code == Code::Oversized;
  switch (finding.action) {
    case policy::Action::Deny: return {Severity::High, Outcome::Fail};
    case policy::Action::Rewrite: return {Severity::Medium, Outcome::Fail};
    case policy::Action::Warn: return {fit ? Severity::Medium : Severity::Low, Outcome::Warn};
    case policy::Action::Allow: break;
  }
  return {Severity::Info, Outcome::Skip};
}

std::string amount(std::int64_t cents, std::string_view currency) { return fmt::format("{} {}", centsText(cents), currency); }

std::string counted(std::string_view resource, std::int64_t count) {
  return count == 1 ? std::string(resource) : fmt::format("{} x {}", count, resource);
}

/// "nvidia.com/mig-1g.10gb" of "/status/allocatable/nvidia.com~1mig-1g.10gb"; empty for other places.
std::string resourceOf(std::string_view path) {
  constexpr std::string_view kOffered = "/status/allocatable/";
  if (!path.starts_with(kOffered)) return {};
  std::string out;
  for (std::size_t i = kOffered.size(); i < path.size(); ++i) {
    const bool escaped = path[i] == '~' && i + 1 < path.size();   // RFC 6901
    if (escaped) ++i;
    out += !escaped ? path[i] : path[i] == '1' ? '/' : '~';
  }
  return out;
}

class Collecting {
 public:
  explicit Collecting(const Report& report) : report_(report), seen_(report.seen), snapshot_(report.snapshot) {}

  std::vector<NamespaceResults> all() {
    for (Index i = 0; i < seen_.workloads.size(); ++i) workload(i);
    if (snapshot_.nodes) {
      of("");
      for (Index i = 0; i < seen_.nodes.size(); ++i) node(i);
    }
    std::vector<NamespaceResults> out;
    for (auto& [ns, each] : byNamespace_) {
      std::sort(each.results.begin(), each.results.end());
      out.push_back(std::move(each));
    }
    return out;
  }

 private:
  NamespaceResults& of(const std::string& ns) {
    NamespaceResults& out = byNamespace_[ns];
    out.ns = ns;
    return out;
  }

  Subject subjectOf(Index index) const {
    const Deployed& deployed = seen_.placement.deployed[index];
    if (deployed.object) {
      const Object& object = snapshot_.objects[*deployed.object];
      return {object.apiVersion, object.kind, object.ns, object.name, object.uid};
    }
    const Pod& pod = snapshot_.pods[deployed.pods.front()];
    return {"v1", "Pod", pod.ns, pod.name, pod.uid};
  }

  void workload(Index index) {
    const WorkloadState& state = seen_.workloads[index];
    const Subject subject = subjectOf(index);
    NamespaceResults& to = of(subject.ns);
    const std::size_t before = to.results.size();
    std::vector<const Finding*> running;
    for (const Finding& each : state.findings) running.push_back(&each);
    for (const policy::Finding& each : state.judgement.findings) {
      if (each.code == policy::Code::Oversized && contradicted(state, each.container)) continue;
      // What fit says of what runs is the same finding: it is told once, with what it rests on.
      const auto twin = std::find_if(running.begin(), running.end(), [&](const Finding* one) {
        return name(one->code) == policy::name(each.code) && one->container == each.container;
      });
      const Finding* same = twin == running.end() ? nullptr : *twin;
      if (same != nullptr) running.erase(twin);
      to.results.push_back(declared(state, each, same, subject));
    }
    for (const Finding* each : running) to.results.push_back(found(*each, &state, subject));
    if (to.results.size() == before) ++to.passed;
  }

  void node(Index board) {
    const Node& node = (*snapshot_.nodes)[seen_.placement.boards[board].node];
    for (const Finding& each : seen_.nodes[board]) {
      ReportResult result = found(each, nullptr, {"v1", "Node", "", node.facts.name, ""});
      const std::string resource = resourceOf(each.path);
      const Bucket bucket = each.code == Code::Dark ? Bucket::Dark : Bucket::Stranded;
      std::int64_t cents = 0;
      for (const MoneyEntry& entry : report_.money.money.entries)
        if (entry.board == board && entry.part.bucket == bucket && entry.part.resource == resource) cents += entry.cents;
      if (!resource.empty()) result.properties.emplace_back("slice", resource);
      if (cents > 0) result.properties.emplace_back("monthlyWaste", amount(cents, report_.money.money.currency));
      tidy(result);
      of("").results.push_back(std::move(result));
    }
  }

  ReportResult declared(const WorkloadState& state, const policy::Finding& finding, const Finding* twin, const Subject& subject) const {
    ReportResult out;
    Weight weight = weightOf(finding);
    if (twin != nullptr && twin->confidence == model::Confidence::Low && weight.outcome == Outcome::Fail) weight = {Severity::Medium, Outcome::Warn};
    out.severity = weight.severity;
    out.outcome = weight.outcome;
    out.code = policy::name(finding.code);
    out.rule = finding.policy;
    out.subject = subject;
    out.message = finding.message;
    container(out, state, finding.container, finding.code == policy::Code::Oversized || finding.code == policy::Code::Undersized);
    if (twin != nullptr) tellFound(out, *twin);
    tidy(out);
    return out;
  }

  static ReportResult found(const Finding& finding, const WorkloadState* state, const Subject& subject) {
    ReportResult out;
    Weight weight = weightOf(finding.code);
    // A doubt is a warning.
    if (finding.confidence == model::Confidence::Low && weight.outcome == Outcome::Fail) weight = {Severity::Medium, Outcome::Warn};
    out.severity = weight.severity;
    out.outcome = weight.outcome;
    out.running = true;
    out.code = name(finding.code);
    out.rule = finding.aspect;
    out.subject = subject;
    out.message = finding.message;
    if (state != nullptr) container(out, *state, finding.container, false);
    if (!finding.pod.empty()) out.properties.emplace_back("pod", finding.pod);
    tellFound(out, finding);
    tidy(out);
    return out;
  }

  static void tellFound(ReportResult& out, const Finding& finding) {
    out.properties.emplace_back("confidence", model::name(finding.confidence));
    if (!finding.remedy.empty()) out.properties.emplace_back("remedy", finding.remedy);
  }

  static void container(ReportResult& out, const WorkloadState& state, const std::string& name, bool recommends) {
    if (name.empty()) return;
    out.properties.emplace_back("container", name);
    for (const policy::ContainerJudgement& each : state.judgement.containers) {
      if (each.name != name) continue;
      if (each.requested) out.properties.emplace_back("slice", counted(each.requested->resource, each.requested->count));
      if (!each.model.empty()) out.properties.emplace_back("model", each.model);
      if (recommends && each.recommended) out.properties.emplace_back("recommended", counted(each.recommended->resource, each.recommended->count.value_or(1)));
      if (recommends && each.cost && each.cost->wasteCents && *each.cost->wasteCents > 0)
        out.properties.emplace_back("monthlyWaste", amount(*each.cost->wasteCents, each.cost->currency));
    }
  }

  static void tidy(ReportResult& out) {
    out.message = admission::cutTo(admission::oneLine(out.message), kMostMessage);
    for (auto& [key, value] : out.properties) value = admission::cutTo(admission::oneLine(value), kMostProperty);
    std::sort(out.properties.begin(), out.properties.end());
  }

  const Report& report_;
  const Observation& seen_;
  const Snapshot& snapshot_;
  std::map<std::string, NamespaceResults> byNamespace_;
};

}  // namespace

std::string_view name(Severity severity) { return kSeverities[static_cast<std::size_t>(severity)]; }
std::string_view name(Outcome outcome) { return kOutcomes[static_cast<std::size_t>(outcome)]; }

std::string_view ReportResult::property(std::string_view key) const {
  for (const auto& [name, value] : properties)
    if (name == key) return value;
  return {};
}

bool ReportResult::sameAs(const ReportResult& other) const {
  const auto identity = [](const ReportResult& of) {
    return std::tuple(std::string_view(of.code), std::string_view(of.rule), of.running, std::string_view(of.subject.kind), std::string_view(of.subject.name),
                      of.property("container"), of.property("pod"), of.subject.kind == "Node" ? of.property("slice") : std::string_view());
  };
  return identity(*this) == identity(other);
}

bool operator<(const ReportResult& a, const ReportResult& b) {
  const auto order = [](const ReportResult& of) {
    return std::tuple(of.severity, std::string_view(of.code), std::string_view(of.subject.kind), std::string_view(of.subject.name), of.property("container"),
                      std::string_view(of.rule), of.property("pod"), of.property("slice"), std::string_view(of.message));
  };
  return order(a) < order(b);
}

std::vector<NamespaceResults> resultsOf(const Report& report) { return Collecting(report).all(); }

std::vector<std::string> unreadOver(const Coverage& coverage, std::string_view ns) {
  std::vector<std::string> out;
  for (const Seen* each : coverage.unread())
    if (each->state != Seen::State::NotGiven && (each->ns.empty() || each->ns == ns)) out.push_back(each->resource);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace rightslice::observe::audit
