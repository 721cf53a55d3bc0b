#include "policy/judge_claim.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "policy/claimed.hpp"

namespace rightslice::policy {
namespace {

using Kind = DeviceAsk::Kind;

/// A class that is not known may be one of network cards. Its name is all that tells.
bool soundsLikeGpus(std::string_view className) { return className.find("nvidia") != std::string_view::npos || className.find("gpu") != std::string_view::npos; }

RawFinding finding(Code code, const workload::DeviceRequest& request, std::string asked, std::string message) {
  RawFinding out;
  out.code = code;
  out.path = request.pointer;
  out.asked = std::move(asked);
  out.message = std::move(message);
  return out;
}

void judgeRequest(const std::string& name, const workload::DeviceRequest& request, const Policy& policy, const gpu::Catalogue& gpus,
                  const workload::Devices& devices, std::vector<RawFinding>& out) {
  const DeviceAsk ask = deviceAsk(request, devices);
  if (ask.kind == Kind::Undecided) {
    if (devices.findClass(request.deviceClass) == nullptr && !soundsLikeGpus(request.deviceClass)) return;
    out.push_back(finding(Code::NotJudged, request, ask.why, fmt::format("request {} is not judged: {}", name, ask.why)));
    return;
  }
  if (ask.kind != Kind::Slice) return;
  std::vector<std::string> profiles = ask.profiles;
  if (profiles.empty())
    for (const auto& offer : offersOf(ask, policy.gpus, gpus))
      if (std::find(profiles.begin(), profiles.end(), offer.profile->name) == profiles.end()) profiles.push_back(offer.profile->name);
  std::string refused, strange;
  std::size_t count = 0;
  for (const auto& profile : profiles) {
    if (!ask.profiles.empty() && !isProfile(profile, gpus)) strange += fmt::format("; {}", noProfileNote(profile, gpus));
    if (policy.profileAllowed(profile)) continue;
    refused += (refused.empty() ? "" : ", ") + profile;
    ++count;
  }
  if (!strange.empty()) out.push_back(finding(Code::UnknownProfile, request, shown(ask), fmt::format("request {} asks for {}{}", name, shown(ask), strange)));
  if (count == 0) return;
  RawFinding notAllowed = finding(Code::ProfileNotAllowed, request, refused,
                                  fmt::format("request {} asks for {}, and policy {} does not allow {} here ({})", name, shown(ask), policy.id(),
                                              refused, policy.allowedText()));
  if (ask.profiles.empty() && count < profiles.size()) notAllowed.limit(Action::Warn, "others that it may be given are allowed");
  out.push_back(std::move(notAllowed));
}

}  // namespace

std::vector<RawFinding> claimFindings(const workload::Workload& object, const Policy& policy, const Catalogue& catalogue,
                                      const workload::Surroundings& surroundings) {
  std::vector<RawFinding> out;
  if (!object.claim) return out;
  for (const auto& request : object.claim->requests)
    for (const auto& alternative : request.alternatives) judgeRequest(request.name, alternative, policy, *catalogue.gpus, surroundings.devices, out);
  return out;
}

}  // namespace rightslice::policy
