// AWS: docs.aws.amazon.com/ec2/latest/instancetypes/ac.html; Google: cloud.google.com/compute/docs/accelerator-optimized-machines; Azure:
// learn.microsoft.com/azure/virtual-machines/sizes/overview#gpu-accelerated; values of Karpenter: karpenter.sh, reference of instance types.
#include "policy/machine_gpus.hpp"

#include <algorithm>
#include <string>

#include "base/glob.hpp"

namespace rightslice::policy {
namespace {

constexpr std::string_view kA100Small[] = {"A100 40GB"}, kA100Large[] = {"A100 80GB"}, kA100[] = {"A100 40GB", "A100 80GB"};
constexpr std::string_view kH100[] = {"H100 80GB SXM5"}, kH100Nvl[] = {"H100 NVL 94GB"}, kH200[] = {"H200 141GB SXM5"};
constexpr std::string_view kB200[] = {"B200 180GB"}, kGb200[] = {"GB200 186GB"}, kRtxPro6000[] = {"RTX PRO 6000 Blackwell 96GB"};

struct Row {
  std::string_view value;   ///< a glob; case does not matter
  MachineGpu gpu;
};

/// Of node.kubernetes.io/instance-type; families of AWS are the part before the dot.
constexpr Row kInstanceTypes[] = {
    {"p3.*", {"V100", {}}},
    {"p3dn.*", {"V100", {}}},
    {"p4d.*", {"A100 40GB", kA100Small}},
    {"p4de.*", {"A100 80GB", kA100Large}},
    {"p5.*", {"H100", kH100}},
    {"p5e.*", {"H200", kH200}},
    {"p5en.*", {"H200", kH200}},
    {"p6-b200.*", {"B200", kB200}},
    {"p6e-gb200.*", {"GB200", kGb200}},
    {"g4dn.*", {"T4", {}}},
    {"g5.*", {"A10G", {}}},
    {"g5g.*", {"T4G", {}}},
    {"g6.*", {"L4", {}}},
    {"gr6.*", {"L4", {}}},
    {"g6f.*", {"a part of an L4", {}}},
    {"gr6f.*", {"a part of an L4", {}}},
    {"g6e.*", {"L40S", {}}},
    {"g2-standard-*", {"L4", {}}},
    {"a2-highgpu-*", {"A100 40GB", kA100Small}},
    {"a2-megagpu-*", {"A100 40GB", kA100Small}},
    {"a2-ultragpu-*", {"A100 80GB", kA100Large}},
    {"a3-highgpu-*", {"H100", kH100}},
    {"a3-megagpu-*", {"H100", kH100}},
    {"a3-edgegpu-*", {"H100", kH100}},
    {"a3-ultragpu-*", {"H200", kH200}},
    {"a4-highgpu-*", {"B200", kB200}},
    {"a4x-highgpu-*", {"GB200", kGb200}},
    {"g4-standard-*", {"RTX PRO 6000", kRtxPro6000}},
    {"standard_nc*_t4_v3", {"T4", {}}},
    {"standard_nc*s_v3", {"V100", {}}},
    {"standard_nd40rs_v2", {"V100", {}}},
    {"standard_nv*_a10_v5", {"A10", {}}},
    {"standard_nc*_a100_v4", {"A100 80GB", kA100Large}},
    {"standard_nd96asr_v4", {"A100 40GB", kA100Small}},
    {"standard_nd96amsr_a100_v4", {"A100 80GB", kA100Large}},
    {"standard_nc*_h100_v5", {"H100 NVL", kH100Nvl}},
    {"standard_nd96is*_h100_v5", {"H100", kH100}},
    {"standard_nd96is*_h200_v5", {"H200", kH200}},
};

/// Names of a GPU alone, on AWS.
constexpr Row kGpuNames[] = {
    {"k80", {"K80", {}}},   {"m60", {"M60", {}}},     {"v100", {"V100", {}}},  {"t4", {"T4", {}}},      {"t4g", {"T4G", {}}},
    {"a10g", {"A10G", {}}}, {"l4", {"L4", {}}},       {"l40s", {"L40S", {}}},  {"a100", {"A100", kA100}}, {"h100", {"H100", kH100}},
    {"h200", {"H200", kH200}}, {"b200", {"B200", kB200}}, {"gb200", {"GB200", kGb200}},
};

}  // namespace

const MachineGpu* gpuOfMachine(std::string_view label, std::string_view value) {
  std::string text(value);
  std::span<const Row> rows = kInstanceTypes;
  if (label.ends_with("instance-family")) {
    text += '.';
  } else if (!label.ends_with("instance-type")) {
    rows = kGpuNames;
    for (const std::string_view prefix : {"nvidia-", "tesla-"})
      if (globMatches(std::string(prefix) + "*", text, true)) text.erase(0, prefix.size());
  }
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& each) { return globMatches(each.value, text, true); });
  return row == rows.end() ? nullptr : &row->gpu;
}

}  // namespace rightslice::policy
