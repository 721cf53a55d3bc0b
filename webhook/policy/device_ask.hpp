// What devices a request of DRA may be given: its class and its selectors together.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "workload/devices.hpp"

namespace rightslice::policy {

struct DeviceAsk {
  enum class Kind {
    Other,      ///< surely no GPU of NVIDIA's driver: a network card, a channel
    Whole,      ///< a whole GPU
    Slice,      ///< a MIG slice
    Undecided   ///< may be one or the other, or nothing that a model runs on
  };
  Kind kind = Kind::Undecided;
  std::vector<std::string> profiles;                 ///< Slice: one of these, as written; empty: any
  std::optional<std::vector<std::string>> products;  ///< productName: one of these, as written
  std::optional<Bytes> atLeast, atMost;              ///< memory of the device
  std::string why;                                   ///< Undecided: what keeps it from being decided
  std::vector<std::string> unread;                   ///< what narrows it further, and is not read
};

/// `known`: the class, or null where it is not known; those of NVIDIA's driver are known by their name.
DeviceAsk deviceAsk(std::string_view className, const workload::DeviceClass* known, const std::vector<workload::DeviceSelector>& selectors);
DeviceAsk deviceAsk(const workload::DeviceRequest& request, const workload::Devices& devices);

/// "1g.10gb or 1g.20gb", "a slice of at least 20 GiB", "a GPU".
std::string shown(const DeviceAsk& ask);

}  // namespace rightslice::policy
