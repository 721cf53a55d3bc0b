// One flag in the script of a shell: found in the text and changed there, quotes and everything else left alone.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace rightslice::policy {

/// A stretch of a text.
struct Stretch {
  std::size_t offset = 0, length = 0;
};

/// Where the value of the flag stands, without its quotes. Nothing unless the flag stands there exactly once, spelled out, with a
/// value of plain characters or one variable.
std::optional<Stretch> valueInScript(std::string_view script, std::string_view canonicalFlag);

/// Where the flag itself begins; nothing unless it stands there exactly once.
std::optional<std::size_t> flagInScript(std::string_view script, std::string_view canonicalFlag);

/// The name of the variable that `text` is nothing but a reference to: $NAME, ${NAME} or $(NAME). Empty if it is none.
std::string_view referenced(std::string_view text);

/// How often $NAME, ${NAME...} and $(NAME) stand in `text`.
std::size_t references(std::string_view text, std::string_view name);

}  // namespace rightslice::policy
