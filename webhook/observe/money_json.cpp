#include "observe/money_json.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>

#include "base/quantity.hpp"
#include "json/document.hpp"
#include "json/writer.hpp"
#include "policy/money.hpp"

namespace rightslice::observe {
namespace {

using json::Writer;

Writer& cents(Writer& out, std::string_view key, std::int64_t value) { return out.key(key).hundredths(value); }

/// Buckets that can be told: idle only with metrics, unknown only where there is something.
bool told(const Money& money, const Sum& sum, Bucket bucket) {
  if (bucket == Bucket::Idle) return money.idleKnown;
  return bucket != Bucket::Unknown || sum.centihours[static_cast<std::size_t>(bucket)] > 0;
}

void writeBuckets(Writer& out, std::string_view key, const Money& money, const Sum& sum, const std::array<std::int64_t, kBuckets>& values) {
  out.key(key).beginObject();
  for (std::size_t i = 0; i < kBuckets; ++i)
    if (told(money, sum, static_cast<Bucket>(i))) out.key(name(static_cast<Bucket>(i))).hundredths(values[i]);
  out.endObject();
}

/// What a sum says of the parts of it that have a price, and the GPU-hours of all.
void writeSum(Writer& out, const Money& money, const Sum& sum) {
  const bool priced = sum.unpricedCentihours < sum.totalCentihours();
  if (priced) {
    cents(out, "total", sum.totalCents());
    writeBuckets(out, "buckets", money, sum, sum.cents);
    if (sum.unjudgedCents > 0) cents(out, "unjudged", sum.unjudgedCents);
  }
  out.key("gpuHours").beginObject();
  cents(out, "total", sum.totalCentihours());
  writeBuckets(out, "buckets", money, sum, sum.centihours);
  if (sum.unpricedCentihours > 0) cents(out, "unpriced", sum.unpricedCentihours);
  out.endObject();
}

/// The price of a GPU-hour, rounded to a millionth.
double hourOf(const workload::Price& price) { return static_cast<double>((2 * price.micros + price.divisor) / (2 * price.divisor)) / 1e6; }

void writePrices(Writer& out, const Snapshot& snapshot, const Observation& seen, const Money& money) {
  out.key("nodes").beginArray();
  for (Index i = 0; i < money.boards.size(); ++i) {
    const BoardMoney& each = money.boards[i];
    const Board& board = seen.placement.boards[i];
    const std::string& product = board.geometry.product != nullptr ? board.geometry.product->label() : board.geometry.productName;
    Sum sum;
    for (const MoneyEntry& entry : money.entries)
      if (entry.board == i) sum.add(entry, each.price.has_value());
    out.beginObject().member("node", std::string_view((*snapshot.nodes)[board.node].facts.name));
    if (!product.empty()) out.member("product", std::string_view(product));
    if (board.geometry.gpus) out.member("gpus", *board.geometry.gpus);
    if (each.price) {
      out.key("gpuHour").number(hourOf(*each.price));
      out.member("price", std::string_view(fmt::format("{}/{}", each.price->micros, each.price->divisor))).member("from", std::string_view(each.price->from));
    } else {
      out.member("unpriced", std::string_view(each.why));
    }
    if (!each.unknown.empty()) out.member("unknown", std::string_view(each.unknown));
    if (sum.totalCentihours() > 0) writeSum(out, money, sum);
    out.endObject();
  }
  out.endArray();
}

void writeView(Writer& out, std::string_view key, std::string_view label, const Money& money, const std::vector<ViewRow>& rows) {
  out.key(key).beginArray();
  for (const ViewRow& each : rows) {
    out.beginObject();
    if (!each.name.empty()) out.member(label, std::string_view(each.name));
    if (!each.held) out.memberBool("held", false);
    writeSum(out, money, each.sum);
    out.endObject();
  }
  out.endArray();
}

void writeWorkloads(Writer& out, const Observation& seen, const Money& money, const Measured& measured) {
  std::map<std::optional<Index>, Sum> rows;
  for (const MoneyEntry& each : money.entries) rows[each.part.deployed].add(each, money.boards[each.board].price.has_value());
  std::map<Index, std::size_t> pods;
  std::map<Index, Index> byPod;
  for (const Board& board : seen.placement.boards)
    for (const Hold& hold : board.holds) byPod.emplace(hold.pod, hold.deployed);
  for (const auto& [pod, deployed] : byPod) ++pods[deployed];
  out.key("workloads").beginArray();
  for (const auto& [deployed, sum] : rows) {
    out.beginObject();
    if (deployed) {
      const auto& judgement = seen.workloads[*deployed].judgement;
      out.member("namespace", std::string_view(judgement.ns)).member("kind", std::string_view(judgement.kind)).member("name", std::string_view(judgement.name));
      out.member("pods", static_cast<std::int64_t>(pods[*deployed]));
      if (const auto micros = millionTokensMicros(money, *deployed, measured)) out.key("millionTokens").number(static_cast<double>(*micros) / 1e6);
    } else {
      out.memberBool("held", false);
    }
    writeSum(out, money, sum);
    out.endObject();
  }
  out.endArray();
}

void writeSavings(Writer& out, const Snapshot& snapshot, const Observation& seen, const MoneyReport& report) {
  out.key("savings").beginObject();
  cents(out, "list", report.savings.listCents);
  cents(out, "realisable", report.savings.realisableCents);
  if (!report.savings.realisableKnown) out.memberBool("realisableOfAllNodes", false);
  if (report.verified && report.since) {
    cents(out, "verified", report.verified->cents);
    out.key("since").beginObject().member("takenAt", std::string_view(report.since->takenAt));
    cents(out, "smallerSlices", report.verified->smallerCents);
    cents(out, "spendFell", report.verified->spendFellCents);
    cents(out, "othersGrew", report.verified->othersGrewCents).endObject();
  }
  out.key("nodes").beginArray();
  for (const BoardSavings& each : report.savings.boards) {
    out.beginObject().member("node", std::string_view((*snapshot.nodes)[seen.placement.boards[each.board].node].facts.name));
    cents(out, "list", each.listCents);
    if (each.realisableCents) cents(out, "realisable", *each.realisableCents).member("freedGpus", each.freedGpus);
    if (!each.used.empty()) {
      out.key("usedBy").beginArray();
      for (const auto& one : each.used) out.string(one);
      out.endArray();
    }
    if (!each.why.empty()) out.member("why", std::string_view(each.why));
    out.endObject();
  }
  out.endArray().endObject();
}

/// More than any scan can say; what is larger was not written by this program.
constexpr std::int64_t kMostCents = 1'000'000'000'000'000, kMostPods = 1'000'000;

/// Hundredths of a JSON number that this program wrote.
std::optional<std::int64_t> centsOf(json::View value) {
  const auto quantity = value.isNumber() ? Quantity::parse(value.scalarText().value_or("")) : fail("");
  if (!quantity || quantity->isNegative()) return std::nullopt;
  const Int128 cents = quantity->nanos() / 10'000'000;
  return cents > kMostCents ? std::nullopt : std::optional(static_cast<std::int64_t>(cents));
}

}  // namespace

std::string moneyJson(const Snapshot& snapshot, const Observation& seen, const MoneyReport& report, const Measured& measured) {
  const Money& money = report.money;
  Writer out;
  out.beginObject().member("currency", std::string_view(money.currency)).member("per", "month").member("hours", policy::kHoursPerMonth);
  out.key("book").beginObject();
  if (!money.bookDate.empty()) out.member("date", std::string_view(money.bookDate));
  out.memberBool("default", money.defaultBook).endObject();
  out.key("unknown").beginArray();
  if (!money.nodesKnown) out.string("nodes: what is spent and on what cannot be told");
  if (!money.idleUnknown.empty()) out.string(money.idleUnknown);
  out.endArray();
  if (money.nodesKnown) {
    writeSum(out, money, sumOf(money));
    writeSavings(out, snapshot, seen, report);
    writeView(out, "namespaces", "namespace", money, viewOf(snapshot, seen, money, View::Namespace));
    writeWorkloads(out, seen, money, measured);
    writeView(out, "models", "model", money, viewOf(snapshot, seen, money, View::Model));
    writeView(out, "products", "product", money, viewOf(snapshot, seen, money, View::Product));
    writePrices(out, snapshot, seen, money);
  }
  out.endObject();
  return out.take();
}

Result<Statement> readStatement(std::string_view text, std::string_view file) {
  const auto document = json::Document::parse(text);
  if (!document) return fail("is no JSON: " + document.error().message, std::string(file));
  const json::View root = document->root(), money = root["money"];
  const auto total = centsOf(money["total"]);
  bool good = total && money["nodes"].isArray() && money["workloads"].isArray();
  Statement out;
  out.currency = money["currency"].stringOr("");
  out.takenAt = root["scan"]["takenAt"].stringOr("");
  out.spendCents = total.value_or(0);
  for (const json::View each : money["nodes"].elements())
    if (each["price"].isString()) out.prices[std::string(each["node"].stringOr(""))] = each["price"].stringOr("");
  for (const json::View each : money["workloads"].elements()) {
    if (!each["name"].isString() || !each["total"].exists()) continue;
    auto& row = out.workloads[fmt::format("{}/{}/{}", each["namespace"].stringOr(""), each["kind"].stringOr(""), each["name"].stringOr(""))];
    const auto cents = centsOf(each["total"]), pods = each["pods"].integer();
    good = good && cents && pods && *pods >= 0 && *pods <= kMostPods && row.pods == 0;
    row = {pods.value_or(0), cents.value_or(0)};
  }
  if (!good) return fail("is no output of scan -o json with prices", std::string(file));
  return out;
}

}  // namespace rightslice::observe
