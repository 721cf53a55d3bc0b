// What is followed while serving: policies, surroundings, the certificate; from files and, where there is one, from a cluster.
#pragma once
#include <chrono>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "app/certificate_keeper.hpp"
#include "app/cluster_source.hpp"
#include "app/event_writer.hpp"
#include "app/inventory_source.hpp"
#include "app/policy_source.hpp"
#include "app/serve.hpp"
#include "app/sources.hpp"
#include "app/status_writer.hpp"
#include "app/surroundings_source.hpp"
#include "app/tally_source.hpp"
#include "host/log.hpp"
#include "host/metrics.hpp"
#include "kube/lease.hpp"
#include "tls/certificate_source.hpp"

namespace rightslice::app {

/// One thread opens and polls; what is published may be read by any. References outlive it.
class LiveSources {
 public:
  LiveSources(const ServeSettings& settings, const Catalogues& catalogues, std::optional<kube::Config> cluster, host::Metrics& metrics, host::Log& log);
  ~LiveSources();

  /// False, with the reasons on `errors`, if it cannot be served with what is there. A cluster is followed from here on; what it
  /// says comes with later polls.
  bool open(std::ostream& errors);
  /// Quick where nothing changed: files are read every limits::kFilePollInterval, or now with `files`. True: what is known of the whole
  /// cluster was made anew, and what it was made from is free again.
  bool poll(bool files);
  std::chrono::milliseconds pollInterval() const;

  // Thread-safe.
  tls::Context context() const;                 ///< for new handshakes; null: no certificate yet
  CertificateReport certificateReport() const;
  std::vector<WatchReport> watches() const;
  /// Another number whenever policies, nodes, namespaces or what runs may have changed. With a cluster.
  std::uint64_t changes() const;

  PolicySource policies;
  SurroundingsSource surroundings;
  InventorySource inventory;                    ///< of a cluster
  TallySource tally;                            ///< of a cluster
  std::unique_ptr<ClusterSource> cluster;       ///< may be null
  std::unique_ptr<kube::Lease> lease;           ///< with a cluster: who holds it does what one of the replicas does for all
  std::unique_ptr<EventWriter> events;          ///< null without a cluster, or where nobody is to be told; ends before the cluster

 private:
  void pollPolicies();
  bool pollFacts();
  bool pollInventory();
  bool pollTally();
  void wantStatuses(const ClusterPolicies& objects);
  void pollFiles();
  void pollCertificate();
  void tellPolicies(const PolicySource::Read& read);
  void tellState();
  void tellWatches();
  void tellTally(const Tally& tally);
  Date today() const;

  const ServeSettings& settings_;
  const policy::Catalogue catalogue_;
  host::Metrics& metrics_;
  host::Log& log_;
  std::unique_ptr<StatusWriter> status_;        // ends before the cluster
  std::unique_ptr<tls::CertificateSource> certificate_;   // of files
  std::unique_ptr<CertificateKeeper> keeper_;             // or of a Secret
  std::string lastSourceError_, lastSurroundingsError_;
  std::uint64_t policiesVersion_ = 0, factsVersion_ = 0;
  std::string inventoryVersion_, tallyVersion_;
  Date statusDay_{};
  std::chrono::steady_clock::time_point filesRead_{}, nextFacts_{}, nextInventory_{}, nextTally_{};
};

}  // namespace rightslice::app
