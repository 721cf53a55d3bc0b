#include "workload/list.hpp"

namespace rightslice::workload {

bool isList(json::View object) { return object["kind"].stringOr("").ends_with("List") && object["items"].isArray(); }

std::vector<std::pair<json::View, int>> items(json::View object) {
  if (!isList(object)) return {{object, 0}};
  std::vector<std::pair<json::View, int>> out;
  std::vector<json::View::Range<json::View::ElementIterator>> open{object["items"].elements()};
  while (!open.empty()) {
    auto& top = open.back();
    if (top.first == top.last) {
      open.pop_back();
      continue;
    }
    const json::View item = *top.first++;
    if (isList(item)) {
      open.push_back(item["items"].elements());
    } else {
      out.emplace_back(item, static_cast<int>(out.size()) + 1);
    }
  }
  return out;
}

}  // namespace rightslice::workload
