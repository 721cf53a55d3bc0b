#include "observe/rules.hpp"

#include <fmt/format.h>

#include "base/date.hpp"

namespace rightslice::observe {
namespace {

constexpr Rule kWorkloadRules[] = {findFit, findNearCeiling, findDrift, findObservedDrift, findTrafficDrift, findStale, findRestarting, findPending, findIdle};
constexpr Rule kNodeRules[] = {findGeometryDrift, findDark, findStranded};

}  // namespace

std::span<const Rule> workloadRules() { return kWorkloadRules; }
std::span<const Rule> nodeRules() { return kNodeRules; }

Scene::Scene(const Snapshot& all, const Looking& how, const Observation& so)
    : snapshot(all), looking(how), seen(so), now(secondsOfTimestamp(all.takenAt)) {
  for (Index i = 0; i < all.objects.size(); ++i)
    if (!all.objects[i].uid.empty()) byUid_.emplace(all.objects[i].uid, i);
}

const Object* Scene::objectOf(Index index) const {
  const auto& object = deployed(index).object;
  return object ? &snapshot.objects[*object] : nullptr;
}

const Object* Scene::objectOf(const Owner& owner) const {
  const auto at = byUid_.find(owner.uid);
  return at == byUid_.end() ? nullptr : &snapshot.objects[at->second];
}

std::optional<std::int64_t> Scene::secondsSince(std::string_view time) const {
  const auto then = secondsOfTimestamp(time);
  if (!now || !then) return std::nullopt;
  return *now - *then;
}

std::span<const metrics::OfContainer> Scene::measuredOf(Index pod) const {
  return snapshot.measured ? metrics::measuredOf(*snapshot.measured, pod) : std::span<const metrics::OfContainer>();
}

Evidence evidenceOf(const metrics::Measured& measured, const Pod& pod) {
  const metrics::MeasureRow& row = metrics::rowOf(measured.measure);
  std::string value = measured.value ? metrics::valueText(*measured.value, row.unit) : "insufficient data";
  if (row.sort == metrics::Sort::Counter) value += " in " + metrics::windowText(measured.windowSeconds);
  else if (measured.peak && measured.windowSeconds > 0)
    value += fmt::format(", at most {} in {}", metrics::valueText(*measured.peak, row.unit), metrics::windowText(measured.windowSeconds));
  std::string source = fmt::format("{} of pod {}/{}, {} ({} of {} steps seen)", measured.metric, pod.ns, pod.name, measured.source, measured.seen, measured.expected);
  return {std::string(row.title), std::move(value), std::move(source), measured.at};
}

std::string counted(std::int64_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

std::string sourceOf(const Pod& pod) { return fmt::format("status of pod {}/{}", pod.ns, pod.name); }

std::string sliceName(const SliceUse& slice) {
  if (!slice.profile.empty()) return slice.profile;
  return slice.resource == "nvidia.com/gpu" || slice.resource == kClaimedGpu ? "whole GPU" : slice.resource;
}

}  // namespace rightslice::observe
