// The status of a policy or an exception, as it is written and as it is read again.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/policy_source.hpp"
#include "app/tally_source.hpp"

namespace rightslice::app {

/// How an exception stands today.
struct ExceptionStanding {
  std::string_view state;                ///< active, expiring (less than 14 days left), expired
  std::int64_t daysLeft = 0;             ///< negative: since when it counts no more
  std::optional<std::int64_t> usedBy;    ///< absent: what runs is not known
};
ExceptionStanding standingOf(const policy::Exception& exception, Date today, const Tally* tally);

/// What is to be said of one object; what is not known is absent.
struct PolicyStatus {
  PolicyVerdict verdict;
  std::string counted;                   ///< countedText()
  friend bool operator==(const PolicyStatus&, const PolicyStatus&) = default;
};

/// The members of the status beside observedGeneration, conditions and lastEvaluationTime, as compact JSON: in a fixed order, so that
/// what was written and what is to be written compare as texts.
std::string countedText(const PolicyTally& tally);
std::string countedText(const ExceptionStanding& standing);
std::string countedText(json::View status);

/// What is kept of an accepted text in its status, for a start while a bad one stands there (PolicySource): at most this.
constexpr std::size_t kMostLastText = 64U << 10;

/// True if the object says it already.
bool said(const PolicyObject& object, const PolicyStatus& status);

/// The status as it is applied (server-side apply). Times change with what they are the times of, and not before.
std::string statusText(const PolicyObject& object, const PolicyStatus& status, std::string_view now);

}  // namespace rightslice::app
