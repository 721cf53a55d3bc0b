#include "app/loaded_policies.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rightslice::app {
namespace {

std::string idOf(const PolicyObject& object) {
  return fmt::format("{} {}{}", object.kind, object.kind == "ClusterSlicePolicy" ? "" : object.ns + "/", object.name);
}

}  // namespace

LoadedPolicies loadPolicyObjects(const std::vector<PolicyObject>& objects, const policy::LoadOptions& options) {
  LoadedPolicies out;
  std::vector<policy::Loaded> parts;
  for (const PolicyObject& object : objects) {
    parts.push_back(policy::load(object.text, object.place(), options));
    auto& part = parts.back();
    if (!part.ok()) out.notAccepted.push_back(idOf(object));
    for (auto& diagnostic : part.diagnostics) out.diagnostics.push_back(std::move(diagnostic));
    part.diagnostics.clear();
  }
  out.loaded = policy::merge(std::move(parts));
  return out;
}

std::vector<std::string> unknownPolicies(const ClusterSnapshot& snapshot, const std::vector<std::string>& notAccepted, const std::string& ns) {
  std::vector<std::string> out;
  for (const auto& resource : snapshot.unreadPolicies(ns)) out.push_back(fmt::format("{} over namespace {}", resource, ns));
  for (const PolicyObject& object : snapshot.policies) {
    const std::string id = idOf(object);
    const bool here = object.kind == "ClusterSlicePolicy" || object.ns == ns;
    if (here && std::find(notAccepted.begin(), notAccepted.end(), id) != notAccepted.end())
      out.push_back(id + ", which is not valid; its last good version may be in force");
  }
  return out;
}

}  // namespace rightslice::app
