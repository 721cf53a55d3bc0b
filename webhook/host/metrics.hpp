// The metrics of the program: one table, kept and written in the Prometheus text format by prometheus-cpp.
#pragma once
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::host {

/// In the order of the table in metrics.cpp.
enum class Metric : unsigned char {
  Reviews, ReviewDuration, Findings, WouldBe, ReviewErrors, HttpRequests, Connections, HandshakeErrors, LogLinesDropped,
  PolicyReloads, PolicySetInfo, PolicySetLoaded, PolicyLastRead, PolicyFilesBad, Policies, Exceptions,
  CertificateReloads, CertificateExpiry, AuthorityExpiry, CertificatesIssued, CaBundleWrites, CertificateErrors, WatchRestarts, WatchAge, WatchUnread, Leads,
  Events, PolicyWorkloads, PolicyWouldDeny, PolicyFindings,
  AuditFindings, AuditWorkloads, AuditSlices, AuditCost, AuditSavings, AuditUnread, AuditLookTime, AuditLookDuration, AuditLooks, AuditReports,
  AuditReportsServed, AuditHistory, Ready, BuildInfo
};
constexpr std::size_t kMetrics = static_cast<std::size_t>(Metric::BuildInfo) + 1;

struct MetricRow {
  Metric id;
  std::string_view name;
  enum class Kind { Counter, Gauge, Histogram } kind;
  std::string_view labels;  ///< names, comma separated; never a user or a workload
  std::string_view help;
};
std::span<const MetricRow, kMetrics> metricRows();

/// Thread-safe. Label values are given in the order of the row.
class Metrics {
 public:
  using Values = std::initializer_list<std::string_view>;
  Metrics();
  ~Metrics();
  void count(Metric counter, Values labels = {}, double by = 1);
  void set(Metric gauge, double value, Values labels = {});
  void add(Metric gauge, double by);
  void observe(Metric histogram, double seconds, Values labels = {});
  /// For `..._info`: the one series with value 1; an earlier one with other labels disappears.
  void info(Metric gauge, Values labels);
  struct Series {
    std::vector<std::string> labels;
    double value;
  };
  /// All series of a gauge that is set by one thread only; others of it disappear.
  void replace(Metric gauge, const std::vector<Series>& series);
  /// The exposition, text format version 0.0.4.
  std::string text() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The reference of all metrics, as Markdown.
std::string metricsReference();

}  // namespace rightslice::host
