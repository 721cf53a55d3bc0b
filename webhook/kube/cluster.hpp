// A connection to one API server: lists that are followed, and single calls, on a thread of its own.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "kube/config.hpp"
#include "kube/resource.hpp"
#include "kube/store.hpp"

namespace rightslice::kube {

/// How patient we are. Source of the values: k8s.io/client-go, tools/cache/reflector.go (back-off 0.8 s to 30 s, doubled, with
/// jitter; watches of 5 to 10 minutes). kube-apiserver sends a bookmark about once a minute, so a watch that is silent for longer
/// than `silence` has lost its server, whatever TCP thinks.
struct Pace {
  std::chrono::milliseconds firstBackOff{800}, lastBackOff{30'000};
  std::chrono::seconds watchLeast{300}, watchMost{600};
  std::chrono::milliseconds silence{150'000};
  std::chrono::milliseconds connect{10'000}, answer{60'000}, piece{30'000};
  std::chrono::seconds mostRetryAfter{60};
  std::chrono::milliseconds absent{60'000};   ///< between looks for a resource that may be absent and is
};

struct ClusterOptions {
  Config config;
  std::string userAgent = "rightslice";
  Pace pace{};
  // What happens, told on the cluster's thread; must be quick.
  std::function<void(std::string_view resource, std::string_view reason)> onRestart{};  ///< of a list or a watch
  std::function<void(std::string_view resource, std::string_view message)> onTrouble{};  ///< once for each message in a row
  std::function<void(std::string_view resource)> onRecovery{};                          ///< after trouble
  std::function<void(std::string_view resource, std::string_view object, std::string_view reason)> onUnread{};  ///< one object, when it begins
};

/// One list that is followed.
struct WatchState {
  enum class Phase {
    Starting,   ///< not listed yet
    Synced,     ///< listed, and followed since
    Refused,    ///< never listed: the server said 401 or 403
    Absent      ///< never listed: the server knows no such resource
  };
  std::string resource, version;                   ///< the version that is read, or tried
  Phase phase = Phase::Starting;
  std::uint64_t turns = 0;                         ///< how often the phase became another one: it only grows, so sums of it cannot hide one
  std::size_t unread = 0;                          ///< objects that cannot be read now
  std::string trouble;                             ///< why it does not go on right now; empty while it does
  std::chrono::steady_clock::time_point contact;   ///< when the server last confirmed what is kept
};

struct Request {
  std::string method = "GET", path;                ///< with the query
  std::string contentType{}, body{};
  std::string accept = "application/json";
  std::chrono::milliseconds patience{0};           ///< how long the whole answer may take at most; 0: as the pace says
  std::size_t most = 0;                            ///< bytes of the answer's body; more is an error. 0: 64 MiB
};

struct Answer {
  int status = 0;
  std::string body;
  std::string date{};                              ///< the server's clock, as HTTP writes it (RFC 9110, 5.6.7); may be empty
  std::optional<std::chrono::seconds> retryAfter{};  ///< as the server asked for it
};

/// The message of call() where an answer was larger than 64 MiB. (One with a limit of its own: "the answer is larger than ...".)
inline constexpr std::string_view kAnswerTooLarge = "the answer is larger than 64 MiB";

/// follow() and start() are for one thread; the rest is thread-safe. stop() ends calls that are waited for, with an error.
class Cluster {
 public:
  explicit Cluster(ClusterOptions options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// Keeps `sink` equal to the list from start() on. The sink outlives the cluster.
  void follow(Resource resource, Sink& sink);
  void start();
  void stop();   ///< nothing is told after it
  bool stopped() const;   ///< or not started

  std::vector<WatchState> states() const;
  /// One call, waited for, but no longer than `limit`: not from the cluster's own thread. Errors are those of the transport and of credentials.
  Result<Answer> call(Request request, std::chrono::milliseconds limit = std::chrono::hours(1));
  /// The same without waiting: `then` is told on the cluster's own thread, must be quick, and throws nothing. Many may be under way at once,
  /// each on a connection of its own; those that are when the cluster is stopped are never told.
  void send(Request request, std::function<void(Result<Answer>)> then);
  const Config& config() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rightslice::kube
