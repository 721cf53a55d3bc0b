// The policies in files, followed by content, with the last good version of each kept in force.
#pragma once
#include <string>
#include <vector>

#include "app/sources.hpp"
#include "host/clock.hpp"
#include "host/published.hpp"
#include "policy/policy_set.hpp"

namespace rightslice::app {

/// What is in force, as a person asks for it.
struct PolicyState {
  std::string digest;
  host::Clock::Time loaded{};                  ///< when this set came into force
  host::Clock::Time lastRead{};                ///< when all files could last be read
  std::vector<std::string> badFiles;           ///< with an error now
  std::vector<std::string> kept;               ///< ids of policies whose last good version stands in
  std::size_t policies = 0, exceptions = 0;
};

/// One bad policy never empties the set. What a file with an error held before and does not give any more stays as it was: the
/// author may have broken it or removed it, and only a file without errors can tell. Returns the ids of what was kept.
std::vector<std::string> keepLastGood(const policy::PolicySet& last, policy::Loaded& now);

/// Files of a Loaded that have an error (not a warning), each once.
std::vector<std::string> badFiles(const policy::Loaded& loaded);

/// set() and state() are thread-safe; read() is for one thread.
class PolicySource {
 public:
  PolicySource(std::vector<std::string> paths, const gpu::Catalogue* gpus, int maxExceptionDays);

  enum class Outcome { Unchanged, Changed, Partial, Failed };
  struct Read {
    Outcome outcome = Outcome::Unchanged;
    std::vector<policy::Diagnostic> diagnostics;  ///< of what was loaded; empty when unchanged
    std::string sourceError;                      ///< paths or files that cannot be read
  };
  /// Reads everything again; loads it if a name or a content changed. Partial: loaded, with bad files. Failed: nothing of it is
  /// valid and there was nothing before.
  Read read(host::Clock::Time now);

  std::shared_ptr<const policy::PolicySet> set() const { return set_.get(); }
  std::shared_ptr<const PolicyState> state() const { return state_.get(); }

 private:
  std::string contentDigest(std::string& sourceError) const;

  std::vector<std::string> paths_;
  const gpu::Catalogue* gpus_;
  int maxExceptionDays_;
  std::string lastDigest_;
  host::Published<policy::PolicySet> set_;
  host::Published<PolicyState> state_;
};

}  // namespace rightslice::app
