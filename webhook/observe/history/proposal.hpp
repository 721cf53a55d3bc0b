// Measured peaks as entries of spec.models. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "observe/history/store.hpp"

namespace rightslice::observe::history {

/// One model under one engine and quantization, of all containers that ran it.
struct Proposal {
  std::string model, engine, quantization;
  std::optional<std::int64_t> memory;       ///< bytes, whole MiB: what to declare; absent: `why`
  std::string why;
  std::int64_t peak = 0;                    ///< bytes, as measured; 0: none
  std::optional<std::int64_t> kvPerMille;
  std::int64_t looks = 0, measured = 0, days = 0;   ///< looks with metrics, those of them with the memory, and days that had such
  std::int64_t seconds = 0, seen = 0;       ///< that were looked back, and of them with samples
  std::vector<std::string> workloads;       ///< keys, each once
};

/// Fewer say too little: a peak of an afternoon is none of a week.
constexpr std::int64_t kLeastMeasured = 24, kLeastDays = 2, kLeastCoveragePercent = 50;

/// By model, engine and quantization. Peaks of a model that nobody knows the name of propose nothing, and are left out.
std::vector<Proposal> proposalsOf(const std::vector<KeptPeak>& peaks);

}  // namespace rightslice::observe::history
