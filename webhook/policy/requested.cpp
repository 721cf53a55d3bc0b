#include "policy/requested.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quantity.hpp"
#include "json/view.hpp"
#include "policy/claimed.hpp"

namespace rightslice::policy {
namespace {

using Values = std::optional<std::vector<std::string>>;  // nothing: open

// All values of a label that a pod can meet: nothing if some alternative leaves it open.
Values possibleValues(const workload::NodeSelection::Label& label) {
  if (label.selector) return std::vector<std::string>{*label.selector};
  if (!label.hasAffinity || label.terms.empty()) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& term : label.terms) {
    if (!term) return std::nullopt;
    out.insert(out.end(), term->begin(), term->end());
  }
  return out;
}

bool matchesSelector(const workload::Node& node, const workload::NodeSelection& selection) {
  for (const auto& [key, value] : selection.nodeSelector) {
    const auto label = node.labels.find(key);
    if (label == node.labels.end() || label->second != value) return false;
  }
  // Required affinity: some term must hold, as far as its terms are read (product and GKE labels).
  if (!selection.product.hasAffinity) return true;
  const auto holds = [&](const Values& values, std::string_view key) {
    if (!values) return true;
    const auto label = node.labels.find(key);
    return label != node.labels.end() && std::find(values->begin(), values->end(), label->second) != values->end();
  };
  const auto termAt = [](const workload::NodeSelection::Label& label, std::size_t index) {
    return index < label.terms.size() ? label.terms[index] : Values();
  };
  const std::size_t terms = selection.product.terms.size();
  for (std::size_t index = 0; index < terms; ++index)
    if (holds(termAt(selection.product, index), "nvidia.com/gpu.product") &&
        holds(termAt(selection.gkeAccelerator, index), "cloud.google.com/gke-accelerator") &&
        holds(termAt(selection.gkePartition, index), "cloud.google.com/gke-gpu-partition-size"))
      return true;
  return terms == 0;
}

/// Does any node of the sort meet the selection? Mostly the first that is looked at does, or a label that none has says no.
bool anyMatches(const workload::NodeSort& sort, const std::vector<workload::Node>& nodes, const workload::NodeSelection& selection) {
  for (const auto& [key, value] : selection.nodeSelector)
    if (!sort.mayHave(key, value)) return false;
  return std::any_of(sort.members.begin(), sort.members.end(), [&](std::uint32_t index) { return matchesSelector(nodes[index], selection); });
}

bool offersResource(const workload::Node& node, std::string_view resource) {
  const auto at = node.allocatable.find(resource);
  return at != node.allocatable.end() && at->second > 0;
}

const gpu::Product* productOf(const workload::Node& node, const gpu::Catalogue& gpus) {
  if (const auto label = node.labels.find("nvidia.com/gpu.product"); label != node.labels.end())
    if (const auto* product = gpus.find(label->second)) return product;
  if (const auto label = node.labels.find("cloud.google.com/gke-accelerator"); label != node.labels.end())
    return gpus.findGke(label->second);
  return nullptr;
}

/// What one node's nvidia.com/gpu is: a profile, or "" for a whole GPU.
std::string gpuOfNode(const workload::Node& node) {
  if (const auto label = node.labels.find("cloud.google.com/gke-gpu-partition-size"); label != node.labels.end())
    if (const auto name = gpu::ProfileName::parse(label->second)) return name->text();
  if (const auto label = node.labels.find("nvidia.com/gpu.product"); label != node.labels.end())
    if (const auto name = gpu::ProductName::parse(label->second); name.profile)
      if (const auto profile = gpu::ProfileName::parse(*name.profile)) return profile->text();
  return "";
}

/// nvidia.com/gpu: a whole GPU ("") or a profile; nothing if it is not known (DESIGN 3.1).
std::optional<std::string> gpuMeaning(const AskEntry& entry, const workload::PodTemplate& pod, const Policy& policy,
                                      const workload::Surroundings& surroundings, Meaning& out) {
  std::set<std::string> seen;
  bool open = false;
  if (const auto partitions = possibleValues(pod.nodes.gkePartition); partitions && !partitions->empty()) {
    for (const auto& value : *partitions) {
      const auto name = gpu::ProfileName::parse(value);
      open = open || !name;
      if (name) seen.insert(name->text());
    }
    out.selectedByPartition = !open && seen.size() == 1;
    if (out.selectedByPartition) return *seen.begin();
  }
  seen.clear();
  open = false;
  bool anyProductValue = false;
  const auto look = [&](const Values& values, bool gke) {
    if (!values) return;
    for (const auto& value : *values) {
      anyProductValue = true;
      const auto name = gpu::ProductName::parse(value);
      if (!gke && name.profile) {
        const auto profile = gpu::ProfileName::parse(*name.profile);
        open = open || !profile;
        if (profile) seen.insert(profile->text());
      } else {
        seen.insert("");  // a plain product is a whole GPU, also one that the catalogue lacks
      }
    }
  };
  look(possibleValues(pod.nodes.product), false);
  if (!anyProductValue) look(possibleValues(pod.nodes.gkeAccelerator), true);
  if (anyProductValue && !open && seen.size() == 1) return *seen.begin();

  if (policy.gpuMeaning == Policy::GpuMeaning::Whole) return "";
  if (policy.gpuMeaning == Policy::GpuMeaning::Profile) return policy.gpuProfile;

  seen.clear();
  if (surroundings.nodes) {
    for (const auto& sort : surroundings.sorts) {
      if (!offersResource(sort.node, entry.resource)) continue;
      std::string meaning = gpuOfNode(sort.node);
      if (!seen.contains(meaning) && anyMatches(sort, *surroundings.nodes, pod.nodes)) seen.insert(std::move(meaning));
    }
  }
  if (entry.byClass) {
    for (const auto& profile : entry.byClass->profiles) seen.insert(profile);
    if (entry.byClass->profiles.empty()) seen.insert(entry.byClass->kind == DeviceAsk::Kind::Whole ? "" : "?");  // any slice: not one
  }
  if (seen.size() == 1 && *seen.begin() != "?") return *seen.begin();
  return std::nullopt;
}

std::string labels(const Products& products) {
  std::string text;
  for (const auto* product : products) text += (text.empty() ? "" : ", ") + product->label();
  return text;
}

/// The product set of DESIGN 3.2, first source that names one.
Products productSet(const AskEntry& entry, const workload::PodTemplate& pod, const Policy& policy, const gpu::Catalogue& gpus,
                    const workload::Surroundings& surroundings, Meaning& out) {
  auto selected = selectedProducts(pod.nodes, gpus);
  out.productsPinned = selected.pinned();
  out.unknownProducts = std::move(selected.unknown);
  out.productsNamed = true;
  if (out.productsPinned) return std::move(selected.known);
  if (out.unknownProducts.empty()) {
    if (!policy.gpus.empty()) return policy.gpus;
    Products offering;
    if (surroundings.nodes)
      for (const auto& sort : surroundings.sorts)
        if (offersResource(sort.node, entry.resource)) addOnce(offering, productOf(sort.node, gpus));
    if (!offering.empty()) return offering;
  }
  out.productsNamed = false;
  Products every;
  if (!out.profile.empty())
    for (const auto& offer : gpus.offers(out.profile, {})) addOnce(every, offer.product);
  return every;
}

void readShared(const AskEntry& entry, const workload::PodTemplate& pod, Meaning& out) {
  if (entry.name.shared || entry.name.kind == gpu::ResourceName::Kind::SharedGpu) {
    out.shared = true;
    out.sharedBy = entry.resource;
    return;
  }
  const auto& sharing = pod.nodes.gkeSharing;
  if (sharing.selector || (sharing.hasAffinity && std::any_of(sharing.terms.begin(), sharing.terms.end(),
                                                              [](const Values& term) { return term && !term->empty(); }))) {
    out.shared = true;
    out.sharedBy = "node label cloud.google.com/gke-gpu-sharing-strategy";
    return;
  }
  if (const auto products = possibleValues(pod.nodes.product))
    for (const auto& value : *products)
      if (gpu::ProductName::parse(value).shared) {
        out.shared = true;
        out.sharedBy = "node label nvidia.com/gpu.product=" + value;
        return;
      }
}

std::optional<std::string> textOf(const std::vector<std::pair<std::string, std::string>>& list, std::string_view key,
                                  const std::vector<std::string>& json, std::string& jsonOut) {
  for (std::size_t index = 0; index < list.size(); ++index)
    if (list[index].first == key) {
      jsonOut = index < json.size() ? json[index] : list[index].second;
      return list[index].second;
    }
  return std::nullopt;
}

}  // namespace

Ask readAsk(const workload::Container& container, const workload::Devices* devices) {
  Ask ask;
  std::vector<std::pair<std::string_view, gpu::ResourceName>> asked;
  for (const auto* list : {&container.limits, &container.requests})
    for (const auto& [key, value] : *list) {
      auto name = gpu::ResourceName::parse(key);
      if (!name.asksForGpu() && (devices == nullptr || !devices->classOfResource(key))) continue;
      const bool known = std::any_of(asked.begin(), asked.end(), [&each = key](const auto& other) { return other.first == each; });
      if (!known) asked.emplace_back(key, std::move(name));
    }
  for (auto& each : asked) {
    const std::string_view key = each.first;
    AskEntry entry;
    entry.resource = key;
    entry.name = std::move(each.second);
    const auto limit = textOf(container.limits, key, container.limitsJson, entry.limitJson);
    const auto request = textOf(container.requests, key, container.requestsJson, entry.requestJson);
    entry.path = container.requestPointer;
    if (entry.path.empty())
      entry.path = fmt::format("{}/resources/{}/{}", container.pointer, limit ? "limits" : "requests", json::escapeToken(key));

    const auto read = [&](const std::optional<std::string>& text) -> std::optional<Quantity> {
      if (!text) return std::nullopt;
      const auto quantity = Quantity::parse(*text);
      if (!quantity)
        entry.problem = fmt::format("'{}' is no quantity", *text);
      else if (quantity->isNegative())
        entry.problem = fmt::format("{} is negative", *text);
      else if (!quantity->isInteger())
        entry.problem = fmt::format("{} is a fraction, and {} is handed out whole", *text, key);
      else
        return *quantity;
      return std::nullopt;
    };
    const auto limitValue = read(limit);
    const auto requestValue = entry.problem.empty() ? read(request) : std::nullopt;
    if (entry.problem.empty()) {
      const bool limitZero = !limit || limitValue->isZero();
      const bool requestZero = !request || requestValue->isZero();
      if (limitZero && requestZero) continue;  // zero asks for nothing
      if (!limit)
        entry.problem = "requests without limits; Kubernetes needs limits for extended resources";
      else if (request && !(*limitValue == *requestValue))
        entry.problem = fmt::format("requests ({}) differ from limits ({})", *request, *limit);
      else if (!limitValue->integer())
        entry.problem = fmt::format("{} is too large", *limit);
      else
        entry.count = limitValue->integer();
    }
    ask.entries.push_back(std::move(entry));
  }
  return ask;
}

std::optional<UsableRange> usableRange(const std::vector<gpu::Offer>& offers) {
  const bool anyMeasured =
      std::any_of(offers.begin(), offers.end(), [](const gpu::Offer& offer) { return offer.usable && !offer.usable->standIn; });
  std::optional<UsableRange> out;
  for (const auto& offer : offers) {
    if (!offer.usable || (anyMeasured && offer.usable->standIn)) continue;
    const Bytes bytes = offer.usable->bytes;
    if (!out) {
      out = UsableRange{bytes, bytes, !anyMeasured, offer.product};
      continue;
    }
    if (bytes < out->smallest) {
      out->smallest = bytes;
      out->smallestProduct = offer.product;
    }
    out->largest = std::max(out->largest, bytes);
  }
  return out;
}

Meaning meaningOf(const AskEntry& entry, const workload::PodTemplate& pod, const Policy& policy, const gpu::Catalogue& gpus,
                  const workload::Surroundings& surroundings) {
  using Kind = gpu::ResourceName::Kind;
  if (entry.claim) return meaningOfClaim(entry, pod, policy, gpus, surroundings);
  Meaning out;
  readShared(entry, pod, out);
  if (entry.name.kind == Kind::WholeGpu || entry.name.kind == Kind::SharedGpu) {
    const auto meaning = gpuMeaning(entry, pod, policy, surroundings, out);
    if (!meaning) {
      out.kind = Meaning::Kind::UnknownMeaning;
      out.note = fmt::format(
          "{} may be a whole GPU or a slice here; set spec.gpuResource in the policy (whole, or the profile), or select nodes by "
          "nvidia.com/gpu.product",
          entry.resource);
      return out;
    }
    if (meaning->empty()) {
      out.kind = Meaning::Kind::Whole;
      out.products = productSet(entry, pod, policy, gpus, surroundings, out);
      std::vector<gpu::Offer> totals;
      for (const auto* product : out.products) totals.push_back({product, nullptr, false, gpu::usable(*product)});
      out.usable = usableRange(totals);
      return out;
    }
    out.viaGpuResource = true;
    out.profile = *meaning;
  } else {
    out.profile = entry.name.profile;
  }

  if (entry.name.kind == Kind::Misspelt || !gpus.knowsProfile(out.profile)) {
    out.kind = Meaning::Kind::UnknownProfile;
    const auto close = gpus.nearestProfile(out.profile);
    out.note = entry.name.kind == Kind::Misspelt
                   ? fmt::format("{} is no slice name: after the prefix comes a profile such as 1g.10gb or 1g.10gb.me", entry.resource)
                   : fmt::format("no product of the catalogue has the profile {}", out.profile);
    if (close)
      out.note += fmt::format("; the nearest is {}", gpu::resourceFor(*close, entry.name));
    return out;
  }
  const Products set = productSet(entry, pod, policy, gpus, surroundings, out);
  // An empty set is a contradiction of node selection, and offers() reads an empty set as every product.
  if (!set.empty()) out.offers = gpus.offers(out.profile, set);
  for (const auto& offer : out.offers) addOnce(out.products, offer.product);
  if (out.offers.empty()) {
    out.kind = Meaning::Kind::NotOnGpu;
    out.products = set;
    if (set.empty()) {
      out.note = "node selection leaves no GPU product";
    } else {
      std::string profiles;
      for (const auto& profile : set.front()->profiles) profiles += (profiles.empty() ? "" : ", ") + profile.name;
      out.note = fmt::format("{} does not offer {}", labels(set), out.profile);
      if (!profiles.empty()) out.note += fmt::format("; {} has {}", set.front()->label(), profiles);
    }
    if (surroundings.nodes && !set.empty()) {
      bool nodesOfProduct = false, offered = false;
      for (const auto& [node, members, nodeLabels] : surroundings.sorts) {
        const auto* product = productOf(node, gpus);
        if (product == nullptr || std::find(set.begin(), set.end(), product) == set.end()) continue;
        nodesOfProduct = true;
        offered = offered || offersResource(node, entry.resource);
      }
      out.inventoryLacksIt = nodesOfProduct && !offered;
    }
    return out;
  }
  out.profile = out.offers.front().profile->name;
  out.usable = usableRange(out.offers);
  return out;
}

}  // namespace rightslice::policy
