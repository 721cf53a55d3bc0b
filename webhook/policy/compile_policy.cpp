#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/compile.hpp"
#include "workload/kind.hpp"

namespace rightslice::policy {
namespace {

/// A glob of profiles in the catalogue's spelling: ".me" and its like become "+me".
std::string profileGlob(std::string_view glob) {
  if (const auto exact = gpu::ProfileName::parse(glob)) return exact->text();
  std::string out(glob);
  bool inAttributes = out.find('+') != std::string::npos;
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const bool beforeLetter = out[i + 1] >= 'a' && out[i + 1] <= 'z';
    if (out[i] != '.' || !beforeLetter || out.compare(i, 4, ".all") == 0) continue;
    out[i] = inAttributes ? ',' : '+';
    inAttributes = true;
  }
  return out;
}

std::vector<std::string> profileGlobs(json::View list) {
  std::vector<std::string> globs;
  for (const std::string& each : stringsOf(list)) globs.push_back(profileGlob(each));
  return globs;
}

/// Returns true if products are named and all of them are known.
bool readGpus(Policy& policy, json::View list, const Path& path, Site& site, const gpu::Catalogue& catalogue) {
  bool allKnown = true;
  std::size_t index = 0;
  for (const json::View each : list.elements()) {
    const Path at(path, index++);
    const auto name = each.string();
    if (!name) continue;
    const gpu::Product* product = catalogue.find(*name);
    if (product == nullptr) {
      allKnown = false;
      const auto near = catalogue.nearestProduct(*name);
      site.error("UnknownGpu", at, Site::At::Value,
                 fmt::format("{}: no GPU product of the catalogue is called '{}'{}", at.dotted(), *name,
                             near ? fmt::format("; did you mean '{}'?", *near) : "; 'rightslice gpus' lists them"));
    } else if (std::find(policy.gpus.begin(), policy.gpus.end(), product) == policy.gpus.end()) {
      policy.gpus.push_back(product);
    }
  }
  return allKnown && !policy.gpus.empty();
}

void unknownProfile(std::string_view name, const Path& at, Site& site, const gpu::Catalogue& catalogue, std::string_view also) {
  const auto near = catalogue.nearestProfile(name);
  site.error("UnknownProfile", at, Site::At::Value,
             fmt::format("{}: no GPU product of the catalogue has a slice profile '{}'{}{}", at.dotted(), name, also,
                         near ? fmt::format("; did you mean '{}'?", *near) : "; 'rightslice gpus' lists them"));
}

/// True if none of the products has the profile; one whose geometry the catalogue lacks might.
bool surelyNotOffered(const std::vector<const gpu::Product*>& gpus, const std::vector<gpu::Offer>& offers) {
  return offers.empty() &&
         std::none_of(gpus.begin(), gpus.end(), [](const gpu::Product* each) { return each->profiles.empty(); });
}

std::string profilesOf(const std::vector<const gpu::Product*>& gpus) {
  std::vector<std::string> names;
  for (const gpu::Product* product : gpus) {
    for (const gpu::Profile& profile : product->profiles) {
      if (std::find(names.begin(), names.end(), profile.name) == names.end()) names.push_back(profile.name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// The proper names of the profile that is written, on the policy's products: several where they differ.
std::vector<std::string> properNames(const Policy& policy, std::string_view written, const gpu::Catalogue& catalogue) {
  std::vector<std::string> names;
  for (const gpu::Offer& offer : catalogue.offers(written, policy.gpus)) {
    if (std::find(names.begin(), names.end(), offer.profile->name) == names.end()) names.push_back(offer.profile->name);
  }
  if (names.empty()) {
    if (const auto parsed = gpu::ProfileName::parse(written)) names.push_back(parsed->text());
  }
  return names;
}

void readOffered(Policy& policy, json::View list, const Path& path, Site& site, const gpu::Catalogue& catalogue, bool gpusKnown) {
  if (!list.isArray()) return;
  policy.offered.emplace();
  std::size_t index = 0;
  for (const json::View each : list.elements()) {
    const Path at(path, index++);
    const auto name = each.string();
    if (!name || !form::kProfile.accepts(*name)) continue;
    if (!catalogue.knowsProfile(*name)) {
      unknownProfile(*name, at, site, catalogue, "");
      continue;
    }
    if (gpusKnown && surelyNotOffered(policy.gpus, catalogue.offers(*name, policy.gpus))) {
      // Only a warning: node selection outranks spec.gpus, so one list may serve pools of several products.
      site.warning("UnknownProfile", at, Site::At::Value,
                   fmt::format("{}: no product of spec.gpus has the profile '{}'; they have {}", at.dotted(), *name,
                               profilesOf(policy.gpus)));
    }
    for (std::string& proper : properNames(policy, *name, catalogue)) {
      if (std::find(policy.offered->begin(), policy.offered->end(), proper) == policy.offered->end()) {
        policy.offered->push_back(std::move(proper));
      }
    }
  }
}

void readGpuResource(Policy& policy, json::View value, const Path& path, Site& site, const gpu::Catalogue& catalogue) {
  const auto text = value.string();
  if (!text || !form::kProfile.accepts(*text)) return;
  if (*text == "whole") {
    policy.gpuMeaning = Policy::GpuMeaning::Whole;
  } else if (catalogue.knowsProfile(*text)) {
    policy.gpuMeaning = Policy::GpuMeaning::Profile;
    policy.gpuProfile = properNames(policy, *text, catalogue).front();
  } else if (const std::string hint = suggestion(*text, {"whole"}); !hint.empty()) {
    site.error("UnknownProfile", path, Site::At::Value,
               fmt::format("{}: '{}' is neither whole nor a slice profile{}", path.dotted(), *text, hint));
  } else {
    unknownProfile(*text, path, site, catalogue, " (whole means a whole GPU)");
  }
}

void readKinds(Policy& policy, json::View list, const Path& path, Site& site) {
  std::vector<std::string> known;
  std::size_t index = 0;
  for (const json::View each : list.elements()) {
    const Path at(path, index++);
    const auto name = each.string();
    if (!name) continue;
    policy.kinds.emplace_back(*name);
    if (workload::isKnownKindName(*name)) continue;
    if (known.empty()) {
      for (const workload::Kind& kind : workload::kinds()) known.emplace_back(kind.kind);
    }
    std::string hint = suggestion(*name, known);
    if (hint.empty()) hint = fmt::format("; known are {}", fmt::join(known, ", "));
    site.error("UnknownKind", at, Site::At::Value, fmt::format("{}: no kind '{}' is known{}", at.dotted(), *name, hint));
  }
}

void readActions(Policy& policy, json::View actions) {
  for (const CodeRow& row : codes()) {
    const auto index = static_cast<std::size_t>(row.code);
    policy.actions[index] = row.defaultAction;
    const auto written = actions[row.name].string();
    if (!written) continue;
    for (const Action action : {Action::Allow, Action::Warn, Action::Rewrite, Action::Deny}) {
      if (name(action) == *written) policy.actions[index] = action;
    }
    policy.actionWritten[index] = true;
  }
}

void readSlices(Policy& policy, json::View slices, const Path& path, Site& site, const gpu::Catalogue& catalogue, bool gpusKnown) {
  readOffered(policy, slices["offered"], Path(path, "offered"), site, catalogue, gpusKnown);
  policy.allowed = profileGlobs(slices["allowed"]);
  policy.denied = profileGlobs(slices["denied"]);
  policy.preferDensity = slices["prefer"].stringOr("") == "density";
  // Numbers out of bounds are errors by the schema; the values here only have to fit the type.
  policy.minCompute = static_cast<int>(std::clamp<std::int64_t>(slices["minCompute"].integer().value_or(1), 1, 1'000'000));
  policy.tolerance = static_cast<int>(std::clamp<std::int64_t>(slices["tolerance"].integer().value_or(0), 0, 1'000'000));
}

void readClusterPart(Policy& policy, json::View spec, const Path& path, Site& site) {
  if (spec["namespaces"].isArray()) policy.namespaces = stringsOf(spec["namespaces"]);
  if (policy.namespaces && policy.namespaces->empty()) {
    site.warning("InvalidValue", Path(path, "namespaces"), Site::At::Value,
                 "spec.namespaces is empty: the policy applies nowhere; leave the field out for all namespaces");
  }
  if (spec["namespaceSelector"].isObject()) {
    policy.namespaceSelector = compileSelector(spec["namespaceSelector"], Path(path, "namespaceSelector"), site);
  }
  policy.overridable = spec["overridable"].boolean().value_or(false);
  policy.exemptUsers = stringsOf(spec["exempt"]["users"]);
  policy.exemptGroups = stringsOf(spec["exempt"]["groups"]);
  policy.exemptServiceAccounts = stringsOf(spec["exempt"]["serviceAccounts"]);
  policy.exceptionNamespaces = stringsOf(spec["exceptions"]["namespaces"]);
}

}  // namespace

Policy compilePolicy(DocumentKind kind, json::View root, Site& site, const LoadOptions& options) {
  const gpu::Catalogue& catalogue = options.gpus != nullptr ? *options.gpus : gpu::Catalogue::builtIn();
  const json::View spec = root["spec"];
  const Path top, path(top, "spec"), match(path, "match"), slices(path, "slices");
  Policy policy;
  policy.cluster = kind == DocumentKind::ClusterSlicePolicy;
  policy.ns = policy.cluster ? "" : namespaceOf(root);
  policy.name = root["metadata"]["name"].stringOr("");
  setPlace(policy, site);
  for (const Mode mode : {Mode::Audit, Mode::Warn, Mode::Enforce}) {
    if (name(mode) == spec["mode"].stringOr("")) policy.mode = mode;
  }
  readKinds(policy, spec["match"]["kinds"], Path(match, "kinds"), site);
  policy.selector = compileSelector(spec["match"]["selector"], Path(match, "selector"), site);
  const bool gpusKnown = readGpus(policy, spec["gpus"], Path(path, "gpus"), site, catalogue);
  readGpuResource(policy, spec["gpuResource"], Path(path, "gpuResource"), site, catalogue);
  readSlices(policy, spec["slices"], slices, site, catalogue, gpusKnown);
  policy.concurrency = spec["load"]["concurrency"].integer();
  policy.context = spec["load"]["context"].integer();
  policy.loadWritten = policy.concurrency || policy.context;
  policy.headroomTenths = percentTenths(spec["headroom"].stringOr("")).value_or(policy.headroomTenths);
  readActions(policy, spec["actions"]);
  policy.rewriteFlags = spec["engine"]["rewriteFlags"].boolean().value_or(false);
  policy.budget = compileBudget(spec["budget"], Path(path, "budget"), site);
  policy.ratchet = spec["ratchet"].boolean().value_or(true);
  policy.declarationsByPolicy = spec["declarations"].stringOr(policy.cluster ? "policy" : "workload") == "policy";
  policy.models = compileModels(spec["models"], Path(path, "models"), site);
  if (policy.cluster) readClusterPart(policy, spec, path, site);
  return policy;
}

}  // namespace rightslice::policy
