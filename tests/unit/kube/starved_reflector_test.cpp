// What an API server in trouble does to a list that is followed: pages that break off, tokens that expire, refusals.
#include <cstdio>
#include <fstream>

#include "followed.hpp"

using namespace rightslice;
using namespace rightslice::kube;
using namespace rightslice::kube::followed;
using Phase = WatchState::Phase;

TEST_CASE("a list that breaks off after its first page forgets nothing of what was kept") {
  std::atomic<int> lists{0}, second{0};
  Followed followed([&](const Peer& peer, const Seen& seen) {
    if (isWatch(seen)) {
      peer.begin();
      if (lists == 1) {
        peer.chunk(event("ERROR", kGone));  // compacted: list anew
        return peer.end();
      }
      peer.hold();
      return false;
    }
    if (seen.has("continue=")) {
      if (++second < 3) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + list(9, "", {object("c", "new", 8)}).substr(0, 40));
        return false;
      }
      return peer.answer(200, list(9, "", {object("c", "new", 8)}));
    }
    if (++lists == 1) return peer.answer(200, list(7, "", {object("a", "1", 1), object("b", "2", 2), object("c", "3", 3)}));
    return peer.answer(200, list(9, "more", {object("a", "new", 8)}));
  });
  REQUIRE(eventually([&] { return second >= 1; }));
  std::size_t least = 3;
  for (;;) {
    const std::size_t size = followed.values.size();
    if (second >= 3) break;  // what was counted may already be the new list
    least = std::min(least, size);
  }
  CHECK(least == 3);
  CHECK(followed.state().phase == Phase::Synced);  // once known stays known
  CHECK(followed.becomes("ns/a=new ns/c=new"));
}

TEST_CASE("a token that expires while the cluster is followed: the mounted file is read again, and nothing is forgotten") {
  const std::string file = "reflector_test.token";
  const auto write = [&](std::string_view text) { std::ofstream(file) << text; };
  write("old");
  std::atomic<bool> expired{false};
  auto values = store();
  scripted::Server server([&](const Peer& peer, const Seen& seen) {
    if (seen.has("Authorization: Bearer old") && expired) return peer.answer(401, R"({"kind":"Status","message":"Unauthorized"})");
    if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    peer.begin();
    if (seen.has("Authorization: Bearer new")) peer.chunk(event("ADDED", object("b", "2", 8)));
    else if (!expired) return peer.end();  // a watch ends, as each does after some minutes
    peer.hold();
    return false;
  });
  ClusterOptions options;
  options.config.server = *parseUrl(server.url());
  options.config.token.file = file;
  options.pace = quick();
  Cluster cluster(std::move(options));
  cluster.follow({"", "v1", "things"}, values);
  cluster.start();
  REQUIRE(eventually([&] { return server.count("watch=1") >= 1; }));
  expired = true;
  CHECK(eventually([&] { return cluster.states().front().trouble.find("401") != std::string::npos; }));
  CHECK(shown(values) == "ns/a=1");
  CHECK(cluster.states().front().phase == Phase::Synced);
  write("new");
  CHECK(eventually([&] { return shown(values) == "ns/a=1 ns/b=2"; }));
  std::remove(file.c_str());
}

TEST_CASE("a server that refuses each call for a while: what was kept stays, its age grows, and no call is made in a hurry") {
  std::atomic<bool> busy{false};
  Pace pace = quick();
  pace.firstBackOff = pace.lastBackOff = std::chrono::milliseconds(50);
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (busy) return peer.answer(429, R"({"kind":"Status","message":"too many requests"})");
        if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
        peer.begin();
        peer.holdUntil([&] { return busy.load(); });
        return false;
      },
      pace);
  REQUIRE(followed.becomes("ns/a=1"));
  busy = true;
  REQUIRE(eventually([&] { return followed.state().trouble.find("429") != std::string::npos; }));
  const auto contact = followed.state().contact;
  const std::size_t before = followed.server.seen().size();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(followed.server.seen().size() - before <= 7);
  CHECK(followed.state().contact == contact);
  CHECK(shown(followed.values) == "ns/a=1");
  busy = false;
  CHECK(eventually([&] { return followed.state().trouble.empty(); }));
}
