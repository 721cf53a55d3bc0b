// Which price of a book holds for a node, and which books are refused.
#include <doctest/doctest.h>

#include "workload/rate.hpp"

using namespace rightslice;
using namespace rightslice::workload;

namespace {

const gpu::Catalogue& gpus() { return gpu::Catalogue::builtIn(); }

RateBook read(std::string_view text) {
  auto book = readRateBook(text, "p.yaml");
  REQUIRE_MESSAGE(book, (book ? "" : book.error().where + ": " + book.error().message));
  return std::move(*book);
}

struct On {
  std::string product, providerId;
  StringMap labels;
  std::string day = "2026-06-01";
};

Result<Price> price(const RateBook& book, const On& on) {
  PricedNode node;
  node.product = gpus().find(on.product);
  node.productName = on.product;
  node.providerId = on.providerId;
  node.labels = &on.labels;
  return priceOf(book, node, *Date::parse(on.day), gpus());
}

std::string from(const RateBook& book, const On& on) {
  const auto found = price(book, on);
  return found ? found->from : found.error().message;
}

constexpr std::string_view kH100 = "NVIDIA-H100-80GB-HBM3";

}  // namespace

TEST_CASE("a product has its own price and never that of one with a similar name") {
  // piqc 1.7: "L40" is found as "L4" there, and what is not in its table costs a default.
  const auto book = read("currency: USD\ngpuHour: {L4: 0.8, A100 40GB: 2, H100 80GB SXM5: 4, H200 141GB SXM5: 6.35}\n");
  CHECK(from(book, {"NVIDIA-L4", "", {}}) == "gpuHour");
  CHECK(from(book, {"NVIDIA-L40", "", {}}) == "the book has no price of NVIDIA-L40");
  CHECK(from(book, {"NVIDIA-L40S", "", {}}) == "the book has no price of NVIDIA-L40S");
  CHECK(from(book, {"NVIDIA-B200", "", {}}) == "the book has no price of NVIDIA-B200");
  CHECK(from(book, {"", "", {}}) == "which GPU the node has is not known");
  CHECK(price(book, {"NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "", {}})->micros == 2'000'000);   // the whole card, of which the slices are parts
  CHECK(!price(book, {"NVIDIA-A100-SXM4-80GB", "", {}}));
}

TEST_CASE("an H200 is priced as an H200, and above an H100, in the shipped book too") {
  const RateBook book{defaultPriceBook(), {}};
  const auto h200 = price(book, {"NVIDIA-H200", "", {}}), h100 = price(book, {std::string(kH100), "", {}});
  REQUIRE((h200 && h100));
  CHECK(h200->micros == 6'350'000);
  CHECK(h200->micros > h100->micros);
}

TEST_CASE("the shipped book prices no spot node: its prices are on demand") {
  const RateBook book{defaultPriceBook(), {}};
  CHECK(from(book, {std::string(kH100), "", {{"karpenter.sh/capacity-type", "spot"}}}) == "a spot node, and the shipped book has on-demand prices only");
  CHECK(from(read("currency: USD\ngpuHour: {H100 80GB SXM5: 4}"), {std::string(kH100), "", {{"karpenter.sh/capacity-type", "spot"}}}) == "gpuHour");
}

TEST_CASE("the rate with the most conditions counts, and a condition on what is not told is not met") {
  const auto book = read(R"(
currency: USD
gpuHour: {NVIDIA-H100-80GB-HBM3: 9}
rates:
  - {product: H100 80GB SXM5, provider: aws, gpuHour: 8}
  - {product: H100 80GB SXM5, provider: aws, region: eu-central-1, gpuHour: 7}
  - {instance: p5.48xlarge, term: spot, instanceHour: 40, gpus: 8}
  - {product: H100 80GB SXM5, provider: gce, term: on-demand, gpuHour: 6}
  - {product: H100 80GB SXM5, labels: {pool: reserved-2026}, gpuHour: 5}
)");
  const std::string h100(kH100), aws = "aws:///eu-central-1a/i-1", gce = "gce://p/europe-west4-a/n";
  CHECK(from(book, {h100, "", {}}) == "gpuHour");
  CHECK(from(book, {h100, aws, {}}) == "rates[0]");
  CHECK(from(book, {h100, aws, {{"topology.kubernetes.io/region", "eu-central-1"}}}) == "rates[1]");
  CHECK(from(book, {h100, aws, {{"failure-domain.beta.kubernetes.io/region", "eu-central-1"}}}) == "rates[1]");
  const StringMap p5{{"node.kubernetes.io/instance-type", "p5.48xlarge"}, {"topology.kubernetes.io/region", "eu-central-1"}};
  CHECK(from(book, {h100, aws, p5}) == "rates[1]");
  auto spot = p5;
  spot["eks.amazonaws.com/capacityType"] = "SPOT";
  CHECK(from(book, {h100, aws, spot}) == "rates[2]");
  CHECK(price(book, {h100, aws, spot})->micros == 40'000'000);
  CHECK(price(book, {h100, aws, spot})->divisor == 8);
  CHECK(from(book, {h100, gce, {}}) == "gpuHour");   // GKE's label is what tells
  CHECK(from(book, {h100, gce, {{"cloud.google.com/gke-nodepool", "a"}}}) == "rates[3]");
  CHECK(from(book, {h100, gce, {{"cloud.google.com/gke-nodepool", "a"}, {"cloud.google.com/gke-spot", "true"}}}) == "gpuHour");
  spot["pool"] = "reserved-2026";
  CHECK(from(book, {h100, aws, spot}) == "rates[4]");
}

TEST_CASE("terms of the clouds") {
  struct Row { std::string key, value; Term term; };
  for (const Row& each : {Row{"karpenter.sh/capacity-type", "on-demand", Term::OnDemand}, Row{"karpenter.sh/capacity-type", "reserved", Term::Reserved},
                          Row{"karpenter.sh/capacity-type", "spot", Term::Spot}, Row{"eks.amazonaws.com/capacityType", "ON_DEMAND", Term::OnDemand},
                          Row{"eks.amazonaws.com/capacityType", "CAPACITY_BLOCK", Term::Reserved}, Row{"cloud.google.com/gke-preemptible", "true", Term::Spot},
                          Row{"kubernetes.azure.com/scalesetpriority", "spot", Term::Spot}, Row{"kubernetes.azure.com/agentpool", "gpu", Term::OnDemand},
                          Row{"capacity", "spot", Term::Unknown}}) {
    CAPTURE(each.key);
    const StringMap labels{{each.key, each.value}};
    PricedNode node;
    node.labels = &labels;
    CHECK(name(termOf(node)) == name(each.term));
  }
}

TEST_CASE("a price holds from its first to its last day") {
  const auto book = read("currency: USD\nrates:\n- {product: B200, gpuHour: 5, from: 2026-01-01, until: 2026-06-30}\n- {product: B200, gpuHour: 4, from: 2026-07-01}\n");
  CHECK(from(book, {"NVIDIA-B200", "", {}, "2025-12-31"}).starts_with("rates["));
  CHECK(!price(book, {"NVIDIA-B200", "", {}, "2025-12-31"}));
  CHECK(price(book, {"NVIDIA-B200", "", {}, "2026-01-01"})->from == "rates[0]");
  CHECK(price(book, {"NVIDIA-B200", "", {}, "2026-06-30"})->from == "rates[0]");
  CHECK(price(book, {"NVIDIA-B200", "", {}, "2026-07-01"})->from == "rates[1]");
  const auto over = read("currency: USD\nrates: [{product: B200, gpuHour: 5, until: 2026-03-01}]\n");
  CHECK(from(over, {"NVIDIA-B200", "", {}}) == "rates[0] of the book holds until 2026-03-01");
}

TEST_CASE("what was bought is written off, with power and hosting") {
  const auto book = read("currency: EUR\nrates: [{product: H100 80GB SXM5, onPrem: {purchase: 292000, months: 50, monthly: 1460, gpus: 8}}]\n");
  const auto found = price(book, {std::string(kH100), "", {}});
  REQUIRE(found);
  // (292000 / 50 + 1460) / (8 x 730) = 7300 / 5840 = 1.25 an hour
  CHECK(found->micros * 4 == found->divisor * 5'000'000);
}

TEST_CASE("what is wrong in a book has its place") {
  struct Row { std::string text, where, message; };
  const std::string head = "currency: USD\nrates:\n";
  for (const Row& each : {
           Row{head + "- {product: B200, gpuHour: 1, regoin: x}", "p.yaml:3:31", "a rate has no key 'regoin'; did you mean 'region'?"},
           Row{head + "- {product: B200}", "p.yaml:3:3", "a rate needs a price: gpuHour, instanceHour with gpus, or onPrem"},
           Row{head + "- {gpuHour: 1}", "p.yaml:3:3", "a rate names a product, an instance or labels: it would price every GPU alike"},
           Row{head + "- {product: B200, gpuHour: 1, instanceHour: 8, gpus: 8}", "p.yaml:3:3", "a rate has one price: gpuHour, instanceHour with gpus, or onPrem"},
           Row{head + "- {product: B200, instanceHour: 8}", "p.yaml:3:3", "gpus is missing"},
           Row{head + "- {product: B200, gpuHour: '1'}", "p.yaml:3:28", "gpuHour must be a number without quotes, not string"},
           Row{head + "- {product: B200, gpuHour: 1, term: preemptible}", "p.yaml:3:37", "term must be on-demand, reserved or spot, not 'preemptible'"},
           Row{head + "- {product: B200, gpuHour: 1, until: tomorrow}", "p.yaml:3:38", "until must be a day such as 2026-05-31"},
           Row{head + "- {product: B200, gpuHour: 1, from: 2026-02-01, until: 2026-01-01}", "p.yaml:3:56", "until lies before from"},
           Row{head + "- {product: NVIDIA-A100-SXM4-40GB-MIG-1g.5gb, gpuHour: 1}", "p.yaml:3:13",
               "'NVIDIA-A100-SXM4-40GB-MIG-1g.5gb' is a slice; a price is of the whole GPU, and its slices follow from it"},
           Row{head + "- {product: B200, gpuHour: 1, currency: EUR}", "p.yaml:3:41", "EUR in a book in USD: amounts of two currencies do not add up; write a book of each"},
           Row{head + "- {product: B200, gpuHour: 1}\n- {product: nvidia b200, gpuHour: 2}", "p.yaml:4:3",
               "rates[0] is for the same nodes on the same days; keep one, or part them by from and until"},
           Row{head + "- {product: B200, onPrem: {months: 36, gpus: 8}}", "p.yaml:3:27", "purchase is missing: what the machine cost"},
           Row{"currency: USD\n", "p.yaml:1:1", "prices.gpuHour is missing: the price of an hour by product"},
           Row{"currency: USD\ngpuHour: {A100-MIG-1g.5gb: 1}\n", "p.yaml:2:11", "'A100-MIG-1g.5gb' is a slice; a price is of the whole GPU, and its slices follow from it"},
       }) {
    CAPTURE(each.text);
    const auto book = readRateBook(each.text, "p.yaml");
    REQUIRE(!book);
    CHECK(book.error().where == each.where);
    CHECK(book.error().message == each.message);
  }
  CHECK(readRateBook(head + "- {product: B200, gpuHour: 1, until: 2026-05-31}\n- {product: B200, gpuHour: 2, from: 2026-06-01}\n", "p.yaml"));
  const auto inPrices = readPriceBook("currency: USD\nrates: []\n", "p.yaml");
  REQUIRE(!inPrices);
  CHECK(inPrices.error().message == "rates hold for some nodes only, and need a price book of their own: give it with scan --prices FILE");
}
