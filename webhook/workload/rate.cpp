#include "workload/rate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/ascii.hpp"
#include "gpu/product_name.hpp"

namespace rightslice::workload {
namespace {

constexpr std::array<std::string_view, 4> kTerms{"unknown", "on-demand", "reserved", "spot"};

struct TermLabel {
  std::string_view key, value;
  Term term;
};
// karpenter.sh: pkg/apis/v1/labels.go (CapacityTypeLabelKey); EKS: managed node groups; GKE: "Spot VMs" and "preemptible VMs";
// AKS: "Add a spot node pool". EKS writes its values in capitals.
constexpr TermLabel kTermLabels[] = {
    {"karpenter.sh/capacity-type", "spot", Term::Spot},
    {"karpenter.sh/capacity-type", "on-demand", Term::OnDemand},
    {"karpenter.sh/capacity-type", "reserved", Term::Reserved},
    {"eks.amazonaws.com/capacityType", "SPOT", Term::Spot},
    {"eks.amazonaws.com/capacityType", "ON_DEMAND", Term::OnDemand},
    {"eks.amazonaws.com/capacityType", "CAPACITY_BLOCK", Term::Reserved},
    {"cloud.google.com/gke-spot", "true", Term::Spot},
    {"cloud.google.com/gke-preemptible", "true", Term::Spot},
    {"cloud.google.com/gke-provisioning", "spot", Term::Spot},
    {"cloud.google.com/gke-provisioning", "preemptible", Term::Spot},
    {"kubernetes.azure.com/scalesetpriority", "spot", Term::Spot},
};
/// Labels that every node of GKE and of AKS has.
constexpr std::string_view kOnDemandUnlessSaid[] = {"cloud.google.com/gke-nodepool", "kubernetes.azure.com/agentpool", "kubernetes.azure.com/cluster"};

std::string_view labelOf(const PricedNode& node, std::string_view key) {
  if (node.labels == nullptr) return {};
  const auto at = node.labels->find(key);
  return at == node.labels->end() ? std::string_view() : std::string_view(at->second);
}

std::string normalised(std::string_view name) { return gpu::normalisedBase(name); }

bool isOf(const std::string& written, const PricedNode& node, const gpu::Catalogue& gpus) {
  if (node.product != nullptr) return gpus.find(written) == node.product;
  return !node.productName.empty() && normalised(written) == normalised(node.productName);
}

bool holdsOn(const Rate& rate, Date day) { return (!rate.from || *rate.from <= day) && (!rate.until || day <= *rate.until); }

/// Whether every condition but the time is met.
bool meets(const Rate& rate, const PricedNode& node, const gpu::Catalogue& gpus) {
  if (!rate.product.empty() && !isOf(rate.product, node, gpus)) return false;
  if (!rate.provider.empty() && rate.provider != providerOf(node.providerId)) return false;
  if (!rate.region.empty() && rate.region != regionOf(node)) return false;
  if (!rate.instance.empty() && rate.instance != instanceOf(node)) return false;
  if (rate.term != Term::Unknown && rate.term != termOf(node)) return false;
  return std::all_of(rate.labels.begin(), rate.labels.end(), [&](const auto& each) {
    return node.labels != nullptr && node.labels->contains(each.first) && labelOf(node, each.first) == each.second;
  });
}

auto weight(const Rate& rate) {
  return std::tuple(rate.labels.size(), !rate.instance.empty(), !rate.region.empty(), rate.term != Term::Unknown, !rate.provider.empty(), !rate.product.empty());
}

}  // namespace

std::string_view name(Term term) { return kTerms[static_cast<std::size_t>(term)]; }

std::optional<Term> termNamed(std::string_view text) {
  for (std::size_t i = 1; i < kTerms.size(); ++i)
    if (kTerms[i] == text) return static_cast<Term>(i);
  return std::nullopt;
}

std::string providerOf(std::string_view providerId) {
  const auto end = providerId.find("://");
  if (end == std::string_view::npos) return "";
  std::string out;
  for (const char c : providerId.substr(0, end)) out += lowerAscii(c);
  return out == "gce" ? "gcp" : out;
}

std::string_view regionOf(const PricedNode& node) {
  const auto now = labelOf(node, "topology.kubernetes.io/region");
  return now.empty() ? labelOf(node, "failure-domain.beta.kubernetes.io/region") : now;
}

std::string_view instanceOf(const PricedNode& node) {
  const auto now = labelOf(node, "node.kubernetes.io/instance-type");
  return now.empty() ? labelOf(node, "beta.kubernetes.io/instance-type") : now;
}

Term termOf(const PricedNode& node) {
  for (const TermLabel& each : kTermLabels)
    if (labelOf(node, each.key) == each.value) return each.term;
  const bool known = std::any_of(std::begin(kOnDemandUnlessSaid), std::end(kOnDemandUnlessSaid), [&](std::string_view key) { return !labelOf(node, key).empty(); });
  return known ? Term::OnDemand : Term::Unknown;
}

Result<Price> priceOf(const RateBook& book, const PricedNode& node, Date day, const gpu::Catalogue& gpus) {
  const Rate* best = nullptr;
  const Rate* outOfTime = nullptr;
  for (const Rate& each : book.rates) {
    if (!meets(each, node, gpus)) continue;
    if (!holdsOn(each, day)) outOfTime = &each;
    else if (best == nullptr || weight(each) > weight(*best)) best = &each;
  }
  if (best != nullptr) return Price{best->micros, best->divisor, fmt::format("rates[{}]", best - book.rates.data())};
  const bool listOnly = book.book.isDefault && termOf(node) == Term::Spot;
  for (const auto& [written, micros] : book.book.gpuHourMicros) {
    if (!isOf(written, node, gpus)) continue;
    if (listOnly) return fail("a spot node, and the shipped book has on-demand prices only");
    return Price{micros, 1, "gpuHour"};
  }
  if (outOfTime != nullptr)
    return fail(fmt::format("rates[{}] of the book holds {}", outOfTime - book.rates.data(),
                            outOfTime->until && *outOfTime->until < day ? "until " + outOfTime->until->text() : "from " + outOfTime->from->text()));
  if (node.product == nullptr && node.productName.empty()) return fail("which GPU the node has is not known");
  const std::string label = node.product != nullptr ? node.product->label() : std::string(node.productName);
  const bool others = std::any_of(book.rates.begin(), book.rates.end(), [&](const Rate& each) { return !each.product.empty() && isOf(each.product, node, gpus); });
  return fail(others ? fmt::format("no rate of the book for {} is for this node", label) : fmt::format("the book has no price of {}", label));
}

}  // namespace rightslice::workload
