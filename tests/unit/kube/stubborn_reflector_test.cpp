// What a server does to a list that is followed when it does the same each time: nothing goes round in a hurry, nobody is told twice, what is
// not confirmed grows old.
#include <algorithm>

#include "followed.hpp"

using namespace rightslice;
using namespace rightslice::kube;
using namespace rightslice::kube::followed;
using Phase = WatchState::Phase;
using std::chrono::milliseconds;

namespace {

/// Pauses of 50 ms, doubled to 400 ms: within kLook at most kMostCalls of one kind, were each followed by a pause.
Pace paced() {
  Pace pace = quick();
  pace.firstBackOff = milliseconds(50);
  pace.lastBackOff = milliseconds(400);
  return pace;
}
constexpr milliseconds kLook{1500};
constexpr std::size_t kMostCalls = 9;

std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

std::string nested(int levels) {
  std::string out;
  for (int i = 0; i < levels; ++i) out += "{\"a\":";
  out += "1";
  return out + std::string(static_cast<std::size_t>(levels), '}');
}

/// An object that Kubernetes takes and the strict parser does not, in what only its driver reads.
std::string odd(std::string_view name, int version, const std::string& parameters = nested(200)) {
  return fmt::format(R"({{"metadata":{{"namespace":"ns","name":"{}","resourceVersion":"{}"}},"spec":{{"value":"odd","parameters":{}}}}})", name, version, parameters);
}

}  // namespace

TEST_CASE("a version that is called too old each time is listed anew after pauses that grow") {
  for (const bool asEvent : {false, true}) {
    CAPTURE(asEvent);
    Followed followed(
        [&](const Peer& peer, const Seen& seen) {
          if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
          if (!asEvent) return peer.answer(410, kGone);
          peer.begin();
          peer.chunk(event("ERROR", kGone));
          return peer.end();
        },
        paced());
    REQUIRE(followed.becomes("ns/a=1"));
    std::this_thread::sleep_for(kLook);
    CHECK(followed.server.count("limit=") >= 3);
    CHECK(followed.server.count("limit=") <= kMostCalls);
    CHECK(lines(followed.told()) == 1);
    CHECK(followed.state().trouble.find("too old") != std::string::npos);
    CHECK(followed.recovered() == 0);
  }
}

TEST_CASE("a version that grew too old while its watch lived is listed anew at once") {
  Pace slow = quick();
  slow.firstBackOff = slow.lastBackOff = milliseconds(60'000);
  std::atomic<int> lists{0};
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (!isWatch(seen)) return peer.answer(200, lists++ == 0 ? list(7, "", {object("a", "1", 1)}) : list(30, "", {object("a", "2", 20)}));
        peer.begin();
        const auto end = std::chrono::steady_clock::now() + milliseconds(1200);
        peer.holdUntil([&] { return seen.has("resourceVersion=7&") && std::chrono::steady_clock::now() > end; });
        peer.chunk(event("ERROR", kGone));
        return peer.end();
      },
      slow);
  CHECK(followed.becomes("ns/a=2"));
  CHECK(followed.told().empty());
}

TEST_CASE("a watch that is closed at once every time is tried later and later, and does not count as a word of the server") {
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
        peer.begin();
        return peer.end();
      },
      paced());
  REQUIRE(followed.becomes("ns/a=1"));
  REQUIRE(eventually([&] { return !followed.state().trouble.empty(); }));
  const auto contact = followed.state().contact;
  std::this_thread::sleep_for(milliseconds(150));  // a second watch, and no third yet
  CHECK(followed.state().contact == contact);
  std::this_thread::sleep_for(kLook);
  CHECK(followed.server.count("watch=1") <= kMostCalls);
  CHECK(followed.server.count("limit=") <= 1 + followed.server.count("watch=1") / 3);  // what cannot be watched is listed now and then
  CHECK(lines(followed.told()) == 1);
  CHECK(followed.recovered() == 0);
}

TEST_CASE("an object that cannot be read does not hide the others of its page, nor the events behind it, and is told once") {
  const std::pair<const char*, std::string> rows[] = {
      {"nested too deep", nested(200)},
      {"nested as deep as Go reads", nested(9000)},
      {"a key twice", R"({"a":1,"a":2})"},
      {"half a surrogate pair, the low one", R"("\udc00")"},
      {"half a surrogate pair, the high one", R"("\ud800")"},
      {"a number beyond all bounds", "1e999"},
  };
  for (const auto& [name, parameters] : rows) {
    CAPTURE(name);
    std::atomic<bool> mended{false};
    Followed followed([&, &what = parameters](const Peer& peer, const Seen& seen) {
      if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1), odd("b", 2, what), object("c", "3", 3)}));
      peer.begin();
      peer.chunk(event("ADDED", odd("d", 8, what)) + event("MODIFIED", odd("a", 9, what)) + event("DELETED", odd("c", 10, what)) + event("ADDED", object("e", "5", 11)));
      peer.holdUntil([&] { return mended.load(); });
      peer.chunk(event("MODIFIED", object("a", "6", 12)) + event("DELETED", odd("b", 13, what)) + event("DELETED", odd("d", 14, what)));
      peer.hold();
      return false;
    });
    CHECK(followed.becomes("ns/e=5"));  // what `a` was is not what it is
    CHECK(eventually([&] { return followed.state().unread == 3; }));
    CHECK(followed.unread() == "ns/b ns/d ns/a ");
    CHECK(followed.told().empty());
    CHECK(followed.server.count("limit=") == 1);
    CHECK(followed.server.count("watch=1") == 1);
    mended = true;
    CHECK(followed.becomes("ns/a=6 ns/e=5"));
    CHECK(eventually([&] { return followed.state().unread == 0; }));
  }
}

TEST_CASE("the version of an object that cannot be read is gone on from") {
  std::atomic<int> watches{0};
  Followed followed([&](const Peer& peer, const Seen& seen) {
    if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    peer.begin();
    if (++watches == 1) {
      peer.chunk(event("ADDED", odd("b", 8)));
      return peer.end();
    }
    peer.hold();
    return false;
  });
  CHECK(eventually([&] { return followed.server.count("resourceVersion=8&") == 1; }));
  CHECK(followed.told().empty());
}

TEST_CASE("an object of which not even the name can be read: nothing is confirmed, and after some tries all is listed anew") {
  std::atomic<int> lists{0};
  Followed followed(
      [&](const Peer& peer, const Seen& seen) {
        if (!isWatch(seen)) return peer.answer(200, lists++ == 0 ? list(7, "", {object("a", "1", 1)}) : list(9, "", {object("a", "2", 8)}));
        peer.begin();
        if (seen.has("resourceVersion=7&")) peer.chunk(event("ADDED", R"({"metadata":{"name":{},"name":1},"x":)" + nested(200) + "}"));
        else peer.chunk(bookmark(10));
        peer.hold();
        return false;
      },
      paced());
  REQUIRE(followed.becomes("ns/a=1"));
  REQUIRE(eventually([&] { return !followed.state().trouble.empty(); }));
  const auto contact = followed.state().contact;
  std::this_thread::sleep_for(milliseconds(150));
  CAPTURE(followed.told());
  CHECK(followed.state().contact == contact);
  CHECK(followed.becomes("ns/a=2"));
  CHECK(followed.server.count("resourceVersion=7&") == 3);
  CHECK(lines(followed.told()) == 1);
  CHECK(eventually([&] { return followed.state().trouble.empty(); }));
  CHECK(followed.recovered() == 1);
}

TEST_CASE("a list with an object of which not even the name can be read is no list") {
  Followed followed([&](const Peer& peer, const Seen&) {
    return peer.answer(200, list(7, "", {object("a", "1", 1), R"({"metadata":{"name":7},"x":)" + nested(200) + "}"}));
  });
  CHECK(eventually([&] { return followed.told().find("the list is no JSON: not valid JSON: nested deeper than 128 levels") != std::string::npos; }));
  CHECK(shown(followed.values).empty());
  CHECK(followed.state().phase == Phase::Starting);
}

TEST_CASE("a watch that was taken and is silent is a word of the server once it has lived for a second") {
  std::atomic<bool> cut{false};
  Followed followed([&](const Peer& peer, const Seen& seen) {
    if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
    if (!cut.exchange(true)) return false;
    peer.begin();
    peer.hold();
    return false;
  });
  REQUIRE(eventually([&] { return !followed.state().trouble.empty(); }));
  const auto contact = followed.state().contact;
  CHECK(eventually([&] { return followed.state().trouble.empty(); }));
  CHECK(followed.state().contact - contact >= milliseconds(900));
}

TEST_CASE("a watch is refused: its version is given up where the server may not know it, and never because the server is busy") {
  struct Row {
    int status;
    const char* message;
    bool listsAnew;
  };
  const Row rows[] = {
      {400, "invalid resource version", true},
      {404, "the server could not find the requested resource", true},
      {500, "resourceVersion: Invalid value: 7", true},
      {500, "etcdserver: leader changed", false},
      {429, "too many requests", false},
      {502, "bad gateway", false},
      {503, "apiserver not ready", false},
      {504, "Too large resource version: 7, current: 3", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.message);
    Followed followed([&](const Peer& peer, const Seen& seen) {
      if (!isWatch(seen)) return peer.answer(200, list(7, "", {object("a", "1", 1)}));
      return peer.answer(row.status, fmt::format(R"({{"kind":"Status","message":"{}"}})", row.message));
    });
    REQUIRE(eventually([&] { return followed.server.count("watch=1") >= 8; }));
    CHECK((followed.server.count("limit=") > 1) == row.listsAnew);
    CHECK(shown(followed.values) == "ns/a=1");
  }
}
