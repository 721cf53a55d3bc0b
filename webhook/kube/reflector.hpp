// Keeps a sink equal to one list of the API server. Included by kube/*.cpp only; coroutines keep the rules of http/session.hpp.
//
// List in pages, then watch from the list's version on; after that, always a new watch from the last version seen. 410 lists anew;
// any other failure tries again, later and later. Nothing that was kept is forgotten because the server cannot be reached.
#pragma once
#include <functional>
#include <mutex>
#include <random>

#include "http/client.hpp"
#include "kube/cluster.hpp"
#include "kube/credentials.hpp"

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
  enum class Outcome { Good, Expired, Failed, Absent };

  http::Awaitable<Outcome> discover();  ///< the version in which the server has the resource
  http::Awaitable<Outcome> list();
  http::Awaitable<Outcome> page();
  http::Awaitable<Outcome> watch();
  http::Awaitable<Outcome> events();
  http::Awaitable<void> pause();
  Outcome event(std::string_view line);
  Outcome refused(const http::Reply& reply);
  Outcome absent();
  Outcome expired();                ///< the version is too old: in the course of things, no trouble
  Outcome broke(std::string reason, std::string message);
  void confirm();                   ///< what is kept was right just now
  void wentWell();

  Link& link_;
  Resource resource_;
  Sink& sink_;
  http::Client client_;
  http::Timer timer_;
  int limit_;                       ///< objects of a page
  std::string version_;             ///< to watch from; empty: list first
  std::string next_, listVersion_;  ///< of the list in progress
  std::chrono::milliseconds backOff_, atLeast_{0};
  bool found_ = true;               ///< the server is known to have it, in resource_.version
  int absentInARow_ = 0;            ///< times that the server had none of it
  int answersInARow_ = 0;           ///< refusals of a watch, one after another
  std::string told_;                ///< the last trouble that was told
  mutable std::mutex mutex_;
  WatchState state_;
};

}  // namespace rightslice::kube
