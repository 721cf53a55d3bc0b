#include "admission/missing_claim.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rightslice::admission {
namespace {

constexpr std::size_t kMost = 4;  // each is a question to the API server

}  // namespace

std::vector<MissingClaim> missingClaims(const workload::Workload& object, const workload::Surroundings& surroundings) {
  std::vector<MissingClaim> out;
  for (const workload::PodTemplate& pod : object.templates) {
    for (const workload::PodClaim& each : pod.claims) {
      const bool isTemplate = !each.claimTemplate.empty();
      const std::string& name = isTemplate ? each.claimTemplate : each.claim;
      const auto& known = isTemplate ? surroundings.devices.templates : surroundings.devices.claims;
      if (name.empty() || (known && known->contains(fmt::format("{}/{}", object.ns, name)))) continue;
      const bool there = std::any_of(out.begin(), out.end(), [&](const MissingClaim& other) { return other.name == name && other.isTemplate == isTemplate; });
      if (!there && out.size() < kMost) out.push_back({isTemplate, object.ns, name});
    }
  }
  return out;
}

}  // namespace rightslice::admission
