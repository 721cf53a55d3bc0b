// What the audit tells on /metrics.
#pragma once
#include <chrono>
#include <string_view>

#include "host/clock.hpp"
#include "host/metrics.hpp"
#include "observe/audit/figures.hpp"
#include "observe/audit/report_writer.hpp"

namespace rightslice::observe::audit {

/// For one thread. Figures stay as they are when a look fails: how old they are, looked() tells.
class AuditMetrics {
 public:
  explicit AuditMetrics(host::Metrics& metrics);   ///< from here on the series are there

  void tell(const Figures& figures);
  void forget();                                   ///< this replica leads no longer: its figures would only grow old
  void looked(bool good, host::Clock::Time now);
  void took(std::string_view phase, std::chrono::steady_clock::duration time);
  void wrote(const ReportKind& kind, const Written& written);
  void kept(std::string_view outcome);             ///< history: written, already, failed

 private:
  host::Metrics& metrics_;
};

}  // namespace rightslice::observe::audit
