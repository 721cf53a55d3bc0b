#include "observe/audit/metrics_writer.hpp"

#include <array>
#include <utility>

namespace rightslice::observe::audit {
namespace {

using host::Metric;

struct Row {
  Metric metric;
  std::vector<Series> Figures::*series;
};
constexpr std::array<Row, 6> kRows{{{Metric::AuditFindings, &Figures::findings}, {Metric::AuditWorkloads, &Figures::workloads},
                                    {Metric::AuditSlices, &Figures::slices}, {Metric::AuditCost, &Figures::cost},
                                    {Metric::AuditSavings, &Figures::savings}, {Metric::AuditUnread, &Figures::unread}}};

}  // namespace

AuditMetrics::AuditMetrics(host::Metrics& metrics) : metrics_(metrics) {
  for (const char* outcome : {"success", "failed"}) {
    metrics_.set(Metric::AuditLookTime, 0, {outcome});   // zero is as old as can be: an alert need not tell it from none
    metrics_.count(Metric::AuditLooks, {outcome}, 0);
  }
}

void AuditMetrics::tell(const Figures& figures) {
  for (const Row& row : kRows) {
    std::vector<host::Metrics::Series> all;
    for (const Series& each : figures.*row.series) all.push_back({each.labels, each.value});
    metrics_.replace(row.metric, all);
  }
}

void AuditMetrics::forget() { tell({}); }

void AuditMetrics::looked(bool good, host::Clock::Time now) {
  const char* outcome = good ? "success" : "failed";
  metrics_.count(Metric::AuditLooks, {outcome});
  metrics_.set(Metric::AuditLookTime, host::unixSeconds(now), {outcome});
}

void AuditMetrics::took(std::string_view phase, std::chrono::steady_clock::duration time) {
  metrics_.set(Metric::AuditLookDuration, std::chrono::duration<double>(time).count(), {phase});
}

void AuditMetrics::wrote(const ReportKind& kind, const Written& written) {
  metrics_.set(Metric::AuditReportsServed, written.served ? 1 : 0, {kind.name});
  for (const auto& [outcome, count] : {std::pair{"created", written.created}, {"updated", written.updated}, {"deleted", written.deleted},
                                       {"unchanged", written.unchanged}, {"kept", written.kept}, {"foreign", written.foreign}, {"failed", written.failed}})
    metrics_.count(Metric::AuditReports, {outcome}, static_cast<double>(count));
}

void AuditMetrics::kept(std::string_view outcome) { metrics_.count(Metric::AuditHistory, {outcome}); }

}  // namespace rightslice::observe::audit
