// How it stands with the serving certificate, for probes.
#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace rightslice::app {

struct CertificateReport {
  std::optional<std::chrono::system_clock::time_point> expires{};   ///< what is served; absent: nothing yet
  std::string waiting{};    ///< why nothing is served yet, or not what the Secret holds
  std::string trouble{};    ///< what does not work now; empty: all is well
};

}  // namespace rightslice::app
