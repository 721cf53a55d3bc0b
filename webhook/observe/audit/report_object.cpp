#include "observe/audit/report_object.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/date.hpp"
#include "json/document.hpp"
#include "json/writer.hpp"

namespace rightslice::observe::audit {
namespace {

using json::View;
using json::Writer;

constexpr std::array<ReportKind, 2> kKinds{{
    {"policyreport", "wgpolicyk8s.io", "v1alpha2", "policyreports", "PolicyReport", "clusterpolicyreports", "ClusterPolicyReport", false},
    {"openreports", "openreports.io", "v1alpha1", "reports", "Report", "clusterreports", "ClusterReport", true},
}};

constexpr std::string_view kTruncatedNote = "rightslice.io/truncated-results", kUnreadNote = "rightslice.io/unread";
constexpr std::string_view kWithout = "unconfirmedWithout", kTruncated = "Truncated";
constexpr std::string_view kDeclared = "GPU slices: declared", kRunning = "GPU slices: running";
constexpr std::size_t kFrame = 4096;   // bytes of a report beside its results, at most

std::string joined(const std::set<std::string, std::less<>>& names) {
  std::string out;
  for (const std::string& each : names) out += (out.empty() ? "" : ",") + each;
  return out;
}

std::set<std::string, std::less<>> parted(std::string_view text) {
  std::set<std::string, std::less<>> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (const std::string_view name = text.substr(0, comma); !name.empty()) out.emplace(name);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
}

/// One spelling of equal values: members by name, without timestamps.
void canonical(View value, std::string& out) {
  if (value.isArray()) {
    out += '[';
    for (const View each : value.elements()) canonical(each, out), out += ',';
    out += ']';
  } else if (value.isObject()) {
    std::map<std::string_view, View> members;
    for (const auto& [key, member] : value.members()) members.emplace(key, member);
    out += '{';
    for (const auto& [key, member] : members) {
      if (key == "timestamp") continue;
      out += json::quoted(key) + ":";
      canonical(member, out);
      out += ',';
    }
    out += '}';
  } else if (value.exists()) {
    out += value.text();
  }
}

std::string contentOf(View object) {
  std::string out;
  for (const std::string_view key : {"apiVersion", "kind", "source", "scope", "summary", "configuration", "results"}) {
    out += key;
    canonical(object[key], out);
    out += '\n';
  }
  const View metadata = object["metadata"];
  out += metadata["labels"][kOwnerLabel].stringOr("");
  for (const std::string_view key : {kTruncatedNote, kUnreadNote}) out += fmt::format("\n{}", metadata["annotations"][key].stringOr("-"));
  return out;
}

template <class T, std::size_t N>
std::optional<T> named(std::string_view text, const std::array<T, N>& all) {
  for (const T each : all)
    if (name(each) == text) return each;
  return std::nullopt;
}

std::optional<StoredReport::Entry> readEntry(View result) {
  using enum Severity;
  StoredReport::Entry out;
  const auto severity = named(result["severity"].stringOr(""), std::array{High, Medium, Low, Info});
  const auto outcome = named(result["result"].stringOr(""), std::array{Outcome::Fail, Outcome::Warn, Outcome::Skip});
  out.result.code = result["policy"].stringOr("");
  if (!severity || !outcome || out.result.code == kTruncated) return std::nullopt;
  out.result.severity = *severity;
  out.result.outcome = *outcome;
  out.result.rule = result["rule"].stringOr("");
  out.result.running = result["category"].stringOr("") == kRunning;
  out.result.message = result["message"].stringOr("");
  const View subject = result["resources"].at(0);
  out.result.subject = {std::string(subject["apiVersion"].stringOr("")), std::string(subject["kind"].stringOr("")),
                        std::string(subject["namespace"].stringOr("")), std::string(subject["name"].stringOr("")), std::string(subject["uid"].stringOr(""))};
  for (const auto& [key, value] : result["properties"].members()) {
    if (key == kWithout) out.without = value.stringOr("");
    else out.result.properties.emplace_back(key, value.stringOr(""));
  }
  std::sort(out.result.properties.begin(), out.result.properties.end());
  out.seconds = result["timestamp"]["seconds"].integer().value_or(0);
  return out;
}

void writeEntry(Writer& out, const StoredReport::Entry& entry) {
  const ReportResult& result = entry.result;
  out.beginObject().member("source", kOwner).member("policy", std::string_view(result.code));
  if (!result.rule.empty()) out.member("rule", std::string_view(result.rule));
  out.member("category", result.running ? kRunning : kDeclared).member("severity", name(result.severity)).member("result", name(result.outcome));
  out.memberBool("scored", result.outcome == Outcome::Fail);
  out.key("timestamp").beginObject().member("seconds", entry.seconds).member("nanos", std::int64_t{0}).endObject();
  out.key("resources").beginArray().beginObject();
  out.member("apiVersion", std::string_view(result.subject.apiVersion)).member("kind", std::string_view(result.subject.kind));
  if (!result.subject.ns.empty()) out.member("namespace", std::string_view(result.subject.ns));
  out.member("name", std::string_view(result.subject.name));
  if (!result.subject.uid.empty()) out.member("uid", std::string_view(result.subject.uid));
  out.endObject().endArray();
  out.member("message", std::string_view(result.message));
  out.key("properties").beginObject();
  for (const auto& [key, value] : result.properties) out.member(key, std::string_view(value));
  if (!entry.without.empty()) out.member(kWithout, std::string_view(entry.without));
  out.endObject().endObject();
}

void writeTruncated(Writer& out, const std::string& ns, std::size_t more, std::int64_t seconds) {
  out.beginObject().member("source", kOwner).member("policy", kTruncated).member("category", kDeclared).member("severity", name(Severity::Info));
  out.member("result", name(Outcome::Skip)).memberBool("scored", false);
  out.key("timestamp").beginObject().member("seconds", seconds).member("nanos", std::int64_t{0}).endObject();
  out.member("message", fmt::format("{} further results are not listed; they are counted in the summary, and rightslice scan{} shows them", more,
                                    ns.empty() ? "" : " -n " + ns));
  out.key("properties").beginObject().member("truncated", fmt::format("{}", more)).endObject().endObject();
}

struct Making {
  const ReportKind& kind;
  const ReportLimits& limits;
  std::int64_t seconds;   // of the look

  std::string body(const std::string& ns, std::int64_t passed, const std::vector<StoredReport::Entry>& entries,
                   const std::set<std::string, std::less<>>& unread, const StoredReport* before) const {
    std::vector<std::string> texts;
    std::size_t bytes = kFrame;
    for (const StoredReport::Entry& each : entries) {
      if (texts.size() == limits.results) break;
      Writer one;
      writeEntry(one, each);
      bytes += one.text().size() + 1;
      if (bytes > limits.bytes) break;
      texts.push_back(one.take());
    }
    const std::size_t more = entries.size() - texts.size();
    Writer out;
    out.beginObject().member("apiVersion", fmt::format("{}/{}", kind.group, kind.version)).member("kind", ns.empty() ? kind.clusterKind : kind.kind);
    writeMetadata(out, ns, more, unread, before);
    if (kind.whole) out.member("source", kOwner);
    if (!ns.empty()) out.key("scope").beginObject().member("apiVersion", "v1").member("kind", "Namespace").member("name", std::string_view(ns)).endObject();
    if (kind.whole) {
      const auto most = static_cast<std::int64_t>(limits.results);
      out.key("configuration").beginObject().key("limits").beginObject().member("maxResults", most).endObject().endObject();
    }
    writeSummary(out, passed, entries);
    out.key("results").beginArray();
    for (const std::string& each : texts) out.raw(each);
    if (more > 0) writeTruncated(out, ns, more, seconds);
    return out.endArray().endObject().take();
  }

 private:
  static void writeMetadata(Writer& out, const std::string& ns, std::size_t more, const std::set<std::string, std::less<>>& unread,
                            const StoredReport* before) {
    out.key("metadata").beginObject().member("name", kReportName);
    if (!ns.empty()) out.member("namespace", std::string_view(ns));
    // Whoever else wrote it meanwhile, or made it anew, is not overwritten.
    if (before != nullptr) out.member("uid", std::string_view(before->uid)).member("resourceVersion", std::string_view(before->version));
    out.key("labels").beginObject().member(kOwnerLabel, kOwner).endObject();
    out.key("annotations").beginObject().member(kTruncatedNote, fmt::format("{}", more)).member(kUnreadNote, joined(unread)).endObject().endObject();
  }

  static void writeSummary(Writer& out, std::int64_t passed, const std::vector<StoredReport::Entry>& entries) {
    std::array<std::int64_t, 3> counts{};
    for (const auto& each : entries) ++counts[static_cast<std::size_t>(each.result.outcome)];
    out.key("summary").beginObject().member("pass", passed).member("fail", counts[0]).member("warn", counts[1]).member("error", std::int64_t{0});
    out.member("skip", counts[2]).endObject();
  }
};

/// When it was found first, as far as the report tells.
std::int64_t sinceIn(const StoredReport* before, const ReportResult& result, std::int64_t now) {
  if (before == nullptr) return now;
  const StoredReport::Entry* same = nullptr;
  for (const auto& each : before->entries) {
    if (each.result == result) return each.seconds;
    if (same == nullptr && each.result.sameAs(result)) same = &each;
  }
  return same == nullptr ? now : same->seconds;
}

/// What the look found, and what an earlier look found and this one could not see.
std::vector<StoredReport::Entry> entriesOf(const NamespaceResults* now, const StoredReport* before, const std::set<std::string, std::less<>>& unread,
                                           std::int64_t seconds) {
  static const std::vector<ReportResult> kNone;
  const std::vector<ReportResult>& results = now == nullptr ? kNone : now->results;
  std::vector<StoredReport::Entry> out;
  for (const ReportResult& each : results) out.push_back({each, sinceIn(before, each, seconds), {}});
  if (before == nullptr || unread.empty()) return out;
  std::set<std::string, std::less<>> newly;
  std::set_difference(unread.begin(), unread.end(), before->unread.begin(), before->unread.end(), std::inserter(newly, newly.end()));
  for (const StoredReport::Entry& each : before->entries) {
    if (std::any_of(results.begin(), results.end(), [&](const ReportResult& one) { return one.sameAs(each.result); })) continue;
    std::set<std::string, std::less<>> without = newly;
    for (const std::string& one : parted(each.without))
      if (unread.contains(one)) without.insert(one);
    if (without.empty()) continue;   // all that it could hang on was read
    out.push_back(each);
    out.back().without = joined(without);
  }
  if (out.size() > results.size()) std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.result < b.result; });
  return out;
}

std::string deletion(const StoredReport& report) {
  Writer out;
  out.beginObject().member("apiVersion", "v1").member("kind", "DeleteOptions");
  out.key("preconditions").beginObject().member("uid", std::string_view(report.uid)).member("resourceVersion", std::string_view(report.version)).endObject();
  return out.endObject().take();
}

}  // namespace

std::span<const ReportKind> reportKinds() { return kKinds; }

const ReportKind* findReportKind(std::string_view name) {
  const auto at = std::find_if(kKinds.begin(), kKinds.end(), [&](const ReportKind& each) { return each.name == name; });
  return at == kKinds.end() ? nullptr : &*at;
}

std::optional<StoredReport> readReport(View object) {
  const View metadata = object["metadata"];
  if (metadata["name"].stringOr("") != kReportName || metadata["labels"][kOwnerLabel].stringOr("") != kOwner) return std::nullopt;
  StoredReport out;
  out.ns = metadata["namespace"].stringOr("");
  out.uid = metadata["uid"].stringOr("");
  out.version = metadata["resourceVersion"].stringOr("");
  out.content = contentOf(object);
  out.unread = parted(metadata["annotations"][kUnreadNote].stringOr(""));
  for (const View each : object["results"].elements())
    if (auto entry = readEntry(each)) out.entries.push_back(std::move(*entry));
  return out;
}

ReportCounts changesOf(const ReportKind& kind, const Found& found, const std::vector<StoredReport>& stored, const std::function<void(ReportChange)>& tell,
                       const ReportLimits& limits) {
  ReportCounts counts;
  const Making making{kind, limits, secondsOfTimestamp(found.takenAt).value_or(0)};
  std::map<std::string_view, std::pair<const NamespaceResults*, const StoredReport*>> all;
  for (const NamespaceResults& each : found.results) all[each.ns].first = &each;
  for (const StoredReport& each : stored) all[each.ns].second = &each;
  for (const auto& [key, pair] : all) {
    const auto& [now, before] = pair;
    const std::string ns(key);
    if (!found.scope.empty() && !found.scope.contains(ns)) continue;
    const auto list = unreadOver(found.coverage, ns);
    const std::set<std::string, std::less<>> unread(list.begin(), list.end());
    const auto entries = entriesOf(now, before, unread, making.seconds);
    if (entries.empty()) {
      if (before != nullptr) tell({ReportChange::Kind::Delete, ns, deletion(*before)});
      continue;
    }
    if (std::any_of(entries.begin(), entries.end(), [](const auto& each) { return !each.without.empty(); })) ++counts.kept;
    std::string body = making.body(ns, now == nullptr ? 0 : now->passed, entries, unread, before);
    const auto document = json::Document::parse(body);
    if (before != nullptr && document && contentOf(document->root()) == before->content) ++counts.unchanged;
    else tell({before == nullptr ? ReportChange::Kind::Create : ReportChange::Kind::Update, ns, std::move(body)});
  }
  return counts;
}

}  // namespace rightslice::observe::audit
