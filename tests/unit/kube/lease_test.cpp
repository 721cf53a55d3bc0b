#include "kube/lease.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <map>
#include <optional>

#include "json/document.hpp"
#include "json/writer.hpp"
#include "scripted_server.hpp"

using namespace rightslice;
using namespace rightslice::kube;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// The one Lease of an API server: resourceVersion as the real one has it, and whatever a test wants to go wrong.
class Api {
 public:
  Result<Answer> call(const Request& request) {
    ++calls;
    last = request;
    if (during) during(request);
    if (down) return fail("connect: Connection refused");
    if (refuse != 0) return Answer{refuse, R"({"kind":"Status","message":"leases is forbidden"})"};
    if (request.method == "GET") return stored.empty() ? absent() : shown(200);
    const auto document = json::Document::parse(request.body);
    REQUIRE(document);
    const json::View body = document->root();
    if (request.method == "POST") {
      if (!stored.empty()) return Answer{409, "{}"};
      return store(body, 201);
    }
    CHECK(request.method == "PATCH");
    if (stored.empty()) return absent();
    if (body["metadata"]["resourceVersion"].stringOr("") != std::to_string(version)) return Answer{409, "{}"};
    return store(body, 200);
  }

  /// Somebody else writes it.
  void write(const std::string& spec) {
    ++version;
    stored = spec;
  }
  std::string field(std::string_view name) const {
    const auto document = json::Document::parse(stored);
    return document ? document->root()[name].scalarText().value_or("") : "";
  }

  std::string stored;   // the spec
  int version = 0, calls = 0, refuse = 0;
  bool down = false;
  std::function<void(const Request&)> during{};
  Request last;

 private:
  static Answer absent() { return {404, R"({"kind":"Status","message":"not found"})"}; }
  Answer shown(int status) const {
    return {status, fmt::format(R"({{"kind":"Lease","metadata":{{"resourceVersion":"{}"}},"spec":{}}})", version, stored)};
  }
  Answer store(json::View body, int status) {
    ++version;
    stored = body["spec"].text();
    return shown(status);
  }
};

struct Candidate {
  Candidate(Api& api, const milliseconds& now, std::string who)
      : lease(options(std::move(who)), [&api](Request request) { return api.call(request); }, [&now] { return now; }) {}
  LeaseOptions options(std::string who) {
    LeaseOptions out{.ns = "ns", .name = "lease", .identity = std::move(who)};
    out.onChange = [this](bool leads, std::string_view) { changes += leads ? '+' : '-'; };
    out.onTrouble = [this](std::string_view message) { troubles.emplace_back(message); };
    return out;
  }
  std::string changes;
  std::vector<std::string> troubles;
  Lease lease;
};

}  // namespace

TEST_CASE("the first one makes the Lease and leads; the second waits") {
  Api api;
  milliseconds now{1000};
  Candidate one(api, now, "one"), two(api, now, "two");
  CHECK(one.lease.attempt() == 2000ms);
  CHECK(one.lease.held());
  CHECK(api.last.path == "/apis/coordination.k8s.io/v1/namespaces/ns/leases");
  CHECK(api.field("holderIdentity") == "one");
  CHECK(api.field("leaseDurationSeconds") == "15");
  CHECK(api.field("leaseTransitions") == "0");
  CHECK(api.field("renewTime") == api.field("acquireTime"));
  CHECK(api.field("renewTime").size() == std::string_view("2026-11-24T21:42:25.000000Z").size());
  const auto wait = two.lease.attempt();
  CHECK((wait >= 2000ms && wait <= 4400ms));
  CHECK_FALSE(two.lease.held());
  CHECK(two.lease.holder() == "one");
  CHECK((one.changes == "+" && two.changes.empty()));
}

TEST_CASE("a leader renews with one call, and keeps when it began and how often the leader changed") {
  Api api;
  milliseconds now{0};
  Candidate one(api, now, "one");
  api.write(R"({"holderIdentity":"","leaseDurationSeconds":1,"acquireTime":"2026-01-01T00:00:00.000000Z","leaseTransitions":4})");
  one.lease.attempt();
  REQUIRE(one.lease.held());
  CHECK(api.field("leaseTransitions") == "5");
  const std::string acquired = api.field("acquireTime");
  CHECK(acquired != "2026-01-01T00:00:00.000000Z");
  const int calls = api.calls;
  for (int i = 0; i < 20; ++i) {
    now += 2000ms;
    one.lease.attempt();
    CHECK(one.lease.held());
  }
  CHECK(api.calls == calls + 20);
  CHECK(api.field("acquireTime") == acquired);
  CHECK(api.field("leaseTransitions") == "5");
}

TEST_CASE("who cannot renew leads no longer than the deadline, and another one no earlier than the duration") {
  Api api;
  milliseconds now{0};
  Candidate one(api, now, "one"), two(api, now, "two");
  one.lease.attempt();
  two.lease.attempt();
  now = 9999ms;
  CHECK(one.lease.held());
  api.down = true;
  one.lease.attempt();
  CHECK(one.lease.held());
  CHECK(one.lease.trouble() == "connect: Connection refused");
  now = 10'000ms;
  CHECK_FALSE(one.lease.held());   // before anybody noticed
  one.lease.attempt();
  CHECK(one.changes == "+-");
  api.down = false;
  now = 14'999ms;
  two.lease.attempt();
  CHECK_FALSE(two.lease.held());
  now = 15'000ms;
  two.lease.attempt();
  CHECK(two.lease.held());
  one.lease.attempt();
  CHECK_FALSE(one.lease.held());
  CHECK(one.lease.holder() == "two");
  CHECK(one.troubles == std::vector<std::string>{"connect: Connection refused", ""});
}

TEST_CASE("clocks of others do not count: a Lease is free when it has not changed for its duration, as seen here") {
  Api api;
  milliseconds now{0};
  Candidate one(api, now, "one");
  for (const char* time : {"1970-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"}) {
    CAPTURE(time);
    api.write(fmt::format(R"({{"holderIdentity":"other","leaseDurationSeconds":15,"renewTime":"{}","leaseTransitions":1}})", time));
    one.lease.attempt();
    CHECK_FALSE(one.lease.held());
    now += 14'999ms;
    one.lease.attempt();
    CHECK_FALSE(one.lease.held());
  }
  // A label that somebody adds changes the version, not the record.
  ++api.version;
  now += 1ms;
  one.lease.attempt();
  CHECK(one.lease.held());
}

TEST_CASE("what is given back is taken at once; a record without sense is free, one that would last for ever is not for ever") {
  Api api;
  milliseconds now{0};
  for (const char* spec : {R"({"holderIdentity":"","leaseDurationSeconds":15})", "{}", "null", R"({"holderIdentity":"x","leaseDurationSeconds":-5})",
                           R"({"holderIdentity":"x","leaseDurationSeconds":"15"})", R"({"holderIdentity":7})"}) {
    CAPTURE(spec);
    Candidate one(api, now, "one");
    api.write(spec);
    one.lease.attempt();
    CHECK(one.lease.held());
  }
  Candidate one(api, now, "two");
  api.write(R"({"holderIdentity":"x","leaseDurationSeconds":9223372036854775807})");
  one.lease.attempt();
  CHECK_FALSE(one.lease.held());
  now += 3600s;
  one.lease.attempt();
  CHECK(one.lease.held());
}

TEST_CASE("of two that try at the same moment one wins, and a leader that was overtaken stops") {
  Api api;
  milliseconds now{0};
  Candidate one(api, now, "one");
  one.lease.attempt();
  api.write(R"({"holderIdentity":"thief","leaseDurationSeconds":15,"leaseTransitions":1})");
  now += 2000ms;
  one.lease.attempt();
  CHECK_FALSE(one.lease.held());
  CHECK(one.lease.holder() == "thief");
  CHECK(api.field("holderIdentity") == "thief");
}

TEST_CASE("a Lease that is deleted under its leader is made again") {
  Api api;
  milliseconds now{0};
  Candidate one(api, now, "one");
  one.lease.attempt();
  api.stored.clear();
  one.lease.attempt();
  CHECK(one.lease.held());
  CHECK(api.field("holderIdentity") == "one");
  CHECK(one.changes == "+");
}

TEST_CASE("a refusal is told once, and its end") {
  Api api;
  milliseconds now{0};
  Candidate one(api, now, "one");
  api.refuse = 403;
  for (int i = 0; i < 3; ++i) one.lease.attempt();
  CHECK(one.lease.trouble() == "HTTP 403: leases is forbidden");
  api.refuse = 0;
  one.lease.attempt();
  CHECK(one.troubles == std::vector<std::string>{"HTTP 403: leases is forbidden", ""});
  CHECK(one.lease.trouble().empty());
  CHECK(one.lease.held());
}

TEST_CASE("after an interruption no call begins but the one that gives it back, which does not take long") {
  struct Case { const char* what; bool leads; const char* method; int before; };
  // The interruption comes while such a call is under way, of an attempt that would go on with others.
  for (const Case& each : {Case{"it would read what is there", true, "PATCH", 1}, {"it would take the Lease", false, "GET", 1}}) {
    CAPTURE(each.what);
    Api api;
    milliseconds now{0};
    Candidate one(api, now, "one");
    if (each.leads) one.lease.attempt();
    else api.write(R"({"holderIdentity":"","leaseDurationSeconds":1})");
    if (each.leads) api.write(R"({"holderIdentity":"thief","leaseDurationSeconds":15,"leaseTransitions":1})");
    api.during = [&](const Request& request) {
      if (request.method == each.method) one.lease.interrupt();
    };
    const int before = api.calls;
    one.lease.attempt();
    CHECK(api.calls == before + each.before);
  }
  Api api;
  milliseconds now{0};
  Candidate one(api, now, "one");
  one.lease.attempt();
  CHECK(api.last.patience == 5s);
  one.lease.interrupt();
  const int before = api.calls;
  one.lease.stop();
  CHECK(api.calls == before + 1);
  CHECK(api.last.patience == 2s);
  CHECK(api.field("holderIdentity").empty());
}

TEST_CASE("over the network: it leads soon after its start, and gives the Lease back when it stops") {
  Api api;
  std::mutex mutex;
  scripted::Server server([&](const scripted::Peer& peer, const scripted::Seen& seen) {
    const std::lock_guard lock(mutex);
    const auto answer = api.call({seen.method, seen.target, "", seen.body});
    return peer.answer(answer->status, answer->body);
  });
  ClusterOptions options;
  options.config.server = *parseUrl(server.url());
  Cluster cluster(std::move(options));
  cluster.start();
  Lease lease({.ns = "ns", .name = "lease", .identity = "one"}, [&](Request request) { return cluster.call(std::move(request)); });
  lease.start();
  CHECK(scripted::eventually([&] { return lease.held(); }));
  lease.stop();
  CHECK_FALSE(lease.held());
  CHECK(api.field("holderIdentity").empty());
  CHECK(api.field("leaseDurationSeconds") == "1");
}

TEST_CASE("a call that is not answered is not waited for") {
  scripted::Server server([](const scripted::Peer& peer, const scripted::Seen&) {
    peer.hold();
    return false;
  });
  ClusterOptions options;
  options.config.server = *parseUrl(server.url());
  Cluster cluster(std::move(options));
  cluster.start();
  Request request{"GET", "/"};
  request.patience = 100ms;
  const auto begun = std::chrono::steady_clock::now();
  CHECK(cluster.call(std::move(request)).error().message == "no answer within 100 ms");
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("identities differ") {
  CHECK(leaseIdentity() != leaseIdentity());
  CHECK(leaseIdentity().find('_') != std::string::npos);
}
