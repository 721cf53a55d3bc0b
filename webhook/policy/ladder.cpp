#include "policy/ladder.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace rightslice::policy {
namespace {

/// The names of offers, each once: products share them.
std::set<std::string> namesOf(const std::vector<gpu::Offer>& offers) {
  std::set<std::string> out;
  for (const auto& offer : offers) out.insert(offer.profile->name);
  return out;
}

/// Profiles that nodes offer: those of the product set, and by name those of others, where a pod may land that no longer asks for what only the set has.
struct Inventory {
  std::map<std::string, Offered, std::less<>> offered;
  std::map<std::string, Products, std::less<>> elsewhere;
};

Inventory inventoryProfiles(const Products& products, const gpu::Catalogue& gpus,
                            const std::vector<workload::NodeSort>& sorts, bool viaGpuResource, bool viaClaim) {
  Inventory out;
  const auto isOther = [&](const gpu::Product* product) { return product != nullptr && std::find(products.begin(), products.end(), product) == products.end(); };
  for (const auto& [node, members, labels] : sorts) {
    const auto add = [&, &sort = node, nodes = static_cast<std::int64_t>(members.size())](const std::string& profile, const std::string& resource,
                                                                                         std::int64_t count) {
      Offered& offered = out.offered[profile];
      const auto held = sort.requested.find(resource);
      offered.nodes += nodes;
      offered.slices += count;
      offered.held += held == sort.requested.end() ? 0 : held->second;
      offered.heldKnown = offered.heldKnown && sort.requestedKnown;
    };
    if (viaClaim) {  // what the device plugin offers is for others
      for (const auto& device : node.devices.value_or(std::vector<workload::DeviceSort>())) {
        const auto* product = gpus.find(device.product);
        if (device.count <= 0 || device.profile.empty()) continue;
        if (isOther(product)) addOnce(out.elsewhere[device.profile], product);
        else
          for (const std::string& profile : namesOf(gpus.offers(device.profile, products))) out.offered.try_emplace(profile);
      }
      continue;
    }
    const auto label = node.labels.find("nvidia.com/gpu.product");
    const auto gke = node.labels.find("cloud.google.com/gke-accelerator");
    const gpu::Product* product = label != node.labels.end() ? gpus.find(label->second) : nullptr;
    if (product == nullptr && gke != node.labels.end()) product = gpus.findGke(gke->second);
    // A node of another product offers nothing to this request; one whose product is not known may.
    const bool other = isOther(product);
    const auto offer = [&](std::string_view profile, const std::string& resource, std::int64_t count) {
      if (other) {
        if (const auto name = gpu::ProfileName::parse(profile)) addOnce(out.elsewhere[name->text()], product);
        return;
      }
      for (const std::string& own : namesOf(gpus.offers(profile, products))) add(own, resource, count);
    };
    for (const auto& [resource, count] : node.allocatable) {
      if (count <= 0) continue;
      const auto name = gpu::ResourceName::parse(resource);
      if (name.isSlice() && !name.shared) {
        offer(name.profile, resource, count);
      } else if (name.kind == gpu::ResourceName::Kind::WholeGpu && viaGpuResource) {
        // Slices under the `single` strategy are had by nvidia.com/gpu only, never by their own name.
        std::string text;
        if (label != node.labels.end())
          if (const auto parsed = gpu::ProductName::parse(label->second); parsed.profile) text = *parsed.profile;
        if (const auto part = node.labels.find("cloud.google.com/gke-gpu-partition-size"); part != node.labels.end())
          text = part->second;
        if (const auto profile = gpu::ProfileName::parse(text)) offer(profile->text(), resource, count);
      }
    }
  }
  return out;
}

}  // namespace

Ladder ladderOf(const LadderInput& input, const gpu::Catalogue& gpus, const workload::Surroundings& surroundings) {
  Ladder ladder;
  const Products& products = input.meaning->products;
  const Policy& policy = *input.policy;
  const bool viaClaim = input.meaning->viaClaim;
  const auto told = [](const workload::NodeSort& sort) { return sort.node.devices.has_value(); };
  const bool nodesTell = surroundings.nodes && (!viaClaim || std::any_of(surroundings.sorts.begin(), surroundings.sorts.end(), told));
  ladder.offerKnown = policy.offered.has_value() || nodesTell;
  // The pod may get what the catalogue lacks: no slice surely fits there.
  if (products.empty() || !input.meaning->unknownProducts.empty()) return ladder;

  Inventory inventory;
  if (nodesTell) inventory = inventoryProfiles(products, gpus, surroundings.sorts, input.meaning->viaGpuResource, viaClaim);
  const auto isOffered = [&](const std::string& profile) {
    const bool byPolicy = policy.offered && std::find(policy.offered->begin(), policy.offered->end(), profile) != policy.offered->end();
    return byPolicy || inventory.offered.contains(profile);
  };
  const bool whole = input.meaning->kind == Meaning::Kind::Whole;
  std::string attributes;
  if (!whole)
    if (const auto name = gpu::ProfileName::parse(input.meaning->profile)) attributes = name->attributes;

  // Where node selection does not pin the product, the pod gets any that offers what it asks for then.
  const auto offersElsewhere = [&](const std::string& profile) -> std::vector<gpu::Offer> {
    if (input.meaning->productsPinned) return {};
    if (!policy.gpus.empty()) return gpus.offers(profile, policy.gpus);
    if (!nodesTell) return gpus.offers(profile, {});
    const auto others = inventory.elsewhere.find(profile);
    return others == inventory.elsewhere.end() ? std::vector<gpu::Offer>() : gpus.offers(profile, others->second);
  };

  std::vector<gpu::Offer> offers;
  for (const auto& profile : products.front()->profiles) {
    if (profile.parts.attributes != attributes) continue;
    if (ladder.offerKnown && !isOffered(profile.name)) continue;
    if (profile.computeSlices < input.minCompute) continue;
    if (!std::all_of(input.inForce->begin(), input.inForce->end(),
                     [&](const Policy* other) { return other->profileAllowed(profile.name); }))
      continue;
    offers.clear();
    bool everywhere = true;
    for (const auto* product : products) {
      const gpu::Profile* own = product->profile(profile.name);
      // A profile with all compute slices of the board is no slice of a whole GPU.
      if (own == nullptr || (whole && product->computeSlices && own->computeSlices >= *product->computeSlices)) {
        everywhere = false;
        break;
      }
      offers.push_back({product, own, false, gpu::usable(*product, *own)});
    }
    if (!everywhere) continue;
    for (gpu::Offer& offer : offersElsewhere(profile.name)) offers.push_back(std::move(offer));
    const auto range = usableRange(offers);
    if (!range) continue;
    ladder.candidates.push_back({profile.name, profile.computeSlices, range->smallest});
    if (const auto known = inventory.offered.find(profile.name); known != inventory.offered.end()) ladder.candidates.back().offered = known->second;
  }
  std::sort(ladder.candidates.begin(), ladder.candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.usable, a.computeSlices, a.profile) < std::tie(b.usable, b.computeSlices, b.profile);
  });
  return ladder;
}

std::optional<Choice> choose(const Ladder& ladder, std::optional<Bytes> below, int requestCompute, bool preferDensity,
                             const std::function<bool(const Candidate&)>& fits) {
  const auto& all = ladder.candidates;
  for (std::size_t first = 0; first < all.size();) {
    std::size_t last = first;
    while (last < all.size() && all[last].usable == all[first].usable) ++last;
    if (below && all[first].usable >= *below) return std::nullopt;
    if (fits(all[first])) {
      // Within a class the candidates are sorted by compute: the fewest first.
      std::size_t chosen = first;
      if (!preferDensity)
        for (std::size_t index = first; index < last; ++index)
          if (all[index].computeSlices <= requestCompute) chosen = index;
      // Of equals in compute the first by name stands.
      while (chosen > first && all[chosen - 1].computeSlices == all[chosen].computeSlices) --chosen;
      Choice choice{all[chosen], 0};
      Bytes previous = -1;
      for (std::size_t index = first; index < all.size(); ++index) {
        if (below && all[index].usable >= *below) break;
        if (all[index].usable != previous) ++choice.classesBelowRequest;
        previous = all[index].usable;
      }
      return choice;
    }
    first = last;
  }
  return std::nullopt;
}

}  // namespace rightslice::policy
