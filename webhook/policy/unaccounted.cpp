#include "policy/unaccounted.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rightslice::policy {
namespace {

/// "//dev/./nvidia0" -> "/dev/nvidia0". ".." cannot stand in a hostPath.
std::string plainPath(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::string_view step = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(step.size() + 1, path.size()));
    if (!step.empty() && step != ".") out.append("/").append(step);
  }
  return out;
}

}  // namespace

std::optional<UnaccountedGpu> unaccountedGpu(const workload::PodTemplate& pod, const workload::Container& container) {
  const auto& variables = container.invocation.env;  // the last of a name wins
  const auto visible =
      std::find_if(variables.rbegin(), variables.rend(), [](const auto& env) { return env.name == "NVIDIA_VISIBLE_DEVICES"; });
  const std::string* value = visible != variables.rend() && visible->value ? &*visible->value : nullptr;
  if (value != nullptr && !value->empty() && *value != "void" && *value != "none")
    return UnaccountedGpu{fmt::format("env NVIDIA_VISIBLE_DEVICES={} gives it GPUs", *value)};
  for (const auto& path : container.hostPaths)
    if (plainPath(path).starts_with("/dev/nvidia")) return UnaccountedGpu{fmt::format("the hostPath {} gives it GPUs", path)};
  if (container.privileged && pod.nvidiaRuntimeClass)
    return UnaccountedGpu{"privileged with the nvidia runtime class, it sees every GPU of the node"};
  if (visible != variables.rend() && value == nullptr)
    return UnaccountedGpu{"env NVIDIA_VISIBLE_DEVICES, whose value is not known here, may give it GPUs", false};
  return std::nullopt;
}

}  // namespace rightslice::policy
