// A node with GPUs, as a cluster has it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gpu/catalogue.hpp"
#include "json/view.hpp"
#include "observe/device.hpp"
#include "workload/pod_use.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::observe {

struct Node {
  workload::Node facts;                   ///< name, labels, what it offers, what is held, devices of DRA
  workload::Counts capacity;              ///< GPU resources, healthy or not
  std::string created, providerId;        ///< spec.providerID: "aws:///eu-central-1a/i-0123"
  bool ready = true, cordoned = false;
  /// Taints that keep pods away, as "key=value:effect".
  std::vector<std::string> taints;
  /// Devices that are handed out by claims; absent: not known.
  std::optional<std::vector<DevicePool>> pools;
  bool byClaims() const { return pools && !pools->empty(); }
  /// What is free on others is nobody's until the node is back. Taints are tolerated by some.
  bool takesPods() const { return ready && !cordoned; }
};
/// Nothing for a node without GPUs.
std::optional<Node> readNode(json::View object);
/// Any node: of one whose GPUs nothing but ResourceSlices tells of.
Node readPlainNode(json::View object);

/// What the GPUs of a node are and how they are cut, by what its labels, its resources and the devices of DRA say.
struct Geometry {
  const gpu::Product* product = nullptr;  ///< null: not named, or not in the catalogue
  std::string productName;                ///< as the node says it; empty: it does not
  std::optional<std::int64_t> gpus;       ///< physical ones; nothing where that cannot be told
  std::string strategy;                   ///< "none", "single", "mixed" of the device plugin; empty: not told
  std::string single;                     ///< profile of all slices where nvidia.com/gpu means one; else empty
  std::int64_t shares = 1;                ///< of each GPU or slice under time slicing: what is offered is that many times too much
  std::string sharing;                    ///< another system that shares its GPUs (HAMi, ...): then counts of GPUs are its own; empty: none
  std::string config, configState;        ///< mig-parted's labels nvidia.com/mig.config and mig.config.state
};
Geometry geometryOf(const Node& node, const gpu::Catalogue& gpus);

/// Does one of the resource stand for a GPU or a slice (and not for a MiB, a core or a share of another system)?
bool isDevice(std::string_view resource);

}  // namespace rightslice::observe
