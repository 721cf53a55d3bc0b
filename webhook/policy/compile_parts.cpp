#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "policy/compile.hpp"

namespace rightslice::policy {
namespace {

constexpr double kMaxGpus = 1e6, kMaxAmount = 1e12;

std::optional<Selector::Operator> parseOperator(std::string_view text) {
  if (text == "In") return Selector::Operator::In;
  if (text == "NotIn") return Selector::Operator::NotIn;
  if (text == "Exists") return Selector::Operator::Exists;
  if (text == "DoesNotExist") return Selector::Operator::DoesNotExist;
  return std::nullopt;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lowerAscii(c);
  return out;
}

/// Nothing where it is absent or the schema has found fault with it.
std::optional<Bytes> bytesOf(json::View value) {
  if (!value.isString() && !value.integer()) return std::nullopt;
  return positiveBytes(value.scalarText().value_or(""));
}

/// `value` in units of 1/scale, where it is no finer than that.
std::optional<std::int64_t> scaled(double value, double scale) {
  const double product = value * scale;
  const double whole = std::round(product);
  // A decimal such as 0.3 is no binary fraction: its product misses the whole number by rounding only.
  if (std::abs(product - whole) > 1e-9 * std::max(1.0, product)) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

DeclaredModel compileModel(json::View entry, const Path& path, Site& site) {
  DeclaredModel model;
  model.model = entry["model"].stringOr("");
  model.quantization = entry["quantization"].stringOr("");
  model.engine = entry["engine"].stringOr("");
  model.memory = bytesOf(entry["memory"]);
  model.weights = bytesOf(entry["weights"]);
  model.overhead = bytesOf(entry["overhead"]);
  model.kvPerToken = bytesOf(entry["kvPerToken"]);
  const auto written = [&](const char* field) { return entry[field].exists(); };
  for (const char* part : {"weights", "kvPerToken", "overhead"}) {
    if (!written("memory") || !written(part)) continue;
    const Path at(path, part);
    site.error("InvalidValue", at, Site::At::Key,
               fmt::format("{}: memory is the whole peak already; write either memory, or weights with kvPerToken and overhead",
                           at.dotted()));
  }
  if (!written("memory") && !written("weights")) {
    const bool parts = written("kvPerToken") || written("overhead");
    site.error("MissingField", path, Site::At::Key,
               fmt::format("{}: {}", path.dotted(), parts ? "weights is missing beside kvPerToken and overhead"
                                                          : "memory is missing (or weights, with kvPerToken and overhead)"));
  }
  return model;
}

}  // namespace

std::vector<std::string> stringsOf(json::View list) {
  std::vector<std::string> strings;
  for (const json::View each : list.elements()) {
    if (const auto text = each.string()) strings.emplace_back(*text);
  }
  return strings;
}

std::string namespaceOf(json::View root) { return std::string(root["metadata"]["namespace"].stringOr("default")); }

Selector compileSelector(json::View selector, const Path& path, Site& site) {
  Selector compiled;
  for (const auto [key, value] : selector["matchLabels"].members()) {
    const Path labels(path, "matchLabels"), at(labels, key);
    if (!form::kLabelKey.accepts(key)) {
      site.error("InvalidValue", at, Site::At::Key, fmt::format("{}: '{}' is not {}", labels.dotted(), key, form::kLabelKey.says));
    }
    if (const auto text = value.string()) {
      compiled.requirements.push_back({std::string(key), Selector::Operator::In, {std::string(*text)}});
    }
  }
  const Path expressions(path, "matchExpressions");
  std::size_t index = 0;
  for (const json::View each : selector["matchExpressions"].elements()) {
    const Path at(expressions, index++);
    const auto op = parseOperator(each["operator"].stringOr(""));
    const auto key = each["key"].string();
    if (!op || !key) continue;  // The schema has said so.
    const bool needsValues = *op == Selector::Operator::In || *op == Selector::Operator::NotIn;
    const json::View values = each["values"];
    if (needsValues && values.size() == 0 && (!values.exists() || values.isArray())) {
      site.error("MissingField", at, Site::At::Value,
                 fmt::format("{}: operator {} needs at least one value in values", at.dotted(), each["operator"].stringOr("")));
    }
    if (!needsValues && values.size() > 0) {
      const Path valuesAt(at, "values");
      site.error("InvalidValue", valuesAt, Site::At::Key,
                 fmt::format("{}: operator {} takes no values", valuesAt.dotted(), each["operator"].stringOr("")));
    }
    compiled.requirements.push_back({std::string(*key), *op, stringsOf(values)});
  }
  return compiled;
}

std::vector<DeclaredModel> compileModels(json::View list, const Path& path, Site& site) {
  std::vector<DeclaredModel> models;
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  std::size_t index = 0;
  for (const json::View entry : list.elements()) {
    const Path at(path, index++);
    if (!entry.isObject()) continue;
    DeclaredModel model = compileModel(entry, at, site);
    const bool isNew = seen.emplace(lowered(model.model), lowered(model.quantization), lowered(model.engine)).second;
    if (!isNew && !model.model.empty()) {
      const Path name(at, "model");
      site.error("InvalidValue", name, Site::At::Value,
                 fmt::format("{}: '{}' is declared before with the same quantization and engine; leave one of them out",
                             name.dotted(), model.model));
    }
    models.push_back(std::move(model));
  }
  return models;
}

Budget compileBudget(json::View budget, const Path& path, Site& site) {
  Budget compiled;
  compiled.memory = bytesOf(budget["memory"]);
  if (const auto gpus = budget["gpus"].number(); gpus && *gpus > 0) {
    compiled.gpusMillis = *gpus <= kMaxGpus ? scaled(*gpus, 1000) : std::nullopt;
    if (!compiled.gpusMillis) {
      const Path at(path, "gpus");
      site.error("InvalidValue", at, Site::At::Value,
                 fmt::format("{}: {} is not a number of GPUs up to {:.0f} with at most three decimals", at.dotted(),
                             budget["gpus"].text(), kMaxGpus));
    }
  }
  const json::View cost = budget["cost"];
  if (const auto amount = cost["amount"].number(); amount && *amount > 0) {
    const bool sensible = *amount <= kMaxAmount && std::llround(*amount * 100) > 0;
    if (sensible) compiled.costCents = std::llround(*amount * 100);
    const Path costAt(path, "cost"), at(costAt, "amount");
    if (!sensible) {
      site.error("InvalidValue", at, Site::At::Value,
                 fmt::format("{}: {} is not an amount from 0.01 to {:.0f}", at.dotted(), cost["amount"].text(), kMaxAmount));
    }
  }
  for (const char c : cost["currency"].stringOr("")) {
    compiled.currency.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return compiled;
}

}  // namespace rightslice::policy
