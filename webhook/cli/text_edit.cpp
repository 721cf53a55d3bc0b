#include "cli/text_edit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/pointer.hpp"
#include "json/writer.hpp"

namespace rightslice::cli {

namespace {

using Op = json::PatchOperation::Op;

std::string parentOf(std::string_view pointer) { return std::string(pointer.substr(0, pointer.rfind('/'))); }

std::string lastToken(std::string_view pointer) {
  const auto tokens = json::pointerTokens(pointer);
  return tokens && !tokens->empty() ? tokens->back() : std::string();
}

json::Mark later(json::Mark mark, std::size_t by) {
  mark.offset += by;
  mark.column += static_cast<int>(by);
  return mark;
}

/// A scalar in the text: in which quotes, and where it ends.
struct Scalar {
  char quote = '\0';
  std::size_t end = 0;  ///< behind the closing quote
};

/// Nothing for block scalars, and for plain ones that do not stand there as they read.
std::optional<Scalar> scalarAt(const std::string& text, std::size_t offset, std::string_view value) {
  if (offset >= text.size()) return std::nullopt;
  const char first = text[offset];
  if (first == '"' || first == '\'') {
    for (std::size_t at = offset + 1; at < text.size(); ++at) {
      if (first == '"' && text[at] == '\\') ++at;
      else if (text[at] == first && first == '\'' && at + 1 < text.size() && text[at + 1] == '\'') ++at;
      else if (text[at] == first) return Scalar{first, at + 1};
    }
    return std::nullopt;
  }
  if (value.empty() || text.compare(offset, value.size(), value) != 0) return std::nullopt;
  return Scalar{'\0', offset + value.size()};
}

/// A word as its neighbours are quoted; plain only where it reads as a string.
std::string inStyle(std::string_view word, char quote) {
  if (quote == '\0' && word.starts_with("--")) return std::string(word);
  return quote == '\'' ? fmt::format("'{}'", word) : json::quoted(word);
}

class Editor {
 public:
  Editor(const std::string& text, const json::YamlDocument& document) : text_(text), document_(document) {}

  std::optional<std::vector<TextEdit>> run(const json::Patch& patch) {
    for (std::size_t i = 0; i < patch.size();) {
      if (patch[i].op == Op::Test && i + 1 < patch.size() && patch[i + 1].op == Op::Replace) {
        if (!replaceString(patch[i + 1].path, stringOf(patch[i].value), stringOf(patch[i + 1].value))) return std::nullopt;
        i += 2;
        continue;
      }
      if (patch[i].op != Op::Add) return std::nullopt;
      const std::string list = parentOf(patch[i].path);
      std::vector<json::Document> added;
      const std::size_t first = i;
      for (; i < patch.size() && patch[i].op == Op::Add && parentOf(patch[i].path) == list; ++i) {
        auto value = json::Document::parse(patch[i].value);
        if (!value) return std::nullopt;
        added.push_back(std::move(*value));
      }
      if (!insert(list, lastToken(patch[first].path), added)) return std::nullopt;
    }
    return std::move(edits_);
  }

 private:
  static std::string stringOf(const std::string& json) {
    const auto document = json::Document::parse(json);
    return document ? std::string(document->root().stringOr("")) : std::string();
  }

  json::Mark markOf(const std::string& pointer) const { return document_.marks.find(pointer).value; }

  /// Line by line, as a block scalar has them.
  bool replaceString(const std::string& pointer, const std::string& before, const std::string& after) {
    const auto was = linesOf(before), is = linesOf(after);
    if (was.size() != is.size()) return false;
    json::Mark mark = markOf(pointer);
    for (std::size_t i = 0; i < was.size(); ++i)
      if (was[i] != is[i] && !replaceInLine(mark, was[i], is[i])) return false;
    return true;
  }

  static std::vector<std::string> linesOf(const std::string& text) {
    std::vector<std::string> lines{""};
    for (const char c : text) {
      if (c == '\n') lines.emplace_back();
      else lines.back() += c;
    }
    return lines;
  }

  /// What changed, found in the text from `mark` on, which moves behind it.
  bool replaceInLine(json::Mark& mark, const std::string& before, const std::string& after) {
    if (before.empty()) return false;
    const auto differ = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
    const auto same = static_cast<std::size_t>(differ.first - before.begin());
    std::size_t tail = 0;
    while (tail < before.size() - same && tail < after.size() - same &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
      ++tail;
    const std::size_t length = before.size() - tail - same;
    const std::string now = after.substr(same, after.size() - tail - same);

    // With enough of what stands around to find it.
    const std::string_view blanks = " \t";
    std::size_t start = same;
    for (int word = 0; word < 2 && start > 0; ++word) {
      while (start > 0 && before[start - 1] == ' ') --start;
      while (start > 0 && blanks.find(before[start - 1]) == std::string_view::npos) --start;
    }
    std::size_t end = same + length;
    while (end < before.size() && before[end] == ' ' && length == 0) ++end;
    while (end < before.size() && blanks.find(before[end]) == std::string_view::npos) ++end;
    const std::string context = before.substr(start, end - start);
    const std::size_t at = text_.find(context, mark.offset);
    if (context.empty() || at == std::string::npos) return false;
    edits_.push_back({later(mark, at + (same - start) - mark.offset), length, now});
    mark = later(mark, at + context.size() - mark.offset);
    return true;
  }

  bool insert(const std::string& list, const std::string& token, const std::vector<json::Document>& added) {
    const auto index = json::arrayIndex(token);
    const json::View elements = document_.document.root().find(list);
    if (!index || *index > elements.size() || elements.size() == 0) return false;
    const bool behind = *index == elements.size();
    const std::string neighbour = fmt::format("{}/{}", list, behind ? *index - 1 : *index);
    const json::Mark mark = markOf(neighbour);
    const json::View value = document_.document.root().find(neighbour);
    const bool flow = text_.compare(markOf(list).offset, 1, "[") == 0;
    if (!value.isString()) return !behind && insertObjects(mark, flow, added);
    const auto scalar = scalarAt(text_, mark.offset, value.stringOr(""));
    if (!scalar) return false;
    std::vector<std::string> words;
    for (const json::Document& each : added) words.push_back(inStyle(each.root().stringOr(""), scalar->quote));
    if (flow) {
      const std::string joined = fmt::format("{}", fmt::join(words, ", "));
      if (behind) edits_.push_back({later(mark, scalar->end - mark.offset), 0, ", " + joined});
      else edits_.push_back({mark, 0, joined + ", "});
      return true;
    }
    const auto dash = dashBefore(mark);
    if (!dash) return false;
    std::string lines;
    if (!behind) {
      for (const std::string& word : words) lines += *dash + word + lineEnd(mark.offset);
      edits_.push_back({startOfLine(mark), 0, lines});
      return true;
    }
    for (const std::string& word : words) lines += lineEnd(mark.offset) + *dash + word;
    std::size_t end = std::min(text_.find('\n', scalar->end), text_.size());
    if (end > 0 && end < text_.size() && text_[end - 1] == '\r') --end;
    edits_.push_back({later(mark, end - mark.offset), 0, lines});
    return true;
  }

  /// {name, value} in front of a list of objects.
  bool insertObjects(const json::Mark& mark, bool flow, const std::vector<json::Document>& added) {
    for (const json::Document& each : added) {
      const std::string name(each.root()["name"].stringOr("")), value(each.root()["value"].stringOr(""));
      if (name.empty()) return false;
      if (flow) {
        edits_.push_back({mark, 0, fmt::format("{{\"name\": {}, \"value\": {}}}, ", json::quoted(name), json::quoted(value))});
        continue;
      }
      const auto dash = dashBefore(mark);
      if (!dash) return false;
      const std::string ending = lineEnd(mark.offset);
      edits_.push_back({startOfLine(mark), 0, fmt::format("{}name: {}{}{}value: {}{}", *dash, name, ending,
                                                          std::string(dash->size(), ' '), json::quoted(value), ending)});
    }
    return true;
  }

  json::Mark startOfLine(json::Mark mark) const {
    const std::size_t newline = mark.offset == 0 ? std::string::npos : text_.rfind('\n', mark.offset - 1);
    mark.offset = newline == std::string::npos ? 0 : newline + 1;
    mark.column = 1;
    return mark;
  }

  /// "    - ": what stands before an element of a block list on its line.
  std::optional<std::string> dashBefore(const json::Mark& mark) const {
    const std::size_t start = startOfLine(mark).offset;
    const std::string before = text_.substr(start, mark.offset - start);
    const auto dash = before.find('-');
    const bool only = dash != std::string::npos && before.find_first_not_of(' ') == dash && dash + 1 < before.size() &&
                      before.find_first_not_of(' ', dash + 1) == std::string::npos;
    return only ? std::optional(before) : std::nullopt;
  }

  std::string lineEnd(std::size_t offset) const {
    const std::size_t newline = text_.find('\n', offset);
    return newline != std::string::npos && newline > 0 && text_[newline - 1] == '\r' ? "\r\n" : "\n";
  }

  const std::string& text_;
  const json::YamlDocument& document_;
  std::vector<TextEdit> edits_;
};

}  // namespace

std::optional<TextEdit> renameKey(const std::string& text, const json::Marks& marks, std::string_view pointer,
                                  std::string_view to) {
  const std::string from = lastToken(pointer);
  const json::Mark at = marks.find(pointer).key;
  for (const std::string_view quote : {"", "\"", "'"}) {
    const std::string token = std::string(quote) + from + std::string(quote);
    if (text.compare(at.offset, token.size(), token) != 0) continue;
    const std::size_t colon = text.find_first_not_of(" \t", at.offset + token.size());
    if (colon == std::string::npos || text[colon] != ':') continue;
    return TextEdit{later(at, quote.size()), from.size(), std::string(to)};
  }
  return std::nullopt;
}

std::optional<std::vector<TextEdit>> editsFor(const json::Patch& patch, const std::string& text,
                                              const json::YamlDocument& document) {
  return Editor(text, document).run(patch);
}

std::string applyEdits(const std::string& text, std::vector<TextEdit> edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const auto& a, const auto& b) { return a.at.offset < b.at.offset; });
  edits.erase(std::unique(edits.begin(), edits.end()), edits.end());
  std::string result;
  std::size_t position = 0;
  for (const auto& edit : edits) {
    if (edit.at.offset < position) continue;  // overlaps: the comparison afterwards finds it
    result.append(text, position, edit.at.offset - position);
    result += edit.replacement;
    position = edit.at.offset + edit.length;
  }
  return result.append(text, position);
}

}  // namespace rightslice::cli
