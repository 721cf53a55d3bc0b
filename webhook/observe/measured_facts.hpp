// What was measured of a workload, under the names of facts that piqc-scan.v0.1 has for it, in their real units. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "observe/placement.hpp"
#include "observe/snapshot.hpp"

namespace rightslice::observe {

struct MeasuredFact {
  std::string_view key, units;
  double value = 0;
  std::string_view type;                ///< "prometheus", "http_metrics", or "other" of files
  std::string method, ref;              ///< the metric and what was made of it; who told it
  model::Confidence confidence = model::Confidence::High;
  std::string at;                       ///< RFC 3339: the oldest of the last samples
  std::int64_t stalenessSec = 0;        ///< between that and the end of the look
};

/// Of one container of the pods of a workload; none where nothing was measured, or not enough.
std::vector<MeasuredFact> measuredFacts(const Snapshot& snapshot, const std::vector<Index>& pods, std::string_view container, std::string_view engine);

}  // namespace rightslice::observe
