#include "workload/devices.hpp"

#include <tuple>

#include <fmt/format.h>

namespace rightslice::workload {
namespace {

void add(Digest& digest, const std::vector<DeviceSelector>& selectors) {
  digest.add(std::to_string(selectors.size()));
  for (const DeviceSelector& each : selectors) {
    for (const DeviceCondition& condition : each.conditions) digest.add(celText(condition));
    for (const std::string& text : each.unread) digest.add("?").add(text);
  }
}

void add(Digest& digest, const Sharing& sharing) {
  for (const auto* strategy : {&sharing.gpu, &sharing.mig}) digest.add(*strategy ? "configured" : "not").add(strategy->value_or(""));
}

void add(Digest& digest, const DeviceClass& each) {
  add(digest, each.selectors);
  add(digest, each.sharing);
  digest.add(each.extendedResource).add(each.created);
}

void add(Digest& digest, const Claim& claim) {
  digest.add(std::to_string(claim.requests.size())).add(claim.shared ? "shared" : "");
  for (const ClaimRequest& request : claim.requests) {
    digest.add(request.name).add(std::to_string(request.alternatives.size()));
    for (const DeviceRequest& each : request.alternatives) {
      digest.add(each.deviceClass).add(fmt::format("{}/{}/{}/{}", each.all, each.count, each.adminAccess, each.sharedCapacity));
      add(digest, each.sharing);
      add(digest, each.selectors);
    }
  }
}

template <class T>
void add(Digest& digest, std::string_view what, const Devices::Named<T>& known) {
  digest.add(what).add(known ? std::to_string(known->size()) : "unknown");
  if (!known) return;
  for (const auto& [name, value] : *known) {
    digest.add(name);
    add(digest, value);
  }
}

}  // namespace

const DeviceClass* Devices::findClass(std::string_view name) const {
  if (!classes) return nullptr;
  const auto at = classes->find(name);
  return at == classes->end() ? nullptr : &at->second;
}

std::optional<std::pair<std::string_view, const DeviceClass*>> Devices::classOfResource(std::string_view resource) const {
  if (resource.starts_with(kDeviceClassPrefix)) {
    const std::string_view name = resource.substr(kDeviceClassPrefix.size());
    return std::pair(name, findClass(name));
  }
  if (!classes) return std::nullopt;
  // As DeviceClass in k8s.io/api resource/v1 says: the younger, and of two of the same second the first by name.
  std::optional<std::pair<std::string_view, const DeviceClass*>> out;
  for (const auto& [name, each] : *classes) {
    if (each.extendedResource != resource || resource.empty()) continue;
    if (!out || out->second->created < each.created) out = std::pair(std::string_view(name), &each);
  }
  return out;
}

bool note(json::View object, std::string_view ns, Devices& devices) {
  const std::string_view apiVersion = object["apiVersion"].stringOr(""), kind = object["kind"].stringOr("");
  const std::string_view name = object["metadata"]["name"].stringOr("");
  if (name.empty()) return false;
  std::vector<Error> malformed;
  const auto put = [&](auto& known, std::string key, auto value) {
    if (!known) known.emplace();
    known->insert_or_assign(std::move(key), std::move(value));
    return true;
  };
  if (isDeviceClass(apiVersion, kind)) return put(devices.classes, std::string(name), readDeviceClass(object, malformed));
  if (isClaimTemplate(apiVersion, kind)) return put(devices.templates, fmt::format("{}/{}", ns, name), readClaim(object, malformed));
  if (isClaim(apiVersion, kind)) return put(devices.claims, fmt::format("{}/{}", ns, name), readClaim(object, malformed));
  return false;
}

void merge(const Devices& more, Devices& devices) {
  const auto take = [](const auto& from, auto& to) {
    if (!from) return;
    if (!to) to.emplace();
    for (const auto& [name, value] : *from) to->insert_or_assign(name, value);
  };
  take(more.classes, devices.classes);
  take(more.templates, devices.templates);
  take(more.claims, devices.claims);
}

void addTo(Digest& digest, const Devices& devices) {
  add(digest, "device classes", devices.classes);
  add(digest, "claim templates", devices.templates);
  add(digest, "claims", devices.claims);
}

}  // namespace rightslice::workload
