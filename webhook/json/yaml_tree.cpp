#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "json/tree.hpp"
#include "json/writer.hpp"
#include "json/yaml_nodes.hpp"
#include "json/yaml_scalar.hpp"

namespace rightslice::json {
namespace {

using Kind = YamlNode::Kind;
using Type = YamlScalar::Type;

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

struct ScalarTag {
  std::string_view name;
  bool (*accepts)(Type);
  bool isString;  ///< Whatever it looks like.
};
// The tags that goyaml.v2/resolve.go resolves; a !!binary is decoded already.
constexpr std::array kScalarTags{
    ScalarTag{"str", [](Type) { return true; }, true},
    ScalarTag{"binary", [](Type) { return true; }, true},
    ScalarTag{"timestamp", [](Type) { return true; }, true},
    ScalarTag{"int", [](Type type) { return type == Type::Int || type == Type::Uint; }, false},
    ScalarTag{"float", [](Type type) { return type == Type::Int || type == Type::Uint || type == Type::Float; }, false},
    ScalarTag{"bool", [](Type type) { return type == Type::Bool; }, false},
    ScalarTag{"null", [](Type type) { return type == Type::Null; }, false},
};

YamlScalar meaningOf(const YamlNode& node) {
  if (node.tag == "?") {
    return resolveYamlScalar(node.value);
  }
  if (node.tag == "!") {
    return {};
  }
  for (const ScalarTag& tag : kScalarTags) {
    if (node.tag.starts_with(kTagPrefix) && std::string_view(node.tag).substr(kTagPrefix.size()) == tag.name) {
      const YamlScalar scalar = tag.isString ? YamlScalar{} : resolveYamlScalar(node.value);
      if (!tag.accepts(scalar.type)) {
        throw YamlRefusal{fmt::format("{} is no !!{}", quoted(node.value), tag.name), node.mark};
      }
      return scalar;
    }
  }
  throw YamlRefusal{fmt::format("the tag {} is not known here; remove it", quoted(node.tag)), node.mark};
}

/// Is so much of a document repeated by aliases that kubectl refuses it? Of up to 400,000 values 99 in 100 may be, of more fewer, down to one in ten
/// of 4,000,000 (kubernetes-sigs/yaml, goyaml.v2/decode.go, allowedAliasRatio): a text of a few lines describes a few thousand values, not millions.
bool isExcessive(std::size_t values, std::size_t repeated) {
  constexpr double kMany = 400'000, kTooMany = 4'000'000, kMost = 0.99, kLeast = 0.10;
  if (values <= 1000 || repeated <= 100) {
    return false;
  }
  const auto count = static_cast<double>(values);
  const double beyond = std::clamp((count - kMany) / (kTooMany - kMany), 0.0, 1.0);
  return static_cast<double>(repeated) > count * (kMost - (kMost - kLeast) * beyond);
}

class Builder {
 public:
  Builder(const YamlNodes& nodes, Marks& marks)
      : nodes_(nodes), marks_(marks), tree_(std::make_unique<Document::Tree>()), stored_(nodes.size()), inside_(nodes.size()) {}

  Document build() {
    tree_->root = value(0, 0, nodes_[0].mark);
    return Document(std::move(tree_));
  }

 private:
  using Seen = std::set<std::string_view>;

  Value value(std::uint32_t index, int depth, const Mark& keyMark);
  Value scalar(std::uint32_t index);
  void fillArray(Value& array, const YamlNode& node, int depth);
  void fillObject(Value& object, const YamlNode& node, Seen& seen, int depth, bool merging);
  void merge(Value& object, std::uint32_t index, Seen& seen, int depth);
  void addMember(Value& object, std::string_view key, std::uint32_t keyIndex, std::uint32_t valueIndex, int depth);
  std::string_view keyOf(std::uint32_t index);
  std::string_view store(std::string_view text);
  std::string_view storedValue(std::uint32_t index);
  void mark(const Mark& key, const YamlNode& node);
  void enter(std::uint32_t index, int depth);
  void charge(const YamlNode& node);
  /// What an alias stands for; the node itself if it is none.
  std::uint32_t resolved(std::uint32_t index) const {
    return nodes_[index].kind == Kind::Alias ? nodes_[index].target : index;
  }
  bool isMerge(const YamlNode& node) const {
    return node.kind == Kind::Scalar && node.value == "<<" && (node.tag == "?" || node.tag == "tag:yaml.org,2002:merge");
  }

  const YamlNodes& nodes_;
  Marks& marks_;
  std::unique_ptr<Document::Tree> tree_;
  std::vector<std::string_view> stored_;  ///< Strings of scalars, kept once however often aliases repeat them.
  std::vector<bool> inside_;              ///< Collections that are being built right now.
  std::string pointer_;
  int aliasLevels_ = 0;
  std::size_t nodeCount_ = 0;
  std::size_t repeatedCount_ = 0;         ///< of these, within what aliases stand for
  std::size_t aliasBytes_ = 0;
  std::size_t aliasMarks_ = 0;
};

std::string_view Builder::store(std::string_view text) {
  if (text.empty()) {
    return "";
  }
  char* copy = static_cast<char*>(tree_->allocator.Malloc(text.size() + 1));
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return {copy, text.size()};
}

std::string_view Builder::storedValue(std::uint32_t index) {
  if (stored_[index].data() == nullptr) {
    stored_[index] = store(nodes_[index].value);
  }
  return stored_[index];
}

/// Aliases can describe far more than the text holds, in values or in bytes: both have a limit.
void Builder::charge(const YamlNode& node) {
  if (aliasLevels_ > 0) {
    aliasBytes_ += node.value.size();
    ++repeatedCount_;
  }
  if (++nodeCount_ > limits::kMaxYamlNodes || aliasBytes_ > limits::kMaxFileBytes) {
    throw YamlRefusal{fmt::format("with its aliases expanded, the document has more than {} values or {}", limits::kMaxYamlNodes,
                                  formatBytes(static_cast<Bytes>(limits::kMaxFileBytes))),
                      node.mark};
  }
  if (isExcessive(nodeCount_, repeatedCount_)) {
    throw YamlRefusal{"with its aliases expanded, the document is nearly nothing but what they repeat; kubectl reads none such", node.mark};
  }
}

void Builder::mark(const Mark& key, const YamlNode& node) {
  constexpr std::size_t kMaxAliasMarks = 100'000;  // what repeats without end needs no place of its own
  if (aliasLevels_ > 0 && ++aliasMarks_ > kMaxAliasMarks) {
    return;
  }
  // yaml-cpp puts a value that is not written at the next token, which may be anywhere.
  const bool unwritten = node.kind == Kind::Null && node.mark.line != key.line;
  marks_.set(pointer_, {key, unwritten ? key : node.mark});
}

void Builder::enter(std::uint32_t index, int depth) {
  if (depth >= limits::kMaxDepth) {
    throw YamlRefusal{fmt::format("nested deeper than {} levels", limits::kMaxDepth), nodes_[index].mark};
  }
  if (inside_[index]) {
    throw YamlRefusal{"an alias stands inside of what it stands for", nodes_[index].mark};
  }
  inside_[index] = true;
}

Value Builder::scalar(std::uint32_t index) {
  const YamlNode& node = nodes_[index];
  const YamlScalar meaning = meaningOf(node);
  switch (meaning.type) {
    case Type::Null:
      return Value();
    case Type::Bool:
      return Value(meaning.boolean);
    case Type::Int:
      return Value(meaning.integer);
    case Type::Uint:
      return Value(meaning.natural);
    case Type::Float:
      if (!std::isfinite(meaning.number)) {
        throw YamlRefusal{fmt::format("{} is no number that JSON has; quote it if it is a text", node.value), node.mark};
      }
      return Value(meaning.number);
    case Type::String:
      break;
  }
  const std::string_view text = storedValue(index);
  return Value(rapidjson::StringRef(text.data(), text.size()));
}

Value Builder::value(std::uint32_t index, int depth, const Mark& keyMark) {
  const YamlNode& written = nodes_[index];
  mark(keyMark, written);
  const std::uint32_t at = resolved(index);
  const YamlNode& node = nodes_[at];
  if (at != index) {
    charge(nodes_[index]);  // the alias itself is written here
    ++aliasLevels_;
  }
  charge(node);
  Value result;
  if (node.kind == Kind::Scalar) {
    result = scalar(at);
  } else if (node.kind != Kind::Null) {
    const bool isMap = node.kind == Kind::Map;
    if (node.tag != "?" && node.tag != "!" && node.tag != (isMap ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq")) {
      throw YamlRefusal{fmt::format("the tag {} is not known here; remove it", quoted(node.tag)), node.mark};
    }
    enter(at, depth);
    if (isMap) {
      result.SetObject();
      Seen seen;
      fillObject(result, node, seen, depth, false);
    } else {
      result.SetArray();
      fillArray(result, node, depth);
    }
    inside_[at] = false;
  }
  aliasLevels_ -= at != index ? 1 : 0;
  return result;
}

void Builder::fillArray(Value& array, const YamlNode& node, int depth) {
  array.Reserve(static_cast<rapidjson::SizeType>(node.children.size()), tree_->allocator);
  const std::size_t length = pointer_.size();
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    pointer_ += fmt::format("/{}", i);
    Value element = value(node.children[i], depth + 1, nodes_[node.children[i]].mark);
    array.PushBack(element, tree_->allocator);
    pointer_.resize(length);
  }
}

std::string_view Builder::keyOf(std::uint32_t index) {
  const std::uint32_t at = resolved(index);
  const YamlNode& node = nodes_[at];
  if (node.kind == Kind::Sequence || node.kind == Kind::Map) {
    throw YamlRefusal{"a key must be a plain value, not a list or a map", nodes_[index].mark};
  }
  const YamlScalar meaning = node.kind == Kind::Null ? YamlScalar{.type = Type::Null} : meaningOf(node);
  if (meaning.type == Type::Null) {
    throw YamlRefusal{"a key must not be null; quote it if it is a text", nodes_[index].mark};
  }
  return meaning.type == Type::String ? storedValue(at) : store(yamlKeyText(meaning));
}

void Builder::addMember(Value& object, std::string_view key, std::uint32_t keyIndex, std::uint32_t valueIndex, int depth) {
  const std::size_t length = pointer_.size();
  pointer_ += '/';
  pointer_ += escapeToken(key);
  Value name(rapidjson::StringRef(key.data(), key.size()));
  Value content = value(valueIndex, depth + 1, nodes_[keyIndex].mark);
  object.AddMember(name, content, tree_->allocator);
  pointer_.resize(length);
}

/// `merging`: the members go into a map that merges this one, whose own keys (`seen`) win.
void Builder::fillObject(Value& object, const YamlNode& node, Seen& seen, int depth, bool merging) {
  Seen own;  // of the map that is merged, to find its duplicates
  Seen& mine = merging ? own : seen;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const std::uint32_t keyIndex = node.children[i];
    if (isMerge(nodes_[keyIndex])) {
      continue;
    }
    charge(nodes_[keyIndex]);
    const std::string_view key = keyOf(keyIndex);
    if (!mine.insert(key).second) {
      throw YamlRefusal{fmt::format("the key {} stands twice in one map", quoted(key)), nodes_[keyIndex].mark};
    }
    if (!merging || seen.insert(key).second) {
      addMember(object, key, keyIndex, node.children[i + 1], depth);
    }
  }
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    if (isMerge(nodes_[node.children[i]])) {
      merge(object, node.children[i + 1], seen, depth);
    }
  }
}

void Builder::merge(Value& object, std::uint32_t index, Seen& seen, int depth) {
  const std::uint32_t at = resolved(index);
  const YamlNode& node = nodes_[at];
  if (at != index) {
    charge(nodes_[index]);  // the alias itself is written here
    ++aliasLevels_;
  }
  charge(node);
  if (node.kind == Kind::Map) {
    enter(at, depth);
    fillObject(object, node, seen, depth, true);
    inside_[at] = false;
  } else if (node.kind == Kind::Sequence) {
    enter(at, depth);
    for (const std::uint32_t child : node.children) {
      if (nodes_[resolved(child)].kind != Kind::Map) {
        throw YamlRefusal{"\"<<\" merges a map or a list of maps", nodes_[child].mark};
      }
      merge(object, child, seen, depth);  // the earlier one wins
    }
    inside_[at] = false;
  } else {
    throw YamlRefusal{"\"<<\" merges a map or a list of maps", nodes_[index].mark};
  }
  aliasLevels_ -= at != index ? 1 : 0;
}

}  // namespace

Document documentOf(const YamlNodes& nodes, Marks& marks) { return Builder(nodes, marks).build(); }

}  // namespace rightslice::json
