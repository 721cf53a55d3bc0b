#include "workload/device_selector.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/quantity.hpp"
#include "json/utf8.hpp"
#include "workload/cel.hpp"

namespace rightslice::workload {
namespace {

using Kind = CelExpression::Kind;
using Field = DeviceCondition::Field;
using Conditions = std::vector<DeviceCondition>;
/// Names that cel.bind() gives: "attributes" or "capacity", those of the GPU driver. It may stand for nothing else here.
using Bound = std::map<std::string_view, std::string_view>;

constexpr std::size_t kMostShown = 200;

struct Row {
  Field field;
  std::string_view map, name;
};
constexpr std::array<Row, 4> kFields{{{Field::Type, "attributes", "type"},
                                      {Field::Profile, "attributes", "profile"},
                                      {Field::ProductName, "attributes", "productName"},
                                      {Field::Memory, "capacity", "memory"}}};

/// Of what is read: an order is one of -1, 0 and 1, and never neither less nor greater nor equal.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kOpposites{
    {{"==", "!="}, {"!=", "=="}, {"<", ">="}, {">=", "<"}, {">", "<="}, {"<=", ">"}, {"&&", "||"}, {"||", "&&"}}};

std::string shown(std::string_view source) {
  std::string text;
  for (const char c : source) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) text += c;
    else if (!text.empty() && text.back() != ' ') text += ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text = json::printable(text);
  if (text.size() > kMostShown) {
    text.resize(json::validUtf8Prefix(std::string_view(text).substr(0, kMostShown)));
    text += "...";
  }
  return text;
}

class Reader {
 public:
  void read(const CelExpression& e, const Bound& bound, DeviceSelector& out) const {
    if (e.is(Kind::Binary, "&&")) {
      for (const CelExpression& each : e.children) read(each, bound, out);
      return;
    }
    // cel.bind(name, what, expression): the third sees the name.
    if (e.is(Kind::Call, "bind") && e.method && e.children.size() == 4 && e.children[0].is(Kind::Name, "cel") && e.children[1].kind == Kind::Name) {
      if (const std::string_view map = mapOf(e.children[2], bound); !map.empty() && !e.children[2].optional) {
        Bound inner = bound;
        inner.insert_or_assign(e.children[1].text, map);
        read(e.children[3], inner, out);
        return;
      }
    }
    if (const auto found = condition(e, bound)) {
      out.conditions.insert(out.conditions.end(), found->begin(), found->end());
    } else {
      out.unread.push_back(shown(e.source));
    }
  }

 private:
  /// "attributes" or "capacity" of device.attributes["gpu.nvidia.com"]; nothing for any other expression.
  static std::string_view mapOf(const CelExpression& e, const Bound& bound) {
    if (e.kind == Kind::Name) {
      const auto at = bound.find(e.text);
      return at == bound.end() ? std::string_view() : at->second;
    }
    const bool ours = e.kind == Kind::Index && e.children[1].is(Kind::String, kGpuDriver);
    return ours ? outerMapOf(e.children[0], bound) : std::string_view();
  }
  static std::string_view outerMapOf(const CelExpression& e, const Bound& bound) {
    if (e.kind != Kind::Select || e.optional || !isDevice(e.children[0], bound)) return {};
    return e.text == "attributes" ? "attributes" : e.text == "capacity" ? "capacity" : "";
  }
  static bool isDevice(const CelExpression& e, const Bound& bound) { return e.is(Kind::Name, "device") && !bound.contains("device"); }

  /// A field as it is used: its name, whether it may be absent, and what then stands for it.
  struct Use {
    std::string_view map, name;
    bool optional = false;
    const std::string* fallback = nullptr;
  };
  static std::optional<Use> useOf(const CelExpression& e, const Bound& bound) {
    if (e.is(Kind::Call, "orValue") && e.method && e.children.size() == 2 && e.children[1].kind == Kind::String) {
      auto use = useOf(e.children[0], bound);
      if (!use || !use->optional || use->fallback != nullptr) return std::nullopt;
      use->fallback = &e.children[1].text;
      return use;
    }
    if (e.is(Kind::Select, "driver") && !e.optional && isDevice(e.children[0], bound)) return Use{"", "driver"};
    Use use;
    if (e.kind == Kind::Select) use.name = e.text;
    else if (e.kind == Kind::Index && e.children[1].kind == Kind::String) use.name = e.children[1].text;
    else return std::nullopt;
    use.map = mapOf(e.children[0], bound);
    if (use.map.empty()) return std::nullopt;
    // Once a step may be absent, so may what comes of it.
    use.optional = e.optional || e.children[0].optional;
    return use;
  }

  static std::optional<Field> fieldOf(const Use& use) {
    if (use.map.empty()) return Field::Driver;
    const auto row = std::find_if(kFields.begin(), kFields.end(), [&](const Row& each) { return each.map == use.map && each.name == use.name; });
    return row == kFields.end() ? std::nullopt : std::optional(row->field);
  }

  /// field == one of the values. What stands for an absent field must be none of them, or more than these are selected.
  static std::optional<Conditions> oneOf(const CelExpression& left, std::vector<std::string> values, const Bound& bound) {
    const auto use = useOf(left, bound);
    const auto field = use ? fieldOf(*use) : std::nullopt;
    if (!field || *field == Field::Memory || use->optional != (use->fallback != nullptr)) return std::nullopt;
    if (use->fallback != nullptr && std::find(values.begin(), values.end(), *use->fallback) != values.end()) return std::nullopt;
    DeviceCondition out;
    out.field = *field;
    out.values = std::move(values);
    return Conditions{std::move(out)};
  }

  static std::optional<Bytes> quantityOf(const CelExpression& e) {
    if (!e.is(Kind::Call, "quantity") || e.method || e.children.size() != 1 || e.children[0].kind != Kind::String) return std::nullopt;
    const auto quantity = Quantity::parse(e.children[0].text);
    const auto whole = quantity ? quantity->integer() : std::nullopt;
    return whole && *whole >= 0 && *whole < kMaxBytes ? whole : std::nullopt;
  }
  static bool isMemory(const CelExpression& e, const Bound& bound) {
    const auto use = useOf(e, bound);
    return use && !use->optional && fieldOf(*use) == Field::Memory;
  }

  /// memory against a quantity; `allowed`: whether it may be less, equal, greater.
  static std::optional<Conditions> bounds(Bytes amount, std::array<bool, 3> allowed) {
    const auto [less, equal, greater] = allowed;
    DeviceCondition out;
    out.field = Field::Memory;
    if (less == greater && !(equal && !less)) return std::nullopt;  // all, none, or what is not one range
    if (!less) out.atLeast = equal ? amount : amount + 1;
    if (!greater) out.atMost = equal ? amount : amount - 1;
    if (out.atMost && *out.atMost < 0) return std::nullopt;
    return Conditions{out};
  }

  /// memory.isGreaterThan(q) and the like, also with both sides exchanged.
  static std::optional<Conditions> comparison(const CelExpression& e, bool negated, const Bound& bound) {
    const bool greater = e.text == "isGreaterThan";
    if (e.kind != Kind::Call || !e.method || e.children.size() != 2 || (!greater && e.text != "isLessThan")) return std::nullopt;
    const bool straight = isMemory(e.children[0], bound);
    const auto amount = quantityOf(e.children[straight ? 1 : 0]);
    if (!amount || (!straight && !isMemory(e.children[1], bound))) return std::nullopt;
    const bool above = greater == straight;
    std::array<bool, 3> allowed{!above, false, above};
    if (negated) for (bool& each : allowed) each = !each;
    return bounds(*amount, allowed);
  }

  static bool holds(std::string_view op, std::int64_t left, std::int64_t right) {
    if (op == "==") return left == right;
    if (op == "!=") return left != right;
    if (op == "<") return left < right;
    if (op == "<=") return left <= right;
    return op == ">" ? left > right : left >= right;
  }

  /// memory.compareTo(q) >= 0 and the like, in any order: which of -1, 0 and 1 pass.
  static std::optional<Conditions> ordering(const CelExpression& e, const Bound& bound) {
    const bool numberFirst = e.children[0].kind == Kind::Integer;
    const CelExpression& number = e.children[numberFirst ? 0 : 1];
    const CelExpression& call = e.children[numberFirst ? 1 : 0];
    if (number.kind != Kind::Integer || !call.is(Kind::Call, "compareTo") || !call.method || call.children.size() != 2) return std::nullopt;
    const bool straight = isMemory(call.children[0], bound);
    const auto amount = quantityOf(call.children[straight ? 1 : 0]);
    if (!amount || (!straight && !isMemory(call.children[1], bound))) return std::nullopt;
    std::array<bool, 3> allowed{};
    for (int order = -1; order <= 1; ++order) {
      const bool passes = numberFirst ? holds(e.text, number.integer, order) : holds(e.text, order, number.integer);
      allowed[static_cast<std::size_t>(straight ? order + 1 : 1 - order)] = passes;
    }
    return bounds(*amount, allowed);
  }

  /// Says no more than that something is there: "profile" in device.attributes["gpu.nvidia.com"], has(...), true.
  static bool isGuard(const CelExpression& e, const Bound& bound) {
    if (e.is(Kind::Bool, "true")) return true;
    if (e.is(Kind::Call, "has") && !e.method && e.children.size() == 1) return useOf(e.children[0], bound).has_value();
    return e.is(Kind::Binary, "in") && e.children[0].kind == Kind::String &&
           (!mapOf(e.children[1], bound).empty() || (e.children[0].text == kGpuDriver && !outerMapOf(e.children[1], bound).empty()));
  }

  static std::optional<std::vector<std::string>> strings(const CelExpression& list) {
    if (list.kind != Kind::List) return std::nullopt;
    std::vector<std::string> out;
    for (const CelExpression& each : list.children) {
      if (each.kind != Kind::String) return std::nullopt;
      if (std::find(out.begin(), out.end(), each.text) == out.end()) out.push_back(each.text);
    }
    return out.empty() ? std::nullopt : std::optional(std::move(out));
  }

  /// a == "x" || a == "y" is a in ["x", "y"].
  static std::optional<Conditions> alternatives(const CelExpression& e, const Bound& bound) {
    Conditions out;
    for (const CelExpression& each : e.children) {
      auto found = condition(each, bound);
      if (!found || found->size() != 1 || found->front().field == Field::Memory) return std::nullopt;
      if (out.empty()) {
        out = std::move(*found);
        continue;
      }
      if (out.front().field != found->front().field) return std::nullopt;
      auto& values = out.front().values;
      for (std::string& value : found->front().values) {
        if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(std::move(value));
      }
    }
    return out;
  }

  /// All or nothing: what is read of a part would not do for the whole.
  static std::optional<Conditions> together(const CelExpression& e, const Bound& bound) {
    Conditions out;
    for (const CelExpression& each : e.children) {
      const auto found = condition(each, bound);
      if (!found) return std::nullopt;
      out.insert(out.end(), found->begin(), found->end());
    }
    return out;
  }

  /// What says the same as !e without the sign, or with it further inside; nothing where there is no such thing.
  static std::optional<CelExpression> opposite(const CelExpression& e) {
    if (e.is(Kind::Unary, "!")) return e.children[0];
    if (e.kind != Kind::Binary) return std::nullopt;
    const auto row = std::find_if(kOpposites.begin(), kOpposites.end(), [&](const auto& each) { return each.first == e.text; });
    if (row == kOpposites.end()) return std::nullopt;
    CelExpression out = e;
    out.text = row->second;
    if (e.text != "&&" && e.text != "||") return out;
    for (CelExpression& each : out.children) {
      CelExpression negated;
      negated.kind = Kind::Unary;
      negated.text = "!";
      negated.children.push_back(std::move(each));
      each = std::move(negated);
    }
    return out;
  }

  static std::optional<Conditions> condition(const CelExpression& e, const Bound& bound) {
    if (isGuard(e, bound)) return Conditions{};
    if (e.is(Kind::Unary, "!")) {
      const auto without = opposite(e.children[0]);
      return without ? condition(*without, bound) : comparison(e.children[0], true, bound);
    }
    if (e.kind == Kind::Call) return comparison(e, false, bound);
    if (e.kind != Kind::Binary) return std::nullopt;
    if (e.text == "&&") return together(e, bound);
    if (e.text == "||") return alternatives(e, bound);
    if (e.text == "in") {
      auto values = strings(e.children[1]);
      return values ? oneOf(e.children[0], std::move(*values), bound) : std::nullopt;
    }
    if (e.text == "==") {
      for (const std::size_t side : {0U, 1U}) {
        const CelExpression& value = e.children[1 - side];
        if (value.kind == Kind::String) return oneOf(e.children[side], {value.text}, bound);
        const auto amount = quantityOf(value);
        if (amount && isMemory(e.children[side], bound)) return bounds(*amount, {false, true, false});
      }
    }
    const bool compares = e.text == "==" || e.text == "!=" || e.text.starts_with('<') || e.text.starts_with('>');
    return compares ? ordering(e, bound) : std::nullopt;
  }
};

std::string_view nameOf(Field field) {
  for (const Row& row : kFields) {
    if (row.field == field) return row.name;
  }
  return "driver";
}

}  // namespace

DeviceSelector readDeviceSelector(std::string_view cel) {
  DeviceSelector out;
  const auto expression = parseCel(cel);
  if (expression) Reader().read(*expression, {}, out);
  else out.unread.push_back(fmt::format("{} (column {}: {})", shown(cel), expression.error().where, expression.error().message));
  return out;
}

std::string celText(const DeviceCondition& condition) {
  if (condition.field == Field::Memory) {
    const std::string memory = fmt::format("device.capacity[\"{}\"].memory", kGpuDriver);
    std::string text;
    for (const auto& [bound, op] : {std::pair{condition.atLeast, ">="}, std::pair{condition.atMost, "<="}}) {
      if (bound) text += fmt::format("{}{}.compareTo(quantity(\"{}\")) {} 0", text.empty() ? "" : " && ", memory, *bound, op);
    }
    if (condition.atLeast && condition.atLeast == condition.atMost) text = fmt::format("{} == quantity(\"{}\")", memory, *condition.atLeast);
    return text;
  }
  const std::string field = condition.field == Field::Driver ? "device.driver" : fmt::format("device.attributes[\"{}\"].{}", kGpuDriver, nameOf(condition.field));
  const auto quoted = [](const std::string& value) {
    std::string out = "\"";
    for (const char c : value) {
      if (c == '\n') out += "\\n";
      else if (c == '\r') out += "\\r";
      else if (c == '"' || c == '\\') out.append({'\\', c});
      else out += c;
    }
    return out + "\"";
  };
  if (condition.values.size() == 1) return fmt::format("{} == {}", field, quoted(condition.values.front()));
  std::string list;
  for (const std::string& value : condition.values) list += (list.empty() ? "" : ", ") + quoted(value);
  return fmt::format("{} in [{}]", field, list);
}

}  // namespace rightslice::workload
