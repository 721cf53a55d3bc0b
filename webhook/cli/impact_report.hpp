// How the results of impact are shown.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "cli/report.hpp"

namespace rightslice::cli {

/// One object under the policies that are proposed and under those of today.
struct Impact {
  policy::Judgement created;          ///< as if it were created anew
  policy::Action updated = policy::Action::Allow;  ///< if it were updated without a change
  policy::Judgement today;            ///< as if it were created anew under today's policies
  admission::Origin origin;

  /// What would be said is stricter than what is said today.
  bool isNew() const { return created.decision > today.decision; }
  bool newlyDenied() const { return created.decision == policy::Action::Deny && today.decision != policy::Action::Deny; }
  bool ratchet() const { return created.decision == policy::Action::Deny && updated != policy::Action::Deny; }
};

struct ImpactCounts {
  Summary summary;
  int newlyDenied = 0, newlyRewritten = 0, newlyWarned = 0, noLongerDenied = 0, ratchet = 0, wouldBeDenied = 0;
  std::map<std::string, int> codes;   ///< objects with a finding whose action is not allow
  void count(const Impact& impact);
};

class ImpactReport {
 public:
  virtual ~ImpactReport() = default;
  virtual void begin(const std::string& proposed, const std::string& today) = 0;
  virtual void add(const Impact& impact) = 0;
  virtual void end(const ImpactCounts& all, const std::map<std::string, ImpactCounts>& namespaces) = 0;
};
std::unique_ptr<ImpactReport> textImpactReport(Sink sink, Style style);
std::unique_ptr<ImpactReport> jsonImpactReport(Sink sink);

}  // namespace rightslice::cli
