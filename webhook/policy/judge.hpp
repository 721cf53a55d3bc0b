// The product: one pure function.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/date.hpp"
#include "gpu/catalogue.hpp"
#include "model/catalogue.hpp"
#include "policy/judgement.hpp"
#include "policy/policy_set.hpp"
#include "workload/autoscaler.hpp"
#include "workload/surroundings.hpp"
#include "workload/workload.hpp"

namespace rightslice::policy {

/// GPU and model catalogue together. Immutable; outlives every PolicySet loaded with it.
struct Catalogue {
  const gpu::Catalogue* gpus = &gpu::Catalogue::builtIn();
  const model::Catalogue* models = &model::Catalogue::builtIn();
  std::string digest() const;
};

enum class Operation { Create, Update, Delete, Connect };

/// What is special about this request.
struct Request {
  Operation operation = Operation::Create;
  const workload::Workload* old = nullptr;          ///< the old object of an UPDATE
  std::string user;                                 ///< userInfo.username; empty offline
  std::vector<std::string> groups;
  std::vector<std::string> trustedControllers;      ///< globs
  /// The controller owner where it is at hand (same input of check): proves a child.
  const workload::Workload* owner = nullptr;
  /// What the namespace already uses: objects judged before in this input, or the cluster's. Unknown unless `usageKnown`.
  struct Usage { Bytes memory = 0; std::int64_t gpuMillis = 0; std::int64_t costCents = 0; };
  Usage usage, oldUsage;                            ///< oldUsage: of the old object, part of `usage`
  Usage written, oldWritten;                        ///< the same by the replicas that are written, without what autoscalers may add
  bool usageKnown = false;
  /// What may scale this object, and its old self, on its own: it counts with that maximum. Null: nothing does, or it is not known.
  const workload::Autoscaler* autoscaler = nullptr;
  bool autoscalersKnown = false;                    ///< `autoscaler` is, and `usage` counts those of the others
  /// Autoscalers whose maximum is part of `usage`, for the message; may be null.
  const std::vector<const workload::Autoscaler*>* autoscalersInUse = nullptr;
  bool counted = false;                             ///< with its owner, in `usage`: it has no budget of its own to keep
  /// Replicas that run beside the others for a while, as the update rolls out. It is said where they pass a budget, and denies nothing.
  std::int64_t surge = 0;
  /// The patched object is judged as /validate does: no rewrite is proposed for what is written already.
  bool validateOnly = false;
  /// Judge as if every policy were in enforce mode: what `wouldBe` reports.
  bool asEnforced = false;
  /// Only OverBudget is asked about: another number of replicas of what runs already.
  bool budgetOnly = false;
  /// Also what each policy says by itself: Judgement::shares.
  bool shares = false;
  /// The terms of a need say where they come from (Term::from), which is a third of what sizing costs.
  bool words = true;
};

/// The sum, without overflow.
Request::Usage plus(const Request::Usage& a, const Request::Usage& b);

/// judge(Workload, PolicySet, Catalogue, Surroundings, now): no I/O, no clock, no lock; same input, same verdict.
Judgement judge(const workload::Workload& workload, const PolicySet& policies, const Catalogue& catalogue,
                const workload::Surroundings& surroundings, const Request& request, Date now);

/// What one object adds to the use of its namespace (for budgets of the next objects of the same input).
Request::Usage usageOf(const workload::Workload& workload, const PolicySet& policies, const Catalogue& catalogue,
                       const workload::Surroundings& surroundings, const workload::Autoscaler* autoscaler = nullptr);

}  // namespace rightslice::policy
