// What only one replica does about certificates: writes the Secret, and the caBundle of the webhook configurations.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "app/certificate_plan.hpp"
#include "app/certificate_watch.hpp"
#include "app/troubles.hpp"
#include "host/clock.hpp"
#include "host/metrics.hpp"
#include "kube/lease.hpp"

namespace rightslice::app {

/// For one thread.
class CertificateLeader {
 public:
  struct Situation {
    const CertificateObjects* objects = nullptr;
    const SecretContents* contents = nullptr;     ///< of the Secret; null: there is none
    const SecretContents* remembered = nullptr;   ///< the last that was whole; null: none since the start
    bool oldMayGo = false;                        ///< no replica that is ready can serve what a CA of before signed
  };

  /// `leads` is asked again before each write. A call takes five seconds at most.
  CertificateLeader(const CertificateSettings& settings, kube::Lease::Call call, std::function<bool()> leads, const host::Clock& clock,
                    host::Metrics& metrics, host::Log& log);

  /// What there is to do now. `uptime` counts the pauses between attempts.
  void turn(const Situation& situation, std::chrono::milliseconds uptime);
  /// This replica does not lead.
  void rest();
  const Troubles& troubles() const { return troubles_; }

 private:
  struct Retry {
    std::chrono::milliseconds next{0}, backOff{0};
    void went(bool well, std::chrono::milliseconds now);
  };
  struct Stored {
    std::string version;                          ///< empty: there is no Secret
    std::optional<SecretContents> contents;
    bool ours = true, immutable = false;
  };

  Result<Stored> read();
  bool issue(const Situation& situation);
  bool write(const CertificatePlan& plan, const SecretContents& made, const std::string& version);
  void keepBundle(const HookConfiguration& configuration, const SecretContents& contents, std::chrono::milliseconds uptime);
  Result<kube::Answer> call(kube::Request request);
  bool failed(const char* what, const std::string& name, const char* doing, const std::string& why);
  std::string secretName() const { return settings_.secret.text(); }
  tls::Time now() const { return clock_.now() + apart_; }

  const CertificateSettings& settings_;
  const kube::Lease::Call call_;
  const std::function<bool()> leads_;
  const host::Clock& clock_;
  host::Metrics& metrics_;
  host::Log& log_;
  Troubles troubles_;
  BundleMerger merger_;
  Retry secretRetry_;
  std::map<std::string, Retry> bundleRetry_;
  std::chrono::milliseconds nextClock_{0};
  host::Clock::Time::duration apart_{0};          ///< the API server's clock less ours, where that is much
};

}  // namespace rightslice::app
