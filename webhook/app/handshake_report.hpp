// Handshakes that failed: counted, and told in the log, though not each: anybody can make them.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "app/token_bucket.hpp"
#include "host/log.hpp"
#include "host/metrics.hpp"
#include "tls/handshake_failure.hpp"

namespace rightslice::app {

/// Thread-safe.
class HandshakeReport {
 public:
  using Time = TokenBucket::Time;
  HandshakeReport(host::Metrics& metrics, host::Log& log);

  /// `peer`: an address.
  void tell(std::string_view peer, const tls::HandshakeFailure& failure, Time now = std::chrono::steady_clock::now());

 private:
  /// Of each reason some at once, and then one a minute, so that a scanner does not hide a client whose certificate is refused.
  struct Told {
    TokenBucket bucket{5, 1.0 / 60};
    std::int64_t left = 0;   ///< not told since the last line
  };

  host::Metrics& metrics_;
  host::Log& log_;
  std::mutex mutex_;
  std::array<Told, tls::kHandshakeFaults.size()> told_;
};

}  // namespace rightslice::app
