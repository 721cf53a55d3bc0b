#include "followed.hpp"

using namespace rightslice;
using namespace rightslice::kube;
using namespace rightslice::kube::followed;
using Phase = WatchState::Phase;

TEST_CASE("a resource that may be absent and is costs no word, and is found when it comes") {
  Pace pace = quick();
  pace.absent = std::chrono::milliseconds(50);
  std::atomic<bool> there{false};
  Resource resource{"example.io", "v1", "things"};
  resource.versions = {"v2", "v1"};
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (seen.target == "/apis/example.io/v1" && there) return peer.answer(200, R"({"resources":[{"name":"things/scale"},{"name":"things"}]})");
        if (seen.target == "/apis/example.io/v2") return peer.answer(200, R"({"resources":[{"name":"others"}]})");  // the group, without it
        if (!there) return peer.answer(404, R"({"message":"the server could not find the requested resource"})");
        if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
        peer.begin();
        peer.hold();
        return false;
      },
      pace, resource);
  CHECK(eventually([&] { return followed.server.count("/apis/example.io/v1") >= 2; }));
  CHECK(followed.server.count("limit=") == 0);
  CHECK(followed.state().phase == Phase::Absent);
  CHECK(followed.state().trouble.empty());
  CHECK(followed.told().empty());
  CHECK(followed.restarted().empty());
  there = true;
  CHECK(followed.becomes("ns/a=1"));
  CHECK(followed.state().phase == Phase::Synced);
}

TEST_CASE("an absent resource looks absent also to who has no right on it, and who may not ask what there is reads the list") {
  Pace pace = quick();
  pace.absent = std::chrono::milliseconds(20);
  Resource resource{"example.io", "v1", "things"};
  resource.versions = {"v1"};
  std::atomic<int> discovery{404};
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (seen.target == "/apis/example.io/v1") return peer.answer(discovery, R"({"message":"no"})");
        return peer.answer(403, R"({"message":"forbidden"})");
      },
      pace, resource);
  CHECK(eventually([&] { return followed.state().phase == Phase::Absent; }));
  discovery = 403;
  CHECK(eventually([&] { return followed.state().phase == Phase::Refused; }));
}

TEST_CASE("a resource that goes with its definition takes what was kept with it, once that is sure") {
  Pace pace = quick();
  pace.absent = std::chrono::milliseconds(20);
  Resource resource{"example.io", "v1", "things"};
  resource.versions = {"v1"};
  std::atomic<bool> there{true};
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (!there) return peer.answer(404, "{}");
        if (seen.target == "/apis/example.io/v1") return peer.answer(200, R"({"resources":[{"name":"things"}]})");
        if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
        peer.begin();
        peer.holdUntil([&] { return !there; });
        return false;
      },
      pace, resource);
  REQUIRE(followed.becomes("ns/a=1"));
  there = false;
  CHECK(followed.becomes(""));
  CHECK(followed.state().phase == Phase::Absent);
}

TEST_CASE("a version that the server does not have is passed over for an older one that it has, and the newer one is found once it has that") {
  std::atomic<int> served{1};  // v1beta1 first, v1 later
  Resource resource{"example.io", "v1", "things", "", "", false, 2};
  resource.versions = {"v1", "v1beta2", "v1beta1"};
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        const std::string version = served == 1 ? "/v1beta1" : "/v1";
        if (seen.target == "/apis/example.io" + version) return peer.answer(200, R"({"resources":[{"name":"things"}]})");
        if (!seen.has(version + "/")) return peer.answer(404, R"({"message":"the server could not find the requested resource"})");
        if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", served == 1 ? "old" : "new", 1)}));
        peer.begin();
        peer.holdUntil([&] { return served != 1 && seen.has("/v1beta1/"); });
        return peer.end();
      },
      quick(), resource);
  CHECK(followed.becomes("ns/a=old"));
  CHECK(eventually([&] { return followed.state().version == "v1beta1"; }));
  served = 2;  // after an upgrade of the server
  CHECK(followed.becomes("ns/a=new"));
  CHECK(eventually([&] { return followed.state().version == "v1"; }));
  CHECK(followed.state().phase == Phase::Synced);
}
