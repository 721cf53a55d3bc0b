#include "cli/unified_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace rightslice::cli {
namespace {

constexpr std::size_t kAround = 3;

/// Lines with their ends; the last may have none.
std::vector<std::string_view> linesOf(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

/// Lines [from, to) of the text before, and what stands there afterwards.
struct Block {
  std::size_t from = 0, to = 0;
  std::string text;
  std::vector<std::string> lines{};
};

class Diff {
 public:
  Diff(const std::string& before, std::vector<TextEdit> edits) : before_(before), lines_(linesOf(before)) {
    std::stable_sort(edits.begin(), edits.end(), [](const auto& a, const auto& b) { return a.at.offset < b.at.offset; });
    std::size_t offset = 0;
    for (const auto each : lines_) {
      starts_.push_back(offset);
      offset += each.size();
    }
    starts_.push_back(offset);
    for (std::size_t i = 0; i < edits.size();) i = block(edits, i);
    for (Block& each : blocks_) trim(each);
    std::erase_if(blocks_, [](const Block& each) { return each.from == each.to && each.lines.empty(); });
  }

  std::string run(const std::string& name) {
    if (blocks_.empty()) return {};
    // A tab ends a name that has blanks in it (GNU diff, git).
    const std::string_view end = name.find(' ') == std::string::npos ? "" : "\t";
    std::string out = fmt::format("--- a/{0}{1}\n+++ b/{0}{1}\n", name, end);
    std::ptrdiff_t shift = 0;   // lines that came before this hunk, without those that went
    for (std::size_t first = 0; first < blocks_.size();) {
      std::size_t last = first;
      while (last + 1 < blocks_.size() && blocks_[last + 1].from <= blocks_[last].to + 2 * kAround) ++last;
      out += hunk(first, last, shift);
      first = last + 1;
    }
    return out;
  }

 private:
  std::size_t lineAt(std::size_t offset) const {
    const auto at = std::upper_bound(starts_.begin(), starts_.end() - 1, offset);
    const auto line = static_cast<std::size_t>(at - starts_.begin());
    if (line == lines_.size() && offset == before_.size() && (before_.empty() || before_.back() == '\n')) return line;   // behind the last
    return line - 1;
  }

  /// The edits from `i` on whose lines touch, as one block (lines beside each other too); the index of the edit after them.
  std::size_t block(const std::vector<TextEdit>& edits, std::size_t i) {
    std::vector<TextEdit> together;
    std::size_t from = lineAt(edits[i].at.offset), to = from;
    for (; i < edits.size() && lineAt(edits[i].at.offset) <= to + 1; ++i) {
      to = std::max(to, lineAt(edits[i].at.offset + edits[i].length));
      together.push_back(edits[i]);
    }
    const std::size_t end = std::min(to + 1, lines_.size());
    for (TextEdit& each : together) each.at.offset -= starts_[from];
    blocks_.push_back({from, end, applyEdits(before_.substr(starts_[from], starts_[end] - starts_[from]), std::move(together))});
    return i;
  }

  /// Lines at both ends that stay are none of the change.
  void trim(Block& block) const {
    const auto lines = linesOf(block.text);
    std::size_t first = 0, last = lines.size();
    while (block.from < block.to && first < last && lines_[block.from] == lines[first]) ++block.from, ++first;
    while (block.from < block.to && first < last && lines_[block.to - 1] == lines[last - 1]) --block.to, --last;
    block.lines.assign(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.begin() + static_cast<std::ptrdiff_t>(last));
  }

  static void line(std::string& out, char mark, std::string_view text) {
    out += mark;
    out += text;
    if (!text.ends_with('\n')) out += "\n\\ No newline at end of file\n";
  }

  std::string hunk(std::size_t first, std::size_t last, std::ptrdiff_t& shift) const {
    const std::size_t from = blocks_[first].from - std::min(kAround, blocks_[first].from);
    const std::size_t to = std::min(lines_.size(), blocks_[last].to + kAround);
    std::string body;
    std::size_t at = from, after = 0;
    const auto keep = [&](std::size_t until) {
      for (; at < until; ++at, ++after) line(body, ' ', lines_[at]);
    };
    for (std::size_t i = first; i <= last; ++i) {
      keep(blocks_[i].from);
      for (; at < blocks_[i].to; ++at) line(body, '-', lines_[at]);
      for (const std::string& each : blocks_[i].lines) line(body, '+', each);
      after += blocks_[i].lines.size();
    }
    keep(to);
    // The number of an empty side is that of the line before it.
    const auto number = [](std::size_t begin, std::size_t count) { return begin + (count > 0 ? 1 : 0); };
    const auto begin = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(from) + shift);
    std::string out = fmt::format("@@ -{},{} +{},{} @@\n{}", number(from, to - from), to - from, number(begin, after), after, body);
    shift += static_cast<std::ptrdiff_t>(after) - static_cast<std::ptrdiff_t>(to - from);
    return out;
  }

  const std::string& before_;
  std::vector<std::string_view> lines_;
  std::vector<std::size_t> starts_;   // offset of each line, and of the end
  std::vector<Block> blocks_;
};

}  // namespace

std::string unifiedDiff(const std::string& name, const std::string& before, std::vector<TextEdit> edits) {
  return Diff(before, std::move(edits)).run(name);
}

}  // namespace rightslice::cli
