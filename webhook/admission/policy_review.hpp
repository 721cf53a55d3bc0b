// Reviews of our own custom resources: a policy with an error does not get in.
#pragma once
#include "admission/review.hpp"
#include "admission/reviewer.hpp"

namespace rightslice::admission {

/// True for SlicePolicy, ClusterSlicePolicy and SliceException.
bool isPolicy(const Review& review);

/// Denies what the loader refuses, with what it says, and warns of what it warns of. An update that leaves a bad spec as it was
/// passes: its metadata may still be changed, and its finalizers taken off. Fills what an Answer says beside the request's own.
void answerPolicy(const Review& review, Path path, const Environment& environment, const ReviewerOptions& options, Answer& out);

}  // namespace rightslice::admission
