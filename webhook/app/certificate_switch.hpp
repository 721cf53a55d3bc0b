// When a replica takes the certificate that the Secret holds: not before API servers trust its CA.
#pragma once
#include <chrono>
#include <string>

#include "app/ca_bundle.hpp"
#include "tls/certificate.hpp"

namespace rightslice::app {

/// For one thread.
class CertificateSwitch {
 public:
  /// `settle`: an API server sees a changed webhook configuration by a watch of its own, mostly within a second. So long it must have
  /// been there before what it trusts is relied upon.
  explicit CertificateSwitch(std::chrono::milliseconds settle) : settle_(settle) {}

  struct Offer {
    const tls::Certificate *serving = nullptr, *servingAuthority = nullptr;   ///< in use; null: nothing is served yet
    const tls::Certificate *offered = nullptr, *offeredAuthority = nullptr;   ///< not null
    Trust trust;                                                              ///< in offeredAuthority
  };
  struct Decision {
    bool take = false;
    std::string waiting{};    ///< why it is not taken yet; empty: it is in use
  };
  Decision decide(const Offer& offer, tls::Time now, std::chrono::milliseconds uptime);

  /// How long every webhook has trusted that CA without a break, as seen here.
  std::chrono::milliseconds trustedFor(std::chrono::milliseconds uptime) const { return trusted_ ? uptime - since_ : std::chrono::milliseconds(0); }

 private:
  std::chrono::milliseconds settle_;
  std::string fingerprint_;
  bool trusted_ = false;
  std::chrono::milliseconds since_{};
};

}  // namespace rightslice::app
