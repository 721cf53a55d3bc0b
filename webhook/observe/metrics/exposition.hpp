// What a /metrics endpoint says: the text format of Prometheus (0.0.4, with names in quotes as of Prometheus 3) and OpenMetrics 1.0.
// Source of both grammars: prometheus/docs, exposition_formats.md; OpenMetrics specification, "ABNF".
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "observe/metrics/series.hpp"

namespace rightslice::observe::metrics {

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;                    ///< may be NaN or infinite
  std::optional<std::int64_t> at{};    ///< milliseconds since 1970, where it is written
};

/// What is read at most; more is an error. An engine with hundreds of LoRA adapters publishes some ten thousand samples.
struct ExpositionLimits {
  std::size_t bytes = 64U << 20, samples = 1'000'000, line = 64U << 10, labels = 64, name = 1024;
};

/// Hands over each sample in order. Strict, as Prometheus is: one wrong line makes the whole text an error, and so does a series that
/// stands twice at the same time, since nobody can tell which of them is meant. Error.where is the line, from 1. A text that ends with
/// "# EOF" is OpenMetrics: its times are seconds.
Result<std::size_t> readExposition(std::string_view text, const std::function<void(Sample&&)>& sink, const ExpositionLimits& limits = {});

}  // namespace rightslice::observe::metrics
