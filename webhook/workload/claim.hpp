// Requests for devices by Dynamic Resource Allocation (DRA): what pods and claims say of them.
// Source: k8s.io/api core/v1 (PodResourceClaim, ResourceClaim) and resource/v1, v1beta2 (`exactly`, `firstAvailable`), v1beta1 and v1alpha3 (flat requests).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "json/view.hpp"
#include "workload/device_selector.hpp"

namespace rightslice::workload {

/// spec.resourceClaims[] of a pod. At most one of the two names is set.
struct PodClaim {
  std::string name;
  std::string claimTemplate;  ///< resourceClaimTemplateName: a claim of its own for each pod
  std::string claim;          ///< resourceClaimName: one claim, which other pods may use as well
  friend bool operator==(const PodClaim&, const PodClaim&) = default;
};

/// resources.claims[] of a container.
struct ContainerClaim {
  std::string name;
  std::string request;        ///< empty: every request of the claim
  std::string pointer;        ///< "/spec/containers/0/resources/claims/0"
  friend bool operator==(const ContainerClaim&, const ContainerClaim&) = default;
};

/// How the GPU driver's configuration shares a device among those who use it, by what the device is: "TimeSlicing", "MPS", "" for not at all, nothing
/// where it is not configured. Of several configurations of one sort the last counts, and a claim's before its class's.
/// Source: resource.nvidia.com/v1beta1, GpuConfig and MigDeviceConfig; kubernetes-sigs/dra-driver-nvidia-gpu, cmd/gpu-kubelet-plugin/device_state.go.
struct Sharing {
  std::optional<std::string> gpu, mig;
  friend bool operator==(const Sharing&, const Sharing&) = default;
};

/// One way in which a request may be met.
struct DeviceRequest {
  std::string name;                       ///< of an entry of firstAvailable; empty elsewhere
  std::string deviceClass;
  std::vector<DeviceSelector> selectors;  ///< all hold, beside those of the class
  bool all = false;                       ///< allocationMode: All
  std::int64_t count = 1;
  bool adminAccess = false;               ///< looks at devices, whoever holds them
  bool sharedCapacity = false;            ///< asks for a part of a device's capacity
  Sharing sharing;                        ///< as the claim configures it
  std::string pointer;                    ///< of the first selector's text, or of the request
  friend bool operator==(const DeviceRequest&, const DeviceRequest&) = default;
};

struct ClaimRequest {
  std::string name;
  std::vector<DeviceRequest> alternatives;  ///< in the order in which they are tried; several only with firstAvailable
  friend bool operator==(const ClaimRequest&, const ClaimRequest&) = default;
};

/// spec.devices of a ResourceClaim or ResourceClaimTemplate.
struct Claim {
  std::vector<ClaimRequest> requests;
  bool shared = false;                      ///< of a ResourceClaim: several pods use it
  friend bool operator==(const Claim&, const Claim&) = default;
};

struct DeviceClass {
  std::vector<DeviceSelector> selectors;
  std::string extendedResource;  ///< extendedResourceName; empty if none
  std::string created;           ///< metadata.creationTimestamp: of two classes with one resource name the younger counts
  Sharing sharing{};
  friend bool operator==(const DeviceClass&, const DeviceClass&) = default;
};

/// Also the name of a resource without a DeviceClass that names it: this prefix and the class (KEP-5004).
constexpr std::string_view kDeviceClassPrefix = "deviceclass.resource.kubernetes.io/";
constexpr std::string_view kDeviceGroup = "resource.k8s.io";

bool isClaim(std::string_view apiVersion, std::string_view kind);          ///< of any version
bool isClaimTemplate(std::string_view apiVersion, std::string_view kind);
bool isDeviceClass(std::string_view apiVersion, std::string_view kind);

/// Of an object of one of the two kinds. What has the wrong type is told and reads as absent.
Claim readClaim(json::View object, std::vector<Error>& malformed);
/// status.reservedFor of a ResourceClaim: is it reserved for more than one?
bool reservedForSeveral(json::View object);
/// A claim's spec on its own; `pointer` is where it stands.
Claim readClaimSpec(json::View spec, std::string_view pointer, std::vector<Error>& malformed);
DeviceClass readDeviceClass(json::View object, std::vector<Error>& malformed);
/// spec.config of a DeviceClass on its own.
Sharing readClassSharing(json::View config, std::string_view pointer, std::vector<Error>& malformed);

}  // namespace rightslice::workload
