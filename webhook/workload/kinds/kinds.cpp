#include "workload/kinds/kinds.hpp"

#include <algorithm>
#include <iterator>

#include "json/writer.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {

std::optional<std::int64_t> countAt(const Part& object, std::string_view pointer) { return partAt(object, pointer).asCount(); }

std::int64_t mostReplicas(const Part& scope, std::string_view minimum, std::string_view maximum, std::int64_t least) {
  return std::max(countAt(scope, minimum).value_or(least), countAt(scope, maximum).value_or(0));
}

void setEnvironment(Container& container, std::vector<model::Invocation::Env> before) {
  if (before.empty()) return;
  CommandText text = container.asWritten();
  text.env.insert(text.env.begin(), std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
  container.invocation = container.withText(text);
  container.unexpanded = std::move(text);
  container.gathered = true;
}

void setRequest(Container& container, std::string resource, const Part& count, const std::string& pointer) {
  const bool scalar = count.view().isString() || count.view().isNumber();
  const std::string text = !count.exists() ? "1" : scalar ? count.view().scalarText().value_or("") : count.view().text();
  container.limits.emplace_back(std::move(resource), text);
  container.limitsJson.push_back(count.exists() ? count.view().text() : json::quoted(text));
  container.requestPointer = pointer;
  container.gathered = true;
}

}  // namespace rightslice::workload::rows
