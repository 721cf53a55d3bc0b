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
  /// It is there, and cannot be read. True: that is new.
  virtual bool putUnread(const std::string& key, const std::string& reason) = 0;
  virtual void erase(const std::string& key) = 0;
  virtual bool empty() const = 0;
  virtual std::size_t unreadCount() const = 0;
};

/// "namespace/name", or the name alone.
inline std::string keyOf(std::string_view ns, std::string_view name) {
  std::string key(ns);
  if (!ns.empty()) key += '/';
  return key += name;
}
inline std::string keyOf(json::View object) {
  const json::View metadata = object["metadata"];
  return keyOf(metadata["namespace"].stringOr(""), metadata["name"].stringOr(""));
}

/// What stands for an object that cannot be read any more.
enum class Unreadable {
  Forgotten,  ///< nothing: it is not known
  AsItWas     ///< what was last read of it
};

/// Keeps a T of each object that `project` wants. Thread-safe. An object that changed in nothing that T holds is no change.
template <class T>
class Store final : public Sink {
 public:
  using Project = std::function<std::optional<T>(json::View)>;
  explicit Store(Project project, Unreadable unreadable = Unreadable::Forgotten) : project_(std::move(project)), unreadable_(unreadable) {}

  void relist() override { ++round_; }

  void listed() override {
    const std::lock_guard lock(mutex_);
    const auto old = [&](const auto& each) { return each.second.round != round_; };
    if (std::erase_if(items_, old) + std::erase_if(unread_, old) > 0) ++version_;
  }

  void put(json::View object) override {
    std::optional<T> value = project_(object);
    const std::string key = keyOf(object);
    const std::lock_guard lock(mutex_);
    if (unread_.erase(key) > 0) ++version_;
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

  bool putUnread(const std::string& key, const std::string& reason) override {
    const std::lock_guard lock(mutex_);
    const auto [at, fresh] = unread_.try_emplace(key, Note{reason, round_});
    const bool other = fresh || at->second.reason != reason;
    at->second = {reason, round_};
    if (unreadable_ == Unreadable::Forgotten) items_.erase(key);
    else if (const auto kept = items_.find(key); kept != items_.end()) kept->second.round = round_;
    if (other) ++version_;
    return other;
  }

  void erase(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    if (items_.erase(key) + unread_.erase(key) > 0) ++version_;
  }

  bool empty() const override {
    const std::lock_guard lock(mutex_);
    return items_.empty() && unread_.empty();
  }

  std::size_t unreadCount() const override {
    const std::lock_guard lock(mutex_);
    return unread_.size();
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

  /// visit(key, reason) for each that cannot be read, likewise.
  template <class Visit>
  void eachUnread(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, note] : unread_) visit(key, note.reason);
  }

 private:
  struct Item {
    T value;
    std::uint64_t round;
  };
  struct Note {
    std::string reason;
    std::uint64_t round;
  };
  Project project_;
  Unreadable unreadable_;
  mutable std::mutex mutex_;
  std::map<std::string, Item, std::less<>> items_;
  std::map<std::string, Note, std::less<>> unread_;
  std::uint64_t version_ = 0;
  std::uint64_t round_ = 0;  // the cluster's thread only
};

}  // namespace rightslice::kube
