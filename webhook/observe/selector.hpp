// A label selector as kubectl takes it (-l), and a snapshot with only what it selects. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "observe/snapshot.hpp"

namespace rightslice::observe {

class Selector {
 public:
  /// "app=chat,tier!=test,team in (a,b),!canary": all of them hold. Grammar of k8s.io/apimachinery pkg/labels (Parse), without > and <.
  static Result<Selector> parse(std::string_view text);

  /// Of an object that maps names to texts; as Kubernetes: a label that is not there is not In, and is NotIn.
  bool matches(json::View labels) const;
  bool empty() const { return requirements_.empty(); }
  const std::string& text() const { return text_; }

 private:
  enum class Op { In, NotIn, Exists, DoesNotExist };
  struct Requirement {
    std::string key;
    Op op = Op::Exists;
    std::vector<std::string> values{};
  };
  std::vector<Requirement> requirements_;
  std::string text_;
};

/// Only workloads of which the outermost object bears the labels, or where that was not read its pods; with all their pods, whatever those
/// bear. What the others hold on nodes stays held. To be called before anything is observed.
void select(Snapshot& snapshot, const Selector& selector);

}  // namespace rightslice::observe
