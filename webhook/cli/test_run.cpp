#include "cli/test_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/sources.hpp"

namespace rightslice::cli {

namespace {

using policy::Action;
using policy::Code;

std::string text(const std::set<Code>& codes) {
  std::vector<std::string_view> names;
  for (const Code code : codes) names.push_back(name(code));
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::string_view text(const std::optional<Action>& action) { return action ? name(*action) : "nothing"; }

std::string recommendation(const policy::ContainerJudgement& container) {
  if (!container.recommended) return "none";
  return container.recommended->profile.empty() ? container.recommended->resource : container.recommended->profile;
}

/// The container whose recommendation is meant; nothing if there is none of that name.
const policy::ContainerJudgement* meant(const Expectation& expect, const policy::Judgement& judgement) {
  const policy::ContainerJudgement* first = nullptr;
  for (const auto& container : judgement.containers) {
    if (!expect.container.empty()) {
      if (container.name == expect.container) return &container;
    } else if (container.recommended) {
      return &container;
    } else if (first == nullptr) {
      first = &container;
    }
  }
  return first;
}

}  // namespace

std::vector<std::string> compare(const Expectation& expect, const policy::Judgement& judgement) {
  std::vector<std::string> result;
  if (expect.decision && *expect.decision != judgement.decision)
    result.push_back(fmt::format("decision: expected {}, got {}", name(*expect.decision), name(judgement.decision)));
  if (expect.wouldBe && expect.wouldBe != judgement.wouldBe)
    result.push_back(fmt::format("wouldBe: expected {}, got {}", name(*expect.wouldBe), text(judgement.wouldBe)));
  std::set<Code> found;
  for (const auto& finding : judgement.findings)
    if (finding.action != Action::Allow) found.insert(finding.code);
  if (expect.findings) {
    const std::set<Code> wanted(expect.findings->begin(), expect.findings->end());
    if (wanted != found) {
      std::set<Code> missing, extra;
      std::set_difference(wanted.begin(), wanted.end(), found.begin(), found.end(),
                          std::inserter(missing, missing.end()));
      std::set_difference(found.begin(), found.end(), wanted.begin(), wanted.end(), std::inserter(extra, extra.end()));
      std::string line = fmt::format("findings: expected {}, got {}", text(wanted), text(found));
      if (!missing.empty()) line += fmt::format("; missing {}", text(missing));
      if (!extra.empty()) line += fmt::format("; not expected {}", text(extra));
      result.push_back(line);
    }
  }
  for (const Code code : expect.contains)
    if (!found.contains(code))
      result.push_back(fmt::format("findings: expected {} among them, got {}", name(code), text(found)));
  if (expect.recommended) {
    const auto* container = meant(expect, judgement);
    if (container == nullptr && !expect.container.empty())
      result.push_back(fmt::format("container: there is none named {}", expect.container));
    const std::string got = container == nullptr ? "none" : recommendation(*container);
    const bool same = got == *expect.recommended || (container != nullptr && container->recommended &&
                                                     container->recommended->resource == *expect.recommended);
    if (!same) result.push_back(fmt::format("recommended: expected {}, got {}", *expect.recommended, got));
  } else if (!expect.container.empty() && meant(expect, judgement) == nullptr) {
    result.push_back(fmt::format("container: there is none named {}", expect.container));
  }
  return result;
}

namespace {

CaseResult runCase(const Suite& suite, const Case& item, const Sources& sources) {
  CaseResult result{suite.name, suite.file, item.name, item.where, {}};
  workload::Surroundings surroundings = sources.surroundings;
  if (item.surroundings) {
    auto other = loadWithoutPolicies(suite.catalogue, *item.surroundings, std::nullopt);
    if (!other) {
      result.differences.push_back("surroundings: " + describe(other.error()));
      return result;
    }
    surroundings = std::move(other->surroundings);
  }
  if (item.namespaceLabels) {
    if (!surroundings.namespaces) surroundings.namespaces.emplace();
    surroundings.namespaces->insert_or_assign(item.ns, *item.namespaceLabels);
  }
  auto environment = sources.environment();
  environment.surroundings = &surroundings;
  if (item.now) environment.now = *item.now;

  policy::Request request;
  request.user = item.user;
  request.groups = item.groups;
  request.trustedControllers = SourceFlags{}.trustedControllers;
  request.usageKnown = request.autoscalersKnown = true;
  workload::Workload old;
  if (item.old) {
    old = workload::read(item.old->root(), item.ns);
    request.operation = policy::Operation::Update;
    request.old = &old;
    request.oldUsage = policy::usageOf(old, *environment.policies, environment.catalogue, surroundings);
    request.usage = request.oldUsage;
  }
  result.differences = compare(item.expect, admission::verdict(item.manifest, item.ns, environment, request));
  return result;
}

}  // namespace

SuiteRun runSuite(const Suite& suite) {
  SuiteRun run;
  auto sources = loadWithoutPolicies(suite.catalogue, suite.surroundings, suite.now);
  if (!sources) {
    run.errors.push_back(describe(sources.error()));
    return run;
  }
  auto loaded = app::loadPolicies(suite.policies, sources->loadOptions(SourceFlags{}.maxExceptionDays));
  for (const auto& diagnostic : loaded.diagnostics)
    if (!diagnostic.warning) run.errors.push_back(diagnostic.text());
  if (run.errors.empty() && loaded.policies.empty())
    run.errors.push_back(suite.file + ": no policy found in what it names");
  if (!run.errors.empty()) return run;
  sources->policies = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
  for (const auto& item : suite.cases) run.cases.push_back(runCase(suite, item, *sources));
  return run;
}

}  // namespace rightslice::cli
