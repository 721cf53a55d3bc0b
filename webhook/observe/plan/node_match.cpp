#include "observe/plan/node_match.hpp"

#include <algorithm>
#include <charconv>

#include "json/writer.hpp"

namespace rightslice::observe::plan {
namespace {

constexpr std::string_view kWhole = "nvidia.com/gpu";

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// Kubernetes pkg/apis/core NodeSelectorOperator; an absent label is not In, and is NotIn.
bool holds(json::View expression, const std::string* value) {
  const std::string_view op = expression["operator"].stringOr("");
  const json::View values = expression["values"];
  const auto among = [&] {
    for (const json::View each : values.elements())
      if (value != nullptr && each.stringOr("") == *value) return true;
    return false;
  };
  if (op == "In") return among();
  if (op == "NotIn") return !among();
  if (op == "Exists") return value != nullptr;
  if (op == "DoesNotExist") return value == nullptr;
  if (op != "Gt" && op != "Lt") return false;
  const auto is = value != nullptr ? whole(*value) : std::nullopt, than = whole(values.at(0).stringOr(""));
  return is && than && (op == "Gt" ? *is > *than : *is < *than);
}

bool holds(json::View expressions, const workload::Node& node, bool fields) {
  for (const json::View each : expressions.elements()) {
    const std::string key(each["key"].stringOr(""));
    const auto at = node.labels.find(key);
    const std::string* value = fields ? (key == "metadata.name" ? &node.name : nullptr) : at == node.labels.end() ? nullptr : &at->second;
    if (!holds(each, value)) return false;
  }
  return true;
}

}  // namespace

std::string nodeChoice(json::View podSpec) {
  json::Writer out;
  out.beginObject();
  if (podSpec["nodeSelector"].size() > 0) out.key("nodeSelector").value(podSpec["nodeSelector"]);
  const json::View required = podSpec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
  if (required.exists()) out.key("required").value(required);
  out.key("tolerations").beginArray();
  // One with tolerationSeconds (every pod has two: not-ready and unreachable) lets a pod stay for a while, no longer.
  for (const json::View each : podSpec["tolerations"].elements())
    if (!each["tolerationSeconds"].exists()) out.value(each);
  out.endArray().endObject();
  return out.take();
}

bool tolerates(json::View choice, const std::vector<std::string>& taints) {
  return std::all_of(taints.begin(), taints.end(), [&](const std::string& each) {
    if (each.starts_with(kWhole)) return true;
    const std::size_t colon = each.rfind(':'), equals = std::min(each.find('='), colon);
    const std::string_view text = each, key = text.substr(0, equals), effect = text.substr(colon + 1);
    const std::string_view value = equals == colon ? std::string_view() : text.substr(equals + 1, colon - equals - 1);
    for (const json::View one : choice["tolerations"].elements()) {
      const std::string_view is = one["key"].stringOr(""), of = one["effect"].stringOr(""), op = one["operator"].stringOr("Equal");
      if ((!of.empty() && of != effect) || (is.empty() ? op != "Exists" : is != key)) continue;
      if (op == "Exists" || (op == "Equal" && one["value"].stringOr("") == value)) return true;
    }
    return false;
  });
}

bool mayRunOn(json::View choice, const workload::Node& node) {
  for (const auto each : choice["nodeSelector"].members()) {
    const auto at = node.labels.find(std::string(each.key));
    if (at == node.labels.end() || each.value.stringOr("") != at->second) return false;
  }
  const json::View terms = choice["required"]["nodeSelectorTerms"];
  if (!choice["required"].exists()) return true;
  for (const json::View term : terms.elements()) {
    const json::View expressions = term["matchExpressions"], fields = term["matchFields"];
    if (expressions.size() + fields.size() == 0) continue;   // a term that says nothing selects nothing
    if (holds(expressions, node, false) && holds(fields, node, true)) return true;
  }
  return false;
}

}  // namespace rightslice::observe::plan
