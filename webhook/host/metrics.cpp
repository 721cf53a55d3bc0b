#include "host/metrics.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace rightslice::host {
namespace {

using Kind = MetricRow::Kind;

constexpr std::array<MetricRow, kMetrics> kRows{{
    {Metric::Reviews, "rightslice_review_total", Kind::Counter, "path,operation,decision",
     "Admission reviews answered, by decision (allow, warn, rewrite, deny)."},
    {Metric::ReviewDuration, "rightslice_review_duration_seconds", Kind::Histogram, "path",
     "Time from the end of the request to the finished answer."},
    {Metric::Findings, "rightslice_findings_total", Kind::Counter, "code,action",
     "Findings of reviews, with what enforce mode does about them."},
    {Metric::WouldBe, "rightslice_review_would_be_total", Kind::Counter, "path,decision",
     "Reviews judged by a policy in audit or warn mode, by what enforce mode would have decided."},
    {Metric::ReviewErrors, "rightslice_review_errors_total", Kind::Counter, "path,reason",
     "Reviews that got no verdict, by reason (BadRequest, DeadlineExceeded, NotReady, InternalError)."},
    {Metric::HttpRequests, "rightslice_http_requests_total", Kind::Counter, "code", "HTTP answers of the TLS port, by status."},
    {Metric::Connections, "rightslice_connections", Kind::Gauge, "", "Open connections of the TLS port."},
    {Metric::HandshakeErrors, "rightslice_tls_handshake_errors_total", Kind::Counter, "reason",
     "TLS handshakes of the TLS port that failed after the client had sent something: no-certificate and bad-certificate (with --client-ca), alert (the client "
     "refuses, mostly our certificate), plain-http, no-agreement (on a version or cipher), garbage, closed, slow."},
    {Metric::LogLinesDropped, "rightslice_log_lines_dropped_total", Kind::Counter, "",
     "Lines of the log that could not be written, or came faster than they could be."},
    {Metric::PolicyReloads, "rightslice_policy_reload_total", Kind::Counter, "result",
     "Policy reloads: success, partial (bad policies kept their last good version), error (nothing could be read)."},
    {Metric::PolicySetInfo, "rightslice_policy_set_info", Kind::Gauge, "digest", "The policy set in force; always 1."},
    {Metric::PolicySetLoaded, "rightslice_policy_set_loaded_timestamp_seconds", Kind::Gauge, "",
     "When the policy set in force was loaded."},
    {Metric::PolicyLastRead, "rightslice_policy_last_read_timestamp_seconds", Kind::Gauge, "",
     "When the policies were last read without an error of the source; older than --max-policy-age is not ready."},
    {Metric::PolicyFilesBad, "rightslice_policy_files_bad", Kind::Gauge, "", "Policy files with an error now."},
    {Metric::Policies, "rightslice_policies", Kind::Gauge, "mode", "Policies in force, by mode."},
    {Metric::Exceptions, "rightslice_exceptions", Kind::Gauge, "state",
     "Slice exceptions: active, expiring (less than 14 days left), expired."},
    {Metric::CertificateReloads, "rightslice_certificate_reload_total", Kind::Counter, "result",
     "Reloads of the serving certificate: success, error (the last good pair stays)."},
    {Metric::CertificateExpiry, "rightslice_certificate_expiry_timestamp_seconds", Kind::Gauge, "",
     "When the serving certificate expires."},
    {Metric::AuthorityExpiry, "rightslice_certificate_authority_expiry_timestamp_seconds", Kind::Gauge, "",
     "With --cert-secret: when the CA in the Secret expires; 0 before it is read."},
    {Metric::CertificatesIssued, "rightslice_certificates_issued_total", Kind::Counter, "what",
     "With --cert-secret: certificates that this replica made as the one that leads (serving), and CAs with a certificate of theirs (authority)."},
    {Metric::CaBundleWrites, "rightslice_ca_bundle_writes_total", Kind::Counter, "",
     "With --cert-secret: how often this replica wrote the caBundle of a webhook configuration; many mean that somebody else writes it too."},
    {Metric::CertificateErrors, "rightslice_certificate_errors_total", Kind::Counter, "what",
     "With --cert-secret: attempts that failed, by what could not be read, made or written (Secret, certificate, caBundle); /readyz has the reason."},
    {Metric::WatchRestarts, "rightslice_watch_restarts_total", Kind::Counter, "resource,reason",
     "Lists and watches of the API server that had to begin again, by reason (expired, connection, server, throttled, refused, absent, answer, "
     "credentials)."},
    {Metric::WatchAge, "rightslice_watch_age_seconds", Kind::Gauge, "resource",
     "Time since the API server last confirmed what is known of a resource; it sends a word about once a minute."},
    {Metric::WatchUnread, "rightslice_watch_unread_objects", Kind::Gauge, "resource",
     "Objects that are there and cannot be read (nested too deep, a key twice), which the API server takes where a field holds anything; what hangs on "
     "them is unknown, and the log names them."},
    {Metric::Leads, "rightslice_leader", Kind::Gauge, "of",
     "1 while this replica holds a Lease and does what only one of them does, else 0: of=cluster is that of --lease, of=certificates that of --cert-secret."},
    {Metric::Events, "rightslice_events_total", Kind::Counter, "outcome",
     "Events about reviews and policies: created, counted (one more of a series), updated (the count of a series was written), dropped (more "
     "than the limits let through, or queued at the end), failed (the API server refused it or was away)."},
    {Metric::PolicyWorkloads, "rightslice_policy_workloads", Kind::Gauge, "policy",
     "Workloads that run now and that a policy judges. Every replica says the same: take max by (policy). Beyond 200 policies the rest are one, "
     "`others`. Absent where what runs is not known."},
    {Metric::PolicyWouldDeny, "rightslice_policy_would_deny_workloads", Kind::Gauge, "policy",
     "Of these, how many it would deny if they were applied today, in mode enforce."},
    {Metric::PolicyFindings, "rightslice_policy_finding_workloads", Kind::Gauge, "policy,code",
     "Of these, how many have such a finding, without those that an exception lifts."},
    {Metric::AuditFindings, "rightslice_audit_findings", Kind::Gauge, "workload_namespace,code",
     "With --audit, on the replica that leads: findings of the last look, of what is declared and of what runs, without those that an exception lifts. "
     "Beyond 50 namespaces, those with the fewest are one, `(others)`; of nodes the namespace is empty."},
    {Metric::AuditWorkloads, "rightslice_audit_workloads", Kind::Gauge, "decision", "Likewise: workloads, by what enforce mode would decide of them."},
    {Metric::AuditSlices, "rightslice_audit_slices", Kind::Gauge, "product,profile,state",
     "Likewise: slices and whole GPUs that nodes offer, that pods hold, and that are free. Held and free are absent where they are not known."},
    {Metric::AuditCost, "rightslice_audit_cost_per_month", Kind::Gauge, "currency,bucket",
     "Likewise: what the GPUs with a price cost a month, each cent in one bucket (right, oversized, idle, dark, stranded, overhead, unknown)."},
    {Metric::AuditSavings, "rightslice_audit_savings_per_month", Kind::Gauge, "currency,kind",
     "Likewise: what smaller slices would save a month, by list, and realisable as the nodes are cut."},
    {Metric::AuditUnread, "rightslice_audit_unread_resources", Kind::Gauge, "state",
     "Likewise: resources that could not be read, forbidden or failed; what hangs on them is unknown."},
    {Metric::AuditLookTime, "rightslice_audit_look_timestamp_seconds", Kind::Gauge, "outcome",
     "With --audit: when this replica last ended a look (success, failed); 0: never. Take max over replicas: one of them looks."},
    {Metric::AuditLookDuration, "rightslice_audit_look_duration_seconds", Kind::Gauge, "phase",
     "How long the parts of its last look took (read, metrics, judge, write)."},
    {Metric::AuditLooks, "rightslice_audit_looks_total", Kind::Counter, "outcome", "Looks of this replica (success, failed)."},
    {Metric::AuditReports, "rightslice_audit_reports_total", Kind::Counter, "outcome",
     "Reports at the end of its looks: created, updated, deleted, unchanged, kept (with results that could not be looked for), foreign (one of the same name "
     "is not ours), failed."},
    {Metric::AuditReportsServed, "rightslice_audit_reports_served", Kind::Gauge, "kind",
     "1 where the cluster has the definition of the reports that are to be written, else 0."},
    {Metric::AuditHistory, "rightslice_audit_history_total", Kind::Counter, "outcome", "Looks that were to be kept in the history: written, already, failed."},
    {Metric::Ready, "rightslice_ready", Kind::Gauge, "",
     "1 while /readyz of this instance answers 200, else 0; with 0 its Service sends it no reviews."},
    {Metric::BuildInfo, "rightslice_build_info", Kind::Gauge, "version", "The version of the program; always 1."},
}};

/// A review takes microseconds; a large one milliseconds; the last buckets show a machine in trouble.
const prometheus::Histogram::BucketBoundaries kReviewBuckets{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                             0.025,   0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};

std::vector<std::string> split(std::string_view names) {
  std::vector<std::string> out;
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    out.emplace_back(names.substr(0, comma));
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
  }
  return out;
}

std::string_view kindName(Kind kind) {
  switch (kind) {
    case Kind::Counter: return "counter";
    case Kind::Gauge: return "gauge";
    case Kind::Histogram: return "histogram";
  }
  return "";
}

}  // namespace

std::span<const MetricRow, kMetrics> metricRows() { return kRows; }

struct Metrics::Parts {
  struct Family {
    std::vector<std::string> labels;
    prometheus::Family<prometheus::Counter>* counters = nullptr;
    prometheus::Family<prometheus::Gauge>* gauges = nullptr;
    prometheus::Family<prometheus::Histogram>* histograms = nullptr;
    prometheus::Gauge* info = nullptr;
    std::vector<prometheus::Gauge*> replaced;
  };
  prometheus::Registry registry;
  std::array<Family, kMetrics> families;
  std::mutex infoMutex;
  const std::uint64_t serial = next();  ///< no other registry has it, also after this one's end

  static std::uint64_t next() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  Family& family(Metric metric) { return families[static_cast<std::size_t>(metric)]; }

  /// A series by its labels. Each thread keeps those that it has used: a review counts in several, and finding one anew takes as long as
  /// judging. Series are never taken away, but for those of info().
  template <class Series, class... Rest>
  Series& series(prometheus::Family<Series>& of, Metric metric, Values values, Rest&&... rest) {
    thread_local std::unordered_map<std::string, Series*> known;
    thread_local std::string key;
    key.assign(reinterpret_cast<const char*>(&serial), sizeof serial);
    key += static_cast<char>(metric);
    for (const std::string_view value : values) key.append(value).push_back('\0');
    const auto at = known.find(key);
    if (at != known.end()) return *at->second;
    Series& made = of.Add(labelled(metric, values), std::forward<Rest>(rest)...);
    known.emplace(key, &made);
    return made;
  }

  prometheus::Labels labelled(Metric metric, Values values) {
    prometheus::Labels labels;
    auto name = family(metric).labels.begin();
    for (const std::string_view value : values) labels.emplace(*name++, value);
    return labels;
  }
};

Metrics::Metrics() : parts_(std::make_unique<Parts>()) {
  for (const MetricRow& row : kRows) {
    Parts::Family& family = parts_->family(row.id);
    family.labels = split(row.labels);
    const std::string name(row.name);
    const std::string help(row.help);
    switch (row.kind) {
      case Kind::Counter: family.counters = &prometheus::BuildCounter().Name(name).Help(help).Register(parts_->registry); break;
      case Kind::Gauge: family.gauges = &prometheus::BuildGauge().Name(name).Help(help).Register(parts_->registry); break;
      case Kind::Histogram:
        family.histograms = &prometheus::BuildHistogram().Name(name).Help(help).Register(parts_->registry);
        break;
    }
    // A series without labels is there from the start, so that its absence is never taken for zero.
    if (family.labels.empty() && family.counters != nullptr) family.counters->Add({});
    if (family.labels.empty() && family.gauges != nullptr) family.gauges->Add({});
  }
}

Metrics::~Metrics() = default;

void Metrics::count(Metric counter, Values labels, double by) {
  parts_->series(*parts_->family(counter).counters, counter, labels).Increment(by);
}

void Metrics::set(Metric gauge, double value, Values labels) {
  parts_->series(*parts_->family(gauge).gauges, gauge, labels).Set(value);
}

void Metrics::add(Metric gauge, double by) { parts_->series(*parts_->family(gauge).gauges, gauge, {}).Increment(by); }

void Metrics::observe(Metric histogram, double seconds, Values labels) {
  parts_->series(*parts_->family(histogram).histograms, histogram, labels, kReviewBuckets).Observe(seconds);
}

void Metrics::info(Metric gauge, Values labels) {
  Parts::Family& family = parts_->family(gauge);
  const std::lock_guard lock(parts_->infoMutex);
  prometheus::Gauge& now = family.gauges->Add(parts_->labelled(gauge, labels));
  now.Set(1);
  if (family.info != nullptr && family.info != &now) family.gauges->Remove(family.info);
  family.info = &now;
}

void Metrics::replace(Metric gauge, const std::vector<Series>& series) {
  Parts::Family& family = parts_->family(gauge);
  std::vector<prometheus::Gauge*> now;
  for (const Series& each : series) {
    prometheus::Labels labels;
    for (std::size_t i = 0; i < family.labels.size(); ++i) labels.emplace(family.labels[i], each.labels[i]);
    now.push_back(&family.gauges->Add(labels));
    now.back()->Set(each.value);
  }
  std::sort(now.begin(), now.end());
  for (prometheus::Gauge* before : family.replaced) {
    if (!std::binary_search(now.begin(), now.end(), before)) family.gauges->Remove(before);
  }
  family.replaced = std::move(now);
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(parts_->registry.Collect()); }

std::string metricsReference() {
  std::string out = "# Metrics\n\nWhat `/metrics` of the ops port serves. No label holds a user or the name of a workload; policies are named.\n\n"
                    "| name | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricRow& row : kRows) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.name, kindName(row.kind), row.labels, row.help);
  }
  return out;
}

}  // namespace rightslice::host
