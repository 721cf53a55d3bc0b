#include "json/pieces.hpp"

#include "json/scan.hpp"

namespace rightslice::json {
namespace {

bool opens(char kind) { return kind == '{' || kind == '['; }
bool closes(char kind) { return kind == '}' || kind == ']'; }

/// One object or array, token by token.
class Walk {
 public:
  Walk(std::string_view text, char open, char close) : text_(text), scanner_(text), close_(close) { sound_ = take() && token_.kind == open && take(); }

  /// Stands at the beginning of a key or an element; false at the end, and where the text is not what it should be.
  bool more() {
    if (!sound_) return false;
    if (token_.kind == close_) return false;
    if (first_) first_ = false;
    else sound_ = token_.kind == ',' && take();
    return sound_;
  }
  /// The key that stands here, with its quotes; steps over the colon.
  std::string_view key() {
    const std::string_view out = token_.text;
    sound_ = token_.kind == '"' && take() && token_.kind == ':' && take();
    return out;
  }
  /// The value that stands here; steps behind it.
  std::string_view value() {
    const std::size_t begin = token_.offset;
    std::size_t depth = 0, end = begin;
    sound_ = sound_ && (opens(token_.kind) || token_.kind == '"' || token_.kind == '0');
    while (sound_) {
      if (opens(token_.kind)) ++depth;
      else if (closes(token_.kind)) --depth;
      end = token_.offset + token_.text.size();
      sound_ = take();
      if (depth == 0) break;
    }
    return text_.substr(begin, end - begin);
  }
  /// Whether it came to its end, with nothing behind it.
  bool whole() { return sound_ && token_.kind == close_ && !scanner_.next(); }

 private:
  bool take() {
    const auto token = scanner_.next();
    if (token) token_ = *token;
    return token.has_value();
  }

  std::string_view text_;
  Scanner scanner_;
  Token token_;
  char close_;
  bool sound_ = false, first_ = true;
};

}  // namespace

std::optional<std::string_view> memberText(std::string_view text, std::string_view key) {
  std::optional<std::string_view> out;
  Walk walk(text, '{', '}');
  while (walk.more()) {
    const std::string_view quoted = walk.key();
    const bool wanted = quoted.size() == key.size() + 2 && quoted.substr(1, key.size()) == key;
    const std::string_view value = walk.value();
    if (wanted && out) return std::nullopt;
    if (wanted) out = value;
  }
  return walk.whole() ? out : std::nullopt;
}

std::optional<std::vector<std::string_view>> elementTexts(std::string_view text) {
  std::vector<std::string_view> out;
  Walk walk(text, '[', ']');
  while (walk.more()) out.push_back(walk.value());
  if (!walk.whole()) return std::nullopt;
  return out;
}

}  // namespace rightslice::json
