#include "workload/rollout.hpp"

#include <algorithm>
#include <charconv>

#include "base/bytes.hpp"
#include "workload/kind.hpp"

namespace rightslice::workload {
namespace {

// Kubernetes, pkg/apis/apps/v1/defaults.go (25 %), and pkg/controller/deployment/util (a share is rounded up).
constexpr std::int64_t kDefaultPercent = 25, kMostReplicas = 2147483647;

std::int64_t shareOf(std::int64_t replicas, std::int64_t percent) {
  return ceilDiv(timesBytes(replicas, std::clamp<std::int64_t>(percent, 0, 100'000)), 100);
}

}  // namespace

std::int64_t surgeOf(json::View now, json::View before) {
  const json::View spec = now["spec"], strategy = spec["strategy"];
  if (now["kind"].stringOr("") != "Deployment" || groupOf(now["apiVersion"].stringOr("")) != "apps") return 0;
  if (strategy["type"].stringOr("RollingUpdate") != "RollingUpdate" || spec["paused"].boolean().value_or(false)) return 0;
  if (!spec["template"].exists() || spec["template"].equals(before["spec"]["template"])) return 0;
  const std::int64_t replicas = std::clamp<std::int64_t>(spec["replicas"].integer().value_or(1), 0, kMostReplicas);
  const json::View surge = strategy["rollingUpdate"]["maxSurge"];
  if (replicas == 0) return 0;
  if (!surge.exists()) return shareOf(replicas, kDefaultPercent);
  if (const auto count = surge.integer()) return std::clamp<std::int64_t>(*count, 0, kMostReplicas);
  const std::string_view text = surge.stringOr("");
  std::int64_t percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  const bool whole = error == std::errc{} && std::string_view(end, static_cast<std::size_t>(text.data() + text.size() - end)) == "%";
  return whole ? shareOf(replicas, percent) : 0;
}

}  // namespace rightslice::workload
