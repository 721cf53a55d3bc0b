#include "json/yaml_split.hpp"

#include <algorithm>

namespace rightslice::json {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// "---" or "..." at the start of a line and alone there, or followed by a blank. Anywhere else, as within a block
/// scalar, these characters are indented (YAML 1.2, 9.1.2).
bool isMarker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) && (line.size() == marker.size() || kBlanks.find(line[marker.size()]) != std::string_view::npos);
}

/// Offset of the first thing in the line, from `from` on, that is no blank and no comment.
std::size_t contentIn(std::string_view line, std::size_t from) {
  const std::size_t at = line.find_first_not_of(kBlanks, from);
  return at == std::string_view::npos || line[at] == '#' ? std::string_view::npos : at;
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<YamlChunk> split() {
    std::size_t at = 0;
    restart(1, at);
    for (int line = 1; at < text_.size(); ++line) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      readLine(text_.substr(at, end - at), line, at, std::min(end + 1, text_.size()));
      at = end + 1;
    }
    close(text_.size());
    return std::move(chunks_);
  }

 private:
  void restart(int line, std::size_t offset) {
    chunk_ = {{}, {line, 1, offset}, {}, {}};
    hasMarker_ = false;
  }

  void close(std::size_t end) {
    if (chunk_.contentStart.line != 0) {
      chunk_.text = text_.substr(chunk_.start.offset, end - chunk_.start.offset);
      chunk_.content = text_.substr(chunk_.contentStart.offset, end - chunk_.contentStart.offset);
      chunks_.push_back(chunk_);
    }
  }

  void readLine(std::string_view line, int number, std::size_t offset, std::size_t next) {
    const bool hasContent = chunk_.contentStart.line != 0;
    std::size_t from = 0;
    if (!hasContent && !hasMarker_ && line.starts_with(kByteOrderMark)) {   // each document may begin with one (YAML 1.2, 9.1.1)
      line.remove_prefix(kByteOrderMark.size());
      offset += kByteOrderMark.size();
      restart(number, offset);
    }
    if (isMarker(line, "---")) {
      if (hasContent || hasMarker_) {
        close(offset);
        restart(number, offset);
      }
      hasMarker_ = true;
      from = 3;
    } else if (isMarker(line, "...")) {
      close(next);
      restart(number + 1, next);
      return;
    } else if (!hasContent && !hasMarker_ && line.starts_with('%')) {
      return;  // a directive
    }
    if (chunk_.contentStart.line == 0) {
      if (const std::size_t at = contentIn(line, from); at != std::string_view::npos) {
        chunk_.contentStart = {number, static_cast<int>(at) + 1, offset + at};
      }
    }
  }

  std::string_view text_;
  std::vector<YamlChunk> chunks_;
  YamlChunk chunk_;
  bool hasMarker_ = false;
};

}  // namespace

std::vector<YamlChunk> splitYaml(std::string_view text) { return Splitter(text).split(); }

}  // namespace rightslice::json
