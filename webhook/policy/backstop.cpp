#include "policy/backstop.hpp"

#include <algorithm>

namespace rightslice::policy {
namespace {

void addOnce(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

/// Every name of the catalogue, its own first, then those of other drivers.
std::vector<std::string> allNames(const gpu::Catalogue& gpus) {
  std::vector<std::string> out = gpus.profileNames();
  for (const auto& product : gpus.products())
    for (const auto& profile : product.profiles)
      for (const auto& variant : profile.variants) addOnce(out, variant.name);
  return out;
}

/// What a name may stand for: itself, and on some product another profile.
std::vector<std::string> readings(const std::string& name, const gpu::Catalogue& gpus) {
  std::vector<std::string> out{name};
  for (const auto& product : gpus.products())
    for (const auto& offer : gpus.offers(name, {&product})) addOnce(out, offer.profile->name);
  return out;
}

}  // namespace

std::vector<std::string> surelyDenied(const Policy& policy, const gpu::Catalogue& gpus) {
  std::vector<std::string> out;
  if (policy.allowed.empty() && policy.denied.empty()) return out;
  for (const auto& name : allNames(gpus)) {
    const auto parsed = gpu::ProfileName::parse(name);
    const auto meanings = readings(name, gpus);
    const bool denied = std::none_of(meanings.begin(), meanings.end(), [&](const auto& each) { return policy.profileAllowed(each); });
    if (parsed && denied) addOnce(out, parsed->resourceSuffix());
  }
  return out;
}

std::vector<std::string> spellings(const std::string& suffix) {
  std::vector<std::string> out;
  for (const char* prefix : {"nvidia.com/mig-", "mig.das.com/", "mig.das.com/mig-"})
    for (const char* ending : {"", ".shared"}) out.push_back(prefix + suffix + ending);
  return out;
}

}  // namespace rightslice::policy
