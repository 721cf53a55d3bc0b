// What each policy says of all that runs now: for its status and its metrics, never for a verdict.
#pragma once
#include <array>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admission/verdict.hpp"
#include "app/inventory_source.hpp"
#include "host/published.hpp"

namespace rightslice::app {

/// Of one policy, before its mode: objects that run and that it judges, and what it would do if they were applied today. What is only
/// allowed by an exception is matched and has no finding.
struct PolicyTally {
  std::int64_t matched = 0, wouldDeny = 0, wouldRewrite = 0;
  std::array<std::int64_t, policy::kCodes> findings{};     ///< objects with such a finding
  PolicyTally& operator+=(const PolicyTally& other);
  friend bool operator==(const PolicyTally&, const PolicyTally&) = default;
};

struct Tally {
  std::map<std::string, PolicyTally> policies;             ///< by Policy::id(), one of each that is in force
  std::map<std::string, std::int64_t> exceptions;          ///< by "namespace/name": objects with a finding that it covers; none where expired
  friend bool operator==(const Tally&, const Tally&) = default;
};

/// current() is thread-safe; take() is for one thread.
class TallySource {
 public:
  /// `basis`: another text whenever policies, surroundings or the day changed. Only what changed is judged again. False if that took
  /// longer than `limit`: nothing is published then, and the next call goes on where this one stopped.
  bool take(const std::vector<RunningText>& objects, const admission::Environment& environment, const std::string& basis,
            std::chrono::milliseconds limit = std::chrono::hours(1));
  std::shared_ptr<const Tally> current() const { return published_.get(); }   ///< null: not known

 private:
  using Codes = std::bitset<policy::kCodes>;
  struct Judged {
    struct Share {
      std::string policy;
      Codes found;
      bool denies = false, rewrites = false;
    };
    std::vector<Share> shares;
    std::vector<std::string> exceptions;
  };
  static Judged judge(const std::string& text, const admission::Environment& environment);

  std::string basis_;
  std::map<std::shared_ptr<const std::string>, std::shared_ptr<const Judged>> known_;
  host::Published<Tally> published_;
};

}  // namespace rightslice::app
