// What people write: SlicePolicy, ClusterSlicePolicy and SliceException, read and checked.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/date.hpp"
#include "gpu/catalogue.hpp"
#include "model/architecture.hpp"
#include "policy/finding.hpp"

namespace rightslice::policy {

/// A Kubernetes label selector.
struct Selector {
  enum class Operator { In, NotIn, Exists, DoesNotExist };
  struct Requirement { std::string key; Operator op; std::vector<std::string> values; };
  std::vector<Requirement> requirements;  ///< matchLabels become In with one value
  bool matches(const std::vector<std::pair<std::string, std::string>>& labels) const;
  bool matches(const std::map<std::string, std::string, std::less<>>& labels) const;
};

/// Where the name of a document stands, to show it when another document has the same.
struct NamePlace {
  int line = 0, column = 0;
  std::string text;                     ///< the whole line
};

/// spec.models[]: a declared model. Exactly one of `memory` or (`weights` with optional parts) is given.
struct DeclaredModel {
  std::string model;                    ///< name or glob
  std::string quantization, engine;     ///< empty: any
  std::optional<Bytes> memory, weights, overhead, kvPerToken;
};

struct Budget {
  std::optional<Bytes> memory;
  std::optional<std::int64_t> gpusMillis;                  ///< sum of shares in 10^-3 GPUs
  std::optional<std::int64_t> costCents;                   ///< per month
  std::string currency;
};

struct Policy {
  enum class GpuMeaning { Unset, Whole, Profile };
  bool cluster = false;
  std::string ns, name;                                    ///< ns empty for a ClusterSlicePolicy
  std::string file; int line = 0;                          ///< where it was read
  NamePlace namePlace;
  Mode mode = Mode::Audit;
  std::vector<std::string> kinds;                          ///< empty: every kind known
  Selector selector;
  std::vector<const gpu::Product*> gpus;                   ///< empty: not named
  GpuMeaning gpuMeaning = GpuMeaning::Unset;
  std::string gpuProfile;                                  ///< with GpuMeaning::Profile, catalogue spelling
  std::optional<std::vector<std::string>> offered;         ///< catalogue spelling
  std::vector<std::string> allowed, denied;                ///< globs, `.me` already turned into `+me`; allowed empty: all
  bool preferDensity = false;
  int minCompute = 1;
  int tolerance = 0;
  std::optional<std::int64_t> concurrency, context;        ///< spec.load; either written makes the load stated
  bool loadWritten = false;
  int headroomTenths = 100;                                ///< tenths of a percent: 100 = 10 %
  std::array<Action, kCodes> actions{};                    ///< complete: defaults filled in
  std::array<bool, kCodes> actionWritten{};                ///< true where spec.actions names the code
  bool rewriteFlags = false;
  Budget budget;
  bool ratchet = true;
  bool declarationsByPolicy = false;                       ///< spec.declarations: policy
  std::vector<DeclaredModel> models;
  // ClusterSlicePolicy only
  std::optional<std::vector<std::string>> namespaces;      ///< globs
  std::optional<Selector> namespaceSelector;
  bool overridable = false;
  std::vector<std::string> exemptUsers, exemptGroups, exemptServiceAccounts;  ///< globs; accounts as "namespace:name" or full
  std::vector<std::string> exceptionNamespaces;            ///< globs; spec.exceptions.namespaces, default none

  /// "team-a/default" or "platform".
  std::string id() const { return cluster ? name : ns + "/" + name; }
  /// True if this policy's allowed and denied let the profile pass (slices only).
  bool profileAllowed(std::string_view profile) const;
  /// "allowed: every profile; denied: 7g.*", for messages.
  std::string allowedText() const;
};

struct Exception {
  std::string ns, name;
  std::string kind, object;                                ///< globs; empty: any
  std::vector<Code> findings;
  std::vector<std::string> policies;                       ///< names; empty: the default of DESIGN 3.7
  std::string owner, reason;
  Date expires;
  std::string file; int line = 0;
  NamePlace namePlace;

  /// The most that a finding it covers may do today: Allow with 14 days or more left, Warn with 0..13; nothing once expired.
  std::optional<Action> ceiling(Date today) const;
  bool covers(const Policy& policy, std::string_view ns, std::string_view kind, std::string_view name, Code code) const;
};

}  // namespace rightslice::policy
