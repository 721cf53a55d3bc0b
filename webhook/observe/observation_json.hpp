// An observation as JSON: what `scan -o json` prints (DESIGN 5). It is also a file of surroundings.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "json/writer.hpp"
#include "observe/observation.hpp"

namespace rightslice::observe {

/// What is counted over all, for every output. Each number is the sum of the rows that it stands over.
struct Totals {
  std::int64_t workloads = 0, pods = 0, nodes = 0;
  std::int64_t gpus = 0;                     ///< of nodes of which it is known
  std::int64_t gpusUnknown = 0;              ///< nodes of which it is not
  std::int64_t allowed = 0, warned = 0, denied = 0, rewritten = 0, notJudged = 0;
  std::map<Code, std::int64_t> findings;     ///< of what runs; none of a code: no entry
};
Totals totalsOf(const Snapshot& snapshot, const Observation& seen);

/// A further key of the whole, and its value as JSON.
struct Member {
  std::string_view key;
  std::string json;
};

/// Piece by piece, so that a large cluster does not pile up.
void writeJson(const Snapshot& snapshot, const Observation& seen, const std::function<void(std::string_view)>& sink, const std::vector<Member>& further = {});

/// A finding of what runs, as an object.
void writeFinding(json::Writer& out, const Finding& finding);

}  // namespace rightslice::observe
