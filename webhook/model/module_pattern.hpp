// How quantization_config names modules: exact names, parts of names, globs and regular expressions.
#pragma once
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::model {

/// A regular expression of the subset that quantisers write: literals, escapes (\d \w \s \.), '.', classes, groups,
/// '|', * + ? and the anchors. It matches from the beginning of a name, as Python's re.match. Matching takes length of
/// name x length of expression steps at most, whatever both hold; expressions come from config.json.
class ModuleRegex {
 public:
  static constexpr std::size_t kMostCharacters = 512;
  /// Nothing for what is not understood (look-ahead, back references, counts) and what is longer than kMostCharacters.
  static std::optional<ModuleRegex> compile(std::string_view expression);
  /// A glob over the whole name as an expression; of kMostCharacters at most.
  static ModuleRegex ofGlob(std::string_view glob);
  bool matchesStartOf(std::string_view name) const;

 private:
  friend class RegexCompiler;
  friend struct PositionAutomaton;
  struct Node {
    enum Kind : std::uint8_t { Set, Split, Begin, End, Match } kind = Match;
    std::bitset<128> set{};
    std::int32_t next = -1, other = -1;
  };
  std::vector<Node> nodes_;
  std::int32_t start_ = -1;
};

/// One entry of an ignore list.
class ModulePattern {
 public:
  /// "re:..." is a regular expression, a text with * or ? a glob over the whole name, all else a name: of the module,
  /// of one that it lies in, or the last parts of one ("lm_head", "self_attn", "model.layers.3.mlp").
  static std::optional<ModulePattern> parse(std::string_view text);
  bool matches(std::string_view module) const;
  /// Of a regular expression or a glob; none: a name, which is name().
  const std::optional<ModuleRegex>& regex() const { return regex_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::optional<ModuleRegex> regex_;
};

/// Whether `part` is `name` or whole parts of it between its dots.
bool isPartOf(std::string_view part, std::string_view name);

}  // namespace rightslice::model
