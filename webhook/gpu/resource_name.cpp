#include "gpu/resource_name.hpp"

#include <optional>

#include "base/glob.hpp"
#include "gpu/profile.hpp"

namespace rightslice::gpu {
namespace {

constexpr std::string_view kPlugin = "nvidia.com/";
constexpr std::string_view kDas = "mig.das.com/";
constexpr std::string_view kMig = "mig-";
constexpr std::string_view kShared = ".shared";

struct Sharing {
  std::string_view glob;
  std::string_view system;
};

// Resources by which something other than NVIDIA's device plugin or DAS hands out GPUs or shares of them. Devices of
// other makers (amd.com/gpu, gpu.intel.com/*, habana.ai/*) are not here: this program knows nothing of them.
constexpr Sharing kResources[] = {
    {"nvidia.com/gpumem", "HAMi"},                     // Project-HAMi docs/config.md
    {"nvidia.com/gpumem-percentage", "HAMi"},
    {"nvidia.com/gpucores", "HAMi"},
    {"nvidia.com/priority", "HAMi"},
    {"nvidia.com/vgpu", "vGPU sharing"},               // forerunners of HAMi
    {"nvidia.com/gpu-?*", "nos"},                      // nebuly-ai/nos: nvidia.com/gpu-10gb
    {"volcano.sh/vgpu-?*", "Volcano"},                 // volcano-vgpu-device-plugin
    {"volcano.sh/gpu-?*", "Volcano"},
    {"koordinator.sh/gpu*", "Koordinator"},            // koordinator apis/extension/resource.go
    {"run.ai/gpu*", "KAI"},
    {"aliyun.com/gpu*", "Alibaba cGPU"},               // gpu-mem, gpu-count, gpu-core.percentage
    {"tencent.com/vcuda-?*", "Tencent GPU manager"},
    {"tke.cloud.tencent.com/qgpu-?*", "Tencent qGPU"},
    {"vke.volcengine.com/mgpu-?*", "Volcengine mGPU"},
    {"baidu.com/*cgpu*", "Baidu cGPU"},
    {"elasticgpu.io/*", "Elastic GPU"},
    {"k8s.amazonaws.com/vgpu", "AWS virtual GPU"},
    {"deviceclass.resource.kubernetes.io/*", "DRA"},   // KEP-5004: the implicit name of a DeviceClass
};

// Annotations and labels with the same effect; the container then often asks for nothing, or for nvidia.com/gpu.
constexpr Sharing kAnnotations[] = {
    {"gpu-fraction", "KAI"},                           // KAI-Scheduler pkg/common/constants
    {"gpu-fraction.limit", "KAI"},
    {"gpu-fraction-num-devices", "KAI"},
    {"gpu-fraction-container-name", "KAI"},
    {"gpu-memory", "KAI"},
    {"gpu-memory.limit", "KAI"},
    {"gpu-sm-percentage", "KAI"},
    {"gpu-sm-cores", "KAI"},
    {"nvidia.com/vgpu-mode", "HAMi"},
    {"nvidia.com/use-gpuuuid", "HAMi"},
    {"nvidia.com/nouse-gpuuuid", "HAMi"},
    {"nvidia.com/use-gputype", "HAMi"},
    {"nvidia.com/nouse-gputype", "HAMi"},
    {"hami.io/*", "HAMi"},
    {"volcano.sh/vgpu-mode", "Volcano"},
    {"koordinator.sh/gpu*", "Koordinator"},
    {"scheduling.koordinator.sh/gpu*", "Koordinator"},
    {"kubeshare/gpu_*", "KubeShare"},
    {"sharedgpu/gpu_*", "KubeShare"},
};

template <std::size_t N>
std::string_view systemOf(std::string_view name, const Sharing (&table)[N]) {
  for (const Sharing& row : table) {
    if (globMatches(row.glob, name)) return row.system;
  }
  return {};
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// `rest` is what stands for the profile: "1g.10gb.me.shared".
ResourceName slice(std::string_view rest, ResourceName::Kind kind) {
  ResourceName name;
  name.das = kind == ResourceName::Kind::DasSlice;
  if (rest.ends_with(kShared)) {
    name.shared = true;
    rest.remove_suffix(kShared.size());
  }
  // Kubernetes allows neither "+" nor "," in a resource name, so those spellings cannot be what a node offers.
  const std::optional<ProfileName> profile =
      rest.find_first_of("+,") == std::string_view::npos ? ProfileName::parse(rest) : std::nullopt;
  name.kind = profile ? kind : ResourceName::Kind::Misspelt;
  name.profile = profile ? profile->text() : std::string(rest);
  return name;
}

}  // namespace

ResourceName ResourceName::parse(std::string_view text) {
  ResourceName name;
  std::string_view rest = text;
  if (take(rest, kDas)) {
    const bool prefixed = take(rest, kMig);
    name = slice(rest, Kind::DasSlice);
    name.dasMigPrefix = prefixed;
    return name;
  }
  if (take(rest, kPlugin)) {
    if (rest == "gpu") {
      name.kind = Kind::WholeGpu;
      return name;
    }
    if (rest == "gpu.shared") {
      name.kind = Kind::SharedGpu;
      name.shared = true;
      return name;
    }
    if (take(rest, kMig)) return slice(rest, Kind::Slice);
    if (rest.size() > 3 && rest.starts_with("mig") && rest[3] >= '0' && rest[3] <= '9') {
      rest.remove_prefix(3);
      name = slice(rest, Kind::Slice);
      name.kind = Kind::Misspelt;  // the hyphen is missing, however right the profile
      return name;
    }
  }
  if (text.find('/') == std::string_view::npos) return name;  // cpu, memory: all others have a domain
  name.system = systemOf(text, kResources);
  if (!name.system.empty()) name.kind = Kind::OtherSystem;
  return name;
}

std::string resourceFor(std::string_view profile, const ResourceName& like) {
  const std::optional<ProfileName> parsed = ProfileName::parse(profile);
  const std::string suffix = parsed ? parsed->resourceSuffix() : std::string(profile);
  if (!like.das && like.kind != ResourceName::Kind::DasSlice) return std::string(kPlugin) + std::string(kMig) + suffix;
  return std::string(kDas) + (like.dasMigPrefix ? std::string(kMig) : "") + suffix;
}

bool isSharingAnnotation(std::string_view key, std::string_view* system) {
  const std::string_view found = systemOf(key, kAnnotations);
  if (system != nullptr && !found.empty()) *system = found;
  return !found.empty();
}

std::vector<std::string_view> otherSystems() {
  std::vector<std::string_view> out;
  for (const Sharing& row : kResources) out.push_back(row.glob);
  return out;
}

}  // namespace rightslice::gpu
