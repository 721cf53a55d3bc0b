// What check, review and test judge with: the flags that name it, and loading it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/sources.hpp"
#include "base/describe.hpp"
#include "cli/flags.hpp"

namespace rightslice::cli {

/// Flags that several commands share.
struct SourceFlags {
  std::vector<std::string> policies;
  std::string catalogue, surroundings;
  std::optional<Date> now;
  std::int64_t maxExceptionDays = 180;
  std::vector<std::string> trustedControllers{"system:kube-controller-manager", "system:serviceaccount:kube-system:*"};

  void declare(Flags& flags, std::string policiesHelp = {});  ///< empty: that of the commands that have the starter policy
  void declareCatalogue(Flags& flags);
};

/// Owns what an admission::Environment points to.
struct Sources {
  app::Catalogues catalogues;
  policy::PolicySet policies;
  workload::Surroundings surroundings;
  Date now;
  bool starter = false;  ///< no --policies: the shipped starter policy, in enforce mode

  admission::Environment environment() const { return {&policies, catalogues.view(), &surroundings, now}; }
  policy::LoadOptions loadOptions(std::int64_t maxExceptionDays) const;
};

/// Catalogues, surroundings and the day, without policies; nothing after the error was written on stderr.
std::optional<Sources> loadBase(const SourceFlags& flags);

/// Nothing after the errors were written on stderr. `mode` replaces that of every policy.
std::optional<Sources> loadSources(const SourceFlags& flags, std::optional<policy::Mode> mode = std::nullopt);

/// On stderr, if nobody chose the policies.
void sayWhichPolicies(const Sources& sources);

/// Catalogues and surroundings only; the error says which file.
Result<Sources> loadWithoutPolicies(const std::string& catalogue, const std::string& surroundings,
                                    std::optional<Date> now);

}  // namespace rightslice::cli
