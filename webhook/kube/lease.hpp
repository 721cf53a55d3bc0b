// One of several replicas leads: the one that holds a Lease (coordination.k8s.io/v1).
//
// As k8s.io/client-go does it (tools/leaderelection/leaderelection.go): times written by others are never compared with our clock. A
// Lease is free when its holder is empty, or when nothing in it has changed for its own duration, counted from when we saw the change.
// So clocks that differ do no harm. As there, it is no fence: who leads may find out late that it no longer does, so what a leader
// writes names the resourceVersion that it saw.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include "kube/cluster.hpp"

namespace rightslice::kube {

struct LeaseOptions {
  std::string ns, name;
  std::string identity;                              ///< ours alone; leaseIdentity() makes one
  std::chrono::seconds duration{15};                 ///< others wait so long after our last renewal
  std::chrono::milliseconds renewDeadline{10'000};   ///< we lead no longer than this after it
  std::chrono::milliseconds retry{2'000};            ///< between two attempts
  // What happens, told on the Lease's thread; must be quick.
  std::function<void(bool leads, std::string_view holder)> onChange{};
  std::function<void(std::string_view message)> onTrouble{};  ///< once for each message in a row; "" when it is over
};

/// Counts also while the machine sleeps; not a clock.
std::chrono::milliseconds uptime();

/// "<host name>_<random>", as client-go's programs call themselves.
std::string leaseIdentity();

/// start() and stop() are for one thread, the rest is thread-safe.
class Lease {
 public:
  using Call = std::function<Result<Answer>(Request)>;     ///< Cluster::call
  using Uptime = std::function<std::chrono::milliseconds()>;

  Lease(LeaseOptions options, Call call, Uptime now = uptime);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// Tries from here on, on a thread of its own, which needs the API server to be reachable through `call`.
  void start();
  /// It will be stopped soon: no call begins from here on. Quick.
  void interrupt();
  /// Gives the Lease back if it is ours. Takes no longer than the call that is under way, at most half of renewDeadline, and the two
  /// seconds that giving back may take.
  void stop();

  /// We lead now. Ask before each thing that only a leader does.
  bool held() const;
  std::string holder() const;    ///< who leads, as last seen; empty: nobody, or not known
  std::string trouble() const;   ///< why it cannot be had or renewed at all; empty: all is well, whoever leads
  std::string name() const { return options_.ns + "/" + options_.name; }

  /// One attempt; how long to wait before the next. For start()'s thread, or for a test in its place.
  std::chrono::milliseconds attempt();

 private:
  /// What is known of the Lease as it is stored.
  struct Record {
    std::string version, holder, acquired, spec;   ///< spec: its text, to see changes
    std::int64_t transitions = 0;
    std::chrono::milliseconds duration{}, seen{};
  };
  enum class Outcome { Good, Conflict, Failed };

  Outcome read();
  Outcome create(std::chrono::milliseconds begun);
  Outcome renew(std::chrono::milliseconds begun);
  Outcome written(const Result<Answer>& answer, std::chrono::milliseconds begun);
  Outcome refused(const Result<Answer>& answer);
  bool take(std::string_view body);
  void lead(bool leads);
  std::string specText(bool release) const;
  Result<Answer> send(std::string method, std::string_view object, std::string_view type, std::string body, std::chrono::milliseconds patience) const;
  Result<Answer> send(std::string method, std::string_view object, std::string_view type, std::string body) const;
  bool interrupted() const;

  const LeaseOptions options_;
  const Call call_;
  const Uptime now_;
  std::mt19937_64 random_{std::random_device{}()};
  Record record_;                   // the attempting thread's own
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false, leads_ = false;
  std::chrono::milliseconds renewed_{};
  std::string holder_, trouble_;
  std::thread thread_;
  bool stopped_ = false;
};

}  // namespace rightslice::kube
