// Prices of the price book that hold for some nodes only, and which price holds for a node.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.hpp"
#include "base/error.hpp"
#include "gpu/catalogue.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::workload {

/// How a node is paid for.
enum class Term : std::uint8_t { Unknown, OnDemand, Reserved, Spot };
std::string_view name(Term term);                    ///< "unknown", "on-demand", "reserved", "spot"
std::optional<Term> termNamed(std::string_view text);  ///< of the last three

/// An entry of `rates`: a price per GPU-hour, and the nodes that it holds for. An empty condition says nothing.
struct Rate {
  std::string product;                               ///< as written; empty: whatever the instance has
  std::string provider, region, instance;
  Term term = Term::Unknown;                         ///< Unknown: every one
  StringMap labels;
  std::optional<Date> from, until;                   ///< both days included
  /// micros / divisor in 10^-6 of the currency per GPU-hour: the price of a machine has no exact decimal per GPU.
  std::int64_t micros = 0, divisor = 1;
  std::string source, currency;                      ///< currency: empty, or that of the book
};

/// A price book with rates: a file of --prices.
struct RateBook {
  PriceBook book;                                    ///< prices that hold for every node
  std::vector<Rate> rates;                           ///< in the order of the file
};
/// {currency, date, gpuHour: {PRODUCT: n}, sources: {PRODUCT: text}, rates: [...]}; of gpuHour and rates one may be missing. JSON or YAML;
/// unknown keys, wrong types and two rates for the same nodes and days are errors with file:line:column.
Result<RateBook> readRateBook(std::string_view text, std::string_view file);

/// What is known of a node that a price may hang on. Views into the node; empty: not told.
struct PricedNode {
  const gpu::Product* product = nullptr;
  std::string_view productName;                      ///< as the node says it; also of products that the catalogue lacks
  std::string_view providerId;                       ///< spec.providerID
  const StringMap* labels = nullptr;
};

/// Scheme of a providerID ("aws:///eu-central-1a/i-1" -> "aws", gce is "gcp"); empty where there is none.
std::string providerOf(std::string_view providerId);
/// topology.kubernetes.io/region and node.kubernetes.io/instance-type, else their beta names.
std::string_view regionOf(const PricedNode& node);
std::string_view instanceOf(const PricedNode& node);
/// By the labels of Karpenter, EKS, GKE and AKS. GKE and AKS label what is spot, so that a node of theirs without such a label is on
/// demand; no label tells of a reservation or a savings plan: those are told by `labels` of one's own.
Term termOf(const PricedNode& node);

struct Price {
  std::int64_t micros = 0, divisor = 1;              ///< as in Rate
  std::string from;                                  ///< where it stands in the book: "gpuHour", "rates[2]"
  friend bool operator==(const Price&, const Price&) = default;
};

/// The price of one GPU of the node for an hour, or why there is none. Never that of a product with a similar name: both names are of
/// one product of the catalogue, or are the same. Of the rates that hold on `day` the one with the most conditions counts (labels, then
/// instance, region, term, provider, product, then the first of the file), before `gpuHour`. A condition on what the node does not tell
/// is not met. The shipped book has on-demand prices: a spot node has no price there.
Result<Price> priceOf(const RateBook& book, const PricedNode& node, Date day, const gpu::Catalogue& gpus);

}  // namespace rightslice::workload
