// Selectors of DRA: CEL, and what of it is read.
#include "harness.hpp"
#include "workload/cel.hpp"
#include "workload/device_selector.hpp"

using namespace rightslice;
using namespace rightslice::workload;
using fuzz::require;

namespace {

void checkTree(const CelExpression& expression, std::string_view text) {
  require(expression.depth >= 1 && expression.depth <= kMaxCelDepth, "the depth is bounded");
  require(expression.source.data() >= text.data() && expression.source.data() + expression.source.size() <= text.data() + text.size(), "a part stands in the text");
  for (const auto& child : expression.children) {
    require(child.depth < expression.depth, "a child is less deep");
    checkTree(child, text);
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  const auto tree = parseCel(input);
  if (tree) checkTree(*tree, input);
  else require(!tree.error().message.empty() && !tree.error().where.empty(), "an error says what is wrong and where");
  const DeviceSelector selector = readDeviceSelector(input);
  require(tree || (selector.conditions.empty() && !selector.unread.empty()), "a text that is no CEL is unread as a whole");
  for (const DeviceCondition& each : selector.conditions) {
    const DeviceSelector again = readDeviceSelector(celText(each));
    require(again.unread.empty(), "what was read and printed is read", celText(each));
    if (each.atLeast && each.atMost) continue;  // printed as two comparisons
    require(again.conditions == std::vector<DeviceCondition>{each}, "and says the same", celText(each));
  }
}
