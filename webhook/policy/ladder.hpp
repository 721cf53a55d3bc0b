// The slices that could stand in for the one asked for, in classes of equal memory (DESIGN 3.5).
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gpu/catalogue.hpp"
#include "policy/policy.hpp"
#include "policy/requested.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::policy {

/// What the nodes of a product set offer of one slice.
struct Offered {
  std::int64_t nodes = 0, slices = 0, held = 0;
  bool heldKnown = true;
  /// Offered, and all of them known to be held: who asks for one waits.
  bool allHeld() const { return heldKnown && slices > 0 && held >= slices; }
};

struct Candidate {
  std::string profile;
  int computeSlices = 0;
  Bytes usable = 0;     ///< the smallest of the product set
  Offered offered{};    ///< by the inventory; no slices: it is unknown, or none of its nodes offers it
};

/// The candidates of a request, ascending by memory, then compute, then name.
struct Ladder {
  std::vector<Candidate> candidates;
  bool offerKnown = false;   ///< spec.slices.offered or an inventory
};

struct LadderInput {
  const Meaning* meaning = nullptr;
  const Policy* policy = nullptr;
  const std::vector<const Policy*>* inForce = nullptr;   ///< allowed and denied of all of them count
  int minCompute = 1;
};
Ladder ladderOf(const LadderInput& input, const gpu::Catalogue& gpus, const workload::Surroundings& surroundings);

/// The class that fits with the least memory below (or, if `below` is absent, anywhere), by `fits`, and the candidate chosen in it.
struct Choice {
  Candidate candidate;
  int classesBelowRequest = 0;   ///< candidate classes from this one up to, and without, the request
};
std::optional<Choice> choose(const Ladder& ladder, std::optional<Bytes> below, int requestCompute, bool preferDensity,
                             const std::function<bool(const Candidate&)>& fits);

}  // namespace rightslice::policy
