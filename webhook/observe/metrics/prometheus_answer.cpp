#include "observe/metrics/prometheus_answer.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "json/document.hpp"
#include "json/utf8.hpp"

namespace rightslice::observe::metrics {
namespace {

constexpr double kMostSeconds = 9e9;
constexpr std::size_t kWarnings = 8, kSaidBytes = 300;

/// [1700000000.123, "0.452"]: a number as text, since JSON has no NaN.
std::optional<Point> pointOf(json::View pair) {
  const auto at = pair.at(0).number();
  const auto text = pair.at(1).string();
  if (pair.size() != 2 || !at || !text || !std::isfinite(*at) || std::abs(*at) > kMostSeconds) return std::nullopt;
  Point out{static_cast<std::int64_t>(std::llround(*at * 1000)), 0};
  if (*text == "NaN") {
    out.value = std::numeric_limits<double>::quiet_NaN();
  } else if (*text == "+Inf" || *text == "Inf" || *text == "-Inf") {
    out.value = *text == "-Inf" ? -HUGE_VAL : HUGE_VAL;
  } else {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out.value);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  }
  return out;
}

/// What a server says, for people: without what a terminal would obey, and not without end.
std::string said(std::string_view text) {
  std::string out = json::printable(text.substr(0, kSaidBytes));
  out.resize(json::validUtf8Prefix(out));
  return out;
}

}  // namespace

Result<PrometheusAnswer> readAnswer(std::string_view body, std::string_view name, const std::function<bool(std::string_view label)>& keep,
                                    const std::function<void(Series&&)>& sink) {
  const auto document = json::Document::parse(body);
  if (!document) return fail("the answer is no JSON: " + document.error().message);
  const json::View root = document->root();
  const auto status = root["status"].stringOr("");
  if (status == "error")
    return fail(fmt::format("{}: {}", said(root["errorType"].stringOr("error")), said(root["error"].stringOr("no reason given"))));
  const auto type = root["data"]["resultType"].stringOr("");
  const json::View result = root["data"]["result"];
  if (status != "success" || !result.isArray() || (type != "vector" && type != "matrix")) return fail("the answer is none of Prometheus to a query for series");
  PrometheusAnswer out;
  for (const json::View each : root["warnings"].elements())
    if (out.warnings.size() < kWarnings) out.warnings.push_back(said(each.stringOr("")));
  for (const json::View each : result.elements()) {
    if (!each["metric"].isObject()) return fail("a series without its labels");
    Series series;
    series.name = std::string(name);
    for (const auto& [key, value] : each["metric"].members()) {
      const auto text = value.string();
      if (!text) return fail(fmt::format("label {} is no text", json::printable(key)));
      if (keep(key)) series.labels.emplace_back(key, *text);
    }
    const auto add = [&](json::View pair) {
      const auto point = pointOf(pair);
      if (!point || (!series.points.empty() && point->at <= series.points.back().at)) return false;
      series.points.push_back(*point);
      return true;
    };
    if (type == "vector") {
      if (!add(each["value"])) return fail("a sample that is no pair of time and number");
    } else {
      series.points.reserve(each["values"].size());
      for (const json::View pair : each["values"].elements())
        if (!add(pair)) return fail("a sample that is no pair of time and number, or is out of order");
    }
    ++out.series;
    sink(std::move(series));
  }
  return out;
}

}  // namespace rightslice::observe::metrics
