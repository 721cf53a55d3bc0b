#include "workload/claim.hpp"

#include <algorithm>

#include "workload/kind.hpp"
#include "workload/part.hpp"

namespace rightslice::workload {
namespace {

std::vector<DeviceSelector> readSelectors(const Part& holder, std::string* pointer) {
  std::vector<DeviceSelector> out;
  for (const Part& each : holder.objects("selectors")) {
    const Part cel = each.object("cel");
    const auto text = cel.string("expression");
    if (out.empty() && text && pointer != nullptr) *pointer = cel.pointer() + "/expression";
    // One that is not there is one that is not understood: it must not widen what is asked for.
    out.push_back(text ? readDeviceSelector(*text) : DeviceSelector{{}, {"a selector without a CEL expression"}});
  }
  return out;
}

DeviceRequest readRequest(const Part& part) {
  DeviceRequest out;
  out.pointer = part.pointer();
  out.deviceClass = part.string("deviceClassName").value_or("");
  out.selectors = readSelectors(part, &out.pointer);
  out.all = part.string("allocationMode").value_or("") == "All";
  out.count = std::max<std::int64_t>(1, part.member("count").asCount().value_or(1));  // 0 is what Go writes for absent
  out.adminAccess = part.boolean("adminAccess").value_or(false);
  out.sharedCapacity = part.object("capacity").object("requests").view().size() > 0;
  return out;
}

/// One of config[]: what it says for GPUs and for slices. What names no sort says it for both.
void readSharing(const Part& config, Sharing& out) {
  const Part opaque = config.object("opaque");
  if (opaque.string("driver").value_or("") != kGpuDriver) return;
  const Part parameters = opaque.object("parameters");
  const std::string_view sort = parameters.string("kind").value_or("");
  const std::string strategy(parameters.object("sharing").string("strategy").value_or(""));
  if (sort.empty() || sort == "GpuConfig") out.gpu = strategy;
  if (sort.empty() || sort == "MigDeviceConfig") out.mig = strategy;
}

/// config[].requests: none is all of them, and "request/entry" one entry of firstAvailable.
bool isMeant(const std::vector<std::string>& meant, const ClaimRequest& request, const DeviceRequest& one) {
  return meant.empty() || std::any_of(meant.begin(), meant.end(), [&](const std::string& each) {
    return each == request.name || (!one.name.empty() && each == request.name + "/" + one.name);
  });
}

void readConfig(const Part& config, std::vector<ClaimRequest>& requests) {
  const auto meant = config.strings("requests");
  for (ClaimRequest& request : requests)
    for (DeviceRequest& one : request.alternatives)
      if (isMeant(meant, request, one)) readSharing(config, one.sharing);
}

Claim readSpec(const Part& spec) {
  Claim out;
  const Part devices = spec.object("devices");
  for (const Part& each : devices.objects("requests")) {
    ClaimRequest request;
    request.name = each.string("name").value_or("");
    const Part exactly = each.object("exactly");
    const auto alternatives = each.objects("firstAvailable");
    if (exactly.exists()) request.alternatives.push_back(readRequest(exactly));
    for (const Part& one : alternatives) {
      request.alternatives.push_back(readRequest(one));
      request.alternatives.back().name = one.string("name").value_or("");
    }
    if (request.alternatives.empty()) request.alternatives.push_back(readRequest(each));
    out.requests.push_back(std::move(request));
  }
  for (const Part& each : devices.objects("config")) readConfig(each, out.requests);
  return out;
}

bool isKind(std::string_view apiVersion, std::string_view kind, std::string_view wanted) {
  return kind == wanted && groupOf(apiVersion) == kDeviceGroup;
}

}  // namespace

bool isClaim(std::string_view apiVersion, std::string_view kind) { return isKind(apiVersion, kind, "ResourceClaim"); }
bool isClaimTemplate(std::string_view apiVersion, std::string_view kind) { return isKind(apiVersion, kind, "ResourceClaimTemplate"); }
bool isDeviceClass(std::string_view apiVersion, std::string_view kind) { return isKind(apiVersion, kind, "DeviceClass"); }

Claim readClaim(json::View object, std::vector<Error>& malformed) {
  Reading reading(malformed);
  const Part spec = reading.root(object).object("spec");
  Claim out = readSpec(object["kind"].stringOr("") == "ResourceClaimTemplate" ? spec.object("spec") : spec);
  out.shared = reservedForSeveral(object);
  return out;
}

bool reservedForSeveral(json::View object) { return object["status"]["reservedFor"].size() > 1; }

Claim readClaimSpec(json::View spec, std::string_view pointer, std::vector<Error>& malformed) {
  Reading reading(malformed, std::string(pointer));
  return readSpec(reading.root(spec).asObject());
}

DeviceClass readDeviceClass(json::View object, std::vector<Error>& malformed) {
  Reading reading(malformed);
  const Part root = reading.root(object);
  const Part spec = root.object("spec");
  DeviceClass out;
  out.selectors = readSelectors(spec, nullptr);
  out.extendedResource = spec.string("extendedResourceName").value_or("");
  out.created = root.object("metadata").string("creationTimestamp").value_or("");
  for (const Part& each : spec.objects("config")) readSharing(each, out.sharing);
  return out;
}

Sharing readClassSharing(json::View config, std::string_view pointer, std::vector<Error>& malformed) {
  Reading reading(malformed, std::string(pointer));
  Sharing out;
  for (const Part& each : reading.root(config).children()) readSharing(each.asObject(), out);
  return out;
}

}  // namespace rightslice::workload
