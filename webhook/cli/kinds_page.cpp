#include "cli/kinds_page.hpp"

#include <map>

#include <fmt/format.h>

#include "workload/kind.hpp"

namespace rightslice::cli {
namespace {

using workload::Holds;
using workload::Kind;

std::string resourceOf(const Kind& kind) {
  if (kind.plural.empty()) return "";
  return kind.group.empty() ? std::string(kind.plural) : fmt::format("{}.{}", kind.plural, kind.group);
}

std::string placesOf(const Kind& kind) {
  std::string out;
  for (const auto& place : kind.places) out += fmt::format("{}`{}`", out.empty() ? "" : ", ", place.podSpec);
  if (out.empty()) out = kind.read != nullptr ? "fields of its own" : "none";
  return out;
}

std::string notesOf(const Kind& kind) {
  std::string out;
  const auto add = [&](std::string_view text) { out += fmt::format("{}{}", out.empty() ? "" : "; ", text); };
  if (kind.multiPodGroup) add("its pods are one group");
  if (kind.immutableTemplate) add("patched on CREATE only");
  if (!kind.neverRewrite.empty()) add("never rewritten");
  if (kind.pattern) add("a pattern of others: only names and amounts of requests are judged");
  if (kind.holds == Holds::Part) add("its children are judged where it asks for no GPU itself");
  return out;
}

void rows(bool custom, std::string& out) {
  for (const Kind& kind : workload::kinds()) {
    if (kind.custom != custom) continue;
    const std::string unread = kind.unread.empty() ? "" : std::string(kind.unread);
    const std::string notes = notesOf(kind);
    const std::string_view plain = kind.places.empty() && !kind.read ? "" : "command, arguments, variables, image";
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", kind.kind, kind.group.empty() ? "core" : kind.group, placesOf(kind),
                       kind.model.empty() ? plain : kind.model, unread, notes);
  }
}

constexpr std::string_view kHead =
    "| kind | group | pods | the model, besides annotations | not known from the object | |\n|---|---|---|---|---|---|\n";

}  // namespace

std::string kindsPage() {
  std::string out =
      "# Kinds\n\nThe objects that are judged, in every version of their group. This page is generated from the program's table.\n\n"
      "What is *not known from the object* is listed in `unknown` of a result, with the name of what was not read. A need that hangs on it is\n"
      "at most a warning, whatever the policy says of the finding: a declared footprint (an annotation, `spec.models`) is not, and is judged in\n"
      "full. Names and amounts of requests are always judged in full.\n\n"
      "`match.kinds` and exceptions name kinds without their group: `Job` is Kubernetes' and Volcano's, `Service` is Knative's.\n\n## Of Kubernetes\n\n";
  out += kHead;
  rows(false, out);
  out += "\n## Of serving projects, by their CRDs\n\nA cluster that lacks one has none of it: nothing is said about it, and it is noticed when it comes.\n\n";
  out += kHead;
  rows(true, out);
  out +=
      "\n## Who creates their children\n\n"
      "What an operator makes of an object is recorded only where the object is seen to ask for the same, or where the request comes from a\n"
      "service account named by `--trusted-controllers` ([runbook](../deploy/README.md#operators-of-serving-projects)). These are the accounts of\n"
      "installations by default; name those that you have. A name with a `*` for the namespace would trust whoever may create a service account.\n"
      "A child whose owner is of a kind that is not on this page is judged itself, whoever made it.\n\n"
      "| service account | creates the children of |\n|---|---|\n";
  std::map<std::string_view, std::string> kindsOf;
  std::vector<std::string_view> order;
  for (const Kind& kind : workload::kinds()) {
    if (kind.controller.empty()) continue;
    auto& text = kindsOf[kind.controller];
    if (text.empty()) order.push_back(kind.controller);
    if (!text.empty()) text += ", ";
    text += kind.kind;
    if (kind.kind == "Job" || kind.kind == "CronJob") text += fmt::format(" of {}", kind.group);
  }
  for (const auto& controller : order) out += fmt::format("| `{}` | {} |\n", controller, kindsOf[controller]);
  out += "\n## Where that is from\n\n| resource | read in |\n|---|---|\n";
  for (const Kind& kind : workload::kinds()) {
    if (!kind.custom) continue;
    const std::string resource = resourceOf(kind);
    out += fmt::format("| `{}` | {} |\n", resource.empty() ? fmt::format("{} ({})", kind.kind, kind.group) : resource, kind.source);
  }
  return out;
}

}  // namespace rightslice::cli
