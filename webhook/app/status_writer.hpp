// Tells the authors of policies in the cluster what became of them: the status of each object, and an event where one is not accepted.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "admission/event.hpp"
#include "app/cluster_source.hpp"
#include "app/policy_status.hpp"
#include "host/log.hpp"

namespace rightslice::app {

/// Every replica comes to the same status, and one of them writes: the one that leads. The others keep what they would write until
/// they see it written, and write it when they lead. Numbers of what runs change all the time, so they are written no more often
/// than `numbers` for one object; a verdict is written at once. want() is thread-safe; the rest is for one thread.
class StatusWriter {
 public:
  struct Options {
    std::function<bool()> leads = [] { return true; };
    std::function<void(admission::Event)> tell{};              ///< empty: nobody is told
    std::chrono::milliseconds mostWait{2'000};                 ///< at random: where nobody can lead, one writes before the others
    std::chrono::milliseconds numbers{5'000};
    std::chrono::milliseconds follow{500};                     ///< how often one that does not lead asks whether it does
  };
  StatusWriter(ClusterSource& cluster, host::Log& log, Options options);
  ~StatusWriter();
  void start();
  void interrupt();   ///< it will be stopped soon: nothing more is written. Quick
  void stop();        ///< waits for the call that is under way
  /// All objects as they are, and what is to be said of each, by place.
  void want(const std::vector<PolicyObject>& objects, const std::map<std::string, PolicyStatus>& statuses);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Wish {
    std::string plural, key, uid;
    std::int64_t generation = 0;
    PolicyStatus status;
    Time due{};
    std::chrono::milliseconds backOff{};
  };
  struct Written {
    std::string uid;
    std::int64_t generation = 0;
    PolicyStatus status;
    Time at{};
  };

  void run();
  /// True when nothing is left to do for it; `sent`: it was written just now.
  bool write(const Wish& wish, bool& sent);
  void tellRefusal(const PolicyObject& object, const PolicyVerdict& verdict);

  ClusterSource& cluster_;
  host::Log& log_;
  const Options options_;
  std::mt19937 random_{std::random_device{}()};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::string, Wish> wishes_;        // by place
  std::map<std::string, Written> written_;
  std::string lastTrouble_;                   // the thread's own
  std::thread thread_;
};

}  // namespace rightslice::app
