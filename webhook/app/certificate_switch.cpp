#include "app/certificate_switch.hpp"

namespace rightslice::app {

CertificateSwitch::Decision CertificateSwitch::decide(const Offer& offer, tls::Time now, std::chrono::milliseconds uptime) {
  const Trust& trust = offer.trust;
  const bool trusted = trust.known && (trust.all || !trust.called);
  if (!trusted) {
    trusted_ = false;
  } else if (!trusted_ || fingerprint_ != offer.offeredAuthority->fingerprint) {
    trusted_ = true;
    since_ = uptime;
  }
  fingerprint_ = offer.offeredAuthority->fingerprint;

  if (offer.serving != nullptr && *offer.serving == *offer.offered) return {};
  if (offer.offered->expired(now)) return {false, "the certificate in the Secret has expired"};
  // Whoever trusts the one in use trusts this one.
  if (offer.serving != nullptr && *offer.servingAuthority == *offer.offeredAuthority) return {true};
  if (offer.serving != nullptr && offer.serving->expired(now)) return {true};
  if (!trust.known) return {false, "the webhook configurations are not read yet"};
  if (!trust.called) return {true};
  if (!trust.all) return {false, "a webhook configuration does not trust its CA yet"};
  // Where nobody else is trusted, nobody else can be called: there is nothing to wait for.
  if (!trust.others || uptime - since_ >= settle_) return {true};
  return {false, "its CA is new in the webhook configurations, and API servers may not have seen it yet"};
}

}  // namespace rightslice::app
