#include "base/date.hpp"
#include "cli/history_report.hpp"
#include "json/writer.hpp"
#include "observe/metrics/measured.hpp"

namespace rightslice::cli {

using namespace observe::history;
using json::Writer;

namespace {

std::string timeOf(std::int64_t seconds) { return observe::metrics::timeText(seconds * 1000); }

void text(Writer& out, std::string_view key, const std::string& value) {
  if (!value.empty()) out.member(key, std::string_view(value));
}

/// The document up to the key of its list.
Writer begun(const KeptCluster& cluster, std::string_view list) {
  Writer out;
  out.beginObject().key("cluster").beginObject().member("id", std::string_view(cluster.id)).member("source", std::string_view(cluster.source));
  out.member("looks", cluster.looks).member("first", timeOf(cluster.first)).member("last", timeOf(cluster.last)).key("unread").beginArray();
  for (const auto* each : cluster.unread.unread()) {
    out.beginObject().member("resource", std::string_view(each->resource));
    text(out, "namespace", each->ns);
    out.member("state", observe::name(each->state));
    text(out, "reason", each->reason);
    out.endObject();
  }
  out.endArray().endObject().key(list).beginArray();
  return out;
}

void end(Writer& out, const Print& print) { print(out.endArray().endObject().take() + "\n"); }

void writeFound(Writer& out, Sort sort, const std::string& subject, const std::string& code, const std::string& container, const std::string& aspect) {
  out.member("code", std::string_view(code)).member(name(sort), std::string_view(subject));
  text(out, "container", container);
  text(out, "aspect", aspect);
}

}  // namespace

void writeFindingsJson(const KeptCluster& cluster, const std::vector<KeptFinding>& findings, const Print& print) {
  Writer out = begun(cluster, "findings");
  for (const auto& [found, span] : findings) {
    out.beginObject();
    writeFound(out, found.sort, found.key, found.code, found.container, found.aspect);
    out.member("since", timeOf(span.since)).member("seen", timeOf(span.seen));
    if (span.until) out.member("until", timeOf(*span.until));
    out.member("message", std::string_view(found.message)).member("confidence", std::string_view(found.confidence));
    text(out, "remedy", found.remedy);
    out.key("evidence").beginArray();
    for (const auto& each : found.evidence) {
      out.beginObject().member("name", std::string_view(each.name)).member("value", std::string_view(each.value)).member("source", std::string_view(each.source));
      text(out, "at", each.at);
      out.endObject();
    }
    out.endArray().endObject();
  }
  end(out, print);
}

void writeChangesJson(const KeptCluster& cluster, const std::vector<HistoryEvent>& events, const Print& print) {
  Writer out = begun(cluster, "changes");
  for (const auto& each : events) {
    out.beginObject().member("at", timeOf(each.at)).member("what", std::string_view(each.what));
    if (!each.code.empty()) {
      writeFound(out, each.sort, each.subject, each.code, each.container, each.aspect);
      out.member("message", std::string_view(each.message));
    } else {
      out.member(name(each.sort), std::string_view(each.subject));
    }
    if (!each.fields.empty()) {
      out.key("fields").beginArray();
      for (const auto& field : each.fields) {
        out.beginObject().member("field", std::string_view(field.field));
        if (field.before) out.member("before", std::string_view(*field.before));
        if (field.after) out.member("after", std::string_view(*field.after));
        out.endObject();
      }
      out.endArray();
    }
    out.endObject();
  }
  end(out, print);
}

void writeSpendJson(const KeptCluster& cluster, const std::vector<SpentRow>& rows, const std::vector<KeptDay>& days, const Print& print) {
  Writer out = begun(cluster, "days");
  for (const auto& day : days) {
    out.beginObject().member("day", Date{day.day}.text()).member("seconds", day.seconds).member("looks", day.looks);
    if (!day.byCurrency.empty()) {
      out.key("secondsByCurrency").beginObject();
      for (const auto& [currency, seconds] : day.byCurrency) out.member(currency, seconds);
      out.endObject();
    }
    out.endObject();
  }
  out.endArray().key("spend").beginArray();
  for (const auto& each : rows) {
    out.beginObject().member("day", Date{each.day}.text()).member("currency", std::string_view(each.currency));
    text(out, "namespace", each.ns);
    text(out, "workload", each.workload);
    out.member("bucket", std::string_view(each.bucket)).key("amount").hundredths(each.cents).endObject();
  }
  end(out, print);
}

void writeModelsJson(const KeptCluster& cluster, const std::vector<Proposal>& proposals, const Print& print) {
  Writer out = begun(cluster, "models");
  for (const auto& each : proposals) {
    out.beginObject().member("model", std::string_view(each.model));
    text(out, "engine", each.engine);
    text(out, "quantization", each.quantization);
    if (each.memory) out.member("memoryBytes", *each.memory);
    text(out, "why", each.why);
    if (each.measured > 0) out.member("peakBytes", each.peak);
    if (each.kvPerMille) out.key("kvUsagePeak").number(static_cast<double>(*each.kvPerMille) / 10);
    out.member("looks", each.looks).member("measured", each.measured).member("days", each.days).member("windowSeconds", each.seconds).member("seenSeconds", each.seen);
    out.key("workloads").beginArray();
    for (const auto& workload : each.workloads) out.string(workload);
    out.endArray().endObject();
  }
  end(out, print);
}

}  // namespace rightslice::cli
