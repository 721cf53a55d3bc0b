// A regular expression by its positions (Glushkov): only places that read a character, so that sets of them are states.
#pragma once
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/module_pattern.hpp"

namespace rightslice::model {

/// The places of an expression at which a character is read, and one behind its end that reads what is left of a name.
struct PositionAutomaton {
  using Set = std::bitset<ModuleRegex::kMostCharacters + 1>;
  explicit PositionAutomaton(const ModuleRegex& regex);

  std::vector<std::bitset<128>> reads;  ///< the characters of each position
  std::vector<Set> next, previous;      ///< positions that can read the character behind that of a position; before it
  Set first, last;                      ///< positions that can read the first and the last character of a name
  std::size_t work = 0;                 ///< nodes that were looked at to find all this
};

/// Sets of positions that texts lead to. A step between two is computed when a text first takes it, then looked up. Not
/// for use by several threads at once.
class PositionSets {
 public:
  using Set = PositionAutomaton::Set;
  /// `links`: next to read texts from the left, previous to read them from the right. Both must outlive it.
  PositionSets(const std::vector<std::bitset<128>>& reads, const std::vector<Set>& links) : reads_(reads), links_(links) {}
  std::uint32_t numberOf(const Set& set);
  /// The positions that can read on when those of set `from` have read `c`, which is below 128.
  std::uint32_t step(std::uint32_t from, char c);
  const Set& operator[](std::uint32_t number) const { return sets_[number]; }
  /// Positions that were looked at so far.
  std::size_t work() const { return work_; }

 private:
  static constexpr std::uint32_t kUnknown = ~std::uint32_t{0};
  const std::vector<std::bitset<128>>& reads_;
  const std::vector<Set>& links_;
  std::vector<Set> sets_;
  std::vector<std::array<std::uint32_t, 128>> steps_;
  std::unordered_map<Set, std::uint32_t> numbers_;
  std::size_t work_ = 0;
};

}  // namespace rightslice::model
