#include "app/handshake_report.hpp"

namespace rightslice::app {

using host::Metric;

HandshakeReport::HandshakeReport(host::Metrics& metrics, host::Log& log) : metrics_(metrics), log_(log) {
  for (const auto& row : tls::kHandshakeFaults) metrics_.count(Metric::HandshakeErrors, {row.name}, 0);  // there from the start: the first one is a rise
}

void HandshakeReport::tell(std::string_view peer, const tls::HandshakeFailure& failure, Time now) {
  const auto& row = tls::rowOf(failure.fault);
  metrics_.count(Metric::HandshakeErrors, {row.name});
  std::int64_t left = 0;
  {
    const std::lock_guard lock(mutex_);
    Told& told = told_[static_cast<std::size_t>(failure.fault)];
    if (!told.bucket.has(now)) {
      ++told.left;
      return;
    }
    told.bucket.take(now);
    left = told.left;
    told.left = 0;
  }
  // Who goes away in the middle mostly only wanted to see whether TLS is spoken here.
  const host::Level level = failure.fault == tls::HandshakeFault::Closed ? host::Level::Info : host::Level::Warn;
  log_.write(level, "a TLS handshake failed", {{"peer", peer},
                                               {"reason", row.name},
                                               {"meaning", row.meaning},
                                               {"detail", std::string_view(failure.detail)},
                                               {"notTold", left}});
}

}  // namespace rightslice::app
