#include "cli/history_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.hpp"
#include "base/date.hpp"
#include "json/utf8.hpp"
#include "json/writer.hpp"
#include "observe/apportion.hpp"
#include "observe/metrics/measured.hpp"
#include "observe/money.hpp"
#include "policy/money.hpp"

namespace rightslice::cli {

using namespace observe::history;

namespace {

constexpr std::int64_t kDay = 86'400, kMonthSeconds = policy::kHoursPerMonth * 3600;

std::string plain(std::string_view text) { return json::printable(text); }
std::string timeOf(std::int64_t seconds) { return observe::metrics::timeText(seconds * 1000); }

/// "3 d 4 h", "25 min".
std::string lasting(std::int64_t seconds) {
  if (seconds >= kDay) return fmt::format("{} d {} h", seconds / kDay, seconds % kDay / 3600);
  if (seconds >= 3600) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} min", seconds / 60);
}

std::string valueOf(std::string_view field, const std::optional<std::string>& value) {
  if (!value) return "(none)";
  if (field.ends_with("Bytes")) {
    std::int64_t bytes = 0;
    for (const char c : *value) {
      if (c < '0' || c > '9' || bytes > kMaxBytes / 100) return plain(*value);
      bytes = bytes * 10 + (c - '0');
    }
    return formatBytes(bytes);
  }
  return plain(*value);
}

void addStates(const KeptCluster& cluster, const std::vector<KeptState>& states, const Query& query, std::vector<HistoryEvent>& out) {
  const auto within = [&](std::int64_t at) { return at >= query.from && at <= query.to.value_or(at); };
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto& [subject, span] = states[i];
    const KeptState* before = i > 0 ? &states[i - 1] : nullptr;
    const bool goesOn = before != nullptr && before->subject.sort == subject.sort && before->subject.key == subject.key && before->span.until == span.since;
    if (within(span.since) && span.since > cluster.first) {
      auto fields = goesOn ? changesOf(before->subject.fields, subject.fields) : std::vector<FieldChange>{};
      out.push_back({span.since, goesOn ? "changed" : "appeared", subject.sort, subject.key, std::move(fields), "", "", "", ""});
    }
    const KeptState* after = i + 1 < states.size() ? &states[i + 1] : nullptr;
    const bool followed = after != nullptr && after->subject.sort == subject.sort && after->subject.key == subject.key && span.until == after->span.since;
    if (span.until && !followed && within(*span.until)) out.push_back({*span.until, "gone", subject.sort, subject.key, {}, "", "", "", ""});
  }
}

}  // namespace

std::vector<HistoryEvent> eventsOf(const KeptCluster& cluster, const std::vector<KeptState>& states, const std::vector<KeptFinding>& findings, const Query& query) {
  std::vector<HistoryEvent> out;
  addStates(cluster, states, query, out);
  const auto within = [&](std::int64_t at) { return at >= query.from && at <= query.to.value_or(at); };
  for (const auto& [found, span] : findings) {
    const auto add = [&](std::int64_t at, const char* what) {
      out.push_back({at, what, found.sort, found.key, {}, found.code, found.container, found.aspect, found.message});
    };
    if (within(span.since) && span.since > cluster.first) add(span.since, "opened");
    if (span.until && within(*span.until)) add(*span.until, "closed");
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::tie(a.at, a.sort, a.subject, a.what, a.code, a.container, a.aspect) < std::tie(b.at, b.sort, b.subject, b.what, b.code, b.container, b.aspect);
  });
  return out;
}

std::vector<SpentRow> spentOf(const std::vector<KeptSpend>& rows) {
  std::vector<SpentRow> out;
  for (std::size_t from = 0; from < rows.size();) {   // by day and currency
    std::size_t to = from;
    std::vector<std::int64_t> weights;
    Int128 sum = 0;
    for (; to < rows.size() && rows[to].day == rows[from].day && rows[to].currency == rows[from].currency; ++to) {
      weights.push_back(rows[to].centSeconds);
      sum += rows[to].centSeconds;
    }
    const auto total = static_cast<std::int64_t>(std::min<Int128>((2 * sum + kMonthSeconds) / (2 * kMonthSeconds), kMaxBytes));
    const auto cents = sum > 0 && sum < kMaxBytes ? observe::apportion(total, weights) : std::vector<std::int64_t>(weights.size(), 0);
    for (std::size_t i = from; i < to; ++i) out.push_back({rows[i].day, rows[i].currency, rows[i].ns, rows[i].workload, rows[i].bucket, cents[i - from]});
    from = to;
  }
  return out;
}

void writeHead(const KeptCluster& cluster, const Print& print) {
  print(fmt::format("cluster {} ({}): {} looks, from {} to {}\n", plain(cluster.id), plain(cluster.source), cluster.looks, timeOf(cluster.first), timeOf(cluster.last)));
  const auto unread = cluster.unread.unread();
  std::set<std::string> resources;
  for (const auto* each : unread)
    if (each->state != observe::Seen::State::NotGiven) resources.insert(each->resource);
  if (!resources.empty()) print(fmt::format("not read in the last look, so what hangs on it is as it was: {}\n", fmt::join(resources, ", ")));
}

void writeFindingsText(const KeptCluster& cluster, const std::vector<KeptFinding>& findings, const Style& style, const Print& print) {
  writeHead(cluster, print);
  if (findings.empty()) print("\nno finding\n");
  for (const auto& [found, span] : findings) {
    std::string where = fmt::format("{} {}", name(found.sort), plain(found.key));
    if (!found.container.empty()) where += ", container " + plain(found.container);
    if (!found.aspect.empty()) where += ", " + plain(found.aspect);
    print(fmt::format("\n{} {}\n", style.paint(Colour::Yellow, found.code), style.paint(Colour::Bold, where)));
    std::string when = fmt::format("since {}", timeOf(span.since));
    if (span.until) when += fmt::format(", until {} ({})", timeOf(*span.until), lasting(*span.until - span.since));
    else when += fmt::format(" ({})", lasting(cluster.last - span.since));
    if (!span.until && span.seen < cluster.last) when += fmt::format(", last seen {}: it could not be looked for since", timeOf(span.seen));
    print(fmt::format("    {}\n", when));
    print(wrap(plain(found.message), style.width, "    ", "    "));
    if (!span.until && !found.remedy.empty()) print(wrap(fmt::format("{}; {} confidence", plain(found.remedy), found.confidence), style.width, "    fix: ", "         "));
  }
}

void writeChangesText(const std::vector<HistoryEvent>& events, const Print& print) {
  std::vector<std::vector<std::string>> rows{{"time", "what", "of", "how"}};
  for (const auto& each : events) {
    const std::string of = fmt::format("{} {}", name(each.sort), plain(each.subject));
    if (!each.code.empty()) {
      std::string how = each.code;
      for (const auto& part : {each.container, each.aspect})
        if (!part.empty()) how += ", " + plain(part);
      if (each.what == "opened") how += ": " + plain(each.message);
      rows.push_back({timeOf(each.at), each.what, of, how});
      continue;
    }
    if (each.fields.empty()) rows.push_back({timeOf(each.at), each.what, of, ""});
    for (const auto& field : each.fields)
      rows.push_back({timeOf(each.at), each.what, of,
                      fmt::format("{}: {} -> {}", plain(field.field), valueOf(field.field, field.before), valueOf(field.field, field.after))});
  }
  print(rows.size() > 1 ? "\n" + table(rows) : "\nnothing changed\n");
}

void writeSpendText(const std::vector<SpentRow>& rows, const std::vector<KeptDay>& days, SpendBy by, const Print& print) {
  std::set<std::string> currencies;
  for (const auto& each : rows) currencies.insert(each.currency);
  if (currencies.empty()) print("\nnothing was spent in this time, or no look could tell what all of the cluster costs\n");
  for (const std::string& currency : currencies) {
    std::map<std::string, std::map<std::string, std::int64_t>> sums;   // row -> bucket -> cents
    std::map<std::string, std::int64_t> all;
    for (const auto& each : rows) {
      if (each.currency != currency) continue;
      const std::string& name = by == SpendBy::Namespace ? each.ns : each.workload.empty() && !each.ns.empty() ? each.ns + "/..." : each.workload;
      const std::string row = by == SpendBy::Day ? Date{each.day}.text() : name.empty() ? "(held by none)" : name;
      sums[row][each.bucket] += each.cents;
      all[each.bucket] += each.cents;
    }
    std::vector<std::vector<std::string>> text{{by == SpendBy::Day ? "day" : by == SpendBy::Namespace ? "namespace" : "workload"}};
    std::vector<std::string> buckets;
    for (std::size_t i = 0; i < observe::kBuckets; ++i) {
      const std::string bucket(name(static_cast<observe::Bucket>(i)));
      if (all.contains(bucket)) buckets.push_back(bucket);
    }
    text[0].insert(text[0].end(), buckets.begin(), buckets.end());
    text[0].push_back("total " + plain(currency));
    if (by == SpendBy::Day) text[0].push_back("hours");
    const auto add = [&](const std::string& title, std::map<std::string, std::int64_t>& of, const std::string& hours) {
      auto& row = text.emplace_back();
      row.push_back(plain(title));
      std::int64_t total = 0;
      for (const auto& bucket : buckets) {
        row.push_back(observe::centsText(of[bucket]));
        total += of[bucket];
      }
      row.push_back(observe::centsText(total));
      if (by == SpendBy::Day) row.push_back(hours);
    };
    for (auto& [title, of] : sums) {
      std::string hours;
      for (const auto& day : days) {
        if (Date{day.day}.text() != title) continue;
        const auto paid = day.byCurrency.find(currency);
        hours = fmt::format("{:.1f}", static_cast<double>(paid == day.byCurrency.end() ? day.seconds : paid->second) / 3600);
      }
      add(title, of, hours);
    }
    add("sum", all, "");
    std::vector<std::size_t> right;
    for (std::size_t i = 1; i < text[0].size(); ++i) right.push_back(i);
    print("\n" + table(text, right));
  }
}

void writeModelsYaml(const std::vector<Proposal>& proposals, const Print& print) {
  print(fmt::format("# Measured peaks, without what was free in a KV pool, as a part of a SlicePolicy. Its headroom comes on top.\nspec:\n  models:{}\n",
                    std::any_of(proposals.begin(), proposals.end(), [](const Proposal& each) { return each.memory.has_value(); }) ? "" : " []"));
  for (const Proposal& each : proposals) {
    const auto quoted = [](const std::string& text) { return json::quoted(json::printable(text)); };
    print(fmt::format("  # {}{}{}\n", plain(each.model), each.engine.empty() ? "" : ", " + plain(each.engine),
                      each.quantization.empty() ? "" : ", " + plain(each.quantization)));
    if (each.measured > 0)
      print(fmt::format("  #   peak {} in {} of {} looks on {} day{}; samples of {} % of the time looked back{}\n", formatBytes(each.peak), each.measured, each.looks,
                        each.days, each.days == 1 ? "" : "s", each.seconds > 0 ? each.seen * 100 / each.seconds : 0,
                        each.kvPerMille ? fmt::format("; at most {}.{} % of the KV pool in use", *each.kvPerMille / 10, *each.kvPerMille % 10) : ""));
    constexpr std::size_t kShown = 5;
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(kShown, each.workloads.size()); ++i) shown.push_back(plain(each.workloads[i]));
    print(fmt::format("  #   of {}{}\n", fmt::join(shown, ", "), each.workloads.size() > kShown ? fmt::format(" and {} more", each.workloads.size() - kShown) : ""));
    if (!each.memory) {
      print(fmt::format("  #   nothing is proposed: {}\n", plain(each.why)));
      continue;
    }
    print(fmt::format("  - {{model: {}{}{}, memory: {}Mi}}\n", quoted(each.model), each.quantization.empty() ? "" : ", quantization: " + quoted(each.quantization),
                      each.engine.empty() ? "" : ", engine: " + quoted(each.engine), *each.memory / kMiB));
  }
}

}  // namespace rightslice::cli
