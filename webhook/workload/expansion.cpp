#include "workload/expansion.hpp"

#include <map>

namespace rightslice::workload {
namespace {

using Values = std::map<std::string, std::optional<std::string>, std::less<>>;

auto lookUpIn(const Values& values) {
  return [&values](std::string_view name) -> const std::string* {
    const auto found = values.find(name);
    return found == values.end() || !found->second ? nullptr : &*found->second;
  };
}

/// References that double a value again and again ("$(A)$(A)") describe more than any memory holds, so what a container's
/// references may add is in proportion to what is written. Nothing that runs comes near: the kernel takes 128 KiB a word.
constexpr std::size_t kGrowth = 16U << 10;
constexpr std::size_t kGrowthPerByte = 16;

/// Nothing if that would add more than `room`, which shrinks by what was added.
std::optional<std::string> expandWithin(std::string_view text, const std::function<const std::string*(std::string_view)>& valueOf,
                                        std::size_t& room) {
  std::size_t added = 0;
  bool fits = true;
  auto expanded = expand(text, [&](std::string_view name) -> const std::string* {
    const std::string* value = fits ? valueOf(name) : nullptr;
    if (value == nullptr) return nullptr;
    added += value->size();
    fits = added <= room;
    return fits ? value : nullptr;
  });
  if (!fits) return std::nullopt;
  room -= added;
  return expanded;
}

}  // namespace

std::string expand(std::string_view text, const std::function<const std::string*(std::string_view)>& valueOf) {
  std::string out;
  bool mayClose = true;  // looked for once: a long text of open references must not cost its square
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    if (dollar == std::string_view::npos || dollar + 1 == text.size()) break;
    out += text.substr(0, dollar);
    text.remove_prefix(dollar + 1);
    if (text.front() == '(') {
      const std::size_t end = mayClose ? text.find(')') : std::string_view::npos;
      if (end == std::string_view::npos) {  // an open reference is text, and so is all behind it but "$$"
        mayClose = false;
        out += "$(";
        text.remove_prefix(1);
        continue;
      }
      const std::string_view name = text.substr(1, end - 1);
      if (const std::string* value = valueOf(name)) {
        out += *value;
      } else {
        out.append("$(").append(name).append(")");
      }
      text.remove_prefix(end + 1);
    } else {
      if (text.front() != '$') out += '$';
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out.append(text);
}

bool expandEnvironment(std::vector<model::Invocation::Env>& env) {
  std::size_t room = kGrowth;
  for (const model::Invocation::Env& each : env) room += kGrowthPerByte * (each.value ? each.value->size() : 0);
  Values before;
  bool whole = true;
  for (model::Invocation::Env& each : env) {
    if (each.value) {
      each.value = expandWithin(*each.value, lookUpIn(before), room);
      whole = whole && each.value;
    }
    before.insert_or_assign(each.name, each.value);
  }
  return whole;
}

bool expandWords(std::vector<std::string>& words, const std::vector<model::Invocation::Env>& env) {
  Values all;
  for (const model::Invocation::Env& each : env) all.insert_or_assign(each.name, each.value);
  std::size_t room = kGrowth;
  for (const std::string& word : words) room += kGrowthPerByte * word.size();
  bool whole = true;
  for (std::string& word : words) {
    auto expanded = expandWithin(word, lookUpIn(all), room);
    whole = whole && expanded;
    if (expanded) word = std::move(*expanded);
  }
  return whole;
}

}  // namespace rightslice::workload
