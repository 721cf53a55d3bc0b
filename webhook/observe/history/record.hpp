// What is kept of one look: every workload and node with what is known of it, what was found, the money, and measured peaks. Plain values.
//
// A record says also of what it knows nothing. Something that could not be seen is never gone, a finding that nobody could look for is never
// closed, and a field that was not read keeps the value that it had (difference.hpp).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "observe/report.hpp"

namespace rightslice::observe::history {

enum class Sort : std::uint8_t { Workload, Node };
std::string_view name(Sort sort);           ///< "workload", "node"

/// "replicas" -> "3", "vllm/slice" -> "1 x nvidia.com/mig-3g.40gb": of a workload, of one of its containers behind the container's name, or
/// of a node. A field that is not there does not apply, or is not said.
using Fields = std::map<std::string, std::string, std::less<>>;

/// A workload (by its outermost object, or pods that stand in for one) or a node.
struct Subject {
  Sort sort = Sort::Workload;
  std::string key;                          ///< "team-a/Deployment/chat"; the name of a node
  Fields fields;
  std::set<std::string, std::less<>> unread;   ///< fields that could not be known in this look; none of them stands in `fields`
  /// Codes that could not be looked for in it, "Idle", or of one container and aspect: "NearCeiling/vllm/KV cache".
  std::set<std::string, std::less<>> untold;

  std::string_view ns() const;              ///< of a workload; else empty
  std::pair<Sort, std::string_view> id() const { return {sort, key}; }
};

/// A finding. What it is about tells it from others; message, confidence and evidence are as they were last seen.
struct Found {
  Sort sort = Sort::Workload;
  std::string key;                          ///< of its subject
  std::string code;                         ///< "Oversized"
  std::string container, aspect;            ///< aspect: of Drift and NearCeiling which; of a node the resource or field
  std::string message, remedy, confidence;
  std::vector<Evidence> evidence;

  std::string_view ns() const;
  std::tuple<Sort, std::string_view, std::string_view, std::string_view, std::string_view> id() const { return {sort, key, code, container, aspect}; }
};

/// What a month at this rate costs: of a workload in one bucket, or of what no workload holds.
struct Rate {
  std::string ns, workload;                 ///< workload: key; both empty: held by none
  std::string bucket;                       ///< "right", ...
  std::int64_t cents = 0;                   ///< a month; 0 where there is no price
  std::int64_t centihours = 0;              ///< GPU-hours a month x 100
};

struct Costs {
  std::string currency, bookDate;
  std::vector<Rate> rates;                  ///< in order of namespace, workload and bucket, each once; they sum to the spend
};

/// How full one container was, of all pods of its workload the fullest.
struct Peak {
  std::string workload, container;
  std::string model, engine, quantization;  ///< empty: not known
  std::optional<std::int64_t> memory;       ///< bytes of one device that the work took, without the part of a KV pool that it did not use
  std::string why;                          ///< there is no `memory`
  std::optional<std::int64_t> device;       ///< bytes: the highest that was in use on the device, pool and all
  std::optional<std::int64_t> kvPerMille;   ///< the highest share of KV blocks in use
  std::int64_t windowSeconds = 0, seenSeconds = 0;   ///< looked back, and how much of it had samples
  std::string at;                           ///< the last sample
};

struct Record {
  std::string cluster;                      ///< uid of the namespace kube-system where it was read, else `source`
  std::string source;
  std::int64_t takenAt = 0;                 ///< seconds since 1970
  std::set<std::string> scope;              ///< namespaces; empty: all
  bool selected = false;                    ///< only some workloads, chosen by their labels
  Coverage coverage;
  std::vector<Subject> subjects;            ///< by id, each once
  std::vector<Found> findings;              ///< by id, each once
  std::optional<Costs> costs;               ///< absent: what all of the cluster costs is not known
  std::vector<Peak> peaks;                  ///< by workload and container

  const Subject* find(Sort sort, std::string_view key) const;
  /// Would a subject of this name be in the record, if there were one?
  bool couldSee(Sort sort, std::string_view key) const;
  /// Would the record hold this finding, if it still were so? Of a subject that is surely gone: yes.
  bool couldTell(const Found& found) const;
};

/// Pure. The catalogue is what the report was judged with. An error where the time of the look is none.
Result<Record> recordOf(const Report& report, const policy::Catalogue& catalogue = {});

}  // namespace rightslice::observe::history
