#include "kube/list.hpp"

#include <doctest/doctest.h>

#include "scripted_server.hpp"

using namespace rightslice;
using namespace rightslice::kube;
using scripted::Peer;
using scripted::Seen;

namespace {

std::string page(const std::string& names, const std::string& next = "") {
  std::string items;
  for (const char name : names) items += std::string(items.empty() ? "" : ",") + R"({"metadata":{"name":")" + name + "\"}}";
  return R"({"kind":"ThingList","metadata":{"resourceVersion":"7","continue":")" + next + R"("},"items":[)" + items + "]}";
}

/// A server with a script of its own, and what a look at its things gives.
struct Things {
  explicit Things(scripted::Server::Script script) : server(std::move(script)), cluster(options()) { cluster.start(); }

  ClusterOptions options() const {
    ClusterOptions out;
    out.config.server = *parseUrl(server.url());
    return out;
  }
  Result<Look> look(const std::string& ns = {}) {
    Resource resource;
    resource.group = "example.io";
    resource.version = "v1";
    resource.plural = "things";
    return list(cluster, resource, ns, {[this] { names.clear(); }, [this](json::View object) { names += object["metadata"]["name"].stringOr("?"); }});
  }
  scripted::Server server;
  Cluster cluster;
  std::string names;
};

}  // namespace

TEST_CASE("a list is read page by page, of one namespace or of all") {
  Things things([](const Peer& peer, const Seen& seen) {
    if (seen.has("continue=two")) return peer.answer(200, page("c"));
    return peer.answer(200, page("ab", "two"));
  });
  const auto look = things.look("team a");
  REQUIRE(look);
  CHECK(look->outcome == Look::Outcome::Whole);
  CHECK(things.names == "abc");
  const auto seen = things.server.seen();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].target == "/apis/example.io/v1/namespaces/team%20a/things?limit=250");
  CHECK(seen[1].target == "/apis/example.io/v1/namespaces/team%20a/things?limit=250&continue=two");
  REQUIRE(things.look());
  CHECK(things.server.seen()[2].target == "/apis/example.io/v1/things?limit=250");
}

TEST_CASE("a list whose pages went out of date is read anew, and nothing twice") {
  std::atomic<int> expired{1};
  Things things([&](const Peer& peer, const Seen& seen) {
    if (!seen.has("continue=two")) return peer.answer(200, page("ab", "two"));
    if (expired-- > 0) return peer.answer(410, R"({"kind":"Status","code":410})");
    return peer.answer(200, page("c"));
  });
  REQUIRE(things.look());
  CHECK(things.names == "abc");
  expired = 100;
  const auto look = things.look();
  REQUIRE_FALSE(look);
  CHECK(look.error().where == "things.example.io");
}

TEST_CASE("what may not be read is no error, and neither is what is not there; anything else is") {
  std::atomic<int> status{403};
  Things things([&](const Peer& peer, const Seen&) { return peer.answer(status, R"({"message":"things is forbidden"})"); });
  auto look = things.look();
  REQUIRE(look);
  CHECK(look->outcome == Look::Outcome::Refused);
  CHECK(look->reason == "things is forbidden");
  status = 404;
  look = things.look();
  REQUIRE(look);
  CHECK(look->outcome == Look::Outcome::Absent);
  for (const int each : {401, 418}) {
    status = each;
    look = things.look();
    REQUIRE_FALSE(look);
    CHECK(look.error().message == fmt::format("the API server answers HTTP {}: things is forbidden", each));
  }
}

TEST_CASE("a busy server is asked again, and a kept connection that was closed is no failure") {
  std::atomic<int> busy{1};
  std::atomic<bool> closing{false};
  Things things([&](const Peer& peer, const Seen&) {
    if (closing.exchange(false)) return false;
    return busy-- > 0 ? peer.answer(429, "{}", "Retry-After: 1\r\n") : peer.answer(200, page("a"));
  });
  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(things.look());
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(950));
  closing = true;
  REQUIRE(things.look());
  CHECK(things.names == "a");
}

TEST_CASE("answers that are no list are errors") {
  std::string body;
  Things things([&](const Peer& peer, const Seen&) { return peer.answer(200, body); });
  for (const char* each : {"", "[]", "{", R"({"kind":"Status"})"}) {
    body = each;
    CHECK_FALSE(things.look());
  }
}

TEST_CASE("the next page is asked for while the one before is read; where its token stands behind the objects, after it") {
  std::atomic<bool> asked{false};
  Things things([&](const Peer& peer, const Seen& seen) {
    if (!seen.has("continue=two")) return peer.answer(200, page("ab", "two"));
    asked = true;
    return peer.answer(200, page("c"));
  });
  Resource resource;
  resource.version = "v1";
  resource.plural = "things";
  bool before = false;
  const ListReader reader{[] {}, [&](json::View object) {
    if (object["metadata"]["name"].stringOr("") == "b") before = scripted::eventually([&] { return asked.load(); });
  }};
  REQUIRE(list(things.cluster, resource, "", reader));
  CHECK(before);
  std::atomic<int> pages{0};
  Things behind([&](const Peer& peer, const Seen& seen) {
    const bool last = seen.has("continue=two");
    ++pages;
    return peer.answer(200, last ? R"({"items":[{"metadata":{"name":"c"}}],"kind":"ThingList","metadata":{"resourceVersion":"7"}})"
                                 : R"({"items":[{"metadata":{"name":"a"}}],"kind":"ThingList","metadata":{"continue":"two","resourceVersion":"7"}})");
  });
  REQUIRE(behind.look());
  CHECK(behind.names == "ac");
  CHECK(pages == 2);
}

TEST_CASE("a page that was asked for early and got no good answer is asked for again") {
  std::atomic<int> busy{1};
  Things things([&](const Peer& peer, const Seen& seen) {
    if (!seen.has("continue=two")) return peer.answer(200, page("ab", "two"));
    return busy-- > 0 ? peer.answer(503, "{}") : peer.answer(200, page("c"));
  });
  REQUIRE(things.look());
  CHECK(things.names == "abc");
}
