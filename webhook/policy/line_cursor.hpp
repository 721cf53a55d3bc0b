// Where the lines of a text begin.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace rightslice::policy {

/// Asked for lines in ascending order, as a reader meets them, it goes through the text once. The text outlives it.
class LineCursor {
 public:
  explicit LineCursor(std::string_view text) : text_(text) {}

  /// Of a line from 1 on; nothing for one that the text does not have.
  std::optional<std::size_t> offsetOf(int line) {
    if (line < line_) {
      line_ = 1;
      offset_ = 0;
    }
    while (line_ < line) {
      const std::size_t end = text_.find('\n', offset_);
      if (end == std::string_view::npos) return std::nullopt;
      offset_ = end + 1;
      ++line_;
      ++passed_;
    }
    return line > 0 ? std::optional(offset_) : std::nullopt;
  }

  std::size_t passed() const { return passed_; }  ///< lines gone through so far

 private:
  std::string_view text_;
  int line_ = 1;
  std::size_t offset_ = 0, passed_ = 0;
};

}  // namespace rightslice::policy
