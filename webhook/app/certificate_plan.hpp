// What is to be done about the certificates in the Secret, as a function of what it holds and the time. And the doing.
#pragma once
#include <string>

#include "app/managed_secret.hpp"

namespace rightslice::app {

struct CertificatePlan {
  enum class What {
    Nothing,
    Serving,     ///< a new serving certificate of the same CA
    Authority,   ///< a new CA, and a serving certificate of it; the CA of now becomes one of before
    Forget       ///< the CAs of before are dropped
  };
  What what = What::Nothing;
  std::string why{};
};

/// `contents` null: there is no Secret. `now` is the API server's time: its clock is the one that our certificates must suit.
/// `oldMayGo`: nothing that the CAs of before signed is served any more.
///
/// A certificate is renewed when a third of the lifetime that it should have is left, or when it lasts longer than it should (the flag
/// was changed).
CertificatePlan planCertificates(const SecretContents* contents, tls::Time now, const CertificateSettings& settings, bool oldMayGo);

/// The contents after `plan`. `contents` null: there is no Secret, and `remembered`, where there is one, is what it held last.
Result<SecretContents> carryOut(const CertificatePlan& plan, const SecretContents* contents, const SecretContents* remembered, tls::Time now,
                                const CertificateSettings& settings);

}  // namespace rightslice::app
