#include "observe/metrics/measured_json.hpp"

#include <cmath>

namespace rightslice::observe::metrics {
namespace {

/// Without the last digits that a sum of binary fractions leaves: 0.452 x 100 is 45.2.
double rounded(double value, Unit unit) {
  if (unit != Unit::Percent) return unit == Unit::Bytes ? std::round(value) : std::round(value * 1000) / 1000;
  return std::round(value * 10000) / 10000;
}

void writeValue(json::Writer& out, const Measured& each) {
  const MeasureRow& row = rowOf(each.measure);
  const auto number = [&](std::string_view key, const std::optional<double>& value) {
    if (value) out.key(key).number(rounded(*value, row.unit));
  };
  out.key(row.name).beginObject();
  number("value", each.value);
  number("peak", each.peak);
  if (each.perSecond) out.key("perSecond").number(std::round(*each.perSecond * 1000) / 1000);
  number("capacity", each.capacity);
  if (!each.value) out.member("insufficient", std::string_view(each.why));
  out.member("unit", name(row.unit)).member("metric", std::string_view(each.metric));
  if (!each.source.empty()) out.member("source", std::string_view(each.source));
  if (!each.at.empty()) out.member("at", std::string_view(each.at));
  out.member("windowSeconds", each.windowSeconds).member("stepsSeen", each.seen).member("steps", each.expected);
  out.member("confidence", model::name(each.confidence)).endObject();
}

}  // namespace

void writeMeasured(json::Writer& out, const OfContainer& container, std::string_view pod) {
  out.beginObject().member("pod", pod).member("container", std::string_view(container.container));
  if (!container.models.empty()) {
    out.key("models").beginArray();
    for (const auto& each : container.models) out.string(each);
    out.endArray();
  }
  if (!container.settings.empty()) {
    out.key("settings").beginObject();
    for (const auto& [key, value] : container.settings) out.member(key, std::string_view(value));
    out.endObject();
  }
  if (!container.why.empty()) out.member("insufficient", std::string_view(container.why));
  out.key("values").beginObject();
  for (const Measured& each : container.values) writeValue(out, each);
  out.endObject().endObject();
}

void writeSources(json::Writer& out, const Measurements& measured) {
  out.beginObject().key("sources").beginArray();
  for (const auto& each : measured.sources) out.string(each);
  out.endArray().member("windowSeconds", measured.window.seconds).member("stepSeconds", measured.window.step);
  out.member("series", measured.series).member("joined", measured.joined).member("containers", static_cast<std::int64_t>(measured.containers.size()));
  out.key("warnings").beginArray();
  for (const auto& each : measured.warnings) out.string(each);
  out.endArray().endObject();
}

}  // namespace rightslice::observe::metrics
