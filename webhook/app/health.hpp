// /livez and /readyz: whether this instance runs, and whether it should get reviews.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "app/certificate_report.hpp"
#include "app/policy_source.hpp"
#include "host/clock.hpp"
#include "http/message.hpp"

namespace rightslice::app {

/// What health is made of; asked at each probe.
struct HealthInputs {
  std::function<std::shared_ptr<const PolicyState>()> policies;   ///< null: nothing loaded yet
  std::function<CertificateReport()> certificate;
  std::function<bool()> responsive;                               ///< the event loops of the webhook turn
  std::chrono::seconds maxPolicyAge{};
  std::string catalogueDigest;
  std::string cluster{};                                          ///< the source's name; empty: there is none
  std::function<std::vector<WatchReport>()> watches{};            ///< with a cluster
  std::function<bool()> counted{};                                ///< with a cluster: what runs there is counted, or cannot be known
  std::string part{};                                             ///< what hangs on the program beside reviews, and how it is: JSON; never a reason to be unready
  std::function<std::string()> partReport{};
};

/// Whether this instance should get reviews. Starting: it waits for what every start waits for, and nothing is wrong with it.
enum class Readiness { Ready, Starting, Unready };
struct Standing {
  Readiness readiness = Readiness::Ready;
  std::vector<std::string> reasons{};   ///< why it is not ready
};

/// Thread-safe.
class Health {
 public:
  Health(HealthInputs inputs, const host::Clock& clock) : inputs_(std::move(inputs)), clock_(clock) {}
  void startDraining() { draining_ = true; }
  http::Response livez() const;
  /// 200 or 503, with the reasons, the digest and age of the policies and the expiry of the certificate as JSON.
  http::Response readyz() const;
  Standing standing() const;

 private:
  std::vector<WatchReport> watches() const { return inputs_.watches ? inputs_.watches() : std::vector<WatchReport>{}; }
  Standing standingOf(const PolicyState* policies, const std::vector<WatchReport>& watches, const CertificateReport& certificate,
                      host::Clock::Time now) const;

  HealthInputs inputs_;
  const host::Clock& clock_;
  std::atomic<bool> draining_{false};
};

}  // namespace rightslice::app
