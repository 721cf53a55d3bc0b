#include "observe/history/schema_store.hpp"

#include <fmt/format.h>

#include <charconv>

namespace rightslice::observe::history {
namespace {

// Types that both databases have: BIGINT is any whole number of SQLite. `sort` is that of the subject: 0 a workload, 1 a node. Times are
// seconds since 1970, days are days since 1970. `until` NULL: open. `seen` NULL: it was seen in every look until it ended, or until the last
// one; else in that look for the last time. So a look writes only what changed.
const std::vector<Migration>& table() {
  static const std::vector<Migration> all{
      {1,
       {R"(CREATE TABLE rightslice_cluster (
             id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, source TEXT NOT NULL,
             first_look BIGINT NOT NULL, last_look BIGINT NOT NULL, accounted BIGINT, unread TEXT NOT NULL))",
        R"(CREATE TABLE rightslice_look (
             cluster BIGINT NOT NULL, taken BIGINT NOT NULL, source TEXT NOT NULL, currency TEXT, book_date TEXT, cents BIGINT,
             PRIMARY KEY (cluster, taken)))",
        R"(CREATE TABLE rightslice_state (
             cluster BIGINT NOT NULL, sort BIGINT NOT NULL, subject TEXT NOT NULL, ns TEXT NOT NULL, fields TEXT NOT NULL,
             since BIGINT NOT NULL, seen BIGINT, until BIGINT,
             PRIMARY KEY (cluster, sort, subject, since)))",
        "CREATE UNIQUE INDEX rightslice_state_open ON rightslice_state (cluster, sort, subject) WHERE until IS NULL",
        "CREATE INDEX rightslice_state_until ON rightslice_state (cluster, until)",
        R"(CREATE TABLE rightslice_finding (
             cluster BIGINT NOT NULL, sort BIGINT NOT NULL, subject TEXT NOT NULL, code TEXT NOT NULL, container TEXT NOT NULL, aspect TEXT NOT NULL,
             ns TEXT NOT NULL, message TEXT NOT NULL, remedy TEXT NOT NULL, confidence TEXT NOT NULL, evidence TEXT NOT NULL,
             since BIGINT NOT NULL, seen BIGINT, until BIGINT,
             PRIMARY KEY (cluster, sort, subject, code, container, aspect, since)))",
        "CREATE UNIQUE INDEX rightslice_finding_open ON rightslice_finding (cluster, sort, subject, code, container, aspect) WHERE until IS NULL",
        "CREATE INDEX rightslice_finding_until ON rightslice_finding (cluster, until)",
        R"(CREATE TABLE rightslice_spend (
             cluster BIGINT NOT NULL, day BIGINT NOT NULL, currency TEXT NOT NULL, ns TEXT NOT NULL, workload TEXT NOT NULL, bucket TEXT NOT NULL,
             cent_seconds BIGINT NOT NULL, centihour_seconds BIGINT NOT NULL,
             PRIMARY KEY (cluster, day, currency, ns, workload, bucket)))",
        R"(CREATE TABLE rightslice_day (
             cluster BIGINT NOT NULL, day BIGINT NOT NULL, seconds BIGINT NOT NULL, looks BIGINT NOT NULL,
             PRIMARY KEY (cluster, day)))",
        R"(CREATE TABLE rightslice_peak (
             cluster BIGINT NOT NULL, day BIGINT NOT NULL, workload TEXT NOT NULL, container TEXT NOT NULL,
             model TEXT NOT NULL, engine TEXT NOT NULL, quantization TEXT NOT NULL, ns TEXT NOT NULL,
             memory BIGINT, why TEXT NOT NULL, device BIGINT, kv BIGINT, window_seconds BIGINT NOT NULL, seen_seconds BIGINT NOT NULL,
             at TEXT NOT NULL, looks BIGINT NOT NULL, measured BIGINT NOT NULL,
             PRIMARY KEY (cluster, day, workload, container, model, engine, quantization)))"}}};
  return all;
}

Result<std::int64_t> versionOf(Connection& connection) {
  const auto there = connection.hasTable("rightslice_schema");
  if (!there) return tl::unexpected(there.error());
  if (!*there) return 0;
  const auto rows = connection.run("SELECT MAX(version) FROM rightslice_schema");
  if (!rows) return tl::unexpected(rows.error());
  std::int64_t version = -1;
  if (!rows->empty() && rows->front().front()) {
    const std::string& text = *rows->front().front();
    std::from_chars(text.data(), text.data() + text.size(), version);
  }
  if (version < 1) return fail("the table rightslice_schema says of no version: this is no history, or it is damaged");
  return version;
}

Error newer(std::int64_t version, std::int64_t ours) {
  return {fmt::format("the history has version {}, and this program knows versions up to {}: use the program that made it, or a later one", version, ours), {}};
}

Result<bool> migrate(Connection& connection, const Migration& to, std::int64_t last) {
  auto transaction = Transaction::begin(connection, Connection::Begin::Write);
  if (!transaction) return tl::unexpected(transaction.error());
  // Another program may have done it meanwhile.
  const auto version = versionOf(connection);
  if (!version) return tl::unexpected(version.error());
  if (*version > last) return tl::unexpected(newer(*version, last));
  if (*version >= to.version) return true;
  if (*version == 0) {
    const auto free = connection.isFree();
    if (!free) return tl::unexpected(free.error());
    if (!*free) return fail("the database holds something else, and no history");
    if (auto done = connection.run("CREATE TABLE rightslice_schema (version BIGINT NOT NULL PRIMARY KEY)"); !done) return tl::unexpected(done.error());
  }
  for (const auto& each : to.statements)
    if (auto done = connection.run(each); !done) return tl::unexpected(done.error());
  if (auto done = connection.run("INSERT INTO rightslice_schema (version) VALUES ($1)", {to.version}); !done) return tl::unexpected(done.error());
  return transaction->commit();
}

}  // namespace

std::span<const Migration> migrations() { return table(); }

Result<bool> prepareSchema(Connection& connection, Opening opening, std::span<const Migration> all) {
  const std::int64_t last = all.back().version;
  const auto version = versionOf(connection);
  if (!version) return tl::unexpected(version.error());
  if (*version > last) return tl::unexpected(newer(*version, last));
  if (*version == last) return true;
  if (opening == Opening::Read)
    return fail(*version == 0 ? std::string("there is no history in it yet")
                              : fmt::format("the history has version {}, and is read as version {}: a look that is added to it brings it up to date", *version, last));
  if (opening == Opening::Write && *version == 0) return fail("there is no history in it yet");
  for (const Migration& each : all)
    if (each.version > *version)
      if (auto done = migrate(connection, each, last); !done) return done;
  return true;
}

}  // namespace rightslice::observe::history
