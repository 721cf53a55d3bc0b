// The rules: each looks at one thing and says what it finds. Private to observe/.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "observe/observation.hpp"

namespace rightslice::observe {

/// What a rule sees: judgements and placement, and no findings of others.
struct Scene {
  Scene(const Snapshot& all, const Looking& how, const Observation& so);
  const Snapshot& snapshot;
  const Looking& looking;
  const Observation& seen;
  std::optional<std::int64_t> now;                       ///< seconds since 1970: when the look was taken

  const Deployed& deployed(Index index) const { return seen.placement.deployed[index]; }
  const Board& board(Index index) const { return seen.placement.boards[index]; }
  const Node& node(Index board) const { return (*snapshot.nodes)[seen.placement.boards[board].node]; }
  const Object* objectOf(Index deployed) const;          ///< null: its pods stand in for it
  const Object* objectOf(const Owner& owner) const;      ///< null: not read
  /// Seconds from a time (RFC 3339) to the look; nothing where one of them is not known.
  std::optional<std::int64_t> secondsSince(std::string_view time) const;
  /// What metrics say of the containers of a pod (an index of snapshot.pods).
  std::span<const metrics::OfContainer> measuredOf(Index pod) const;

 private:
  std::unordered_map<std::string_view, Index> byUid_;
};

/// Findings of one workload (an index of placement.deployed) or of one node (of placement.boards).
using Rule = std::vector<Finding> (*)(const Scene& scene, Index index);
std::span<const Rule> workloadRules();
std::span<const Rule> nodeRules();

std::vector<Finding> findFit(const Scene& scene, Index deployed);
std::vector<Finding> findNearCeiling(const Scene& scene, Index deployed);
std::vector<Finding> findDrift(const Scene& scene, Index deployed);
std::vector<Finding> findObservedDrift(const Scene& scene, Index deployed);   ///< what metrics tell, against what is declared
std::vector<Finding> findTrafficDrift(const Scene& scene, Index deployed);    ///< more requests at once than a slice is judged for
std::vector<Finding> findStale(const Scene& scene, Index deployed);
std::vector<Finding> findRestarting(const Scene& scene, Index deployed);
std::vector<Finding> findPending(const Scene& scene, Index deployed);
std::vector<Finding> findIdle(const Scene& scene, Index deployed);
std::vector<Finding> findGeometryDrift(const Scene& scene, Index board);
std::vector<Finding> findDark(const Scene& scene, Index board);
std::vector<Finding> findStranded(const Scene& scene, Index board);

// What silence of these rules is worth: a rule that had no data finds nothing, and that is no answer.
/// Was it seen of each pod of the workload that it works, or that it is idle?
bool tellsIdle(const Snapshot& snapshot, const Observation& seen, Index deployed);
/// Containers and aspects ("KV cache", "memory") of which NearCeiling has not enough data.
std::vector<std::pair<std::string, std::string_view>> untoldCeilings(const Snapshot& snapshot, const Observation& seen, Index deployed);

/// "3 pods", "1 pod".
std::string counted(std::int64_t count, std::string_view noun);
/// "status of pod team-a/chat-0".
std::string sourceOf(const Pod& pod);
/// A measured value with its source, time, window and coverage.
Evidence evidenceOf(const metrics::Measured& measured, const Pod& pod);

/// A window that may say that nothing was asked for: as long, and with as much of it seen.
constexpr std::int64_t kIdleSeconds = 30 * 60;
constexpr double kIdleCoverage = 0.9;
/// What a slice is called: its profile, else "whole GPU", else the resource.
std::string sliceName(const SliceUse& slice);

}  // namespace rightslice::observe
