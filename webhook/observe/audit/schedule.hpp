// When the next look is due. Pure: times are counted from anywhere, by whoever asks.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>

namespace rightslice::observe::audit {

class Schedule {
 public:
  using Time = std::chrono::milliseconds;

  struct Pace {
    Time every{300'000};        ///< from the begin of a look to that of the next, when nothing changes
    Time settle{10'000};        ///< after a change, until nothing more has changed for so long,
    Time longest{60'000};       ///< but no longer than this after the first
    Time least{60'000};         ///< from the end of a look to the next because of a change
    int share = 10;             ///< ... and as many times as long as the look took: changes never take more than a part of the time
    Time firstRetry{15'000};    ///< after a look that failed, doubled each time, up to `every`
    Time poll{1'000};           ///< at most so long until asked again
  };

  /// Of looks that are this far apart: what waits for changes and for another try is in proportion, and no longer than above.
  static Pace paceOf(Time every);

  Schedule() = default;
  explicit Schedule(Pace pace) : pace_(pace) {}

  struct Turn {
    bool look = false;          ///< now; begin() and end() are to be called
    Time wait{};                ///< else: ask again after so long
  };
  /// `changes`: another number whenever what is looked at may have changed. Who does not lead does not look, and begins anew when it leads.
  Turn turn(Time now, bool leads, std::uint64_t changes);
  void begin(Time now);
  void end(Time now, bool good);

 private:
  Time due() const;

  Pace pace_;
  bool led_ = false;
  std::optional<Time> begun_;                 // of the last look since it leads
  Time ended_{};
  int failures_ = 0;                          // in a row
  std::uint64_t seen_ = 0;                    // changes, as last asked
  std::optional<Time> firstChange_;           // since the last look began
  Time lastChange_{};
};

}  // namespace rightslice::observe::audit
