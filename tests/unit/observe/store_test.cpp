// The history in a database: SQLite in a file of its own, or that of RIGHTSLICE_TEST_STORE, which is a PostgreSQL database for the tests alone
// (tests/integration/history_test.py).
#include <doctest/doctest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "any_record.hpp"
#include "observe/history/postgres_store.hpp"
#include "observe/history/sql_store.hpp"
#include "observe/history/sqlite_store.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::history;

namespace {

constexpr std::int64_t kDay = 86'400, kStart = 20'000 * kDay;

/// A database that nobody else uses.
class Place {
 public:
  Place() {
    static int count = 0;
    const std::string name = fmt::format("rightslice_test_{}_{}", getpid(), ++count);
    if (const char* url = std::getenv("RIGHTSLICE_TEST_STORE")) {
      auto connection = openPostgres(url, Opening::Write);
      REQUIRE_MESSAGE(connection.has_value(), connection.error().message);
      REQUIRE((*connection)->run("CREATE SCHEMA " + name));
      url_ = fmt::format("{}{}options=-csearch_path%3D{}", url, std::string_view(url).find('?') == std::string_view::npos ? "?" : "&", name);
    } else {
      // In memory where there is such a place: what is tested is not the disk.
      folder_ = std::filesystem::path(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path()) / name;
      std::filesystem::create_directory(folder_);
      url_ = (folder_ / "a history's %41 file.db").string();
    }
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  const std::string& url() const { return url_; }
  bool isFile() const { return !folder_.empty(); }
  const std::filesystem::path& folder() const { return folder_; }

  std::unique_ptr<Store> open(Opening opening = Opening::Create) const {
    auto store = openStore(url_, opening);
    REQUIRE_MESSAGE(store.has_value(), store.error().message);
    return std::move(*store);
  }
  std::unique_ptr<Connection> connect() const {
    auto made = isFile() ? openSqlite(url_, Opening::Write) : openPostgres(url_, Opening::Write);
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    return std::move(*made);
  }
  std::int64_t count(const std::string& table) const {
    auto rows = connect()->run("SELECT COUNT(*) FROM " + table);
    REQUIRE(rows);
    return std::stoll(*rows->front().front());
  }

 private:
  std::filesystem::path folder_;
  std::string url_;
};

/// Draws of a generator with a seed, the same everywhere.
Draw drawFrom(std::mt19937& random) {
  return [&random](std::size_t below) { return random() % below; };
}

Record look(std::int64_t takenAt, std::int64_t cents = 73'000) {
  Record out;
  out.cluster = "c";
  out.source = "test";
  out.takenAt = takenAt;
  for (const char* resource : {"pods", "deployments.apps", "nodes"}) out.coverage.add({resource, "", Seen::State::Read, "", 1});
  out.subjects.push_back({Sort::Workload, "a/Deployment/x", {{"replicas", "2"}}, {}, {}});
  out.findings.push_back({Sort::Workload, "a/Deployment/x", "Oversized", "vllm", "", "too large", "smaller", "high", {{"need", "5 GiB", "estimate", ""}}});
  out.costs = Costs{"USD", "2026-01-01", {{"", "", "dark", cents, 73'000}, {"a", "a/Deployment/x", "right", cents, 73'000}}};
  out.peaks.push_back({"a/Deployment/x", "vllm", "acme/m", "vllm", "", 5000, "", 9000, 452, 3600, 3400, "2026-06-01T00:00:00Z"});
  return out;
}

Appended add(Store& store, const Record& record) {
  auto done = store.append(record);
  REQUIRE_MESSAGE(done.has_value(), done.error().where, ": ", done.error().message);
  return std::move(*done);
}

template <class T>
T ok(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().where, ": ", result.error().message);
  return std::move(*result);
}

Query everything(std::string cluster = "c") {
  Query out;
  out.cluster = std::move(cluster);
  return out;
}

}  // namespace

TEST_CASE("history: what is kept after any looks is what the looks say, and a look that is repeated doubles nothing") {
  std::mt19937 random(7);
  const auto draw = drawFrom(random);
  for (int world = 0; world < 12; ++world) {
    CAPTURE(world);
    const Place place;
    auto store = place.open();
    State known;
    std::int64_t now = kStart, opened = 0, closed = 0;
    std::map<std::string, std::int64_t> since;
    for (int i = 0; i < 12; ++i) {
      CAPTURE(i);
      now += 1 + static_cast<std::int64_t>(draw(50'000));
      const Record record = anyRecord(draw, now);
      const auto difference = differenceOf(known, record);
      opened += static_cast<std::int64_t>(difference.opened.size());
      closed += static_cast<std::int64_t>(difference.closed.size());
      known = applied(std::move(known), difference);
      CHECK(add(*store, record).what == Appended::What::Written);
      CHECK(add(*store, record).what == Appended::What::Already);
      if (draw(3) == 0) store = place.open(Opening::Write);
      CHECK(textOf(ok(store->state("c"))) == textOf(known));
    }
    Record late = look(now - 1);
    CHECK(add(*store, late).what == Appended::What::Outdated);
    CHECK(add(*store, late).last == now);
    CHECK(textOf(ok(store->state("c"))) == textOf(known));
    const auto findings = ok(store->findings(everything()));
    CHECK(static_cast<std::int64_t>(findings.size()) == opened);
    std::int64_t ended = 0;
    for (const auto& each : findings) {
      CHECK(each.span.since <= each.span.seen);
      ended += each.span.until ? 1 : 0;
      if (each.span.until) CHECK(each.span.seen < *each.span.until);
    }
    CHECK(ended == closed);
    // States of one subject do not overlap.
    const auto states = ok(store->states(everything()));
    for (std::size_t i = 1; i < states.size(); ++i)
      if (states[i].subject.key == states[i - 1].subject.key && states[i].subject.sort == states[i - 1].subject.sort) {
        REQUIRE(states[i - 1].span.until);
        CHECK(*states[i - 1].span.until <= states[i].span.since);
      }
    CHECK(ok(store->clusters()).front().looks == 12);
  }
}

TEST_CASE("history: a finding has one row from when it was first seen until it was seen no more") {
  const Place place;
  auto store = place.open();
  for (int i = 0; i < 5; ++i) {
    Record record = look(kStart + i * 300);
    record.findings[0].message = fmt::format("too large {}", i);
    add(*store, record);
  }
  auto found = ok(store->findings(everything()));
  REQUIRE(found.size() == 1);
  CHECK(found[0].span.since == kStart);
  CHECK(found[0].span.seen == kStart + 1200);
  CHECK(!found[0].span.until);
  CHECK(found[0].found.message == "too large 4");
  // Unknown: it stands, and was last seen when it could be seen.
  Record blind = look(kStart + 1500);
  blind.findings.clear();
  blind.subjects[0].untold.insert("Oversized");
  add(*store, blind);
  found = ok(store->findings(everything()));
  CHECK(found[0].span.seen == kStart + 1200);
  CHECK(!found[0].span.until);
  Record gone = look(kStart + 1800);
  gone.findings.clear();
  CHECK(add(*store, gone).difference.closed.size() == 1);
  add(*store, look(kStart + 2100));
  found = ok(store->findings(everything()));
  REQUIRE(found.size() == 2);
  CHECK(found[0].span.until == kStart + 1800);
  CHECK(found[0].span.seen == kStart + 1200);
  CHECK(found[1].span.since == kStart + 2100);
  Query open = everything();
  open.openOnly = true;
  CHECK(ok(store->findings(open)).size() == 1);
  open.codes = {"Idle"};
  CHECK(ok(store->findings(open)).empty());
  open.codes.clear();
  open.namespaces = {"b"};
  CHECK(ok(store->findings(open)).empty());
  open.namespaces = {"a"};
  open.workload = "x";
  CHECK(ok(store->findings(open)).size() == 1);
}

TEST_CASE("history: each second of a day is paid for once, at the rate of the look after it, and a day at most") {
  const Place place;
  auto store = place.open();
  add(*store, look(kStart + kDay - 3600));          // nothing is known of the time before
  add(*store, look(kStart + kDay + 1800, 146'000)); // an hour of the one day, half an hour of the next
  add(*store, look(kStart + kDay + 1800, 1));       // the same look again
  add(*store, look(kStart + 5 * kDay));             // only its last day is known
  std::map<std::int64_t, std::int64_t> seconds, cents;
  for (const auto& each : ok(store->days(everything()))) seconds[each.day] = each.seconds;
  CHECK(seconds == std::map<std::int64_t, std::int64_t>{{20'000, 3600}, {20'001, 1800}, {20'004, kDay}});
  for (const auto& each : ok(store->spend(everything())))
    if (each.bucket == "right") cents[each.day] += each.centSeconds;
  CHECK(cents == std::map<std::int64_t, std::int64_t>{{20'000, 3600 * 146'000}, {20'001, 1800 * 146'000}, {20'004, kDay * 73'000}});
}

TEST_CASE("history: a day in two currencies says how long it was paid in each") {
  const Place place;
  auto store = place.open();
  Record euro = look(kStart + 36'000);
  euro.costs->currency = "EUR";
  add(*store, look(kStart));
  add(*store, look(kStart + 14'400));
  CHECK(ok(store->days(everything())).at(0).byCurrency.empty());
  add(*store, euro);
  const auto days = ok(store->days(everything()));
  REQUIRE(days.size() == 1);
  CHECK(days[0].seconds == 36'000);
  CHECK(days[0].byCurrency == std::map<std::string, std::int64_t>{{"EUR", 21'600}, {"USD", 14'400}});
}

TEST_CASE("history: the peak of a day is its highest, and how often it was looked at") {
  const Place place;
  auto store = place.open();
  Record record = look(kStart);
  record.peaks[0].memory.reset();
  record.peaks[0].why = "no pool";
  add(*store, record);
  auto peaks = ok(store->peaks(everything()));
  REQUIRE(peaks.size() == 1);
  CHECK(!peaks[0].peak.memory);
  CHECK(peaks[0].peak.why == "no pool");
  add(*store, look(kStart + 300));
  record = look(kStart + 600);
  record.peaks[0].memory = 4000;
  record.peaks[0].kvPerMille.reset();
  add(*store, record);
  record = look(kStart + kDay);
  record.peaks[0].model = "acme/other";
  add(*store, record);
  peaks = ok(store->peaks(everything()));
  REQUIRE(peaks.size() == 2);
  CHECK(peaks[0].peak.memory == 5000);
  CHECK(peaks[0].peak.why.empty());
  CHECK(peaks[0].peak.kvPerMille == 452);
  CHECK(peaks[0].looks == 3);
  CHECK(peaks[0].measured == 2);
  CHECK(peaks[0].peak.seenSeconds == 3 * 3400);
  CHECK(peaks[1].peak.model == "acme/other");
}

TEST_CASE("history: what is old goes in batches, what is open stays, and money stays by namespace") {
  const Place place;
  auto store = place.open();
  constexpr int kLooks = 1300;
  for (int i = 0; i < kLooks; ++i) {
    Record record = look(kStart + i * 300);
    record.subjects[0].fields["replicas"] = fmt::format("{}", i);
    if (i % 2 == 1) record.findings.clear();
    add(*store, record);
  }
  const auto before = ok(store->spend(everything()));
  const std::int64_t now = kStart + 100 * kDay;
  auto pruned = ok(store->prune(now, {96, 1100}));
  CHECK(pruned.rows > 1000);
  CHECK(!pruned.more);
  CHECK(ok(store->prune(now, {96, 1100})).rows == 0);
  const std::int64_t cut = now - 96 * kDay;
  for (const auto& each : ok(store->findings(everything()))) CHECK(each.span.until.value_or(cut) >= cut);
  const auto states = ok(store->states(everything()));
  CHECK(!states.back().span.until);
  CHECK(states.back().subject.fields.at("replicas") == fmt::format("{}", kLooks - 1));
  // To the cent as before, by day and bucket.
  const auto sums = [](const std::vector<KeptSpend>& rows) {
    std::map<std::tuple<std::int64_t, std::string, std::string>, std::int64_t> out;
    for (const auto& each : rows) out[{each.day, each.ns, each.bucket}] += each.centSeconds;
    return out;
  };
  const auto after = ok(store->spend(everything()));
  CHECK(sums(after) == sums(before));
  for (const auto& each : after) CHECK((each.workload.empty() || each.day >= 20'004));
  // Nobody looks at the cluster any more.
  CHECK(ok(store->prune(now + 300 * kDay, {90, 1100})).rows > 0);
  CHECK(ok(store->states(everything())).empty());
  CHECK(ok(store->clusters()).size() == 1);
  CHECK(sums(ok(store->spend(everything()))) == sums(before));
  CHECK(ok(store->prune(now + 2000 * kDay, {90, 1100})).rows > 0);
  CHECK(ok(store->spend(everything())).empty());
}

TEST_CASE("history: clusters do not mix") {
  const Place place;
  auto store = place.open();
  add(*store, look(kStart));
  Record other = look(kStart - 500);
  other.cluster = "d";
  other.findings.clear();
  add(*store, other);
  CHECK(ok(store->clusters()).size() == 2);
  CHECK(ok(store->findings(everything("c"))).size() == 1);
  CHECK(ok(store->findings(everything("d"))).empty());
  const auto none = store->findings(everything("e"));
  REQUIRE(!none);
  CHECK(none.error().message == "there is no look of cluster 'e' in the history");
}

TEST_CASE("history: text of any sort comes back as it went in, and what no database takes is replaced once") {
  const Place place;
  auto store = place.open();
  Record record = look(kStart);
  record.findings[0].message = std::string("a\0b \xff ' \" \\ $1 ? :x ;-- \n €", 29);
  record.subjects[0].fields["evil"] = std::string("x\0y", 3);
  add(*store, record);
  const auto state = ok(store->state("c"));
  CHECK(state.findings[0].found.message == "a\xEF\xBF\xBD" "b \xEF\xBF\xBD ' \" \\ $1 ? :x ;-- \n €");
  record.takenAt += 300;
  CHECK(add(*store, record).difference.empty());
}

TEST_CASE("history: an older one is brought up to date, a newer one is refused, and a migration that fails leaves nothing") {
  const Place place;
  const auto connect = [&] { return place.isFile() ? openSqlite(place.url(), Opening::Create) : openPostgres(place.url(), Opening::Create); };
  std::vector<Migration> all(migrations().begin(), migrations().end());
  const std::int64_t last = all.back().version;
  {
    SqlStore store("test", Opening::Create, connect, migrations());
    ok(store.open());
    add(store, look(kStart));
  }
  all.push_back({last + 1, {"ALTER TABLE rightslice_look ADD COLUMN extra BIGINT", "UPDATE rightslice_look SET extra = 7", "CREATE TABLE rightslice_look (x BIGINT)"}});
  {
    SqlStore store("test", Opening::Create, connect, all);
    const auto failed = store.open();
    REQUIRE(!failed);
    CHECK(failed.error().message.find("rightslice_look") != std::string::npos);
  }
  CHECK(!place.connect()->run("SELECT extra FROM rightslice_look"));
  all.back().statements.pop_back();
  {
    SqlStore reader("test", Opening::Read, connect, all);
    const auto refused = reader.open();
    REQUIRE(!refused);
    CHECK(refused.error().message == fmt::format("the history has version {}, and is read as version {}: a look that is added to it brings it up to date", last, last + 1));
  }
  SqlStore store("test", Opening::Write, connect, all);
  ok(store.open());
  auto rows = place.connect()->run("SELECT extra FROM rightslice_look");
  REQUIRE(rows);
  CHECK(rows->front().front() == "7");
  CHECK(ok(store.findings(everything())).size() == 1);
  const auto older = openStore(place.url(), Opening::Create);
  REQUIRE(!older);
  CHECK(older.error().message == fmt::format("the history has version {}, and this program knows versions up to {}: use the program that made it, or a later one", last + 1, last));
}

TEST_CASE("history: several writers at once make one history, without a look twice or half") {
  const Place place;
  place.open();
  constexpr int kWriters = 4, kEach = 15;
  std::atomic<int> written = 0, other = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i)
    threads.emplace_back([&] {
      auto store = openStore(place.url(), Opening::Create);
      if (!store) return;
      for (int j = 0; j < kEach; ++j) {
        auto done = (*store)->append(look(kStart + j * 60));
        if (done) ++(done->what == Appended::What::Written ? written : other);
      }
    });
  for (auto& each : threads) each.join();
  CHECK(written + other == kWriters * kEach);
  CHECK(written == place.count("rightslice_look"));
  CHECK(written >= 1);
  auto store = place.open();
  CHECK(ok(store->findings(everything())).size() == 1);
  std::int64_t seconds = 0;
  for (const auto& each : ok(store->days(everything()))) seconds += each.seconds;
  const auto cluster = ok(store->clusters()).front();
  CHECK(seconds == cluster.last - cluster.first);
}

TEST_CASE("history: many begin one at the same time") {
  const Place place;
  std::atomic<int> opened = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      auto store = openStore(place.url(), Opening::Create);
      if (store) ++opened;
      else FAIL_CHECK(store.error().message);
    });
  for (auto& each : threads) each.join();
  CHECK(opened == 6);
  CHECK(place.count("rightslice_schema") == migrations().back().version);
}

TEST_CASE("history: who reads writes nothing") {
  const Place place;
  add(*place.open(), look(kStart));
  auto reader = place.open(Opening::Read);
  CHECK(ok(reader->findings(everything())).size() == 1);
  CHECK(!reader->append(look(kStart + 60)));
  CHECK(!reader->prune(kStart + 900 * kDay, {}));
  CHECK(ok(reader->findings(everything())).size() == 1);
}

TEST_CASE("history: without one, reading says so and makes none") {
  const Place place;
  const auto none = openStore(place.url(), Opening::Read);
  REQUIRE(!none);
  CHECK((none.error().message == "there is no history: No such file or directory" || none.error().message == "there is no history in it yet"));
  if (place.isFile()) CHECK(!std::filesystem::exists(place.url()));
}
