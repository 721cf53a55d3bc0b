#include "observe/budget.hpp"

#include "json/document.hpp"

namespace rightslice::observe {
namespace {

bool among(json::View values, std::string_view value) {
  for (const json::View each : values.elements())
    if (each.stringOr("") == value) return true;
  return false;
}

/// LabelSelector of apimachinery meta/v1.
bool selects(json::View selector, json::View labels) {
  for (const auto each : selector["matchLabels"].members())
    if (labels[each.key].string() != each.value.string()) return false;
  for (const json::View each : selector["matchExpressions"].elements()) {
    const auto value = labels[each["key"].stringOr("")].string();
    const std::string_view op = each["operator"].stringOr("");
    const bool holds = op == "In"       ? value && among(each["values"], *value)
                       : op == "NotIn"  ? !value || !among(each["values"], *value)
                       : op == "Exists" ? value.has_value()
                                        : op == "DoesNotExist" && !value;
    if (!holds) return false;
  }
  return true;
}

}  // namespace

bool Budget::covers(const Pod& pod) const {
  if (pod.ns != ns) return false;
  const auto by = json::Document::parse(selector);
  const auto labels = json::Document::parse(pod.labels ? *pod.labels : "{}");
  return by && by->root().isObject() && labels && selects(by->root(), labels->root());
}

std::optional<Budget> readBudget(json::View object) {
  const json::View metadata = object["metadata"];
  Budget out;
  out.ns = metadata["namespace"].stringOr("default");
  out.name = metadata["name"].stringOr("");
  if (out.name.empty()) return std::nullopt;
  out.selector = object["spec"]["selector"].exists() ? object["spec"]["selector"].text() : "null";
  out.allowed = object["status"]["disruptionsAllowed"].integer().value_or(0);
  return out;
}

}  // namespace rightslice::observe
