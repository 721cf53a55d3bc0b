// What stands around a request, as plain values. Each is a value, empty, or unknown (absent).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/date.hpp"
#include "base/error.hpp"
#include "json/view.hpp"
#include "workload/devices.hpp"

namespace rightslice::workload {

using StringMap = std::map<std::string, std::string, std::less<>>;

struct Node {
  std::string name;
  StringMap labels;
  std::map<std::string, std::int64_t, std::less<>> allocatable, requested;  ///< GPU resources only; whole counts
  std::optional<std::vector<DeviceSort>> devices{};  ///< GPUs and slices that DRA hands out; absent: not known
  bool requestedKnown = false;                              ///< `requested` says it all; else nobody knows what is held here
  friend bool operator==(const Node&, const Node&) = default;
};

/// Nodes that are alike: the same labels of products and slices, the same resources on offer.
struct NodeSort {
  Node node;                                 ///< only those labels; counts are sums, of requested no more than is allocatable on each
  std::vector<std::uint32_t> members;        ///< indexes of the nodes, ascending
  std::vector<std::uint64_t> labels;         ///< fingerprints of every label of any member, sorted: what is not among them none has

  bool mayHave(std::string_view key, std::string_view value) const;
};

struct PriceBook {
  std::string currency;
  std::string date;
  bool isDefault = false;                                   ///< the shipped book, not the user's own
  std::map<std::string, std::int64_t, std::less<>> gpuHourMicros;  ///< product (as written) -> price per GPU-hour in 10^-6
};

/// Immutable snapshot; shared between requests.
struct Surroundings {
  std::optional<std::vector<Node>> nodes;
  std::optional<std::map<std::string, StringMap, std::less<>>> namespaces;  ///< name -> labels
  std::optional<PriceBook> prices;
  Devices devices;                                          ///< classes and claims of DRA
  /// uids of live owners and what they run; absent = not known.
  std::optional<std::map<std::string, std::string, std::less<>>> ownerUids;
  std::string digest;

  /// The sorts of `nodes`: a thousand nodes are a handful of them, and a verdict looks at all. Made by sort(), which whoever sets `nodes`
  /// must call.
  std::vector<NodeSort> sorts;
  void sort();
  /// Labels of one namespace, or nothing if unknown.
  const StringMap* namespaceLabels(std::string_view ns) const;
};

/// Identity of what is said, however it was written: the same facts give the same digest.
std::string digestOf(const Surroundings& surroundings);

/// JSON or YAML of --surroundings; unknown keys and wrong types are errors with file:line:column. The further keys of
/// `scan -o json` are allowed and not read.
Result<Surroundings> readSurroundings(std::string_view text, std::string_view file);

/// A price book of its own: what stands under `prices`, and `sources` (product -> text). For --catalogue DIR/prices.yaml.
Result<PriceBook> readPriceBook(std::string_view text, std::string_view file);

/// Name and labels of a Namespace object, with the label kubernetes.io/metadata.name that every namespace has; nothing for
/// any other object, or one without a name.
std::optional<std::pair<std::string, StringMap>> readNamespace(json::View object);

/// The shipped price book (policies/catalogue/prices.yaml), dated and marked as default.
const PriceBook& defaultPriceBook();

}  // namespace rightslice::workload
