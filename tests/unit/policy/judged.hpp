// Objects as people write them, judged under policies as people write them.
#pragma once
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "json/document.hpp"
#include "policy/judge.hpp"
#include "written.hpp"

namespace rightslice::policy::judged {

/// Measured memory of H100 80GB SXM5 (policies/catalogue/gpus.json), in MiB.
constexpr Bytes kHolds1g = 9984 * kMiB, kHolds2g = 20096 * kMiB, kHolds3g = 40448 * kMiB, kHolds7g = 81152 * kMiB, kHoldsWhole = 81559 * kMiB;

/// One container in a Deployment of team-a, or in another kind. Every text is the inside of a JSON object or array.
struct Manifest {
  std::string kind = "Deployment", name = "chat", ns = "team-a";
  std::string limits = R"("nvidia.com/mig-3g.40gb":"1")", requests;
  std::string annotations;         ///< of the pod template
  std::string objectAnnotations;   ///< of the object (of the same place for a Pod)
  std::string labels, metadata;    ///< of the object; `metadata`: further members
  std::string called = "main";     ///< the container
  std::string args, container, podSpec, spec;  ///< arguments; further members of the container, the pod spec and the spec
  std::string image = "registry.example/app:1";
  std::string more;                ///< further containers, each with a comma before it
  bool templateMetadata = true;
  int replicas = 1;

  std::string text() const {
    const auto rest = [](const std::string& members) { return members.empty() ? std::string() : "," + members; };
    const std::string requestsText = requests.empty() ? "" : fmt::format(R"(,"requests":{{{}}})", requests);
    const std::string argsText = args.empty() ? "" : fmt::format(R"(,"args":[{}])", args);
    const std::string limitsText = limits.empty() ? "" : fmt::format(R"("limits":{{{}}})", limits);
    const std::string resources = limits.empty() && !requests.empty() ? requestsText.substr(1) : limitsText + requestsText;
    const std::string pod = fmt::format(R"({{"containers":[{{"name":"{}","image":"{}","resources":{{{}}}{}{}}}{}]{}}})", called, image, resources, argsText,
                                        rest(container), more, rest(podSpec));
    const bool bare = kind == "Pod";
    const std::string& own = bare && !annotations.empty() ? annotations : objectAnnotations;
    const std::string annotationsText = own.empty() ? "" : fmt::format(R"(,"annotations":{{{}}})", own);
    const std::string labelsText = labels.empty() ? "" : fmt::format(R"(,"labels":{{{}}})", labels);
    const std::string head = fmt::format(R"("metadata":{{"name":"{}","namespace":"{}"{}{}{}}})", name, ns, annotationsText, labelsText, rest(metadata));
    if (bare) return fmt::format(R"({{"apiVersion":"v1","kind":"Pod",{},"spec":{}}})", head, pod);
    const std::string own_template = annotations.empty() ? "" : fmt::format(R"("annotations":{{{}}})", annotations);
    const std::string meta = templateMetadata ? fmt::format(R"("metadata":{{{}}},)", own_template) : "";
    const std::string group = kind == "Job" ? "batch/v1" : "apps/v1";
    const std::string count = kind == "Job" || kind == "DaemonSet" ? "" : fmt::format(R"("replicas":{},)", replicas);
    return fmt::format(R"({{"apiVersion":"{}","kind":"{}",{},"spec":{{{}"template":{{{}"spec":{}}}{}}}}})", group, kind, head, count, meta, pod, rest(spec));
  }
};

inline json::Document parsed(std::string_view text) {
  auto document = json::Document::parse(text);
  REQUIRE_MESSAGE(document, std::string(text) << ": " << document.error().message);
  return std::move(*document);
}
inline workload::Workload workloadOf(const std::string& text) { return workload::read(parsed(text).root()); }
inline workload::Workload workloadOf(const Manifest& manifest) { return workloadOf(manifest.text()); }

/// A declaration of so many bytes.
inline std::string footprint(Bytes bytes) { return fmt::format(R"("rightslice.io/footprint":"{}")", bytes); }

/// A policy on the H100 of the constants above, with its slices on offer and the load stated; `more` is indented by two.
inline std::string h100Policy(std::string_view more = "", std::string_view name = "p", std::string_view mode = "enforce") {
  return fmt::format(
      "apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {{name: {}, namespace: team-a}}\nspec:\n  mode: {}\n"
      "  gpus: [NVIDIA-H100-80GB-HBM3]\n  gpuResource: whole\n  load: {{concurrency: 8}}\n{}{}\n",
      name, mode, more.find("slices:") == std::string_view::npos ? "  slices: {offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb]}\n" : "", more);
}
inline std::string oversizedIs(std::string_view action) { return fmt::format("  actions: {{Oversized: {}}}", action); }

struct World {
  std::string policies = h100Policy();
  std::string surroundings = {};       ///< YAML; empty: nothing is known
  Request request = {};
  Date now = written::day("2026-06-01");

  PolicySet set() const {
    const auto read = written::loaded(policies);
    REQUIRE_MESSAGE(read.ok(), written::shown(read));
    return PolicySet(read.policies, read.exceptions);
  }
  workload::Surroundings around() const {
    if (surroundings.empty()) return {};
    auto read = workload::readSurroundings(surroundings, "surroundings.yaml");
    REQUIRE_MESSAGE(read, (read ? std::string() : read.error().message));
    return *read;
  }
  Judgement judge(const std::string& text) const { return policy::judge(workloadOf(text), set(), Catalogue{}, around(), request, now); }
  Judgement judge(const Manifest& manifest) const { return judge(manifest.text()); }
};

/// "Oversized=warn SharedSlice=deny": codes and actions in order.
inline std::string said(const Judgement& judgement) {
  std::string text;
  for (const auto& finding : judgement.findings) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name(finding.code), name(finding.action));
  return text;
}
inline std::string said(const Manifest& manifest, const std::string& policies = h100Policy()) { return said(World{policies, "", {}}.judge(manifest)); }

inline const Finding& finding(const Judgement& judgement, Code code) {
  for (const auto& each : judgement.findings)
    if (each.code == code) return each;
  FAIL("no finding " << std::string(name(code)) << ", only " << said(judgement));
  static const Finding none;
  return none;
}

/// The recommended slice of the first container, or "".
inline std::string recommended(const Judgement& judgement) {
  const auto& first = judgement.containers.at(0).recommended;
  if (!first) return "";
  return first->profile.empty() ? first->resource : first->profile;
}

/// The object after the patch.
inline std::string patched(const std::string& text, const Judgement& judgement) {
  const auto after = json::apply(parsed(text), judgement.patch);
  REQUIRE_MESSAGE(after, (after ? std::string() : after.error().message));
  return std::string(after->root().text());
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace rightslice::policy::judged
