// A pod with GPUs, as a cluster has it. Small: there are many, and their specs are shared.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "json/view.hpp"
#include "observe/object.hpp"
#include "workload/pod_use.hpp"

namespace rightslice::observe {

using workload::Counts;

/// How a container ended.
struct Ended {
  std::string reason, finishedAt, message;   ///< message: the termination message, its end where it is long
  std::int64_t exitCode = 0, signal = 0;
};

/// A container that asks for GPUs.
struct RunningContainer {
  std::string name, image, imageId;          ///< imageId: what the node runs, as its runtime says it; empty: nothing yet
  Counts asks;
  /// resources.claims: the claim's name in the pod, and the request of it; empty: all of them.
  std::vector<std::pair<std::string, std::string>> claims{};
  bool init = false, running = false;
  std::int64_t restarts = 0;
  std::string waiting;                       ///< why it does not run: "CrashLoopBackOff"
  std::string startedAt;                     ///< of the one that runs
  std::optional<Ended> last;                 ///< how it, or the one before it, ended
};

struct Pod {
  std::string ns, name, uid, node, phase, created;   ///< node empty: not placed
  std::optional<Owner> owner;
  std::string revision;                      ///< the label by which its controller tells templates apart; empty: none
  bool ready = false, deleting = false;
  std::string unschedulable, unschedulableSince;     ///< what the scheduler says; empty: it found a node, or has not looked yet
  Counts counts;                             ///< what the scheduler reserves
  struct UsedClaim {
    std::string name, object;                ///< in the pod ("" of a claim that the scheduler made for resources by name), and of the ResourceClaim
  };
  std::vector<UsedClaim> claims;             ///< as far as they are made
  bool asksByClaim = false;
  std::vector<RunningContainer> containers;  ///< that ask for GPUs; init containers last
  std::shared_ptr<const std::string> labels; ///< as compact JSON; shared by pods with the same
  /// What runs, as a Pod object without a name: what judging reads of it. Shared by pods that run the same.
  std::shared_ptr<const std::string> text;

  bool placed() const { return !node.empty(); }
  /// Not of those that go away.
  bool stays() const { return !deleting; }
};

/// Texts of which each is kept once.
class TextPool {
 public:
  std::shared_ptr<const std::string> keep(std::string text);

 private:
  std::unordered_map<std::string_view, std::shared_ptr<const std::string>> texts_;
};

/// Takes away what the scheduler gave by a claim of its own (DRAExtendedResource), which device plugins do not count.
void dropExtended(json::View podStatus, Counts& counts);

/// Nothing for a pod that asks for no GPU (by name or by claim), or has ended.
std::optional<Pod> readPod(json::View object, TextPool& pool);

}  // namespace rightslice::observe
