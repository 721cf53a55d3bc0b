#include "cli/scan_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/cluster_resources.hpp"
#include "cli/input.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"
#include "observe/collector.hpp"
#include "policy/field.hpp"

namespace rightslice::cli {
namespace {

using observe::Seen;

/// Everything that a look at a cluster asks for.
std::map<std::string, std::int64_t> asked() {
  std::map<std::string, std::int64_t> out{{"nodes", 0}, {"namespaces", 0}, {app::budgetResource().name(), 0}};
  for (const auto& kind : app::kPolicyKinds) out.emplace(app::policyResource(kind).name(), 0);
  for (const auto& kind : app::kAutoscalerKinds) out.emplace(app::autoscalerResource(kind).name(), 0);
  for (const std::string_view plural : {"deviceclasses", "resourceclaimtemplates", "resourceclaims", "resourceslices"})
    out.emplace(std::string(plural) + ".resource.k8s.io", 0);
  for (const auto& kind : workload::kinds())
    if (const auto resource = app::resourceOf(kind)) out.emplace(resource->name(), 0);
  return out;
}

std::string readPolicy(json::View object, std::vector<app::PolicyObject>& to) {
  const std::string_view kind = object["kind"].stringOr("");
  if (workload::groupOf(object["apiVersion"].stringOr("")) != policy::kGroup) return {};
  for (const auto& row : app::kPolicyKinds) {
    if (row.kind != kind) continue;
    if (auto one = app::readPolicyObject(object, row.plural, row.kind)) to.push_back(std::move(*one));
    return app::policyResource(row).name();
  }
  return {};
}

bool hasList(const json::YamlStream& stream) {
  return std::any_of(stream.documents.begin(), stream.documents.end(), [](const auto& each) { return each.document.root()["kind"].stringOr("").ends_with("List"); });
}

}  // namespace

RecordedCluster readRecorded(const std::vector<std::string>& paths, std::string takenAt) {
  RecordedCluster out;
  out.snapshot.source = fmt::format("{}", fmt::join(paths, ", "));
  out.snapshot.takenAt = std::move(takenAt);
  observe::Collector collector(out.snapshot);
  auto counts = asked();
  const auto wrong = [&](const Error& error) {
    complain(describe(error));
    ++out.unreadable;
  };
  Input input(paths);
  for (const auto& error : input.errors()) wrong(error);
  for (std::size_t i = 0; i < input.size(); ++i) {
    const auto file = input.open(i);
    if (!file) {
      wrong(file.error());
      continue;
    }
    const int before = out.unreadable;
    for (const auto& part : (*file)->stream.broken) wrong({part.error.message, (*file)->name + ":" + part.error.where});
    bool any = false;
    forEachObject(
        **file,
        [&](const InputObject& object) {
          any = any || !object.view()["kind"].stringOr("").empty();
          std::string resource = readPolicy(object.view(), out.policies);
          if (resource.empty()) resource = collector.any(object.view());
          if (const auto at = counts.find(resource); at != counts.end()) ++at->second;
        },
        wrong);
    // Of kubectl that was refused there is an empty file; an empty List is an answer.
    if (any || out.unreadable > before) continue;
    if (hasList((*file)->stream)) complain((*file)->name + ": it holds no object");
    else wrong({"no object of Kubernetes is in it", (*file)->name});
  }
  for (const auto& [resource, count] : counts) {
    Seen seen{resource, "", count > 0 ? Seen::State::Read : Seen::State::NotGiven, "", count};
    out.snapshot.coverage.add(std::move(seen));
  }
  out.snapshot.heldKnown = counts["pods"] > 0;
  const auto given = [&](std::string_view plural) { return counts[std::string(plural) + ".resource.k8s.io"] > 0; };
  collector.finish({counts["nodes"] > 0, counts["namespaces"] > 0, given("deviceclasses"), given("resourceclaimtemplates"), given("resourceclaims"),
                    given("resourceslices"),
                    counts[app::budgetResource().name()] > 0, given("resourceclaims")});
  return out;
}

}  // namespace rightslice::cli
