// Tells the authors of policies in the cluster what became of them: the condition Accepted of each object's status.
#pragma once
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "app/cluster_source.hpp"
#include "app/policy_source.hpp"
#include "host/log.hpp"

namespace rightslice::app {

/// Every replica comes to the same verdict, so each waits a moment of its own before it writes, and does not write what is already
/// there: one of them writes, the others see it. What replicas of different versions disagree about is written once by each, not
/// for ever. want() is thread-safe; start() and stop() are for one thread.
class StatusWriter {
 public:
  StatusWriter(ClusterSource& cluster, host::Log& log, std::chrono::milliseconds mostWait = std::chrono::milliseconds(2000));
  ~StatusWriter();
  void start();
  void stop();
  /// All objects as they are, and what is to be said of each.
  void want(const std::vector<PolicyObject>& objects, const std::map<std::string, PolicyVerdict>& verdicts);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Wish {
    std::string plural, key, uid;
    std::int64_t generation = 0;
    PolicyVerdict verdict;
    Time due{};
    std::chrono::milliseconds backOff{};
  };
  struct Written {
    std::string uid;
    std::int64_t generation = 0;
    bool accepted = false;
    std::string reason, message;
    Time at{};
  };

  void run();
  /// True when nothing is left to do for it.
  bool write(const Wish& wish);

  ClusterSource& cluster_;
  host::Log& log_;
  const std::chrono::milliseconds mostWait_;
  std::mt19937 random_{std::random_device{}()};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::string, Wish> wishes_;        // by place
  std::map<std::string, Written> written_;
  std::string lastTrouble_;                   // the thread's own
  std::thread thread_;
};

/// The status as it is applied (server-side apply), with the transition time of `before` where the answer is the same.
std::string statusText(const PolicyObject& object, const PolicyVerdict& verdict, std::string_view now);

}  // namespace rightslice::app
