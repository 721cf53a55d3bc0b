// A PodDisruptionBudget: how many pods of a set may be evicted.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "json/view.hpp"
#include "observe/pod.hpp"

namespace rightslice::observe {

struct Budget {
  std::string ns, name;
  std::string selector;                   ///< spec.selector as compact JSON
  std::int64_t allowed = 0;               ///< status.disruptionsAllowed: evictions that it lets through now

  /// Selectors as in policy/v1: an empty one is all pods of the namespace, none at all is none.
  bool covers(const Pod& pod) const;
};
std::optional<Budget> readBudget(json::View object);

}  // namespace rightslice::observe
