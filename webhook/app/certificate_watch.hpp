// What self-managed certificates look at in the cluster: one Secret and the named webhook configurations, followed by their names.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/ca_bundle.hpp"
#include "app/cluster_source.hpp"
#include "app/managed_secret.hpp"
#include "kube/cluster.hpp"

namespace rightslice::app {

/// How it is now.
struct CertificateObjects {
  bool secretKnown = false, configurationsKnown = false;   ///< read once, and followed since
  std::string secretTrouble, configurationsTrouble;        ///< why not, or why not right now
  std::optional<SecretObject> secret;                      ///< known and absent: there is none
  std::vector<HookConfiguration> configurations;           ///< those that are there
};

/// Thread-safe but for start() and stop().
class CertificateWatch {
 public:
  CertificateWatch(const CertificateSettings& settings, kube::Config config, ClusterTells tells, kube::Pace pace);
  ~CertificateWatch();
  void start();
  void stop();
  CertificateObjects objects() const;
  std::uint64_t version() const;        ///< another number whenever objects() may have changed
  std::vector<WatchReport> reports() const;
  Result<kube::Answer> call(kube::Request request);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The Secret's resource, of its namespace.
kube::Resource secretResource(const CertificateSettings& settings);
kube::Resource configurationResource(std::string_view plural);

}  // namespace rightslice::app
