// One look in numbers, as metrics tell them. However large the cluster is, there are not more series than the bounds allow.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "observe/audit/report_result.hpp"

namespace rightslice::observe::audit {

struct Series {
  std::vector<std::string> labels;   ///< in the order that stands at the member
  double value = 0;
  friend bool operator==(const Series&, const Series&) = default;
};

struct Figures {
  std::vector<Series> findings;      ///< workload_namespace (empty: of nodes), code: results that are no Skip
  std::vector<Series> workloads;     ///< decision: what enforce would decide
  std::vector<Series> slices;        ///< product, profile, state (offered, held, free); held and free only where known
  std::vector<Series> cost;          ///< currency, bucket: a month; none where nothing has a price
  std::vector<Series> savings;       ///< currency, kind (list, realisable)
  std::vector<Series> unread;        ///< state (forbidden, failed): resources, each of all its namespaces once
};

struct FigureBounds {
  std::size_t namespaces = 50;       ///< those with the most findings; the others are one
  std::size_t products = 40;         ///< likewise, by slices
};
/// Stands for those that are beyond a bound: no namespace and no product can be called so.
inline constexpr std::string_view kOthers = "(others)";

Figures figuresOf(const Report& report, const std::vector<NamespaceResults>& results, const FigureBounds& bounds = {});

}  // namespace rightslice::observe::audit
