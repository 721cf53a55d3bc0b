#include "workload/devices_file.hpp"

#include <fmt/format.h>

#include "base/quantity.hpp"

namespace rightslice::workload {
namespace {

std::string text(const Entry& parent, std::string_view key, StrictReader& reader) {
  const Entry entry = parent[key];
  if (entry.view.exists() && !entry.view.isNull() && !entry.view.isString()) {
    reader.refuse(entry, fmt::format("{} must be a string, not {}", key, entry.view.typeName()));
  }
  return std::string(entry.view.stringOr(""));
}

std::map<std::string, DeviceClass, std::less<>> readClasses(const Entry& classes, StrictReader& reader) {
  std::map<std::string, DeviceClass, std::less<>> out;
  if (!reader.array(classes, "deviceClasses")) return out;
  for (const Entry& each : classes.elements()) {
    if (!reader.object(each, "a device class", {"name", "selectors", "config", "extendedResourceName", "created"})) continue;
    DeviceClass made;
    if (each["selectors"].view.exists() && reader.array(each["selectors"], "selectors")) {
      for (const Entry& selector : each["selectors"].elements()) {
        if (!selector.view.isString()) reader.refuse(selector, fmt::format("a selector must be CEL text, not {}", selector.view.typeName()));
        made.selectors.push_back(readDeviceSelector(selector.view.stringOr("")));
      }
    }
    if (const Entry config = each["config"]; config.view.exists() && reader.array(config, "config")) {
      std::vector<Error> malformed;
      made.sharing = readClassSharing(config.view, config.pointer, malformed);
      for (const Error& error : malformed) reader.refuse({config.view, error.where}, error.message);
    }
    made.extendedResource = text(each, "extendedResourceName", reader);
    made.created = text(each, "created", reader);
    std::string name = reader.name(each, "name", "the name of a device class");
    if (out.contains(name)) reader.refuse(each["name"], fmt::format("device class '{}' is there already", name));
    out.emplace(std::move(name), std::move(made));
  }
  return out;
}

std::map<std::string, Claim, std::less<>> readClaims(const Entry& claims, std::string_view key, StrictReader& reader) {
  std::map<std::string, Claim, std::less<>> out;
  if (!reader.array(claims, key)) return out;
  for (const Entry& each : claims.elements()) {
    if (!reader.object(each, "a claim", {"namespace", "name", "spec", "shared"})) continue;
    std::vector<Error> malformed;
    Claim claim;
    if (reader.anyObject(each["spec"], "spec")) claim = readClaimSpec(each["spec"].view, each["spec"].pointer, malformed);
    for (const Error& error : malformed) reader.refuse({each["spec"].view, error.where}, error.message);
    if (const Entry shared = each["shared"]; shared.view.exists()) {
      const auto told = shared.view.boolean();
      if (!told) reader.refuse(shared, fmt::format("shared must be true or false, not {}", shared.view.typeName()));
      claim.shared = told.value_or(false);
    }
    std::string name = reader.name(each, "namespace", "the namespace of a claim") + "/" + reader.name(each, "name", "the name of a claim");
    if (out.contains(name)) reader.refuse(each["name"], fmt::format("'{}' is there already", name));
    out.emplace(std::move(name), std::move(claim));
  }
  return out;
}

}  // namespace

Devices readDevices(const Entry& root, StrictReader& reader) {
  Devices out;
  if (root["deviceClasses"].view.exists()) out.classes = readClasses(root["deviceClasses"], reader);
  if (root["claimTemplates"].view.exists()) out.templates = readClaims(root["claimTemplates"], "claimTemplates", reader);
  if (root["claims"].view.exists()) out.claims = readClaims(root["claims"], "claims", reader);
  return out;
}

std::vector<DeviceSort> readDeviceSorts(const Entry& devices, StrictReader& reader) {
  std::vector<DeviceSort> out;
  if (!reader.array(devices, "devices")) return out;
  for (const Entry& each : devices.elements()) {
    if (!reader.object(each, "a device", {"type", "product", "profile", "memory", "count"})) continue;
    DeviceSort sort;
    sort.type = reader.name(each, "type", "the type of a device");
    if (!sort.type.empty() && sort.type != "gpu" && sort.type != "mig") reader.refuse(each["type"], "the type of a device is gpu or mig");
    sort.product = reader.name(each, "product", "the product of a device");
    sort.profile = text(each, "profile", reader);
    if (sort.type == "mig" && sort.profile.empty()) reader.missing(each, "the profile of a slice is missing");
    if (const Entry memory = each["memory"]; memory.view.exists()) {
      const auto quantity = Quantity::parse(memory.view.scalarText().value_or(""));
      if (quantity && !quantity->isNegative()) sort.memory = quantity->bytes();
      else reader.refuse(memory, "memory must be a quantity such as 9984Mi");
    }
    sort.count = 1;
    if (const Entry count = each["count"]; count.view.exists()) {
      const auto whole = count.view.integer();
      if (whole && *whole >= 0) sort.count = *whole;
      else reader.refuse(count, "count must be a whole number of 0 or more");
    }
    out.push_back(std::move(sort));
  }
  return out;
}

}  // namespace rightslice::workload
