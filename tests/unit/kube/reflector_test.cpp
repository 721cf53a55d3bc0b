#include "followed.hpp"

#include <deque>

using namespace rightslice;
using namespace rightslice::kube;
using namespace rightslice::kube::followed;
using Phase = WatchState::Phase;

TEST_CASE("a list in pages, then a watch from its version") {
  Followed followed([](const Peer& peer, const Seen& seen) {
    if (!isWatch(seen)) {
      if (seen.has("continue=next%20page")) return peer.answer(200, list(7, "", {object("c", "3", 3)}));
      return peer.answer(200, list(7, "next page", {object("a", "1", 1), object("b", "2", 2)}));
    }
    peer.begin();
    peer.chunk(event("ADDED", object("d", "4", 8)) + event("MODIFIED", object("a", "one", 9)));
    // An event in two pieces, and two in one.
    const std::string gone = event("DELETED", object("b", "2", 10));
    peer.chunk(gone.substr(0, 20));
    peer.chunk(gone.substr(20) + bookmark(12));
    peer.hold();
    return false;
  });
  CHECK(followed.becomes("ns/a=one ns/c=3 ns/d=4"));
  const auto seen = followed.server.seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].target == "/apis/example.io/v1/things?limit=2");
  CHECK(seen[1].target == "/apis/example.io/v1/things?limit=2&continue=next%20page");
  CHECK(seen[2].has("/apis/example.io/v1/things?watch=1&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds="));
  CHECK(seen[2].has("Accept: application/json"));
  CHECK(seen[2].has("User-Agent: rightslice"));
  CHECK(seen[2].connection == 1);  // all of it on one connection
  CHECK(followed.state().phase == Phase::Synced);
  CHECK(followed.state().trouble.empty());
}

TEST_CASE("a watch that ends goes on where it was, by the last bookmark") {
  std::atomic<int> watches{0};
  Followed followed([&](const Peer& peer, const Seen& seen) {
    if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    peer.begin();
    if (++watches == 1) {
      peer.chunk(bookmark(20));
      return peer.end();
    }
    peer.chunk(event("ADDED", object("b", "2", 21)));
    peer.hold();
    return false;
  });
  CHECK(followed.becomes("ns/a=1 ns/b=2"));
  CHECK(followed.server.count("resourceVersion=20&") == 1);
  CHECK(followed.server.count("limit=") == 1);
  CHECK(followed.restarted().empty());
}

TEST_CASE("410 lists anew, and what is gone is gone") {

  for (const bool asEvent : {false, true}) {
    std::atomic<int> lists{0};
    Followed followed([&](const Peer& peer, const Seen& seen) {
      if (!isWatch(seen)) {
        if (++lists == 1) return peer.answer(200, list(7, "", {object("a", "1", 1), object("b", "2", 2)}));
        return peer.answer(200, list(30, "", {object("b", "two", 28)}));
      }
      if (seen.has("resourceVersion=7&")) {
        if (!asEvent) return peer.answer(410, kGone);
        peer.begin();
        peer.chunk(event("ERROR", kGone));
        return peer.end();
      }
      peer.begin();
      peer.hold();
      return false;
    });
    CHECK(followed.becomes("ns/b=two"));
    CHECK(eventually([&] { return followed.server.count("resourceVersion=30&") == 1; }));
    CHECK(followed.restarted() == "expired ");
  }
}

TEST_CASE("a page whose token has expired begins the list again") {
  std::atomic<int> tries{0};
  Followed followed([&](const Peer& peer, const Seen& seen) {
    if (isWatch(seen)) {
      peer.begin();
      peer.hold();
      return false;
    }
    if (seen.has("continue=")) return ++tries < 3 ? peer.answer(410, kGone) : peer.answer(200, list(8, "", {object("b", "2", 2)}));
    return peer.answer(200, list(8, "more", {object("a", "1", 1)}));
  });
  CHECK(followed.becomes("ns/a=1 ns/b=2"));
  CHECK(eventually([&] { return followed.state().phase == Phase::Synced; }));
}

TEST_CASE("429 and 5xx try again, later; Retry-After is kept") {
  std::deque<int> statuses{429, 500, 503, 504};
  std::mutex mutex;
  const auto begun = std::chrono::steady_clock::now();
  Followed followed([&](const Peer& peer, const Seen& seen) {
    const std::lock_guard lock(mutex);
    if (!statuses.empty()) {
      const int status = statuses.front();
      statuses.pop_front();
      return peer.answer(status, R"({"kind":"Status","message":"not now"})", status == 429 ? "Retry-After: 1\r\n" : "");
    }
    if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    peer.begin();
    peer.hold();
    return false;
  });
  CHECK(followed.becomes("ns/a=1"));
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::seconds(1));
  CHECK(followed.restarted() == "throttled server server server ");
  CHECK(followed.told().find("HTTP 429: not now") != std::string::npos);
  CHECK(eventually([&] { return followed.state().trouble.empty(); }));
}

TEST_CASE("whatever breaks a watch, what was kept stays and the watch goes on") {
  struct Row {
    const char* name;
    std::function<void(const Peer&)> misbehave;
  };
  const Row rows[] = {
      {"closed in the middle of a chunk", [](const Peer& peer) { peer.send("ff\r\n{\"type\":\"ADD"); }},
      {"closed after a header", [](const Peer&) {}},
      {"no JSON", [](const Peer& peer) { peer.chunk("this is no JSON\n"); }},
      {"JSON cut short", [](const Peer& peer) { peer.chunk("{\"type\":\"ADDED\",\"object\":{\n"); }},
      {"an array", [](const Peer& peer) { peer.chunk("[1,2]\n"); }},
      {"no version", [](const Peer& peer) { peer.chunk("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"x\"}}}\n"); }},
      {"an unknown type", [](const Peer& peer) { peer.chunk(event("RENAMED", object("x", "9", 9))); }},
      {"an error event", [](const Peer& peer) { peer.chunk(event("ERROR", R"({"kind":"Status","message":"etcd is away","code":500})")); }},
      {"chunks that are none", [](const Peer& peer) { peer.send("zz\r\nabc\r\n"); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::atomic<int> watches{0};
    Followed followed([&](const Peer& peer, const Seen& seen) {
      if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
      peer.begin();
      if (++watches == 1) {
        row.misbehave(peer);
        return false;
      }
      peer.chunk(event("ADDED", object("b", "2", 8)));
      peer.hold();
      return false;
    });
    CHECK(followed.becomes("ns/a=1 ns/b=2"));
    CHECK(followed.server.count("limit=") == 1);
    CHECK(followed.server.count("resourceVersion=7&") == 2);
    CHECK(followed.told() != "");
  }
}

TEST_CASE("whatever is wrong with a list, it is asked for again") {
  const std::pair<const char*, std::string> rows[] = {
      {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n"},
      {"a closed connection", ""},
      {"no JSON", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ht>"},
      {"no list", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"},
      {"a body cut short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"},
      {"a header without end", "HTTP/1.1 200 OK\r\nX: " + std::string(80'000, 'x')},
      {"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"},
  };
  for (const auto& [name, answer] : rows) {
    CAPTURE(name);
    std::atomic<int> lists{0};
    Followed followed([&, &bad = answer](const Peer& peer, const Seen& seen) {
      if (isWatch(seen)) {
        peer.begin();
        peer.hold();
        return false;
      }
      if (++lists == 1) {
        peer.send(bad);
        return false;
      }
      return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    });
    CHECK(followed.becomes("ns/a=1"));
    CHECK(followed.told() != "");
  }
}

TEST_CASE("an interim answer and a body without length are read") {
  Followed followed([&](const Peer& peer, const Seen& seen) {
    if (!isWatch(seen)) {
      peer.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + list(7, "", {object("a", "1", 1)}));
      return false;
    }
    peer.begin();
    peer.hold();
    return false;
  });
  CHECK(followed.becomes("ns/a=1"));
}

TEST_CASE("a server that hangs is given up: before the answer, within a body, in a silent watch") {
  Pace pace = quick();
  pace.answer = pace.piece = pace.silence = std::chrono::milliseconds(300);
  std::atomic<int> requests{0};
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        const int number = ++requests;
        if (number == 1) {
          peer.hold();
          return false;
        }
        if (number == 2) {
          peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
          peer.hold();
          return false;
        }
        if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
        peer.begin();
        if (number > 4) peer.chunk(event("ADDED", object("b", "2", 8)));
        peer.hold();
        return false;
      },
      pace);
  CHECK(followed.becomes("ns/a=1 ns/b=2"));
  CHECK(followed.told().find("wait for the answer: no success within 0.3 s") != std::string::npos);
  CHECK(followed.told().find("read the body: no success within 0.3 s") != std::string::npos);
}

TEST_CASE("the server comes back after a restart") {
  auto values = store();
  std::unique_ptr<scripted::Server> server;
  const auto script = [](const Peer& peer, const Seen& seen) {
    if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    peer.begin();
    peer.hold();
    return false;
  };
  server = std::make_unique<scripted::Server>(script);
  ClusterOptions options;
  options.config.server = *parseUrl(server->url());
  options.pace = quick();
  Cluster cluster(std::move(options));
  cluster.follow({"", "v1", "things"}, values);
  cluster.start();
  REQUIRE(eventually([&] { return server->count("watch=1") == 1; }));
  server.reset();
  CHECK(eventually([&] { return !cluster.states().front().trouble.empty(); }));
  CHECK(cluster.states().front().phase == Phase::Synced);
  CHECK(values.size() == 1);
  const auto contact = cluster.states().front().contact;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(cluster.states().front().contact == contact);  // so the age of the watch grows
}

TEST_CASE("refused and absent are told apart, and tried again") {
  for (const auto& [status, phase] : {std::pair{403, Phase::Refused}, {401, Phase::Refused}, {404, Phase::Absent}}) {
    CAPTURE(status);
    std::atomic<bool> allowed{false};
    Followed followed([&, code = status](const Peer& peer, const Seen& seen) {
      if (!allowed) return peer.answer(code, R"({"message":"things.example.io is forbidden"})");
      if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
      peer.begin();
      peer.hold();
      return false;
    });
    CHECK(eventually([&, &expected = phase] { return followed.state().phase == expected; }));
    CHECK(followed.state().trouble.find("things.example.io is forbidden") != std::string::npos);
    allowed = true;
    CHECK(followed.becomes("ns/a=1"));
    CHECK(eventually([&] { return followed.state().phase == Phase::Synced; }));
  }
}

TEST_CASE("a list that is absent after it was there is not taken for empty") {
  std::atomic<bool> there{true};
  Followed followed([&](const Peer& peer, const Seen& seen) {
    if (!there) return peer.answer(404, R"({"message":"the server could not find the requested resource"})");
    if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    peer.begin();
    peer.holdUntil([&] { return !there.load(); });
    return false;
  });
  REQUIRE(followed.becomes("ns/a=1"));
  there = false;
  CHECK(eventually([&] { return followed.server.count("limit=") > 1; }));  // a refused watch lists in the end
  CHECK(shown(followed.values) == "ns/a=1");
  CHECK(followed.state().phase == Phase::Synced);
}

TEST_CASE("pages that are too large are made smaller") {
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (isWatch(seen)) {
          peer.begin();
          peer.hold();
          return false;
        }
        if (seen.has("limit=16")) return peer.answer(200, std::string(17U << 20, ' '));
        return peer.answer(200, list(7, "", {object("a", "1", 1)}));
      },
      quick(), {"", "v1", "things", "", "", false, 16});
  CHECK(followed.becomes("ns/a=1"));
  CHECK(followed.server.count("limit=2") == 1);
}

TEST_CASE("a change of what is not kept is no change, and an object that is not wanted any more goes") {
  std::atomic<bool> go{false};
  Followed followed([&](const Peer& peer, const Seen& seen) {
    if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    peer.begin();
    peer.chunk(event("MODIFIED", object("a", "1", 8)) + bookmark(9));
    peer.holdUntil([&] { return go.load(); });
    peer.chunk(event("MODIFIED", R"({"metadata":{"namespace":"ns","name":"a","resourceVersion":"10"}})"));
    peer.hold();
    return false;
  });
  REQUIRE(followed.becomes("ns/a=1"));
  CHECK(eventually([&] { return followed.server.count("watch=1") == 1; }));
  CHECK(followed.values.version() == 1);
  go = true;
  CHECK(followed.becomes(""));
  CHECK(followed.values.version() == 2);
}

TEST_CASE("metadata alone is asked for as such") {
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
        peer.begin();
        peer.hold();
        return false;
      },
      quick(), {"", "v1", "namespaces", "", "tier=gold", true});
  REQUIRE(followed.becomes("ns/a=1"));
  CHECK(followed.server.count("/api/v1/namespaces?labelSelector=tier%3Dgold&limit=250") == 1);
  CHECK(followed.server.count("Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1") == 1);
  CHECK(eventually([&] { return followed.server.count("Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1") == 1; }));
}

TEST_CASE("it stops at once, whatever the server does") {
  const auto begun = std::chrono::steady_clock::now();
  {
    Followed followed([&](const Peer& peer, const Seen&) {
      peer.hold();
      return false;
    });
    CHECK(eventually([&] { return followed.server.seen().size() == 1; }));
  }
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(5));
}
