// What judge says.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "json/patch.hpp"
#include "model/engine.hpp"
#include "model/footprint.hpp"
#include "policy/finding.hpp"

namespace rightslice::policy {

struct Requested {
  std::string resource;                 ///< as written
  std::string profile;                  ///< catalogue spelling; empty for a whole GPU or where not known
  std::int64_t count = 1;
  std::vector<std::string> gpus;        ///< GFD labels (else titles); empty: none known
  std::optional<Bytes> usable;          ///< the smallest of the product set
};

struct Recommended {
  std::string resource, profile;
  std::optional<Bytes> usable;
  std::optional<std::int64_t> count;    ///< for several whole GPUs
  std::vector<std::pair<std::string, std::string>> flags;  ///< engine flags that must change with it
};

struct MonthlyCost {
  std::string currency;
  bool defaultBook = false;
  std::string bookDate;
  std::int64_t requestedCents = 0;
  std::optional<std::int64_t> recommendedCents, wasteCents;
};

struct ContainerJudgement {
  std::string name;
  std::string engine, model;            ///< empty: not recognised
  std::optional<model::Settings> settings;
  std::optional<Requested> requested;
  std::optional<model::Need> need;
  std::optional<Recommended> recommended;
  model::FlagList remedy;               ///< engine flags with which the slice that is asked for would do
  std::optional<MonthlyCost> cost;
};

struct Policy;

/// What one policy in force says by itself, before its mode. As long as the PolicySet lives.
struct PolicyShare {
  const Policy* policy = nullptr;
  std::vector<std::pair<Code, Action>> findings;   ///< Allow: lifted by an exception, or by actions
};

struct Judgement {
  std::string kind, ns, name;
  std::vector<std::string> policies;    ///< ids of the policies in force
  std::optional<Mode> mode;             ///< the strictest
  Action decision = Action::Allow;      ///< what happens, after the mode
  std::optional<Action> wouldBe;        ///< exactly when a policy in force is not in enforce mode
  std::vector<ContainerJudgement> containers;
  std::vector<std::string> unknown;
  std::vector<Finding> findings;        ///< joined over policies, table order, then container order
  /// What each finding does after the modes (parallel to findings): what validate warns or denies with.
  std::vector<Action> effective;
  json::Patch patch;                    ///< what happens after the mode; empty in audit and warn
  std::vector<std::string> notes;       ///< changes no decision (policies with unknown namespace labels ...)
  /// Rewrites that were wanted and could not be written, for /mutate's warnings.
  std::vector<std::string> rewriteNotes;
  std::vector<PolicyShare> shares;      ///< with Request::shares: one of each policy in force, also where it says nothing
  bool recordedOnly = false;            ///< a proven child, an exempt user, or an object being deleted
  std::string policyDigest, catalogueDigest, surroundingsDigest;
};

}  // namespace rightslice::policy
