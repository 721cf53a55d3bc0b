// What a judgement comes to as an answer, for every request that asks the same.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admission/event.hpp"
#include "admission/missing_claim.hpp"
#include "admission/review.hpp"
#include "admission/scale.hpp"
#include "admission/verdict.hpp"
#include "policy/judgement.hpp"

namespace rightslice::admission {

enum class Path { Validate, Mutate };
struct ReviewerOptions;

struct Ruling {
  std::string tail;                  ///< of the answer's text: all that stands after the request's uid
  std::string decision, wouldBe, findings;
  std::vector<std::string> policies;
  std::vector<std::pair<policy::Code, policy::Action>> outcomes;   ///< of each finding
  bool allowed = true, patched = false;
};

/// One request, and what it is judged with.
struct Question {
  const Review& review;
  Path path;
  const Environment& environment;
  const ReviewerOptions& options;
};

/// A ruling, and what is said of this one object beside it.
struct Ruled {
  std::shared_ptr<const Ruling> ruling;
  std::vector<MissingClaim> missing;  ///< what it hangs on and is not known: with it there it may be another
  std::vector<Event> events;          ///< what is to be told on the object
  std::string excess;                 ///< why the object is too much to be judged; then there is no ruling
};
/// Judges a CREATE or UPDATE, or the scale of an object.
Ruled rule(const Question& question, std::optional<Scaled> scaled);

/// The answer's text.
std::string bodyOf(const Review& review, const Ruling& ruling);

}  // namespace rightslice::admission
