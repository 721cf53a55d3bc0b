#include "observe/audit/audit_source.hpp"

#include <chrono>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include "app/loaded_policies.hpp"
#include "base/describe.hpp"
#include "host/memory.hpp"
#include "observe/observation.hpp"
#include "observe/report.hpp"

namespace rightslice::observe::audit {
namespace {

using host::Level;
using SteadyClock = std::chrono::steady_clock;

void add(std::string& to, const std::string& text) { to += (to.empty() ? "" : "; ") + text; }

}  // namespace

Auditor::Auditor(AuditInputs inputs, host::Metrics& metrics, host::Log& log, const host::Clock& clock)
    : inputs_(std::move(inputs)), metrics_(metrics), history_(inputs_.history), log_(log), clock_(clock) {}

bool Auditor::look() {
  std::string trouble;
  bool good = false;
  try {
    good = attempt(trouble);
  } catch (const host::Interrupted&) {
  } catch (const std::exception& error) {   // the webhook goes on, whatever a look may meet
    trouble = fmt::format("the look ended: {}", error.what());
  }
  host::releaseFreedMemory();
  if (interruption_.tripped()) return false;
  const auto now = clock_.now();
  metrics_.looked(good, now);
  {
    const std::lock_guard lock(mutex_);
    if (good) state_.good = now;
    state_.trouble = trouble;
  }
  if (trouble != told_) {
    if (trouble.empty()) log_.write(Level::Info, "the audit is well again");
    else log_.write(Level::Warn, good ? "the audit could not do all of its work" : "the audit failed; what it told before stays", {{"error", std::string_view(trouble)}});
  }
  told_ = trouble;
  return good;
}

bool Auditor::attempt(std::string& trouble) {
  auto last = SteadyClock::now();
  const auto took = [&](std::string_view phase) {
    const auto now = SteadyClock::now();
    metrics_.took(phase, now - last);
    last = now;
  };
  const auto policies = inputs_.policies();
  if (!policies) return trouble = "the policies are not known yet", false;
  interruption_.check();
  ClusterSource source(inputs_.cluster);
  std::optional<host::Interruption::Waiting> waiting;
  waiting.emplace(interruption_, [&source] { source.interrupt(); });
  auto look = source.look({}, host::timestamp(clock_.now()), [&](std::string_view) { interruption_.check(); });
  waiting.reset();
  if (!look) return trouble = describe(look.error()), false;
  Snapshot& snapshot = look->snapshot;
  took("read");
  const auto measured =
      readMetrics(snapshot, *inputs_.catalogue.gpus, inputs_.metrics, std::nullopt, [&](std::string_view) { interruption_.check(); }, &interruption_);
  for (const std::string& each : measured.told) add(trouble, each);
  took("metrics");

  const workload::RateBook book = inputs_.book ? *inputs_.book : workload::RateBook{inputs_.prices(), {}};
  workload::Surroundings around;
  around.prices = book.book;
  surround(snapshot, around);
  app::ClusterSnapshot seen;   // which policies may be read; all that can be known of them is in force
  for (const Seen* each : snapshot.coverage.unread()) seen.unread.push_back({each->resource, each->ns, each->reason});
  Looking looking{{policies.get(), inputs_.catalogue, &around, clock_.today()}, {}, {}};
  looking.unknownPolicies = [&](const std::string& ns) { return app::unknownPolicies(seen, {}, ns); };
  looking.progress = [&](std::string_view) { interruption_.check(); };
  const Observation observation = observe(snapshot, looking);
  const auto report = reportOf(snapshot, observation, *inputs_.catalogue.gpus, book);
  if (!report) return trouble = describe(report.error()), false;
  const auto results = resultsOf(*report);
  metrics_.tell(figuresOf(*report, results));
  if (inputs_.page) {
    std::string text;
    writePage(*report, *inputs_.page, [&](std::string_view piece) { text += piece; });
    page_.set(std::make_shared<const std::string>(std::move(text)));
  }
  took("judge");
  interruption_.check();
  keep(*report, trouble);
  if (inputs_.reports != nullptr) {
    waiting.emplace(interruption_, [&source] { source.interrupt(); });
    write(source.cluster(), snapshot, results, trouble);
  }
  took("write");
  return true;
}

void Auditor::keep(const Report& report, std::string& trouble) {
  if (!history_.wanted() || !inputs_.leads()) return;
  const Kept kept = history_.keep(report, inputs_.catalogue);
  metrics_.kept(kept.outcome);
  if (!kept.trouble.empty()) add(trouble, kept.trouble);
}

void Auditor::write(kube::Cluster& cluster, const Snapshot& snapshot, const std::vector<NamespaceResults>& results, std::string& trouble) {
  Writing writing;
  writing.may = [&] {
    interruption_.check();
    return inputs_.leads();
  };
  const Written written = writeReports(cluster, *inputs_.reports, {results, snapshot.coverage, snapshot.scope, snapshot.takenAt}, writing);
  metrics_.wrote(*inputs_.reports, written);
  if (!written.served) add(trouble, fmt::format("the cluster has no {} of {}: no reports are written", inputs_.reports->plural, inputs_.reports->group));
  if (written.foreign > 0)
    add(trouble, fmt::format("{} reports named {} are not ours, and stay as they are", written.foreign, kReportName));
  for (const std::string& each : written.troubles) add(trouble, each);
}

void Auditor::lost() {
  metrics_.forget();
  page_.set(nullptr);
}

void Auditor::interrupt() { interruption_.trip(); }

AuditState Auditor::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace rightslice::observe::audit
