// One audit: a look at the cluster, judged under the policies in force, and what is told of it.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "app/sources.hpp"
#include "host/clock.hpp"
#include "host/interruption.hpp"
#include "host/log.hpp"
#include "host/published.hpp"
#include "kube/config.hpp"
#include "observe/audit/history_writer.hpp"
#include "observe/audit/metrics_writer.hpp"
#include "observe/audit/report_object.hpp"
#include "observe/cluster_source.hpp"
#include "observe/metrics_source.hpp"
#include "observe/page/page.hpp"
#include "policy/policy_set.hpp"
#include "workload/rate.hpp"

namespace rightslice::observe::audit {

struct AuditInputs {
  kube::Config cluster;
  policy::Catalogue catalogue;                                              ///< outlives it
  std::function<std::shared_ptr<const policy::PolicySet>()> policies;       ///< in force; null: not known yet
  std::function<workload::PriceBook()> prices;                              ///< in force, where there is no `book`
  std::optional<workload::RateBook> book;
  MetricsPlaces metrics;
  const ReportKind* reports = nullptr;                                      ///< null: none are written
  std::function<bool()> leads = [] { return true; };                        ///< asked before each write
  HistoryPlace history;                                                     ///< where looks are kept
  std::optional<PageOptions> page;                                          ///< given: a page is made of each look, and kept until the next
};

/// How the last look went, for people and probes.
struct AuditState {
  std::optional<host::Clock::Time> good;      ///< the last look that was whole
  std::string trouble;                        ///< why there is no newer one, or what of it could not be written; empty: all is well
};

/// look() and lost() are for one thread, the rest is thread-safe.
class Auditor {
 public:
  Auditor(AuditInputs inputs, host::Metrics& metrics, host::Log& log, const host::Clock& clock);

  /// Looks, judges, tells and writes; large clusters take seconds. False: it failed, or was interrupted, and what was told stays.
  bool look();
  /// This replica leads no longer.
  void lost();
  /// For good: a look in progress ends within moments, and each later one at once.
  void interrupt();
  AuditState state() const;
  std::shared_ptr<const std::string> page() const { return page_.get(); }   ///< null: not wanted, none yet, or another replica leads

 private:
  bool attempt(std::string& trouble);
  void keep(const Report& report, std::string& trouble);
  void write(kube::Cluster& cluster, const Snapshot& snapshot, const std::vector<NamespaceResults>& results, std::string& trouble);

  const AuditInputs inputs_;
  AuditMetrics metrics_;
  HistoryWriter history_;                     // the looking thread's own
  host::Log& log_;
  const host::Clock& clock_;
  host::Interruption interruption_;
  mutable std::mutex mutex_;                  // of `state_`
  AuditState state_;
  host::Published<std::string> page_;
  std::string told_;                          // the last trouble that was logged; the looking thread's own
};

}  // namespace rightslice::observe::audit
