// What runs in the cluster already: who owns whom, and what each namespace uses. A snapshot of plain values.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/judge.hpp"
#include "workload/autoscaler.hpp"

namespace rightslice::admission {

/// An object that runs pods with GPUs and is nobody's child, or the child of one that does not say all of what its pods ask for.
struct Running {
  std::string group, kind, ns, name, uid;
  std::string owner;                ///< uid of its controller; empty: none
  std::shared_ptr<const std::string> text;  ///< the object as compact JSON, with what judging reads of it
  policy::Request::Usage usage;     ///< by the policies of now; zero where no policy has a budget
  policy::Request::Usage written;   ///< the same by its own replicas, without what its autoscaler may add
  std::optional<workload::Autoscaler> autoscaler;  ///< that `usage` was made with
  bool raised = false;              ///< the autoscaler makes it count more than it says
};

/// Immutable; const use from several threads is safe.
class Inventory {
 public:
  /// `autoscalers`: null where they are not known.
  explicit Inventory(std::vector<std::shared_ptr<const Running>> objects, std::shared_ptr<const workload::Autoscalers> autoscalers = nullptr);

  const Running* find(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name) const;
  const Running* byUid(std::string_view uid) const;
  /// Is it counted with its owner? Of kinds that leave requests to others (Holds) only those with a request of their own count theirs.
  bool countsWithOwner(const workload::Workload& object) const;
  /// What all objects of a namespace use together.
  policy::Request::Usage usage(std::string_view ns) const { return useOf(ns).counted; }
  policy::Request::Usage written(std::string_view ns) const { return useOf(ns).written; }
  bool autoscalersKnown() const { return autoscalers_ != nullptr; }
  const workload::Autoscaler* autoscalerOf(const workload::Workload& object) const;
  /// Those whose maximum is part of usage().
  const std::vector<const workload::Autoscaler*>& autoscalersInUse(std::string_view ns) const { return useOf(ns).autoscalers; }
  std::size_t size() const { return objects_.size(); }

 private:
  std::vector<std::shared_ptr<const Running>> objects_;
  std::map<std::string, const Running*, std::less<>> byName_, byUid_;
  struct Use {
    policy::Request::Usage counted, written;
    std::vector<const workload::Autoscaler*> autoscalers;
  };
  std::map<std::string, Use, std::less<>> use_;
  std::shared_ptr<const workload::Autoscalers> autoscalers_;
  const Use& useOf(std::string_view ns) const;
};

/// What of an object is kept: nothing of one that asks for no GPU, has ended, or is the child of an owner that is read itself and says all.
std::optional<std::string> runningText(json::View object, std::string_view apiVersion, std::string_view kind);

/// The object of a text that runningText() gave.
std::optional<workload::Workload> readRunning(std::string_view text);

/// Is an object counted with its owner? `ownerAsks`: the owner is known to ask for GPUs itself.
bool countsWithOwner(const workload::Workload& object, bool ownerAsks);

}  // namespace rightslice::admission
