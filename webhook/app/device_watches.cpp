#include "app/device_watches.hpp"

#include <fmt/format.h>

namespace rightslice::app {
namespace {

using Phase = kube::WatchState::Phase;

enum Place : std::size_t { kClassesAt, kTemplatesAt, kClaimsAt, kSlicesAt };

bool known(const kube::WatchState& state) { return state.phase == Phase::Synced; }

template <class T>
workload::Devices::Named<T> kept(const kube::Store<T>& store, const kube::WatchState& state) {
  if (!known(state)) return std::nullopt;
  workload::Devices::Named<T> out;
  out.emplace();
  store.each([&](const std::string& key, const T& value) { out->emplace(key, value); });
  return out;
}

}  // namespace

DeviceWatches::DeviceWatches() : classes_(readDeviceClassObject), templates_(readClaimTemplateObject), claims_(readClaimObject), slices_(readResourceSlice) {}

void DeviceWatches::follow(kube::Cluster& cluster) {
  cluster.follow(deviceResource(kDeviceClasses), classes_);
  cluster.follow(deviceResource(kClaimTemplates), templates_);
  cluster.follow(deviceResource(kClaims), claims_);
  cluster.follow(deviceResource(kResourceSlices), slices_);
}

workload::Devices DeviceWatches::devices(States states) const {
  workload::Devices out;
  out.classes = kept(classes_, states[kClassesAt]);
  out.templates = kept(templates_, states[kTemplatesAt]);
  out.claims = kept(claims_, states[kClaimsAt]);
  return out;
}

void DeviceWatches::giveTo(std::vector<workload::Node>& nodes, States states) const {
  if (!known(states[kSlicesAt]) || slices_.unreadCount() > 0) return;
  DevicesByNode byNode;
  slices_.each([&](const std::string&, const PublishedDevices& slice) { byNode.add(slice); });
  byNode.giveTo(nodes);
}

std::uint64_t DeviceWatches::version(States states, bool all) const {
  std::uint64_t sum = classes_.version() + templates_.version() + claims_.version() + (all ? slices_.version() : 0);
  for (const auto& state : states) sum += state.turns;
  return sum;
}

std::optional<workload::Claim> DeviceWatches::claim(bool isTemplate, std::string_view ns, std::string_view name) const {
  return (isTemplate ? templates_ : claims_).find(fmt::format("{}/{}", ns, name));
}

std::optional<kube::Resource> DeviceWatches::claimResource(bool isTemplate, States states) const {
  const kube::WatchState& state = states[isTemplate ? kTemplatesAt : kClaimsAt];
  if (!known(state)) return std::nullopt;
  kube::Resource out = deviceResource(isTemplate ? kClaimTemplates : kClaims);
  out.version = state.version;
  return out;
}

}  // namespace rightslice::app
