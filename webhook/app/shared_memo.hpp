// The memo that all threads of a server share.
#pragma once
#include <cstddef>
#include <mutex>

#include "admission/memo.hpp"

namespace rightslice::app {

/// Thread-safe. Held for a look-up in a table, which is nothing beside a review.
class SharedMemo final : public admission::Memo {
 public:
  explicit SharedMemo(std::size_t maxBytes) : table_(maxBytes) {}

  std::shared_ptr<const admission::Ruling> find(const admission::MemoBasis& basis, std::string_view key) override {
    const std::lock_guard lock(mutex_);
    return table_.find(basis, key);
  }
  void keep(const admission::MemoBasis& basis, std::string key, std::shared_ptr<const admission::Ruling> ruling) override {
    const std::lock_guard lock(mutex_);
    table_.keep(basis, std::move(key), std::move(ruling));
  }

 private:
  std::mutex mutex_;
  admission::RulingTable table_;
};

}  // namespace rightslice::app
