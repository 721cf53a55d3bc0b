#include "json/yaml_nodes.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/base64.hpp"
#include "base/limits.hpp"
#include "json/utf8.hpp"

namespace rightslice::json {
namespace {

/// Collects the nodes and refuses what yaml-cpp lets through.
class Collector : public YAML::EventHandler {
 public:
  Collector(std::string_view text, const Mark& start) : text_(text), start_(start) {}

  Mark markOf(const YAML::Mark& mark) const {
    if (mark.is_null()) {
      return start_;
    }
    return {start_.line + mark.line, mark.column + 1, start_.offset + static_cast<std::size_t>(mark.pos)};
  }
  YamlNodes take() { return std::move(nodes_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp takes what is left over for one more document, and never comes to an end on some of it, as on ",".
    if (std::exchange(started_, true)) {
      throw YamlRefusal{"unexpected text after the end of the value; check the indentation", markOf(mark)};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(YamlNode::Kind::Null, mark, "?", anchor); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(YamlNode::Kind::Alias, mark, "?", 0).target = anchors_.at(anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    if (tag != "?") {
      checkQuotes(mark);
    }
    add(YamlNode::Kind::Scalar, mark, tag, anchor).value = tag == "tag:yaml.org,2002:binary" ? decoded(mark, value) : inUtf8(value);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::Sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::Map, mark, tag, anchor);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  /// yaml-cpp 0.7 (src/exp.cpp, Escape) writes "\\N" and "\\_" as the bytes 85 and A0 of Latin-1. The source is UTF-8, so no other byte is stray.
  static std::string inUtf8(const std::string& value) {
    std::string out;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t valid = validUtf8Prefix(rest);
      out += rest.substr(0, valid);
      rest.remove_prefix(valid);
      if (rest.empty()) break;
      out += '\xC2';
      out += rest.front();
      rest.remove_prefix(1);
    }
    return out;
  }

  /// As goyaml.v2/decode.go reads it: the text that the base64 stands for.
  std::string decoded(const YAML::Mark& mark, const std::string& value) const {
    auto text = fromBase64(value);
    if (!text || validUtf8Prefix(*text) != text->size()) {
      throw YamlRefusal{"the value of !!binary must be base64 of UTF-8 text", markOf(mark)};
    }
    return std::move(*text);
  }

  YamlNode& add(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (nodes_.size() >= limits::kMaxYamlNodes) {
      throw YamlRefusal{fmt::format("more than {} values in one document", limits::kMaxYamlNodes), markOf(mark)};
    }
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    if (!open_.empty()) {
      nodes_[open_.back()].children.push_back(index);
    }
    if (anchor != 0) {
      anchors_.resize(std::max<std::size_t>(anchors_.size(), anchor + 1));
      anchors_[anchor] = index;
    }
    nodes_.push_back({kind, markOf(mark), tag, {}, {}, 0});
    return nodes_.back();
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= static_cast<std::size_t>(limits::kMaxDepth)) {
      throw YamlRefusal{fmt::format("nested deeper than {} levels", limits::kMaxDepth), markOf(mark)};
    }
    add(kind, mark, tag, anchor);
    open_.push_back(static_cast<std::uint32_t>(nodes_.size() - 1));
  }

  /// yaml-cpp takes the end of the text for the closing quote of a string whose last line is empty.
  void checkQuotes(const YAML::Mark& mark) const {
    std::size_t at = static_cast<std::size_t>(mark.pos);
    while (at < text_.size() && (text_[at] == '!' || text_[at] == '&')) {  // properties stand before the string
      at = text_.find_first_of(" \t\r\n", at);
      at = at == std::string_view::npos ? text_.size() : std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
    }
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) {
      return;
    }
    const char quote = text_[at];
    for (std::size_t i = at + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && quote == '"') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote) {
          return;
        }
        ++i;
      }
    }
    throw YamlRefusal{"a quoted string that starts here is never closed", markOf(mark)};
  }

  std::string_view text_;
  Mark start_;
  YamlNodes nodes_;
  std::vector<std::uint32_t> open_;
  std::vector<std::uint32_t> anchors_;
  bool started_ = false;
};

}  // namespace

YamlNodes readYamlNodes(std::string_view text, const Mark& start) {
  Collector collector(text, start);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(collector);
    parser.HandleNextDocument(collector);  // must find nothing
  } catch (const YAML::Exception& error) {
    throw YamlRefusal{"not valid YAML: " + error.msg, collector.markOf(error.mark)};
  }
  YamlNodes nodes = collector.take();
  if (nodes.empty()) throw YamlRefusal{"there is no value here", start};
  return nodes;
}

}  // namespace rightslice::json
