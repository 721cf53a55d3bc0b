#include "policy/claimed.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace rightslice::policy {
namespace {

using workload::ClaimRequest;
using Kind = DeviceAsk::Kind;

/// How far the memory of the catalogue may be from what a driver publishes: measured sizes differ by 3 % between drivers (policies/catalogue), stand-ins by more.
constexpr std::int64_t kMeasuredPercent = 3, kStandInPercent = 25;

std::string shortList(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& each : texts) text += (text.empty() ? "" : " or ") + each;
  return text;
}

/// One ResourceClaim may have several names in a pod. Of a template each name has a claim of its own.
bool sameClaim(const workload::PodClaim& a, const workload::PodClaim& b) { return a.name == b.name || (!a.claim.empty() && a.claim == b.claim); }

const std::optional<std::string>& strategyOf(const workload::Sharing& sharing, Kind kind) { return kind == Kind::Whole ? sharing.gpu : sharing.mig; }

/// Whoever else uses the same claim takes part in its memory.
std::string sharedBy(const workload::PodClaim& claim, const workload::Claim& known, const workload::Container& container, const workload::PodTemplate& pod,
                     const ClaimRequest& request) {
  std::set<std::string_view> names;
  for (const workload::PodClaim& each : pod.claims) if (sameClaim(each, claim)) names.insert(each.name);
  for (const workload::Container& other : pod.containers) {
    if (&other == &container || other.init != container.init) continue;
    for (const workload::ContainerClaim& each : other.claims) {
      const bool same = names.contains(each.name) && (each.request.empty() || each.request == request.name);
      if (same) return fmt::format("container {} uses claim {} too", other.name, claim.name);
    }
  }
  if (!claim.claim.empty() && (pod.replicas > 1 || !pod.replicasKnown)) return fmt::format("all pods use the one ResourceClaim {}", claim.claim);
  return known.shared ? fmt::format("other pods use ResourceClaim {} too", claim.claim) : "";
}

class Reader {
 public:
  Reader(Ask& ask, std::string_view ns, const workload::Container& container, const workload::PodTemplate& pod, const workload::Devices& devices)
      : ask_(ask), ns_(ns), container_(container), pod_(pod), devices_(devices) {}

  void run() {
    std::erase_if(ask_.entries, [&](AskEntry& entry) { return !byResource(entry); });
    for (const workload::ContainerClaim& each : container_.claims) byClaim(each);
  }

 private:
  void undecided(std::string path, std::string text, std::string unknown = "") { ask_.undecided.push_back({std::move(path), std::move(text), std::move(unknown)}); }

  /// False for a resource that is no GPU.
  bool byResource(AskEntry& entry) {
    const auto found = devices_.classOfResource(entry.resource);
    if (!found) return true;
    const auto& [name, known] = *found;
    DeviceAsk decided = deviceAsk(name, known, {});
    if (entry.name.kind != gpu::ResourceName::Kind::Other && !entry.resource.starts_with(workload::kDeviceClassPrefix)) {
      // A name of the device plugin's: it says by itself what it is, or its nodes do.
      if (decided.kind == Kind::Whole || decided.kind == Kind::Slice) entry.byClass = std::move(decided);
      return true;
    }
    if (decided.kind == Kind::Other) return false;
    if (decided.kind == Kind::Undecided) {
      undecided(entry.path, fmt::format("{} is not judged: {}", entry.resource, decided.why),
                known == nullptr ? fmt::format("device class {}", name) : "");
      return false;
    }
    ClaimAsk claim;
    claim.shown = fmt::format("{} by {}", shown(decided), entry.resource);
    claim.place = fmt::format("DeviceClass {}", name);
    if (known != nullptr) claim.sharedBy = configured(strategyOf(known->sharing, decided.kind).value_or(""), claim.place);
    claim.alternatives.push_back(std::move(decided));
    entry.claim = std::move(claim);
    return true;
  }

  void byClaim(const workload::ContainerClaim& used) {
    const auto declared = std::find_if(pod_.claims.begin(), pod_.claims.end(), [&](const auto& each) { return each.name == used.name; });
    const std::string& path = container_.pointer;
    if (declared == pod_.claims.end()) return undecided(path, fmt::format("claim {} is not judged: spec.resourceClaims of the pod does not declare it", used.name));
    const bool made = !declared->claimTemplate.empty();
    const std::string& object = made ? declared->claimTemplate : declared->claim;
    const std::string place = fmt::format("{} {}", made ? "ResourceClaimTemplate" : "ResourceClaim", object);
    const auto& known = made ? devices_.templates : devices_.claims;
    const auto at = known ? known->find(fmt::format("{}/{}", ns_, object)) : decltype(known->end()){};
    if (object.empty() || !known || at == known->end()) {
      return undecided(path, fmt::format("claim {} is not judged: {} is not {}", used.name, place, known ? "there" : "known"),
                       fmt::format("{} {}/{}", made ? "ResourceClaimTemplate" : "ResourceClaim", ns_, object));
    }
    bool met = false;
    for (const ClaimRequest& request : at->second.requests) {
      if (!used.request.empty() && used.request != request.name) continue;
      met = true;
      if (!counted_.emplace(made ? std::string_view(declared->name) : std::string_view(), &request).second) continue;  // the same device by another name
      byRequest(used, *declared, at->second, request, place);
    }
    if (met) return;
    undecided(path, used.request.empty() ? fmt::format("claim {} is not judged: {} asks for no device", used.name, place)
                                         : fmt::format("claim {} is not judged: {} has no request {}", used.name, place, used.request));
  }

  static std::string configured(const std::string& strategy, std::string_view place) {
    return strategy.empty() ? "" : fmt::format("{} in the configuration of {}", strategy, place);
  }

  void byRequest(const workload::ContainerClaim& used, const workload::PodClaim& declared, const workload::Claim& known, const ClaimRequest& request,
                 const std::string& place) {
    ClaimAsk claim;
    std::vector<std::string> texts;
    std::size_t others = 0;
    std::int64_t count = 0;
    for (const workload::DeviceRequest& each : request.alternatives) {
      DeviceAsk decided = deviceAsk(each, devices_);
      if (decided.kind == Kind::Undecided) {
        const bool classUnknown = devices_.findClass(each.deviceClass) == nullptr && decided.why.ends_with("is not known");
        return undecided(container_.pointer,
                         fmt::format("claim {} is not judged: {}, request {}: {}", used.name, place, request.name, decided.why),
                         classUnknown ? fmt::format("device class {}", each.deviceClass) : "");
      }
      if (decided.kind == Kind::Other) {
        ++others;
        continue;
      }
      if (!claim.alternatives.empty() && claim.alternatives.front().kind != decided.kind) {
        return undecided(container_.pointer, fmt::format("claim {} is not judged: {} takes a whole GPU or a slice, whichever is free",
                                                         used.name, place));
      }
      if (claim.alternatives.empty()) claim.deviceClass = each.deviceClass;
      count = std::max(count, each.count);  // what is too little is too little in each case
      texts.push_back(shown(decided));
      const workload::DeviceClass* ofName = devices_.findClass(each.deviceClass);
      const auto ofClaim = strategyOf(each.sharing, decided.kind);
      const std::string ofClass = ofName == nullptr || ofClaim ? "" : strategyOf(ofName->sharing, decided.kind).value_or("");
      if (claim.sharedBy.empty()) claim.sharedBy = configured(ofClaim.value_or(""), fmt::format("claim {}", used.name));
      if (claim.sharedBy.empty()) claim.sharedBy = configured(ofClass, fmt::format("DeviceClass {}", each.deviceClass));
      claim.alternatives.push_back(std::move(decided));
    }
    if (claim.alternatives.empty()) return;
    if (others > 0) {
      return undecided(container_.pointer, fmt::format("claim {} is not judged: {} takes a GPU or something else, whichever is free",
                                                       used.name, place));
    }
    claim.shown = fmt::format("{} by claim {} ({})", shortList(texts), used.name, place);
    claim.place = place;
    if (claim.sharedBy.empty()) claim.sharedBy = sharedBy(declared, known, container_, pod_, request);
    claim.forOthers = !declared.claim.empty();
    AskEntry entry;
    entry.resource = std::string(workload::kDeviceClassPrefix) + claim.deviceClass;
    entry.count = count;
    entry.path = used.pointer;
    entry.claim = std::move(claim);
    ask_.entries.push_back(std::move(entry));
  }

  Ask& ask_;
  const std::string_view ns_;
  const workload::Container& container_;
  const workload::PodTemplate& pod_;
  const workload::Devices& devices_;
  std::set<std::pair<std::string_view, const ClaimRequest*>> counted_;  ///< of a template: with the claim's name
};

/// Can a device of this memory meet the bounds?
bool mayMeet(const DeviceAsk& ask, const std::optional<gpu::Usable>& usable) {
  if (!usable) return !ask.atLeast && !ask.atMost;
  const std::int64_t percent = usable->standIn ? kStandInPercent : kMeasuredPercent;
  const Int128 bytes = usable->bytes;
  return (!ask.atLeast || bytes * (100 + percent) >= static_cast<Int128>(*ask.atLeast) * 100) &&
         (!ask.atMost || bytes * (100 - percent) <= static_cast<Int128>(*ask.atMost) * 100);
}

/// What may be given holds what the bounds say, whatever the catalogue has of it. What is just below them counts only if nothing is above.
void bound(std::vector<gpu::Offer>& offers, const DeviceAsk& ask) {
  std::erase_if(offers, [&](const gpu::Offer& each) { return !mayMeet(ask, each.usable); });
  const auto below = [&](const gpu::Offer& each) { return ask.atLeast && each.usable && each.usable->bytes < *ask.atLeast; };
  if (!std::all_of(offers.begin(), offers.end(), below)) std::erase_if(offers, below);
  for (gpu::Offer& each : offers) {
    if (each.usable && ask.atLeast) each.usable->bytes = std::max(each.usable->bytes, *ask.atLeast);
    if (each.usable && ask.atMost) each.usable->bytes = std::min(each.usable->bytes, *ask.atMost);
  }
}

/// Products whose devices on the nodes an ask may be given.
Products offeredProducts(const DeviceAsk& ask, const gpu::Catalogue& gpus, const workload::Surroundings& surroundings) {
  Products out;
  if (!surroundings.nodes) return out;
  for (const auto& [node, members, labels] : surroundings.sorts) {
    for (const workload::DeviceSort& each : node.devices.value_or(std::vector<workload::DeviceSort>())) {
      const bool kind = each.type == (ask.kind == Kind::Whole ? "gpu" : "mig");
      const bool profile = ask.profiles.empty() || std::find(ask.profiles.begin(), ask.profiles.end(), each.profile) != ask.profiles.end();
      if (kind && profile && each.count > 0) addOnce(out, gpus.find(each.product));
    }
  }
  return out;
}

/// The products of one alternative (DESIGN 3.2): what its selector names stands beside node selection.
SelectedProducts selectedOf(const DeviceAsk& ask, const workload::PodTemplate& pod, const gpu::Catalogue& gpus) {
  SelectedProducts set = selectedProducts(pod.nodes, gpus);
  if (!ask.products) return set;
  SelectedProducts named{false, {}, {}};
  for (const std::string& each : *ask.products) {
    const auto* product = gpus.find(each);
    if (product == nullptr) named.unknown.push_back(each);
    addOnce(named.known, product);
  }
  if (named.known.empty() && named.unknown.empty()) return set;
  return meet(set, named);
}

/// The product set; nothing where no product is named.
std::optional<Products> productSet(const DeviceAsk& ask, const workload::PodTemplate& pod, const Policy& policy, const gpu::Catalogue& gpus,
                                   const workload::Surroundings& surroundings, Meaning& out) {
  SelectedProducts selected = selectedOf(ask, pod, gpus);
  if (!selected.pinned()) out.productsPinned = false;
  if (!selected.unknown.empty()) {
    out.unknownProducts = std::move(selected.unknown);
    return std::nullopt;
  }
  if (!selected.open) return std::move(selected.known);
  if (!policy.gpus.empty()) return policy.gpus;
  Products offered = offeredProducts(ask, gpus, surroundings);
  return offered.empty() ? std::nullopt : std::optional(std::move(offered));
}

std::string labels(const Products& products) {
  std::string text;
  for (const auto* product : products) text += (text.empty() ? "" : ", ") + product->label();
  return text;
}

std::string profilesOf(const gpu::Product& product) {
  std::string text;
  for (const gpu::Profile& each : product.profiles) text += (text.empty() ? "" : ", ") + each.name;
  return text.empty() ? text : fmt::format("; {} has {}", product.label(), text);
}

void addOnce(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

}  // namespace

std::string claimAdvice(const ClaimAsk& claim, std::string_view profile, std::string_view holds) {
  const bool slice = claim.alternatives.front().kind == Kind::Slice;
  return fmt::format("write {}profile {} ({}) in {} instead", slice ? "" : "device class mig.nvidia.com and ", profile, holds, claim.place);
}

std::string sliceClassResource() { return std::string(workload::kDeviceClassPrefix) + "mig.nvidia.com"; }

bool isProfile(std::string_view text, const gpu::Catalogue& gpus) {
  const auto name = gpu::ProfileName::parse(text);
  return name && name->text() == text && gpus.knowsProfile(text);
}

std::string noProfileNote(std::string_view text, const gpu::Catalogue& gpus) {
  const auto name = gpu::ProfileName::parse(text);
  const bool spelling = name && gpus.knowsProfile(name->text());
  std::string note = spelling ? fmt::format("no device has the profile '{}': the driver writes it {}", text, name->text())
                              : fmt::format("no product of the catalogue has the profile {}", text);
  const auto near = spelling ? std::nullopt : gpus.nearestProfile(text);
  return near ? fmt::format("{}; the nearest is {}", note, *near) : note;
}

std::vector<gpu::Offer> offersOf(const DeviceAsk& ask, const Products& products, const gpu::Catalogue& gpus) {
  std::vector<gpu::Offer> out;
  if (!ask.profiles.empty()) {
    for (const std::string& name : ask.profiles) {
      if (!isProfile(name, gpus)) continue;
      for (gpu::Offer& offer : gpus.offers(name, products)) out.push_back(std::move(offer));
    }
  } else {
    const auto add = [&](const gpu::Product& product) {
      for (const gpu::Profile& profile : product.profiles) out.push_back({&product, &profile, false, gpu::usable(product, profile)});
    };
    for (const auto* product : products) add(*product);
    if (products.empty()) for (const gpu::Product& product : gpus.products()) add(product);
  }
  bound(out, ask);
  return out;
}

void addClaims(Ask& ask, std::string_view ns, const workload::Container& container, const workload::PodTemplate& pod, const workload::Devices& devices) {
  Reader(ask, ns, container, pod, devices).run();
}

Meaning meaningOfClaim(const AskEntry& entry, const workload::PodTemplate& pod, const Policy& policy, const gpu::Catalogue& gpus,
                       const workload::Surroundings& surroundings) {
  Meaning out;
  out.viaClaim = true;
  out.shared = !entry.claim->sharedBy.empty();
  out.sharedBy = entry.claim->sharedBy;
  const bool whole = entry.claim->alternatives.front().kind == Kind::Whole;
  out.kind = whole ? Meaning::Kind::Whole : Meaning::Kind::Slice;
  Products all;
  bool contradiction = false;
  out.productsPinned = true;
  for (const DeviceAsk& ask : entry.claim->alternatives) {
    const auto set = productSet(ask, pod, policy, gpus, surroundings, out);
    out.productsNamed = out.productsNamed || set.has_value();
    contradiction = contradiction || (set && set->empty());
    for (const auto* product : set.value_or(Products())) addOnce(all, product);
    for (const std::string& name : ask.profiles) addOnce(out.profiles, name);
    std::vector<gpu::Offer> offers;
    if (!whole && !(set && set->empty())) {
      offers = offersOf(ask, set.value_or(Products()), gpus);
    } else if (whole) {
      for (const auto* product : set.value_or(Products())) offers.push_back({product, nullptr, false, gpu::usable(*product)});
      bound(offers, ask);
    }
    out.offers.insert(out.offers.end(), offers.begin(), offers.end());
  }
  out.usable = usableRange(out.offers);
  for (const gpu::Offer& offer : out.offers) addOnce(out.products, offer.product);
  if (whole) {
    if (!out.unknownProducts.empty()) out.usable.reset();
    out.offers.clear();  // as of nvidia.com/gpu: the products are all there is to say
    return out;
  }
  if (out.offers.empty()) {
    const bool unknown = !out.profiles.empty() && std::none_of(out.profiles.begin(), out.profiles.end(), [&](const auto& each) { return isProfile(each, gpus); });
    out.kind = unknown ? Meaning::Kind::UnknownProfile : Meaning::Kind::NotOnGpu;
    out.products = all;
    out.profile = out.profiles.empty() ? "" : out.profiles.front();
    if (unknown) out.note = noProfileNote(out.profile, gpus);
    else if (contradiction) out.note = "node selection leaves no GPU product";
    else out.note = fmt::format("{} does not offer it{}", all.empty() ? "no product of the catalogue" : labels(all), all.empty() ? "" : profilesOf(*all.front()));
    return out;
  }
  std::stable_sort(out.offers.begin(), out.offers.end(), [](const gpu::Offer& a, const gpu::Offer& b) {
    const auto key = [](const gpu::Offer& each) { return std::tuple(each.usable ? each.usable->bytes : kMaxBytes, each.profile->computeSlices); };
    return key(a) < key(b);
  });
  out.profile = out.offers.front().profile->name;
  out.profilesNamed = !out.profiles.empty();
  if (!out.profilesNamed) for (const gpu::Offer& offer : out.offers) addOnce(out.profiles, offer.profile->name);
  return out;
}

}  // namespace rightslice::policy
