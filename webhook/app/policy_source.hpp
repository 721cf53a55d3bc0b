// The policies in files and of a cluster, followed by content, with the last good version of each kept in force.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "app/cluster_source.hpp"
#include "app/sources.hpp"
#include "host/clock.hpp"
#include "host/published.hpp"
#include "policy/policy_set.hpp"

namespace rightslice::app {

/// What is in force, as a person asks for it.
struct PolicyState {
  std::string digest;
  host::Clock::Time loaded{};                  ///< when this set came into force
  host::Clock::Time lastRead{};                ///< when all of it was last known to be so
  std::vector<std::string> badFiles;           ///< files and objects with an error now
  std::vector<std::string> kept;               ///< ids of policies whose last good version stands in
  std::size_t policies = 0, exceptions = 0;
};

/// One bad policy never empties the set. What a file with an error held before and does not give any more stays as it was: the
/// author may have broken it or removed it, and only a file without errors can tell. Returns the ids of what was kept.
std::vector<std::string> keepLastGood(const policy::PolicySet& last, policy::Loaded& now);

/// What its author is told about an object of the cluster.
struct PolicyVerdict {
  bool accepted = true;
  std::string reason, message;
  friend bool operator==(const PolicyVerdict&, const PolicyVerdict&) = default;
};

/// Files of a Loaded that have an error (not a warning), each once.
std::vector<std::string> badFiles(const policy::Loaded& loaded);

/// What bad objects held before, by their own status: for a start, where nothing is known of it. Only what is what it says it is: the
/// same kind, namespace and name, and without an error for the program of now.
policy::PolicySet remembered(const ClusterPolicies& cluster, const std::vector<std::string>& bad, const policy::LoadOptions& options);

/// set() and state() are thread-safe; read() is for one thread.
class PolicySource {
 public:
  PolicySource(std::vector<std::string> paths, const gpu::Catalogue* gpus, int maxExceptionDays);

  enum class Outcome { Unchanged, Changed, Partial, Failed, Waiting };
  struct Read {
    Outcome outcome = Outcome::Unchanged;
    std::vector<policy::Diagnostic> diagnostics;  ///< of what was loaded; empty when unchanged
    std::string sourceError;                      ///< paths or files that cannot be read
  };
  /// Reads everything again; loads it if a name or a content changed. Partial: loaded, with bad files. Failed: nothing of it is
  /// valid and there was nothing before. With a cluster nothing is published before its policies are known (Waiting), and a
  /// cluster without policies is a valid source.
  Read read(host::Clock::Time now, const ClusterPolicies* cluster = nullptr);
  /// By PolicyObject::place(), of what was last loaded. For the thread of read().
  const std::map<std::string, PolicyVerdict>& verdicts() const { return verdicts_; }
  std::shared_ptr<const policy::PolicySet> set() const { return set_.get(); }
  std::shared_ptr<const PolicyState> state() const { return state_.get(); }

 private:
  std::vector<PolicyText> readFiles() const;
  void refuseEmptied(std::vector<PolicyText>& texts) const;
  policy::Loaded load(const std::vector<PolicyText>& texts, const ClusterPolicies* cluster, const policy::LoadOptions& options);
  void judgeObjects(const ClusterPolicies& cluster, const policy::Loaded& loaded, const std::vector<std::string>& kept);

  struct Parsed {
    std::string text;
    policy::Loaded loaded;
  };

  std::vector<std::string> paths_;
  const gpu::Catalogue* gpus_;
  int maxExceptionDays_;
  std::string lastDigest_, lastFiles_;         ///< of all that was loaded, and of the files alone
  std::map<std::string, Parsed> parsed_;       ///< objects of the cluster by place: most do not change
  std::map<std::string, PolicyVerdict> verdicts_;
  host::Published<policy::PolicySet> set_;
  host::Published<PolicyState> state_;
};

}  // namespace rightslice::app
