// Certificates without help (`serve --cert-secret`): every replica serves from one Secret, and the one that leads keeps the Secret and
// the caBundle of the webhook configurations right.
//
// Three rules make changes go unnoticed. A new CA is added to the bundles, and no replica serves a certificate of it before it has seen
// it there for a while. A CA of before stays in the bundles until no replica that is ready can serve a certificate of it. And what is in
// use stays in use, whatever happens to the Secret.
//
// Who leads holds a Lease that is named as the Secret, not the one of --lease: while a cluster goes over from files, that may be held by a
// replica that keeps no Secret.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "app/certificate_report.hpp"
#include "app/cluster_source.hpp"
#include "app/managed_secret.hpp"
#include "host/log.hpp"
#include "host/metrics.hpp"
#include "host/published.hpp"
#include "tls/context.hpp"

namespace rightslice::app {

struct KeeperSettings {
  CertificateSettings certificates;
  std::string clientCa;                      ///< file of --client-ca; may be empty
  std::chrono::seconds maxPolicyAge{300};    ///< a replica that has heard nothing for so long is not ready
};

/// current(), report() and watches() are thread-safe; the rest is for one thread.
class CertificateKeeper {
 public:
  CertificateKeeper(KeeperSettings settings, kube::Config config, host::Metrics& metrics, host::Log& log, kube::Pace pace);
  ~CertificateKeeper();

  /// An unreadable file of --client-ca is an error.
  Result<bool> open();
  void start();
  void interrupt();   ///< it will be stopped soon: nothing more is written. Quick
  void stop();        ///< gives its Lease back; a call that is under way is waited for some seconds, and then cut off

  tls::Context current() const { return std::const_pointer_cast<ssl_ctx_st>(context_.get()); }   ///< null: nothing yet
  CertificateReport report() const;
  std::vector<WatchReport> watches() const;

 private:
  struct Parts;
  host::Published<ssl_ctx_st> context_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rightslice::app
