// The answer to kube-apiserver: bytes in, bytes out, nothing of HTTP.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admission/event.hpp"
#include "admission/missing_claim.hpp"
#include "admission/ruling.hpp"
#include "admission/verdict.hpp"

namespace rightslice::admission {

struct ReviewerOptions {
  std::vector<std::string> trustedControllers;
  std::string documentationUrl;      ///< where finding pages are read; may be empty
  int maxExceptionDays = 180;        ///< how far ahead a SliceException may reach
};

struct Answer {
  int httpStatus = 200;              ///< 200, or 400 (no AdmissionReview v1), 413
  std::string body;                  ///< AdmissionReview, or {"error": ...} for other statuses
  std::string error;                 ///< what is wrong, for other statuses than 200
  // For log and metrics
  std::string uid, decision, wouldBe, ns, kind, name, operation, findings, user;
  std::vector<std::string> policies;
  std::vector<std::pair<policy::Code, policy::Action>> outcomes;   ///< of each finding
  std::vector<MissingClaim> missing;  ///< what the answer hangs on and is not known: with it there it may be another
  bool dryRun = false, allowed = true, patched = false;
  std::vector<Event> events;         ///< what is to be told on the object
};

/// Pure. `environment.policies` must be there.
Answer answer(std::string_view body, Path path, const Environment& environment, const ReviewerOptions& options);

/// The denial text of DESIGN 6, one line.
std::string denialMessage(const policy::Judgement& judgement, const ReviewerOptions& options);

/// `text` cut to limits::kMaxWarningCodePoints code points without control characters.
std::string warningText(std::string_view text);

}  // namespace rightslice::admission
