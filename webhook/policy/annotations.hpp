// The rightslice.io/ annotations of a pod template and its object, read per container.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "policy/finding.hpp"
#include "workload/workload.hpp"

namespace rightslice::policy {

/// What one container's annotations declare; absent = not written, or malformed (then there is a finding).
struct Annotations {
  std::optional<std::string> model, quantization, kvCacheDtype;
  std::optional<Bytes> footprint;
  std::string footprintPath;                   ///< of the annotation, for FootprintDisagrees
  std::optional<std::int64_t> concurrency, context;
  int minComputeSlices = 0;                    ///< 0: not written

};

/// The annotations of ours that a pod template and its object carry, by key: found once, asked for each container. Refers to both.
class OwnAnnotations {
 public:
  OwnAnnotations(const workload::Workload& workload, const workload::PodTemplate& pod);

  /// The prefixed key first; of each, the pod template before the object; key by key.
  Annotations of(std::string_view container) const;

 private:
  using Values = std::map<std::string_view, std::string_view>;
  Values template_, object_;
  std::string_view metadata_;   ///< pointer of the template's
};

/// One annotation that is written wrong. `container` is empty for unprefixed keys and for prefixes that name no container.
struct AnnotationFault {
  std::string container, path, message;
};

/// All InvalidAnnotation faults of the workload, each annotation once, in document order (template before object).
std::vector<AnnotationFault> annotationFaults(const workload::Workload& workload);

/// The annotation by which a rewrite is recorded (DESIGN 3.7).
constexpr std::string_view kOriginalRequest = "rightslice.io/original-request";

/// One entry of original-request: container=asked:count>written.
struct OriginalRequest {
  std::string container, asked, written;
  std::int64_t count = 1;
  friend bool operator==(const OriginalRequest&, const OriginalRequest&) = default;
};
/// Nothing if the text does not follow the grammar.
std::optional<std::vector<OriginalRequest>> parseOriginalRequests(std::string_view text);
/// Sorted by container, comma separated.
std::string formatOriginalRequests(std::vector<OriginalRequest> entries);

}  // namespace rightslice::policy
