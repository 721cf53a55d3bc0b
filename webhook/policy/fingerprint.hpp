// Private to policy/: what a policy says, as one short text that tells contents apart. Where it was read is no part of it.
#pragma once
#include <string>

#include "policy/policy.hpp"

namespace rightslice::policy {

std::string fingerprint(const Policy& policy);
std::string fingerprint(const Exception& exception);

}  // namespace rightslice::policy
