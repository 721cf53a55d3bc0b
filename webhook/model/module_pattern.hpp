// How quantization_config names modules: exact names, parts of names, globs and regular expressions.
#pragma once
#include <array>
#include <bitset>
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
  /// Nothing for what is not understood (look-ahead, back references, counts) and what is longer than 512 characters.
  static std::optional<ModuleRegex> compile(std::string_view expression);
  bool matchesStartOf(std::string_view name) const;

 private:
  friend class RegexCompiler;
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
  /// The only layer that it can mean ("model.layers.3.mlp"); -1: any.
  std::int64_t layer() const { return layer_; }
  /// Whether the number of a layer can matter.
  bool dependsOnLayer() const { return layer_ >= 0 || hasDigits_; }

 private:
  std::string text_;
  std::optional<ModuleRegex> regex_;
  bool isGlob_ = false, hasDigits_ = false;
  std::int64_t layer_ = -1;
};

}  // namespace rightslice::model
