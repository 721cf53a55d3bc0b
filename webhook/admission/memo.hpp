// Answers given before. A judgement is a pure function, and in a cluster the same is asked again and again: by /mutate and /validate, for
// each replica of a ReplicaSet, at each reconciliation of an operator.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "admission/review.hpp"
#include "admission/ruling.hpp"
#include "admission/verdict.hpp"
#include "base/date.hpp"

namespace rightslice::admission {

/// What all rulings of a memo were made with. It holds the snapshots, so that no other can come to lie at the same address.
struct MemoBasis {
  std::shared_ptr<const void> policies, surroundings;
  Date today;
  friend bool operator==(const MemoBasis&, const MemoBasis&) = default;
};

/// Where answers are asked for and left.
class Memo {
 public:
  virtual ~Memo() = default;
  /// Null where there is none of this basis.
  virtual std::shared_ptr<const Ruling> find(const MemoBasis& basis, std::string_view key) = 0;
  virtual void keep(const MemoBasis& basis, std::string key, std::shared_ptr<const Ruling> ruling) = 0;
};

/// Bounded by bytes; what was not asked for lately goes first. Found is only what is equal byte by byte. For one thread at a time.
class RulingTable final : public Memo {
 public:
  explicit RulingTable(std::size_t maxBytes) : maxBytes_(maxBytes) {}

  /// Another basis than before empties it.
  std::shared_ptr<const Ruling> find(const MemoBasis& basis, std::string_view key) override;
  /// Nothing is kept that was made with another basis than find() last saw.
  void keep(const MemoBasis& basis, std::string key, std::shared_ptr<const Ruling> ruling) override;
  std::size_t held() const { return young_.size() + old_.size() + leaving_.size(); }   ///< whose memory is not given back yet

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Rulings = std::unordered_map<std::string, std::shared_ptr<const Ruling>, Hash, std::equal_to<>>;
  /// Generations: when the young one has a third of the room, it takes the place of the old one. Those of the old leave a few at a time, so that
  /// no review waits for all of them.
  void add(std::string key, std::shared_ptr<const Ruling> ruling);

  const std::size_t maxBytes_;
  MemoBasis basis_;
  Rulings young_, old_, leaving_;
  std::size_t youngBytes_ = 0;
};

/// All that the ruling of a CREATE or UPDATE hangs on beside the basis: the user, what the object says (not its name where neither
/// an exception nor its kind may read it, nor what the API server keeps of it), its old self, its owner. Nothing where it also hangs on what else runs.
std::optional<std::string> memoKey(const Review& review, bool validate, const Environment& environment);

}  // namespace rightslice::admission
