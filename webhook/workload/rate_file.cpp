// Reads the `rates` of a price book.
#include <fmt/format.h>

#include <algorithm>

#include "workload/price_book.hpp"

namespace rightslice::workload {
namespace {

// Slips are told from prices by these: a machine is not dearer than a rack, and nothing is written off over more than fifty years.
constexpr std::int64_t kMaxHour = 1'000'000, kMaxPurchase = 1'000'000'000, kMaxMonths = 600, kMaxGpus = 1024, kHoursOfMonth = 730;

std::string text(const Entry& rate, std::string_view key, StrictReader& reader) {
  const Entry entry = rate[key];
  if (!entry.view.exists()) return "";
  if (!entry.view.isString() || entry.view.stringOr("").empty()) {
    reader.refuse(entry, fmt::format("{} must be a text that is not empty, not {}", key, entry.view.isString() ? "an empty one" : entry.view.typeName()));
  }
  return std::string(entry.view.stringOr(""));
}

std::int64_t whole(const Entry& parent, std::string_view key, std::int64_t most, StrictReader& reader) {
  const Entry entry = parent[key];
  if (!entry.view.exists()) {
    reader.missing(parent, fmt::format("{} is missing", key));
    return 1;
  }
  const auto value = entry.view.integer();
  if (value && *value >= 1 && *value <= most) return *value;
  reader.refuse(entry, fmt::format("{} must be a whole number from 1 to {}", key, most));
  return 1;
}

std::optional<Date> day(const Entry& rate, std::string_view key, StrictReader& reader) {
  const Entry entry = rate[key];
  if (!entry.view.exists()) return std::nullopt;
  auto date = Date::parse(entry.view.stringOr(""));
  if (!date) reader.refuse(entry, fmt::format("{} must be a day such as 2026-05-31", key));
  return date;
}

/// What it costs: one of three ways.
void readCost(const Entry& rate, Rate& out, StrictReader& reader) {
  const Entry gpu = rate["gpuHour"], machine = rate["instanceHour"], own = rate["onPrem"];
  const int given = (gpu.view.exists() ? 1 : 0) + (machine.view.exists() ? 1 : 0) + (own.view.exists() ? 1 : 0);
  if (given == 0) return reader.missing(rate, "a rate needs a price: gpuHour, instanceHour with gpus, or onPrem");
  if (given > 1) return reader.refuse(rate, "a rate has one price: gpuHour, instanceHour with gpus, or onPrem");
  if (rate["gpus"].view.exists() && !machine.view.exists()) reader.refuse(rate["gpus"], "gpus says among how many GPUs instanceHour is shared", true);
  if (gpu.view.exists()) {
    out.micros = readAmount(gpu, "gpuHour", kMaxHour, "", reader);
  } else if (machine.view.exists()) {
    out.micros = readAmount(machine, "instanceHour", kMaxHour * 16, "", reader);
    out.divisor = whole(rate, "gpus", kMaxGpus, reader);
  } else if (reader.object(own, "onPrem", {"purchase", "months", "monthly", "gpus"})) {
    // (purchase / months + monthly) / (gpus x hours of a month), as one fraction.
    if (!own["purchase"].view.exists()) reader.missing(own, "purchase is missing: what the machine cost");
    const std::int64_t purchase = own["purchase"].view.exists() ? readAmount(own["purchase"], "purchase", kMaxPurchase, "", reader) : 0;
    const std::int64_t monthly = own["monthly"].view.exists() ? readAmount(own["monthly"], "monthly", kMaxHour * 10, "", reader) : 0;
    const std::int64_t months = whole(own, "months", kMaxMonths, reader);
    out.micros = purchase + monthly * months;
    out.divisor = months * whole(own, "gpus", kMaxGpus, reader) * kHoursOfMonth;
  }
}

Rate readRate(const Entry& rate, StrictReader& reader) {
  Rate out;
  if (!reader.object(rate, "a rate", {"product", "provider", "region", "instance", "term", "labels", "gpuHour", "instanceHour", "gpus", "onPrem", "from", "until",
                     "source"},
                     {"currency"}))
    return out;
  out.product = text(rate, "product", reader);
  out.provider = text(rate, "provider", reader);
  if (!out.provider.empty()) out.provider = providerOf(out.provider + "://");
  out.region = text(rate, "region", reader);
  out.instance = text(rate, "instance", reader);
  out.currency = text(rate, "currency", reader);
  out.source = text(rate, "source", reader);
  if (gpu::ProductName::parse(out.product).profile) {
    reader.refuse(rate["product"], fmt::format("'{}' is a slice; a price is of the whole GPU, and its slices follow from it", out.product));
  }
  if (const std::string term = text(rate, "term", reader); !term.empty()) {
    if (const auto known = termNamed(term)) out.term = *known;
    else reader.refuse(rate["term"], fmt::format("term must be on-demand, reserved or spot, not '{}'", term));
  }
  if (const Entry labels = rate["labels"]; labels.view.exists() && reader.anyObject(labels, "labels")) {
    for (const auto each : labels.view.members()) {
      if (!each.value.isString()) reader.refuse(labels[each.key], fmt::format("a label is a text, not {}; write it in quotes", each.value.typeName()));
      out.labels.emplace(each.key, each.value.stringOr(""));
    }
  }
  out.from = day(rate, "from", reader);
  out.until = day(rate, "until", reader);
  if (out.from && out.until && *out.until < *out.from) reader.refuse(rate["until"], "until lies before from");
  if (out.product.empty() && out.instance.empty() && out.labels.empty()) {
    reader.missing(rate, "a rate names a product, an instance or labels: it would price every GPU alike");
  }
  readCost(rate, out, reader);
  return out;
}

bool sameNodes(const Rate& a, const Rate& b) {
  return gpu::ProductName::normalised(a.product) == gpu::ProductName::normalised(b.product) && a.provider == b.provider && a.region == b.region &&
         a.instance == b.instance && a.term == b.term && a.labels == b.labels;
}

bool sameDays(const Rate& a, const Rate& b) {
  return (!a.from || !b.until || *a.from <= *b.until) && (!b.from || !a.until || *b.from <= *a.until);
}

}  // namespace

std::vector<Rate> readRates(const Entry& rates, StrictReader& reader) {
  std::vector<Rate> out;
  if (!reader.array(rates, "rates")) return out;
  for (const Entry& each : rates.elements()) {
    Rate made = readRate(each, reader);
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (!sameNodes(out[i], made) || !sameDays(out[i], made)) continue;
      reader.refuse(each, fmt::format("rates[{}] is for the same nodes on the same days; keep one, or part them by from and until", i));
      break;
    }
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace rightslice::workload
