#include <algorithm>

#include "policy/policy.hpp"

namespace rightslice::policy {
namespace {

/// As k8s.io/apimachinery/pkg/labels/selector.go: NotIn also holds where the label is absent.
bool holds(const Selector::Requirement& requirement, const std::string* value) {
  const auto listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), *value) != requirement.values.end();
  };
  switch (requirement.op) {
    case Selector::Operator::In: return value != nullptr && listed();
    case Selector::Operator::NotIn: return value == nullptr || !listed();
    case Selector::Operator::Exists: return value != nullptr;
    case Selector::Operator::DoesNotExist: return value == nullptr;
  }
  return false;
}

}  // namespace

bool Selector::matches(const std::vector<std::pair<std::string, std::string>>& labels) const {
  return std::all_of(requirements.begin(), requirements.end(), [&](const Requirement& each) {
    const auto label = std::find_if(labels.begin(), labels.end(), [&](const auto& pair) { return pair.first == each.key; });
    return holds(each, label == labels.end() ? nullptr : &label->second);
  });
}

bool Selector::matches(const std::map<std::string, std::string, std::less<>>& labels) const {
  return std::all_of(requirements.begin(), requirements.end(), [&](const Requirement& each) {
    const auto label = labels.find(each.key);
    return holds(each, label == labels.end() ? nullptr : &label->second);
  });
}

}  // namespace rightslice::policy
