#include "observe/history/look_store.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "observe/history/rows_store.hpp"

namespace rightslice::observe::history {
namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t numberOf(Sort sort) { return sort == Sort::Node ? 1 : 0; }
Sort sortOf(const std::optional<std::string>& text) { return integerOf(text) == 1 ? Sort::Node : Sort::Workload; }
std::string nsOf(const State::Known& subject) { return std::string(Subject{subject.sort, subject.key, {}, {}, {}}.ns()); }

std::int64_t dayOf(std::int64_t seconds) { return seconds / kDay - (seconds % kDay < 0 ? 1 : 0); }

class Writing {
 public:
  Writing(Connection& connection, const Record& look) : connection_(connection), look_(look) {}

  Result<Appended> write() {
    auto row = clusterRow(connection_, look_.cluster);
    if (!row) return tl::unexpected(row.error());
    if (*row && (*row)->last >= look_.takenAt) return Appended{(*row)->last == look_.takenAt ? Appended::What::Already : Appended::What::Outdated, {}, (*row)->last};
    const bool isNew = !*row;
    cluster_ = row->value_or(ClusterRow{0, look_.takenAt, look_.takenAt, {}});
    if (isNew) {
      auto most = run("SELECT COALESCE(MAX(id), 0) FROM rightslice_cluster", {});
      if (failed_) return tl::unexpected(*failed_);
      cluster_.id = integerOf(most.front().front()) + 1;
    }
    auto state = openState(connection_, cluster_.id);
    if (!state) return tl::unexpected(state.error());
    Appended out{Appended::What::Written, differenceOf(*state, look_), look_.takenAt};
    writeSubjects(out.difference);
    writeFindings(out.difference);
    writeMoney();
    writePeaks();
    writeClusterAndLook(isNew);
    if (failed_) return tl::unexpected(*failed_);
    return out;
  }

 private:
  /// The first error stays; after it nothing more is done.
  std::vector<Row> run(const std::string& sql, const std::vector<Value>& values) {
    if (failed_) return {};
    auto done = connection_.run(sql, values);
    if (done) return std::move(*done);
    failed_ = done.error();
    return {};
  }
  void check(const Result<bool>& done) {
    if (!done && !failed_) failed_ = done.error();
  }

  void writeSubjects(const Difference& difference) {
    const std::int64_t now = look_.takenAt;
    Many rows(connection_, "INSERT INTO rightslice_state (cluster, sort, subject, ns, fields, since) VALUES", "", 6);
    for (const SubjectChange& each : difference.subjects) {
      const auto& subject = each.subject;
      if (each.what != SubjectChange::Sort::Appeared)
        run("UPDATE rightslice_state SET until = $1, seen = COALESCE(seen, $2) WHERE cluster = $3 AND sort = $4 AND subject = $5 AND until IS NULL",
            {now, cluster_.last, cluster_.id, numberOf(subject.sort), subject.key});
      if (each.what != SubjectChange::Sort::Gone && !failed_)
        check(rows.add({cluster_.id, numberOf(subject.sort), subject.key, nsOf(subject), textOf(subject.fields), now}));
    }
    if (!failed_) check(rows.finish());
    for (const auto& each : difference.blinked)
      run("UPDATE rightslice_state SET seen = $1 WHERE cluster = $2 AND sort = $3 AND subject = $4 AND until IS NULL",
          {each.seen ? Value() : Value(cluster_.last), cluster_.id, numberOf(each.sort), each.key});
  }

  void writeFindings(const Difference& difference) {
    // The values that say which finding: $1 to $6.
    const auto id = [&](const Found& found) {
      return std::vector<Value>{cluster_.id, numberOf(found.sort), found.key, found.code, found.container, found.aspect};
    };
    const auto update = [&](const std::string& what, const Found& found, std::initializer_list<Value> further) {
      std::vector<Value> values(further);
      std::string sql = "UPDATE rightslice_finding SET " + what + " WHERE ";
      std::size_t at = values.size();
      for (const char* column : {"cluster", "sort", "subject", "code", "container", "aspect"}) {
        ++at;
        sql.append(column).append(" = $").append(std::to_string(at)).append(" AND ");
      }
      for (auto& each : id(found)) values.push_back(std::move(each));
      run(sql + "until IS NULL", values);
    };
    for (const Found& each : difference.closed) update("until = $1, seen = COALESCE(seen, $2)", each, {look_.takenAt, cluster_.last});
    for (const Found& each : difference.updated)
      update("message = $1, remedy = $2, confidence = $3, evidence = $4", each, {each.message, each.remedy, each.confidence, textOf(each.evidence)});
    for (const auto& each : difference.blinkedFindings) update("seen = $1", each.found, {each.seen ? Value() : Value(cluster_.last)});
    Many rows(connection_,
              "INSERT INTO rightslice_finding (cluster, sort, subject, code, container, aspect, ns, message, remedy, confidence, evidence, since) VALUES", "", 12);
    for (const Found& each : difference.opened) {
      auto values = id(each);
      for (Value value : std::initializer_list<Value>{std::string(each.ns()), each.message, each.remedy, each.confidence, textOf(each.evidence), look_.takenAt})
        values.push_back(std::move(value));
      if (!failed_) check(rows.add(std::move(values)));
    }
    if (!failed_) check(rows.finish());
  }

  /// Metrics look back, so a look speaks for the time before it.
  void writeMoney() {
    if (!look_.costs) return;
    const auto from = cluster_.accounted ? std::max(*cluster_.accounted, look_.takenAt - kDay) : look_.takenAt;
    cluster_.accounted = look_.takenAt;
    Many days(connection_, "INSERT INTO rightslice_day (cluster, day, seconds, looks) VALUES",
              "ON CONFLICT (cluster, day) DO UPDATE SET seconds = rightslice_day.seconds + excluded.seconds, looks = rightslice_day.looks + excluded.looks", 4);
    Many spend(connection_, "INSERT INTO rightslice_spend (cluster, day, currency, ns, workload, bucket, cent_seconds, centihour_seconds) VALUES",
               "ON CONFLICT (cluster, day, currency, ns, workload, bucket) DO UPDATE SET cent_seconds = rightslice_spend.cent_seconds + excluded.cent_seconds, "
               "centihour_seconds = rightslice_spend.centihour_seconds + excluded.centihour_seconds",
               8);
    for (std::int64_t at = from; at < look_.takenAt && !failed_;) {
      const std::int64_t day = dayOf(at), to = std::min((day + 1) * kDay, look_.takenAt);
      check(days.add({cluster_.id, day, to - at, std::int64_t{to == look_.takenAt ? 1 : 0}}));
      for (const Rate& each : look_.costs->rates)
        if ((each.cents != 0 || each.centihours != 0) && !failed_)
          check(spend.add({cluster_.id, day, look_.costs->currency, each.ns, each.workload, each.bucket, timesBytes(each.cents, to - at),
                           timesBytes(each.centihours, to - at)}));
      at = to;
    }
    if (!failed_) check(days.finish());
    if (!failed_) check(spend.finish());
  }

  void writePeaks() {
    // The highest counts; why there is none is said as long as there is none. NULL is below everything.
    const auto higher = [](const char* column) {
      const std::string name(column), old = "rightslice_peak." + name, now = "excluded." + name;
      return name + " = CASE WHEN " + now + " IS NULL OR " + old + " >= " + now + " THEN " + old + " ELSE " + now + " END, ";
    };
    Many rows(connection_,
              "INSERT INTO rightslice_peak (cluster, day, workload, container, model, engine, quantization, ns, memory, why, device, kv, "
              "window_seconds, seen_seconds, at, looks, measured) VALUES",
              "ON CONFLICT (cluster, day, workload, container, model, engine, quantization) DO UPDATE SET "
              "why = CASE WHEN rightslice_peak.memory IS NOT NULL OR excluded.memory IS NOT NULL THEN '' ELSE excluded.why END, " +
                  higher("memory") + higher("device") + higher("kv") +
                  "window_seconds = rightslice_peak.window_seconds + excluded.window_seconds, seen_seconds = rightslice_peak.seen_seconds + excluded.seen_seconds, "
                  "at = excluded.at, looks = rightslice_peak.looks + excluded.looks, measured = rightslice_peak.measured + excluded.measured",
              17);
    for (const Peak& each : look_.peaks) {
      const State::Known of{Sort::Workload, each.workload, {}, true};
      if (!failed_)
        check(rows.add({cluster_.id, dayOf(look_.takenAt), each.workload, each.container, each.model, each.engine, each.quantization, nsOf(of),
                        valueOf(each.memory), each.why, valueOf(each.device), valueOf(each.kvPerMille), each.windowSeconds, each.seenSeconds, each.at,
                        std::int64_t{1}, std::int64_t{each.memory ? 1 : 0}}));
    }
    if (!failed_) check(rows.finish());
  }

  void writeClusterAndLook(bool isNew) {
    Value currency, bookDate, cents;
    if (look_.costs) {
      std::int64_t sum = 0;
      for (const Rate& each : look_.costs->rates) sum = plusBytes(sum, each.cents);
      currency = look_.costs->currency;
      bookDate = look_.costs->bookDate;
      cents = sum;
    }
    run("INSERT INTO rightslice_look (cluster, taken, source, currency, book_date, cents) VALUES ($1, $2, $3, $4, $5, $6)",
        {cluster_.id, look_.takenAt, look_.source, currency, bookDate, cents});
    const std::string unread = textOf(look_.coverage.unread());
    if (isNew)
      run("INSERT INTO rightslice_cluster (id, name, source, first_look, last_look, accounted, unread) VALUES ($1, $2, $3, $4, $5, $6, $7)",
          {cluster_.id, look_.cluster, look_.source, look_.takenAt, look_.takenAt, valueOf(cluster_.accounted), clean(unread)});
    else
      run("UPDATE rightslice_cluster SET source = $1, last_look = $2, accounted = $3, unread = $4 WHERE id = $5",
          {look_.source, look_.takenAt, valueOf(cluster_.accounted), clean(unread), cluster_.id});
  }

  Connection& connection_;
  const Record& look_;
  ClusterRow cluster_;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::optional<ClusterRow>> clusterRow(Connection& connection, const std::string& name) {
  auto rows = connection.run("SELECT id, first_look, last_look, accounted FROM rightslice_cluster WHERE name = $1", {name});
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  const Row& row = rows->front();
  return ClusterRow{integerOf(row[0]), integerOf(row[1]), integerOf(row[2]), optionalOf(row[3])};
}

Result<State> openState(Connection& connection, std::int64_t cluster) {
  State out;
  auto rows = connection.run("SELECT sort, subject, fields, seen FROM rightslice_state WHERE cluster = $1 AND until IS NULL", {cluster});
  if (!rows) return tl::unexpected(rows.error());
  for (Row& row : *rows) {
    auto fields = fieldsOf(row[2].value_or(""));
    if (!fields) return tl::unexpected(fields.error());
    out.subjects.push_back({sortOf(row[0]), std::move(*row[1]), std::move(*fields), !row[3]});
  }
  rows = connection.run("SELECT sort, subject, code, container, aspect, message, remedy, confidence, evidence, seen FROM rightslice_finding "
                        "WHERE cluster = $1 AND until IS NULL",
                        {cluster});
  if (!rows) return tl::unexpected(rows.error());
  for (Row& row : *rows) {
    auto evidence = evidenceOf(row[8].value_or(""));
    if (!evidence) return tl::unexpected(evidence.error());
    out.findings.push_back({Found{sortOf(row[0]), std::move(*row[1]), std::move(*row[2]), std::move(*row[3]), std::move(*row[4]), std::move(*row[5]),
                                  std::move(*row[6]), std::move(*row[7]), std::move(*evidence)},
                            !row[9]});
  }
  // In the order of this program, whatever the database takes for one.
  std::sort(out.subjects.begin(), out.subjects.end(), [](const auto& a, const auto& b) { return std::tie(a.sort, a.key) < std::tie(b.sort, b.key); });
  std::sort(out.findings.begin(), out.findings.end(), [](const auto& a, const auto& b) { return a.found.id() < b.found.id(); });
  return out;
}

Result<Appended> writeLook(Connection& connection, const Record& look) { return Writing(connection, look).write(); }

}  // namespace rightslice::observe::history
