#include "observe/history/prune_store.hpp"

#include <functional>

#include "observe/history/rows_store.hpp"

namespace rightslice::observe::history {
namespace {

constexpr std::int64_t kBatch = 500, kMost = 10'000;

struct Table {
  const char* name;
  const char* key;        ///< its primary key
  const char* old;        ///< of rows that are older than $1
};
// What is open stays, and so does the last look; but of a cluster that nobody has looked at for so long nothing is open.
constexpr Table kTables[] = {
    {"rightslice_state", "cluster, sort, subject, since", "until < $1 OR (SELECT c.last_look FROM rightslice_cluster c WHERE c.id = rightslice_state.cluster) < $1"},
    {"rightslice_finding", "cluster, sort, subject, code, container, aspect, since",
     "until < $1 OR (SELECT c.last_look FROM rightslice_cluster c WHERE c.id = rightslice_finding.cluster) < $1"},
    {"rightslice_look", "cluster, taken", "taken < $1 AND taken < (SELECT c.last_look FROM rightslice_cluster c WHERE c.id = rightslice_look.cluster)"},
};
constexpr Table kDayTables[] = {{"rightslice_peak", "cluster, day, workload, container, model, engine, quantization", "day < $1"}};
constexpr Table kSpendTables[] = {{"rightslice_spend", "cluster, day, currency, ns, workload, bucket", "day < $1"},
                                  {"rightslice_day", "cluster, day", "day < $1"}};

class Pruning {
 public:
  explicit Pruning(Connection& connection) : connection_(connection) {}

  template <std::size_t N>
  Result<bool> remove(const Table (&tables)[N], std::int64_t before) {
    for (const Table& table : tables) {
      const std::string sql = std::string("DELETE FROM ") + table.name + " WHERE (" + table.key + ") IN (SELECT " + table.key + " FROM " + table.name +
                              " WHERE " + table.old + " LIMIT " + std::to_string(kBatch) + ")";
      auto done = inBatches([&]() -> Result<std::int64_t> { return changed(sql + " RETURNING cluster", {before}); });
      if (!done) return done;
    }
    return true;
  }

  /// What single workloads cost becomes what their namespace cost.
  Result<bool> rollUp(std::int64_t before) {
    return inBatches([&]() -> Result<std::int64_t> {
      auto rows = connection_.run("DELETE FROM rightslice_spend WHERE (cluster, day, currency, ns, workload, bucket) IN "
                                  "(SELECT cluster, day, currency, ns, workload, bucket FROM rightslice_spend "
                                  "WHERE workload <> '' AND day < $1 LIMIT " + std::to_string(kBatch) +
                                  ") RETURNING cluster, day, currency, ns, bucket, cent_seconds, centihour_seconds",
                                  {before});
      if (!rows) return tl::unexpected(rows.error());
      for (const Row& row : *rows) {
        auto done = connection_.run("INSERT INTO rightslice_spend (cluster, day, currency, ns, workload, bucket, cent_seconds, centihour_seconds) "
                                    "VALUES ($1, $2, $3, $4, '', $5, $6, $7) ON CONFLICT (cluster, day, currency, ns, workload, bucket) DO UPDATE SET "
                                    "cent_seconds = rightslice_spend.cent_seconds + excluded.cent_seconds, "
                                    "centihour_seconds = rightslice_spend.centihour_seconds + excluded.centihour_seconds",
                                    {integerOf(row[0]), integerOf(row[1]), *row[2], *row[3], *row[4], integerOf(row[5]), integerOf(row[6])});
        if (!done) return tl::unexpected(done.error());
      }
      return static_cast<std::int64_t>(rows->size());
    });
  }

  const Pruned& pruned() const { return pruned_; }

 private:
  Result<std::int64_t> changed(const std::string& sql, const std::vector<Value>& values) {
    auto rows = connection_.run(sql, values);
    if (!rows) return tl::unexpected(rows.error());
    return static_cast<std::int64_t>(rows->size());
  }

  Result<bool> inBatches(const std::function<Result<std::int64_t>()>& batch) {
    for (;;) {
      if (pruned_.rows >= kMost) {
        pruned_.more = true;
        return true;
      }
      auto transaction = Transaction::begin(connection_, Connection::Begin::Write);
      if (!transaction) return tl::unexpected(transaction.error());
      const auto count = batch();
      if (!count) return tl::unexpected(count.error());
      if (*count == 0) return true;
      if (auto done = transaction->commit(); !done) return done;
      pruned_.rows += *count;
      if (*count < kBatch) return true;
    }
  }

  Connection& connection_;
  Pruned pruned_;
};

}  // namespace

Result<Pruned> pruneRows(Connection& connection, std::int64_t now, const Retention& retention) {
  Pruning pruning(connection);
  const std::int64_t today = now / kSecondsOfDay;
  if (auto done = pruning.remove(kTables, now - retention.days * kSecondsOfDay); !done) return tl::unexpected(done.error());
  if (auto done = pruning.remove(kDayTables, today - retention.days); !done) return tl::unexpected(done.error());
  if (auto done = pruning.rollUp(today - retention.days); !done) return tl::unexpected(done.error());
  if (auto done = pruning.remove(kSpendTables, today - retention.spendDays); !done) return tl::unexpected(done.error());
  if (pruning.pruned().rows > 0) connection.tidy();
  return pruning.pruned();
}

}  // namespace rightslice::observe::history
