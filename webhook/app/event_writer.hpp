// Sends events to the API server, beside the reviews that cause them.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "app/event_ledger.hpp"
#include "host/clock.hpp"
#include "host/log.hpp"
#include "host/metrics.hpp"
#include "kube/cluster.hpp"

namespace rightslice::app {

/// Nothing waits for it and nothing hangs on it: what does not fit into its queue is dropped, what the server refuses is dropped,
/// and both are counted. tell() is thread-safe and quick; the rest is for one thread. References outlive it.
class EventWriter {
 public:
  using Call = std::function<Result<kube::Answer>(kube::Request)>;
  struct Options {
    std::string instance;                              ///< who reports: the name of the pod; cut to 128 characters
    EventLimits limits{};
    std::size_t mostQueued = 1024;
    std::chrono::milliseconds firstBackOff{1'000};     ///< after an answer that may be another one later; doubled
    int tries = 5;
  };
  EventWriter(Call call, Options options, host::Metrics& metrics, host::Log& log, const host::Clock& clock);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  void start();
  void interrupt();                                    ///< it will be stopped soon: what is queued is dropped. Quick
  void stop();                                         ///< waits for the call that is under way
  void tell(admission::Event event);

 private:
  void run();
  void create(const admission::Event& event);
  void count(EventSeries series);
  /// The status of the answer, 0 without one; tries again what may go well later, and tells the log what does not.
  int send(kube::Request request);
  bool pause(std::chrono::milliseconds time);          ///< false: it is time to stop
  void outcome(std::string_view what, double count = 1);

  Call call_;
  const Options options_;
  host::Metrics& metrics_;
  host::Log& log_;
  const host::Clock& clock_;
  EventLedger ledger_;                                 // the thread's own
  std::map<int, std::chrono::steady_clock::time_point> told_;  // refusals, by status; the thread's own
  std::uint64_t serial_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<admission::Event> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

/// The Event as it is created. `count` above 1: as a series. Source of the fields and of what is asked of them:
/// k8s.io/api/events/v1, kubernetes/pkg/apis/core/validation/events.go.
std::string eventText(const admission::Event& event, const std::string& id, std::string_view instance, std::string_view now, std::int64_t count = 1);
/// metadata.name: the object's name, as far as it is one, with `tail` after a dot.
std::string eventId(std::string_view object, std::string_view tail);

}  // namespace rightslice::app
