#include "observe/history/sql_store.hpp"

#include <algorithm>

#include "observe/history/address.hpp"
#include "observe/history/look_store.hpp"
#include "observe/history/postgres_store.hpp"
#include "observe/history/prune_store.hpp"
#include "observe/history/rows_store.hpp"
#include "observe/history/sqlite_store.hpp"

namespace rightslice::observe::history {
namespace {

using Rows = std::vector<Row>;

/// A query that grows with what is asked for.
class Select {
 public:
  explicit Select(std::string sql) : sql_(std::move(sql)) {}
  /// "day >= ?": the question mark is the value.
  void add(std::string_view condition, Value value) {
    sql_ += first_ ? " WHERE " : " AND ";
    first_ = false;
    for (const char c : condition) {
      if (c != '?') sql_ += c;
      else sql_ += "$" + std::to_string(values_.size() + 1);
    }
    values_.push_back(std::move(value));
  }
  Result<Rows> run(Connection& connection) const { return connection.run(sql_, values_); }

 private:
  std::string sql_;
  std::vector<Value> values_;
  bool first_ = true;
};

Error noCluster(const std::string& cluster) { return {"there is no look of cluster '" + cluster + "' in the history", {}}; }

/// Rows of one cluster. The cluster's last look stands for `seen` where nothing else does.
Result<Rows> rowsOf(Connection& connection, const std::string& cluster, std::int64_t& last, const std::function<Select(std::int64_t id)>& select) {
  const auto row = clusterRow(connection, cluster);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return tl::unexpected(noCluster(cluster));
  last = (*row)->last;
  return select((*row)->id).run(connection);
}

/// "team-a/Deployment/chat", or its name alone.
bool isMeant(const Query& query, std::string_view key, std::string_view ns) {
  if (!query.namespaces.empty() && !query.namespaces.contains(std::string(ns))) return false;
  return query.workload.empty() || key == query.workload || key.substr(key.rfind('/') + 1) == query.workload;
}

void within(Select& select, const Query& query) {
  select.add("(until IS NULL OR until >= ?)", query.from);
  if (query.to) select.add("since <= ?", *query.to);
  if (query.openOnly) select.add("(until IS NULL OR until > ?)", query.to.value_or(INT64_MAX));
}

Span spanOf(const std::optional<std::string>& since, const std::optional<std::string>& seen, const std::optional<std::string>& until, std::int64_t last) {
  return {integerOf(since), seen ? integerOf(seen) : last, optionalOf(until)};
}

Sort sortOf(const std::optional<std::string>& text) { return integerOf(text) == 1 ? Sort::Node : Sort::Workload; }

/// How long each currency was paid in on each day, by the looks that are kept: each accounts for the time since the one before it (look_store.cpp).
Result<std::map<std::int64_t, std::map<std::string, std::int64_t>>> currenciesOf(Connection& connection, std::int64_t cluster) {
  std::map<std::int64_t, std::map<std::string, std::int64_t>> out;
  const auto ask = [&](std::string sql) {
    Select select(std::move(sql));
    select.add("currency IS NOT NULL AND cluster = ?", cluster);
    return select.run(connection);
  };
  const auto several = ask("SELECT DISTINCT currency FROM rightslice_look");
  if (!several) return tl::unexpected(several.error());
  if (several->size() < 2) return out;
  const auto rows = ask("SELECT taken, currency FROM rightslice_look");
  if (!rows) return tl::unexpected(rows.error());
  std::map<std::int64_t, std::string> looks;
  for (const Row& row : *rows) looks.emplace(integerOf(row[0]), row[1].value_or(""));
  std::optional<std::int64_t> before;
  for (const auto& [taken, currency] : looks) {
    for (std::int64_t at = before ? std::max(*before, taken - kSecondsOfDay) : taken; at < taken;) {
      const std::int64_t day = at / kSecondsOfDay, to = std::min((day + 1) * kSecondsOfDay, taken);
      out[day][currency] += to - at;
      at = to;
    }
    before = taken;
  }
  return out;
}

}  // namespace

SqlStore::SqlStore(std::string name, Opening opening, Connect connect, std::span<const Migration> schema)
    : name_(std::move(name)), opening_(opening), connect_(std::move(connect)), schema_(schema) {}

Result<Connection*> SqlStore::connected() {
  if (connection_ != nullptr) return connection_.get();
  auto made = connect_();
  if (!made) return tl::unexpected(made.error());
  if (auto ready = prepareSchema(**made, opening_, schema_); !ready) return tl::unexpected(ready.error());
  connection_ = std::move(*made);
  return connection_.get();
}

template <class T>
Result<T> SqlStore::with(const std::function<Result<T>(Connection&)>& work) {
  for (int attempt = 0;; ++attempt) {
    const bool fresh = connection_ == nullptr;
    auto connection = connected();
    if (!connection) return fail(connection.error().message, name_);
    auto done = work(**connection);
    if (done) return done;
    const bool lost = (*connection)->isLost();
    if (lost) connection_.reset();
    if (!lost || fresh || attempt > 0) return fail(done.error().message, name_);
  }
}

template <class T>
Result<T> SqlStore::reading(const std::function<Result<T>(Connection&)>& work) {
  return with<T>([&](Connection& connection) -> Result<T> {
    const auto transaction = Transaction::begin(connection, Connection::Begin::Read);
    if (!transaction) return tl::unexpected(transaction.error());
    return work(connection);
  });
}

Result<bool> SqlStore::open() {
  return with<bool>([](Connection&) { return true; });
}

Result<Appended> SqlStore::append(const Record& look) {
  if (opening_ == Opening::Read) return fail("the history was opened for reading", name_);
  const Record record = cleaned(look);
  return with<Appended>([&](Connection& connection) -> Result<Appended> {
    auto transaction = Transaction::begin(connection, Connection::Begin::Write);
    if (!transaction) return tl::unexpected(transaction.error());
    auto written = writeLook(connection, record);
    if (!written || written->what != Appended::What::Written) return written;
    if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
    return written;
  });
}

Result<Pruned> SqlStore::prune(std::int64_t now, const Retention& retention) {
  if (opening_ == Opening::Read) return fail("the history was opened for reading", name_);
  return with<Pruned>([&](Connection& connection) { return pruneRows(connection, now, retention); });
}

Result<std::vector<KeptCluster>> SqlStore::clusters() {
  return reading<std::vector<KeptCluster>>([](Connection& connection) -> Result<std::vector<KeptCluster>> {
    auto rows = connection.run(
        "SELECT c.name, c.source, c.first_look, c.last_look, c.unread, (SELECT COUNT(*) FROM rightslice_look l WHERE l.cluster = c.id) FROM rightslice_cluster c");
    if (!rows) return tl::unexpected(rows.error());
    std::vector<KeptCluster> out;
    for (Row& row : *rows) {
      auto unread = coverageOf(row[4].value_or(""));
      if (!unread) return tl::unexpected(unread.error());
      out.push_back({std::move(*row[0]), std::move(*row[1]), integerOf(row[2]), integerOf(row[3]), integerOf(row[5]), std::move(*unread)});
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return out;
  });
}

Result<State> SqlStore::state(const std::string& cluster) {
  return reading<State>([&](Connection& connection) -> Result<State> {
    const auto row = clusterRow(connection, cluster);
    if (!row) return tl::unexpected(row.error());
    if (!*row) return tl::unexpected(noCluster(cluster));
    return openState(connection, (*row)->id);
  });
}

Result<std::vector<KeptFinding>> SqlStore::findings(const Query& query) {
  return reading<std::vector<KeptFinding>>([&](Connection& connection) -> Result<std::vector<KeptFinding>> {
    std::int64_t last = 0;
    auto rows = rowsOf(connection, query.cluster, last, [&](std::int64_t id) {
      Select select("SELECT sort, subject, ns, code, container, aspect, message, remedy, confidence, evidence, since, seen, until FROM rightslice_finding");
      select.add("cluster = ?", id);
      within(select, query);
      return select;
    });
    if (!rows) return tl::unexpected(rows.error());
    std::vector<KeptFinding> out;
    for (Row& row : *rows) {
      if (!isMeant(query, *row[1], *row[2]) || (!query.codes.empty() && !query.codes.contains(*row[3]))) continue;
      auto evidence = evidenceOf(row[9].value_or(""));
      if (!evidence) return tl::unexpected(evidence.error());
      out.push_back({Found{sortOf(row[0]), std::move(*row[1]), std::move(*row[3]), std::move(*row[4]), std::move(*row[5]), std::move(*row[6]), std::move(*row[7]),
                           std::move(*row[8]), std::move(*evidence)},
                     spanOf(row[10], row[11], row[12], last)});
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return std::pair(a.span.since, a.found.id()) < std::pair(b.span.since, b.found.id()); });
    return out;
  });
}

Result<std::vector<KeptState>> SqlStore::states(const Query& query) {
  return reading<std::vector<KeptState>>([&](Connection& connection) -> Result<std::vector<KeptState>> {
    std::int64_t last = 0;
    auto rows = rowsOf(connection, query.cluster, last, [&](std::int64_t id) {
      Select select("SELECT sort, subject, ns, fields, since, seen, until FROM rightslice_state");
      select.add("cluster = ?", id);
      within(select, query);
      return select;
    });
    if (!rows) return tl::unexpected(rows.error());
    std::vector<KeptState> out;
    for (Row& row : *rows) {
      if (!isMeant(query, *row[1], *row[2])) continue;
      auto fields = fieldsOf(row[3].value_or(""));
      if (!fields) return tl::unexpected(fields.error());
      out.push_back({State::Known{sortOf(row[0]), std::move(*row[1]), std::move(*fields), !row[5]}, spanOf(row[4], row[5], row[6], last)});
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      return std::tie(a.subject.sort, a.subject.key, a.span.since) < std::tie(b.subject.sort, b.subject.key, b.span.since);
    });
    return out;
  });
}

Result<std::vector<KeptSpend>> SqlStore::spend(const Query& query) {
  return reading<std::vector<KeptSpend>>([&](Connection& connection) -> Result<std::vector<KeptSpend>> {
    std::int64_t last = 0;
    auto rows = rowsOf(connection, query.cluster, last, [&](std::int64_t id) {
      Select select("SELECT day, currency, ns, workload, bucket, cent_seconds, centihour_seconds FROM rightslice_spend");
      select.add("cluster = ?", id);
      select.add("day >= ?", query.from / kSecondsOfDay);
      if (query.to) select.add("day <= ?", *query.to / kSecondsOfDay);
      return select;
    });
    if (!rows) return tl::unexpected(rows.error());
    std::vector<KeptSpend> out;
    for (Row& row : *rows)
      if (isMeant(query, *row[3], *row[2]))
        out.push_back({integerOf(row[0]), std::move(*row[1]), std::move(*row[2]), std::move(*row[3]), std::move(*row[4]), integerOf(row[5]), integerOf(row[6])});
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      return std::tie(a.day, a.currency, a.ns, a.workload, a.bucket) < std::tie(b.day, b.currency, b.ns, b.workload, b.bucket);
    });
    return out;
  });
}

Result<std::vector<KeptDay>> SqlStore::days(const Query& query) {
  return reading<std::vector<KeptDay>>([&](Connection& connection) -> Result<std::vector<KeptDay>> {
    std::int64_t last = 0;
    std::int64_t cluster = 0;
    auto rows = rowsOf(connection, query.cluster, last, [&](std::int64_t id) {
      cluster = id;
      Select select("SELECT day, seconds, looks FROM rightslice_day");
      select.add("cluster = ?", id);
      select.add("day >= ?", query.from / kSecondsOfDay);
      if (query.to) select.add("day <= ?", *query.to / kSecondsOfDay);
      return select;
    });
    if (!rows) return tl::unexpected(rows.error());
    const auto currencies = currenciesOf(connection, cluster);
    if (!currencies) return tl::unexpected(currencies.error());
    std::vector<KeptDay> out;
    for (const Row& row : *rows) {
      KeptDay& day = out.emplace_back(KeptDay{integerOf(row[0]), integerOf(row[1]), integerOf(row[2])});
      const auto at = currencies->find(day.day);
      if (at == currencies->end()) continue;
      std::int64_t sum = 0;
      for (const auto& [currency, seconds] : at->second) sum += seconds;
      if (sum == day.seconds) day.byCurrency = at->second;   // else some looks are not kept any more
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.day < b.day; });
    return out;
  });
}

Result<std::vector<KeptPeak>> SqlStore::peaks(const Query& query) {
  return reading<std::vector<KeptPeak>>([&](Connection& connection) -> Result<std::vector<KeptPeak>> {
    std::int64_t last = 0;
    auto rows = rowsOf(connection, query.cluster, last, [&](std::int64_t id) {
      Select select("SELECT day, workload, container, model, engine, quantization, ns, memory, why, device, kv, window_seconds, seen_seconds, at, looks, measured "
                    "FROM rightslice_peak");
      select.add("cluster = ?", id);
      select.add("day >= ?", query.from / kSecondsOfDay);
      if (query.to) select.add("day <= ?", *query.to / kSecondsOfDay);
      return select;
    });
    if (!rows) return tl::unexpected(rows.error());
    std::vector<KeptPeak> out;
    for (Row& row : *rows) {
      if (!isMeant(query, *row[1], *row[6])) continue;
      Peak peak{std::move(*row[1]), std::move(*row[2]), std::move(*row[3]), std::move(*row[4]), std::move(*row[5]), optionalOf(row[7]), std::move(*row[8]),
                optionalOf(row[9]), optionalOf(row[10]), integerOf(row[11]), integerOf(row[12]), std::move(*row[13])};
      out.push_back({std::move(peak), integerOf(row[0]), integerOf(row[14]), integerOf(row[15])});
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      return std::tie(a.peak.workload, a.peak.container, a.day, a.peak.model) < std::tie(b.peak.workload, b.peak.container, b.day, b.peak.model);
    });
    return out;
  });
}

Result<std::unique_ptr<Store>> openStore(const std::string& url, Opening opening) {
  const auto address = addressOf(url);
  if (!address) return tl::unexpected(address.error());
  const auto connect = [place = address->place, kind = address->kind, opening] {
    return kind == Address::Kind::Postgres ? openPostgres(place, opening) : openSqlite(place, opening);
  };
  auto out = std::make_unique<SqlStore>(address->shown, opening, connect, migrations());
  if (auto done = out->open(); !done) return tl::unexpected(done.error());
  return out;
}

}  // namespace rightslice::observe::history
