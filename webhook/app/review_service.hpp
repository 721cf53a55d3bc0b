// Answers reviews over HTTP: takes one snapshot, judges, counts, logs.
#pragma once
#include <functional>
#include <optional>

#include "admission/inventory.hpp"
#include "admission/reviewer.hpp"
#include "app/shared_memo.hpp"
#include "app/sources.hpp"
#include "base/limits.hpp"
#include "host/clock.hpp"
#include "host/log.hpp"
#include "host/metrics.hpp"
#include "http/message.hpp"

namespace rightslice::app {

/// What reviews are judged with. The functions are asked once per review, from any thread.
struct ReviewInputs {
  std::function<std::shared_ptr<const policy::PolicySet>()> policies;   ///< null: not loaded yet
  std::function<std::shared_ptr<const workload::Surroundings>()> surroundings;
  policy::Catalogue catalogue;
  std::optional<Date> today;                                            ///< instead of the clock's
  admission::ReviewerOptions options;
  std::function<std::shared_ptr<const admission::Inventory>()> inventory{};  ///< empty, or null: not known
  std::function<void(admission::Event)> tell{};                         ///< empty: nobody is told; must be quick
  /// A claim that is not in the surroundings, if it can be had within the limit; empty: nobody can be asked.
  std::function<std::optional<workload::Claim>(const admission::MissingClaim&, std::chrono::milliseconds limit)> claim{};
};

/// Thread-safe. References outlive it.
class ReviewService {
 public:
  ReviewService(ReviewInputs inputs, host::Metrics& metrics, host::Log& log, const host::Clock& clock)
      : inputs_(std::move(inputs)), metrics_(metrics), log_(log), clock_(clock) {}

  http::Response review(admission::Path path, const http::Request& request);

 private:
  http::Response refuse(admission::Path path, const http::Request& request, int status, std::string_view reason,
                        std::string_view message);
  std::shared_ptr<const workload::Surroundings> withClaims(const workload::Surroundings& surroundings,
                                                           const std::vector<admission::MissingClaim>& missing,
                                                           std::chrono::steady_clock::time_point deadline) const;
  void record(admission::Path path, const http::Request& request, const admission::Answer& answer, double seconds);

  ReviewInputs inputs_;
  host::Metrics& metrics_;
  host::Log& log_;
  const host::Clock& clock_;
  SharedMemo memo_{limits::kMemoBytes};
};

}  // namespace rightslice::app
