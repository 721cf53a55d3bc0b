// Keeps a sink equal to one list of the API server. Included by kube/*.cpp only; coroutines keep the rules of http/session.hpp.
//
// List in pages, then watch from the list's version on; after that, always a new watch from the last version seen. 410 lists anew;
// any other failure tries again, later and later (course.hpp). Nothing that was kept is forgotten because the server cannot be reached.
#pragma once
#include <functional>
#include <mutex>
#include <random>

#include "http/client.hpp"
#include "kube/cluster.hpp"
#include "kube/course.hpp"
#include "kube/credentials.hpp"
#include "kube/objects.hpp"

namespace rightslice::kube {

/// What the reflectors of a cluster share; lives as long as its event loop.
struct Link {
  Link(ClusterOptions o, http::Worker& w);
  http::ClientOptions clientOptions();
  /// The call with what every call has: who we are, what we accept.
  Result<http::Call> prepare(std::string method, std::string target, std::string_view accept);

  ClusterOptions options;
  Credentials credentials;
  http::Worker& worker;
  std::mt19937_64 random{std::random_device{}()};
};

class Reflector {
 public:
  Reflector(Link& link, Resource resource, Sink& sink);

  http::Awaitable<void> run();      ///< without end
  WatchState state() const;         ///< thread-safe

 private:
  http::Awaitable<End> take(Step step);
  http::Awaitable<End> discover();  ///< the version in which the server has the resource
  http::Awaitable<End> list();
  http::Awaitable<End> page();
  http::Awaitable<End> watch();
  http::Awaitable<End> events();
  http::Awaitable<void> pause(Pause pause);
  End event(std::string_view line);
  End refused(const http::Reply& reply);
  End absent();
  End expired(std::chrono::milliseconds atLeast = {});
  End broke(Ending how, std::string_view reason, const std::string& message, std::chrono::milliseconds atLeast = {});
  void unread(const UnreadObject& object);
  void confirm();                   ///< what is kept was right just now
  void confirmIfItLives();          ///< the watch that was opened just now
  void trouble(const std::string& message);
  void enter(WatchState::Phase phase);

  Link& link_;
  Resource resource_;
  Sink& sink_;
  http::Client client_;
  http::Timer timer_;
  Course course_;
  int limit_;                       ///< objects of a page
  std::string version_;             ///< to watch from
  std::string next_, listVersion_;  ///< of the list in progress
  std::uint64_t watches_ = 0;       ///< that were begun or ended: tells a late timer that its watch is over
  Step troubled_ = Step::List;      ///< where the trouble of state_ arose
  mutable std::mutex mutex_;
  WatchState state_;
};

}  // namespace rightslice::kube
