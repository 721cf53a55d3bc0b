// What is kept of the objects of a list: the few fields that somebody needs.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "json/view.hpp"

namespace rightslice::kube {

/// What a reflector tells of one list. Called on the cluster's thread only.
class Sink {
 public:
  virtual ~Sink() = default;
  /// A list begins: what is not put until listed() is gone.
  virtual void relist() = 0;
  virtual void listed() = 0;
  virtual void put(json::View object) = 0;
  virtual void erase(json::View object) = 0;
  virtual bool empty() const = 0;
};

/// "namespace/name", or the name alone.
inline std::string keyOf(json::View object) {
  const json::View metadata = object["metadata"];
  const std::string_view ns = metadata["namespace"].stringOr("");
  std::string key(ns);
  if (!ns.empty()) key += '/';
  return key += metadata["name"].stringOr("");
}

/// Keeps a T of each object that `project` wants. Thread-safe. An object that changed in nothing that T holds is no change.
template <class T>
class Store final : public Sink {
 public:
  using Project = std::function<std::optional<T>(json::View)>;
  explicit Store(Project project) : project_(std::move(project)) {}

  void relist() override { ++round_; }

  void listed() override {
    const std::lock_guard lock(mutex_);
    if (std::erase_if(items_, [&](const auto& each) { return each.second.round != round_; }) > 0) ++version_;
  }

  void put(json::View object) override {
    std::optional<T> value = project_(object);
    const std::string key = keyOf(object);
    const std::lock_guard lock(mutex_);
    const auto at = items_.find(key);
    if (!value) {
      if (at == items_.end()) return;
      items_.erase(at);
    } else if (at == items_.end()) {
      items_.emplace(key, Item{std::move(*value), round_});
    } else {
      at->second.round = round_;
      if (at->second.value == *value) return;
      at->second.value = std::move(*value);
    }
    ++version_;
  }

  void erase(json::View object) override {
    const std::lock_guard lock(mutex_);
    if (items_.erase(keyOf(object)) > 0) ++version_;
  }

  bool empty() const override {
    const std::lock_guard lock(mutex_);
    return items_.empty();
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

  /// Another number after each change.
  std::uint64_t version() const {
    const std::lock_guard lock(mutex_);
    return version_;
  }

  std::optional<T> find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto at = items_.find(key);
    return at == items_.end() ? std::nullopt : std::optional<T>(at->second.value);
  }

  /// visit(key, value) for each, by key, with the store locked.
  template <class Visit>
  void each(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, item] : items_) visit(key, item.value);
  }

 private:
  struct Item {
    T value;
    std::uint64_t round;
  };
  Project project_;
  mutable std::mutex mutex_;
  std::map<std::string, Item, std::less<>> items_;
  std::uint64_t version_ = 0;
  std::uint64_t round_ = 0;  // the cluster's thread only
};

}  // namespace rightslice::kube
