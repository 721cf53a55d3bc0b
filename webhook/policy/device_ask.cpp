#include "policy/device_ask.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rightslice::policy {
namespace {

using workload::DeviceCondition;
using Field = DeviceCondition::Field;
using Kind = DeviceAsk::Kind;
using Values = std::optional<std::vector<std::string>>;  // nothing: open

// Source: kubernetes-sigs/dra-driver-nvidia-gpu, Helm chart and the documentation of ResourceSlice attributes. The classes of compute domains give
// channels between nodes (IMEX), no memory.
struct NamedClass {
  std::string_view name, type;
};
constexpr std::array<NamedClass, 6> kClasses{{{"gpu.nvidia.com", "gpu"},
                                              {"mig.nvidia.com", "mig"},
                                              {"vfio.gpu.nvidia.com", "vfio"},
                                              {"vgpu.gpu.nvidia.com", "vgpu"},
                                              {"compute-domain-daemon.nvidia.com", ""},
                                              {"compute-domain-default-channel.nvidia.com", ""}}};

void narrow(Values& to, const std::vector<std::string>& by) {
  if (!to) {
    to = by;
    return;
  }
  std::erase_if(*to, [&](const std::string& each) { return std::find(by.begin(), by.end(), each) == by.end(); });
}

/// Every condition of class and request together.
struct Conditions {
  Values drivers, types, profiles, products;
  std::optional<Bytes> atLeast, atMost;
  std::vector<std::string> unread;
  bool any = false;

  void add(const std::vector<workload::DeviceSelector>& selectors) {
    for (const workload::DeviceSelector& selector : selectors) {
      for (const DeviceCondition& each : selector.conditions) add(each);
      unread.insert(unread.end(), selector.unread.begin(), selector.unread.end());
    }
  }

  void add(const DeviceCondition& each) {
    any = true;
    switch (each.field) {
      case Field::Driver: return narrow(drivers, each.values);
      case Field::Type: return narrow(types, each.values);
      case Field::Profile: return narrow(profiles, each.values);
      case Field::ProductName: return narrow(products, each.values);
      case Field::Memory:
        if (each.atLeast) atLeast = std::max(*each.atLeast, atLeast.value_or(0));
        if (each.atMost) atMost = std::min(*each.atMost, atMost.value_or(kMaxBytes));
        return;
    }
  }

  bool contradict() const {
    const auto none = [](const Values& values) { return values && values->empty(); };
    return none(drivers) || none(types) || none(profiles) || none(products) || (atLeast && atMost && *atLeast > *atMost);
  }
};

std::string joined(const std::vector<std::string>& parts, std::string_view by) {
  std::string text;
  for (const std::string& each : parts) text += (text.empty() ? "" : std::string(by)) + each;
  return text;
}

DeviceAsk undecided(std::string why) {
  DeviceAsk out;
  out.why = std::move(why);
  return out;
}

DeviceAsk decided(Conditions conditions, std::string_view className) {
  if (conditions.drivers && std::find(conditions.drivers->begin(), conditions.drivers->end(), workload::kGpuDriver) == conditions.drivers->end()) {
    DeviceAsk other;
    other.kind = Kind::Other;
    if (!conditions.drivers->empty()) return other;
  }
  if (conditions.contradict()) return undecided("its selectors contradict each other, so that no device meets them");
  // Only MIG devices have one of these profiles; those of vGPUs have other names.
  if (!conditions.types && conditions.profiles) conditions.types = std::vector<std::string>{"mig"};
  if (!conditions.types) {
    return undecided(conditions.unread.empty() ? fmt::format("nothing in device class {} or its selectors says whether that is a whole GPU or a slice", className)
                                               : fmt::format("'{}' cannot be decided from here", joined(conditions.unread, "' and '")));
  }
  if (conditions.types->size() != 1) return undecided(fmt::format("it may be of type {}", joined(*conditions.types, " or ")));
  DeviceAsk out;
  const std::string& type = conditions.types->front();
  if (type != "gpu" && type != "mig") return undecided(fmt::format("devices of type {} are not judged", type));
  out.kind = type == "gpu" ? Kind::Whole : Kind::Slice;
  if (out.kind == Kind::Whole && conditions.profiles) return undecided("it asks whole GPUs for a profile, which they do not have");
  // What is not read can only narrow. Where the profile stands, that changes nothing; otherwise it may decide the size.
  if (!conditions.unread.empty() && !conditions.profiles) return undecided(fmt::format("'{}' cannot be decided from here", joined(conditions.unread, "' and '")));
  out.profiles = conditions.profiles.value_or(std::vector<std::string>());
  out.products = std::move(conditions.products);
  out.atLeast = conditions.atLeast;
  out.atMost = conditions.atMost;
  out.unread = std::move(conditions.unread);
  return out;
}

}  // namespace

DeviceAsk deviceAsk(std::string_view className, const workload::DeviceClass* known, const std::vector<workload::DeviceSelector>& selectors) {
  Conditions conditions;
  conditions.add(selectors);
  if (known != nullptr) {
    conditions.add(known->selectors);
    return decided(std::move(conditions), className);
  }
  const auto row = std::find_if(kClasses.begin(), kClasses.end(), [&](const NamedClass& each) { return each.name == className; });
  if (row == kClasses.end()) return undecided(fmt::format("device class {} is not known", className.empty() ? "without a name" : className));
  if (row->type.empty()) {
    DeviceAsk other;
    other.kind = Kind::Other;
    return other;
  }
  conditions.add(DeviceCondition{Field::Driver, {std::string(workload::kGpuDriver)}, {}, {}});
  conditions.add(DeviceCondition{Field::Type, {std::string(row->type)}, {}, {}});
  return decided(std::move(conditions), className);
}

DeviceAsk deviceAsk(const workload::DeviceRequest& request, const workload::Devices& devices) {
  DeviceAsk out = deviceAsk(request.deviceClass, devices.findClass(request.deviceClass), request.selectors);
  if (out.kind == Kind::Other) return out;
  if (request.adminAccess) return undecided("it looks at devices as an administrator, whoever holds them");
  if (request.all) return undecided("allocationMode All takes as many devices as the node has");
  if (request.sharedCapacity) return undecided("it asks for a part of a device's capacity");
  return out;
}

std::string shown(const DeviceAsk& ask) {
  if (!ask.profiles.empty()) return joined(ask.profiles, " or ");
  std::string text = ask.kind == Kind::Whole ? "a GPU" : "a slice";
  if (ask.atLeast && ask.atMost) return fmt::format("{} of {} to {}", text, formatBytes(*ask.atLeast), formatBytes(*ask.atMost));
  if (ask.atLeast) return fmt::format("{} of at least {}", text, formatBytes(*ask.atLeast));
  if (ask.atMost) return fmt::format("{} of at most {}", text, formatBytes(*ask.atMost));
  return ask.kind == Kind::Whole ? text : "any slice";
}

}  // namespace rightslice::policy
