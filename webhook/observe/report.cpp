#include "observe/report.hpp"

namespace rightslice::observe {

Result<Report> reportOf(const Snapshot& snapshot, const Observation& seen, const gpu::Catalogue& gpus, const workload::RateBook& book,
                        std::optional<Statement> since) {
  Report report{snapshot, seen, measuredUseOf(snapshot, seen), {}};
  auto& to = report.money;
  to.money = moneyOf(snapshot, seen, gpus, book, report.use);
  to.savings = savingsOf(snapshot, seen, gpus, to.money);
  to.since = std::move(since);
  if (!to.since || !to.money.nodesKnown) return report;
  auto verified = verify(*to.since, statementOf(snapshot, seen, to.money));
  if (!verified) return tl::unexpected(verified.error());
  to.verified = *verified;
  return report;
}

}  // namespace rightslice::observe
