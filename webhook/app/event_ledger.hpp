// Which events are sent, and as what: a new one, one more of a series, or not at all. No clock and no I/O: times are given.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "admission/event.hpp"
#include "app/token_bucket.hpp"

namespace rightslice::app {

/// An event is for a person, so a few say as much as many. Windows as those of k8s.io/client-go, tools/events (a series ends 6
/// minutes after its last occurrence); it writes the second occurrence at once and then every 30 minutes, we as often as its
/// reader may wonder, ever more rarely.
struct EventLimits {
  double burst = 50, perSecond = 5;                    ///< of all calls
  double namespaceBurst = 25, namespacePerSecond = 1.0 / 6;
  std::size_t mostSeries = 2048;
  std::chrono::seconds window{360};                    ///< the same after a longer silence is a new event
  std::chrono::milliseconds firstCount{1'000}, lastCount{300'000};  ///< between two words about one series; doubled each time
};

/// What was told, and how often.
struct EventSeries {
  admission::Event event;
  std::string id;                                      ///< metadata.name of the Event; empty: not created
  std::int64_t count = 1;
  std::chrono::steady_clock::time_point last{};        ///< occurrence
};

/// For one thread.
class EventLedger {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit EventLedger(EventLimits limits = {}) : limits_(limits) {}

  enum class Fate {
    New,        ///< to be created; then created() or forget()
    Counted,    ///< one more of a series, which tells so later: due()
    Dropped     ///< too many
  };
  Fate add(const admission::Event& event, Time now);
  void created(const admission::Event& event, std::string id);
  void forget(const admission::Event& event);

  /// A series whose count is to be told now; with it that is taken for done.
  std::optional<EventSeries> due(Time now);
  /// When due() is worth asking again.
  std::optional<Time> next() const;
  std::size_t size() const { return series_.size(); }

 private:
  struct Entry {
    EventSeries series;
    bool untold = false;
    Time tell{};                                       ///< when untold: not before
    std::chrono::milliseconds pause{};
  };
  bool allowed(const std::string& ns, Time now);
  void makeRoom(Time now);

  EventLimits limits_;
  TokenBucket all_{limits_.burst, limits_.perSecond};
  std::map<std::string, TokenBucket> namespaces_;
  std::map<std::string, Entry> series_;
};

/// What makes two events the same.
std::string keyOf(const admission::Event& event);

}  // namespace rightslice::app
