// What every table of scan shows of what was measured of a workload, so that all say the same.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "observe/observation.hpp"

namespace rightslice::cli {

/// All containers of a workload together. Absent: insufficient data, which is not 0.
struct MeasuredRow {
  std::int64_t pods = 0, measured = 0;           ///< that it has, and of which something was measured
  bool asked = false;                            ///< something was measured of one, or it is known why not
  std::optional<double> kv, kvPeak;              ///< %, of the fullest
  std::optional<double> waiting, running;        ///< requests, of all
  std::optional<double> preemptions, tokens;     ///< over what was seen of the window; tokens per second, read and written
  std::optional<double> memory, capacity;        ///< bytes of device memory in use, and that there are, of the fullest
  std::optional<double> memoryPeak;              ///< bytes
  std::optional<double> coverage;                ///< % of the window that was seen, of the least seen value
  std::int64_t windowSeconds = 0;                ///< 0: one look
  std::string why;                               ///< nothing was measured: what the first says of itself
};
/// snapshot.measured is there.
MeasuredRow measuredRow(const observe::Snapshot& snapshot, const observe::Observation& seen, observe::Index index);

/// The columns of `-o csv`, each beginning with a comma; and of a row (of none where nothing was asked for).
extern const char* const kMeasuredColumns;
std::string measuredCsv(const std::optional<MeasuredRow>& row);

}  // namespace rightslice::cli
