#include "policy/cel.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace rightslice::policy::cel {
namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view separator, std::string_view none) {
  return parts.empty() ? std::string(none) : fmt::format("{}", fmt::join(parts, separator));
}

/// ".?spec.?template" of "/spec/template".
std::string steps(std::string_view pointer) {
  std::string out;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    out += fmt::format(".?{}", pointer.substr(0, end));
    pointer.remove_prefix(end);
  }
  return out;
}

/// Optional values of what a pointer leads to, as a list; a `*` stands for each element or member.
std::string follow(const std::string& object, std::string_view pointer) {
  const auto star = pointer.find("/*");
  if (star == std::string_view::npos) return fmt::format("[{}{}]", object, steps(pointer));
  const std::string many = fmt::format("{}{}.orValue([])", object, steps(pointer.substr(0, star)));
  const std::string rest = steps(pointer.substr(star + 2));
  return fmt::format("(type({0}) == map ? {0}.map(k, {0}[k]{1}) : {0}.map(e, e{1}))", many, rest);
}

bool onceAtMost(std::string_view pointer) {
  const auto first = pointer.find('*');
  return first == std::string_view::npos || pointer.find('*', first + 1) == std::string_view::npos;
}

}  // namespace

std::string text(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string list(const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (const auto& value : values) parts.push_back(text(value));
  return fmt::format("[{}]", joined(parts, ", ", ""));
}

std::string pattern(std::string_view literalOrGlob, bool glob) {
  std::string out;
  for (const char c : literalOrGlob) {
    if (glob && c == '*') out += ".*";
    else if (glob && c == '?') out += '.';
    else if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) (out += '\\') += c;
    else out += c;
  }
  return out;
}

std::string globs(const std::string& expression, const std::vector<std::string>& list) {
  std::vector<std::string> parts;
  for (const auto& each : list) parts.push_back(pattern(each, true));
  return parts.empty() ? "false" : fmt::format("{}.matches({})", expression, text(fmt::format("(?s)^({})$", joined(parts, "|", ""))));
}

std::string selector(const Selector& selector, const std::string& labels) {
  std::vector<std::string> parts;
  for (const auto& each : selector.requirements) {
    const std::string key = text(each.key), there = fmt::format("{} in {}", key, labels), value = fmt::format("{}[{}]", labels, key);
    switch (each.op) {
      case Selector::Operator::In: parts.push_back(fmt::format("({} && {} in {})", there, value, list(each.values))); break;
      case Selector::Operator::NotIn: parts.push_back(fmt::format("(!({}) || !({} in {}))", there, value, list(each.values))); break;
      case Selector::Operator::Exists: parts.push_back(fmt::format("({})", there)); break;
      case Selector::Operator::DoesNotExist: parts.push_back(fmt::format("!({})", there)); break;
    }
  }
  return joined(parts, " && ", "true");
}

bool isSaid(const workload::Kind& kind) {
  if (kind.plural.empty() || kind.places.empty() || kind.read != nullptr || kind.pattern) return false;
  return std::all_of(kind.places.begin(), kind.places.end(), [](const workload::PodPlace& place) { return onceAtMost(place.podSpec); });
}

std::string pods(const std::string& object, const std::vector<const workload::Kind*>& kinds) {
  // Kinds of one group with the same place are one case.
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> cases;
  for (const auto* kind : kinds) {
    const std::string group = kind->group.empty() ? fmt::format("{}.apiVersion == 'v1'", object)
                                                  : fmt::format("{}.apiVersion.startsWith('{}/')", object, kind->group);
    for (const auto& place : kind->places) {
      if (!place.podSpec.empty()) cases[{group, follow(object, place.podSpec)}].emplace_back(kind->kind);
    }
  }
  std::vector<std::string> parts;
  for (const auto& [where, names] : cases)
    parts.push_back(fmt::format("({} && {}.kind in {} ? {} : [])", where.first, object, list(names), where.second));
  return fmt::format("({}).filter(o, o.hasValue()).map(o, o.value())", joined(parts, " + ", "[]"));
}

}  // namespace rightslice::policy::cel
