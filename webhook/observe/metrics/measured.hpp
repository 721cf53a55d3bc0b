// What was measured of what runs: each value with where it comes from, when, over how long, how much of it was seen.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/architecture.hpp"
#include "observe/metrics/metric.hpp"
#include "observe/metrics/series.hpp"

namespace rightslice::observe::metrics {

/// One measure of one container. Without a value there are not enough data, and `why` says what lacks: that is never 0.
struct Measured {
  Measure measure{};
  std::optional<double> value;        ///< of a gauge the last, of a counter how much it grew over what was seen of the window
  std::optional<double> peak, mean;   ///< of a gauge: the highest of the window, and the mean of its steps
  std::optional<double> perSecond;    ///< of a counter
  std::optional<double> capacity;     ///< of FramebufferUsed: bytes of the slice, or of the GPU where that is whole
  std::string why;
  std::string metric, source;         ///< the name of the metric, and the server, pod or file that told it
  std::string at;                     ///< RFC 3339: the last sample
  std::int64_t windowSeconds = 0;     ///< 0: one look
  std::int64_t seen = 0, expected = 0;   ///< steps of the window with a sample, of those that it has
  std::int64_t grown = 0;             ///< of a counter: steps in which it grew
  model::Confidence confidence = model::Confidence::High;
  std::vector<Point> points;          ///< of KvUsage and FramebufferUsed, for trends: percent of what there is

  double coverage() const { return expected > 0 ? static_cast<double>(seen) / static_cast<double>(expected) : 0; }
};

/// Of one container of one pod.
struct OfContainer {
  std::size_t pod = 0;                ///< index in Snapshot::pods
  std::string container;
  std::vector<Measured> values;       ///< by measure, each once; of a measure without any series there is none
  std::vector<std::string> models;    ///< names under which its engine says it serves, sorted
  Labels settings;                    ///< that its engine tells
  std::string why;                    ///< its engine tells nothing: why

  const Measured* find(Measure measure) const;
  /// The value, where there is one.
  std::optional<double> value(Measure measure) const;
};

/// Everything that was measured in a look.
struct Measurements {
  Window window;
  std::vector<std::string> sources;     ///< servers and files, in the order in which they were asked
  std::vector<OfContainer> containers;  ///< by pod and container
  std::vector<std::string> warnings;    ///< of the servers, each once
  std::int64_t series = 0, joined = 0;  ///< read, and brought to a container with a GPU
};

/// Of the containers of a pod.
std::span<const OfContainer> measuredOf(const Measurements& measured, std::size_t pod);

/// RFC 3339, UTC, to the second.
std::string timeText(std::int64_t milliseconds);
/// "45.2 %", "3", "5.1 GiB", "12/s".
std::string valueText(double value, Unit unit);
/// "1 h", "90 min", "7 d".
std::string windowText(std::int64_t seconds);

}  // namespace rightslice::observe::metrics
