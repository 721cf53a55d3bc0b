// Private to model/: which flags to set to what, found by asking the rules of need and start about other flags.
#pragma once
#include <optional>

#include "model/device_sizes.hpp"

namespace rightslice::model {

/// What must hold after a change: the engine starts on `usable`, surely unless `perhaps`, and with `headroomTenths` (tenths of a percent) the
/// need fits it with that to spare.
struct Goal {
  Bytes usable = 0;
  std::optional<int> headroomTenths = std::nullopt;
  bool toTheHighEnd = false;  ///< not only the expected need, but its high end too
  bool perhaps = false;       ///< a start need only be possible
};

/// "--max-num-seqs", "NIM_MAX_MODEL_LEN": a name of FlagNames as people write it.
std::string spelled(std::string_view flag);

constexpr std::int64_t kLengthStep = 256;       ///< lengths are proposed in multiples of this
constexpr std::int64_t kShortestUseful = 1024;  ///< and never below this

/// What may be changed, and how far.
struct Change {
  enum class Length { Keep, NotBelowContext, Shorter };  ///< NotBelowContext: requests of the load still fit
  Length length = Length::Keep;
  bool fraction = false;      ///< the largest fraction that leaves room for what lies beside it; not above the present one where that is not known
  bool toLoad = false;        ///< sequences that the engine runs at once: as many as the load has, no more
  bool kvInFp8 = false;
  bool eager = false;
  bool fewer = false;         ///< fewer requests at once than the load has
  std::optional<Format> build = std::nullopt;
};

/// Tries changes of flags on one container. Each answer has been computed with the changed flags, not concluded.
class Remedies {
 public:
  /// `input` outlives this.
  Remedies(const EstimateInput& input, Goal goal);

  /// The way with exactly these changes and the largest length and number of requests; nothing if that is not enough, if it
  /// changes nothing, or if the engine has no such flag.
  std::optional<Way> attempt(const Change& change) const;
  /// The same beside the gentlest changes that make it enough: none, the memory fraction, sequences as in the load, both.
  std::optional<Way> attemptWithHelp(Change change) const;
  /// False if nothing that could be changed is enough, all of it together included: the quick answer.
  bool possible(std::optional<Format> build = std::nullopt) const;
  /// Whether this is enough.
  bool holds(const EstimateInput& input) const;
  const ServingPlan& now() const { return now_; }

 private:
  bool applyFlags(const Change& change, EngineRun& run, EstimateInput& input, Way& way) const;
  bool shorten(const Change& change, EngineRun& run, const EstimateInput& input, Way& way) const;
  bool thin(EngineRun& run, EstimateInput& input, Way& way) const;

  const EstimateInput& input_;
  Goal goal_;
  ServingPlan now_;
};

}  // namespace rightslice::model
