// What kube-apiserver demands of an answer, as code: every answer that a test produces goes through here.
// Source: k8s.io/apiserver pkg/admission/plugin/webhook/request (VerifyAdmissionResponse), .../errors (ToStatusErr),
// pkg/warning and pkg/audit; summary of the limits in the table of each check.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "admission/reviewer.hpp"

namespace rightslice::contract {

/// What is wrong with the answer to `review` on `path`; empty if nothing is. Both are JSON texts.
std::vector<std::string> violations(std::string_view review, std::string_view answer, admission::Path path);

/// The same, and then: a patch applies to the object, and mutating the patched object changes nothing more.
std::vector<std::string> violations(std::string_view review, std::string_view answer, admission::Path path,
                                    const admission::Environment& environment, const admission::ReviewerOptions& options);

/// admission::answer() with the contract checked: what is wrong is appended to `wrong`.
admission::Answer checkedAnswer(std::string_view review, admission::Path path, const admission::Environment& environment,
                                const admission::ReviewerOptions& options, std::vector<std::string>& wrong);

}  // namespace rightslice::contract
