#include "workload/kind.hpp"

#include <algorithm>

#include "workload/kinds/kinds.hpp"

namespace rightslice::workload {

std::span<const Kind> kinds() {
  static const std::vector<Kind> all = [] {
    std::vector<Kind> out;
    for (const auto project : {rows::core(), rows::ray(), rows::groups(), rows::delivery(), rows::kserve(), rows::nim(), rows::kaito(),
                            rows::seldon(), rows::vllmRuntime(), rows::dynamo(), rows::hyperPod()}) {
      out.insert(out.end(), project.begin(), project.end());
    }
    return out;
  }();
  return all;
}

std::string_view groupOf(std::string_view apiVersion) {
  const std::size_t slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view() : apiVersion.substr(0, slash);
}

const Kind* findKind(std::string_view apiVersion, std::string_view kind) {
  const std::string_view group = groupOf(apiVersion);
  const auto all = kinds();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Kind& row) { return row.kind == kind && row.group == group; });
  return found == all.end() ? nullptr : &*found;
}

bool isKnownKindName(std::string_view kind) {
  const auto all = kinds();
  return std::any_of(all.begin(), all.end(), [&](const Kind& row) { return row.kind == kind; });
}

std::vector<std::string_view> versionsOf(const Kind& kind) {
  std::vector<std::string_view> out;
  for (std::string_view rest = kind.version; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    out.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace rightslice::workload
