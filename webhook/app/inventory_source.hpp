// What runs in the cluster, as reviews see it.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admission/inventory.hpp"
#include "admission/verdict.hpp"
#include "host/published.hpp"

namespace rightslice::app {

/// An object that runs, as the cluster's thread keeps it. Compared by its text; copies share it.
struct RunningText {
  std::string kind, ns, name, uid;
  std::shared_ptr<const std::string> text;
  std::string group{};                      ///< of the API
  std::string owner{};                      ///< uid of its controller
  friend bool operator==(const RunningText& a, const RunningText& b) { return a.kind == b.kind && *a.text == *b.text; }
};

/// current() is thread-safe; take() is for one thread.
class InventorySource {
 public:
  /// `basis`: another text whenever policies or surroundings changed in what usage hangs on. What did not change is not
  /// computed again, and nothing is in namespaces without a budget. False if that took longer than `limit`: nothing is published
  /// then, and the next call goes on where this one stopped.
  /// `autoscalers`: null where they are not known; then objects count as they say themselves.
  bool take(const std::vector<RunningText>& objects, const admission::Environment& environment, const std::string& basis,
            std::shared_ptr<const workload::Autoscalers> autoscalers = nullptr, std::chrono::milliseconds limit = std::chrono::hours(1));
  std::shared_ptr<const admission::Inventory> current() const { return published_.get(); }

 private:
  std::string basis_;
  std::map<std::shared_ptr<const std::string>, std::shared_ptr<const admission::Running>> known_;
  host::Published<admission::Inventory> published_;
};

}  // namespace rightslice::app
