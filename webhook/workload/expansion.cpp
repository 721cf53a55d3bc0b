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

}  // namespace

std::string expand(std::string_view text, const std::function<const std::string*(std::string_view)>& valueOf) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    if (dollar == std::string_view::npos || dollar + 1 == text.size()) break;
    out += text.substr(0, dollar);
    text.remove_prefix(dollar + 1);
    if (text.front() == '(') {
      const std::size_t end = text.find(')');
      if (end == std::string_view::npos) {  // an open reference is text, and so is all behind it but "$$"
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

void expandEnvironment(std::vector<model::Invocation::Env>& env) {
  Values before;
  for (model::Invocation::Env& each : env) {
    if (each.value) each.value = expand(*each.value, lookUpIn(before));
    before.insert_or_assign(each.name, each.value);
  }
}

void expandWords(std::vector<std::string>& words, const std::vector<model::Invocation::Env>& env) {
  Values all;
  for (const model::Invocation::Env& each : env) all.insert_or_assign(each.name, each.value);
  for (std::string& word : words) word = expand(word, lookUpIn(all));
}

}  // namespace rightslice::workload
