// A large file line by line, in bounded memory.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rightslice::app {

class LineReader {
 public:
  /// "-" is standard input. Error.where is the file.
  static Result<LineReader> open(const std::string& file);
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  struct Line {
    std::size_t number = 0;    ///< from 1
    std::string_view text;     ///< without its end; valid until the next call
    bool tooLong = false;      ///< longer than kLongest: passed over, text is empty
  };
  static constexpr std::size_t kLongest = std::size_t{32} << 20;

  /// Nothing at the end. A last line without a line feed is one too.
  Result<std::optional<Line>> next();
  std::size_t bytesRead() const { return bytes_; }

 private:
  LineReader(int descriptor, std::string file) : descriptor_(descriptor), file_(std::move(file)) {}
  Result<bool> more();   ///< false at the end

  int descriptor_;
  std::string file_, buffer_;
  std::size_t start_ = 0, number_ = 0, bytes_ = 0;
  bool ended_ = false;
};

}  // namespace rightslice::app
