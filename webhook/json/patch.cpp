#include "json/patch.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "json/pointer.hpp"
#include "json/tree.hpp"
#include "json/writer.hpp"

namespace rightslice::json {
namespace {

using Op = PatchOperation::Op;
using Tokens = std::vector<std::string>;

struct OpRow {
  Op op;
  std::string_view name;
  bool hasFrom, hasValue;
};
// RFC 6902 section 4
constexpr std::array kOps{OpRow{Op::Add, "add", false, true},   OpRow{Op::Remove, "remove", false, false},
                          OpRow{Op::Replace, "replace", false, true}, OpRow{Op::Move, "move", true, false},
                          OpRow{Op::Copy, "copy", true, false}, OpRow{Op::Test, "test", false, true}};

const OpRow& rowOf(Op op) {
  return *std::find_if(kOps.begin(), kOps.end(), [op](const OpRow& row) { return row.op == op; });
}

/// Why an operation cannot be done; empty: it was done.
using Failure = std::string;

Failure noSuchPlace(std::string_view pointer) { return fmt::format("there is nothing at {}", quoted(pointer)); }

/// A document under change, with the strings of its own.
class Target {
 public:
  explicit Target(const Document& document) : tree_(std::make_unique<Document::Tree>()) {
    if (const Value* root = nodeOf(document.root()); root != nullptr) {
      tree_->root = copyOf(*root, tree_->allocator);
    }
  }

  Failure apply(const PatchOperation& operation);
  Document take() { return Document(std::move(tree_)); }
  int depth() const { return depthOf(tree_->root); }

 private:
  Value* find(const Tokens& path, std::size_t length);
  Value* find(const Tokens& path) { return find(path, path.size()); }
  Failure add(const Tokens& path, std::string_view pointer, Value value);
  Failure remove(const Tokens& path, std::string_view pointer);
  Failure replace(const Tokens& path, std::string_view pointer, Value value);
  Failure move(const Tokens& from, const Tokens& path, const PatchOperation& operation);
  Failure copy(const Tokens& from, const Tokens& path, const PatchOperation& operation);
  Failure test(const Tokens& path, std::string_view pointer, const Value& expected);

  std::unique_ptr<Document::Tree> tree_;
};

/// The first `length` tokens lead to it, or null.
Value* Target::find(const Tokens& path, std::size_t length) {
  Value* at = &tree_->root;
  for (std::size_t i = 0; i < length && at != nullptr; ++i) {
    if (at->IsObject()) {
      Value::Member* member = findMember(*at, path[i]);
      at = member == nullptr ? nullptr : &member->value;
    } else {
      const auto index = at->IsArray() ? arrayIndex(path[i]) : std::nullopt;
      at = index && *index < at->Size() ? at->Begin() + *index : nullptr;
    }
  }
  return at;
}

Failure Target::add(const Tokens& path, std::string_view pointer, Value value) {
  if (path.empty()) {
    tree_->root = std::move(value);
    return {};
  }
  Value* parent = find(path, path.size() - 1);
  if (parent == nullptr) {
    return fmt::format("the parent of {} does not exist", quoted(pointer));
  }
  if (parent->IsObject()) {
    if (Value::Member* member = findMember(*parent, path.back()); member != nullptr) {
      member->value = std::move(value);
    } else {
      Value name = stringValue(path.back(), tree_->allocator);
      parent->AddMember(name, value, tree_->allocator);
    }
    return {};
  }
  if (!parent->IsArray()) {
    return fmt::format("the parent of {} is neither object nor array", quoted(pointer));
  }
  const auto index = path.back() == "-" ? std::optional<std::size_t>(parent->Size()) : arrayIndex(path.back());
  if (!index || *index > parent->Size()) {
    return fmt::format("{} names no place in an array of {}", quoted(pointer), parent->Size());
  }
  Value last;
  parent->PushBack(last, tree_->allocator);
  for (std::size_t i = parent->Size() - 1; i > *index; --i) {
    parent->Begin()[i] = std::move(parent->Begin()[i - 1]);
  }
  parent->Begin()[*index] = std::move(value);
  return {};
}

Failure Target::remove(const Tokens& path, std::string_view pointer) {
  if (path.empty()) {
    return "the whole document cannot be removed";
  }
  Value* parent = find(path, path.size() - 1);
  Value* value = find(path);
  if (parent == nullptr || value == nullptr) {
    return noSuchPlace(pointer);
  }
  if (parent->IsArray()) {
    parent->Erase(value);
  } else {
    // EraseMember keeps the order of the others; RemoveMember would put the last in the gap.
    parent->EraseMember(parent->MemberBegin() + (findMember(*parent, path.back()) - &*parent->MemberBegin()));
  }
  return {};
}

Failure Target::replace(const Tokens& path, std::string_view pointer, Value value) {
  Value* at = find(path);
  if (at == nullptr) {
    return noSuchPlace(pointer);
  }
  *at = std::move(value);
  return {};
}

Failure Target::move(const Tokens& from, const Tokens& path, const PatchOperation& operation) {
  Value* source = find(from);
  if (source == nullptr) {
    return noSuchPlace(operation.from);
  }
  if (from == path) {
    return {};
  }
  if (from.size() < path.size() && std::equal(from.begin(), from.end(), path.begin())) {
    return fmt::format("{} cannot be moved into its own child {}", quoted(operation.from), quoted(operation.path));
  }
  Value value = std::move(*source);
  if (Failure failure = remove(from, operation.from); !failure.empty()) {
    return failure;
  }
  return add(path, operation.path, std::move(value));
}

Failure Target::copy(const Tokens& from, const Tokens& path, const PatchOperation& operation) {
  const Value* source = find(from);
  return source == nullptr ? noSuchPlace(operation.from)
                           : add(path, operation.path, copyOf(*source, tree_->allocator));
}

Failure Target::test(const Tokens& path, std::string_view pointer, const Value& expected) {
  const Value* at = find(path);
  if (at == nullptr) {
    return noSuchPlace(pointer);
  }
  return View(at).equals(View(&expected)) ? Failure() : fmt::format("the value at {} is another one", quoted(pointer));
}

Failure Target::apply(const PatchOperation& operation) {
  const OpRow& row = rowOf(operation.op);
  const auto path = pointerTokens(operation.path);
  const auto from = pointerTokens(operation.from);
  if (!path || (row.hasFrom && !from)) {
    return fmt::format("{} is no JSON pointer", quoted(path ? operation.from : operation.path));
  }
  Value value;
  if (row.hasValue) {
    const auto parsed = Document::parse(operation.value);
    if (!parsed) {
      return "its value is " + parsed.error().message;
    }
    value = copyOf(parsed->tree().root, tree_->allocator);
  }
  switch (operation.op) {
    case Op::Add:
      return add(*path, operation.path, std::move(value));
    case Op::Remove:
      return remove(*path, operation.path);
    case Op::Replace:
      return replace(*path, operation.path, std::move(value));
    case Op::Move:
      return move(*from, *path, operation);
    case Op::Copy:
      return copy(*from, *path, operation);
    case Op::Test:
      return test(*path, operation.path, value);
  }
  return "unknown operation";
}

}  // namespace

Result<Document> apply(const Document& document, const Patch& patch) {
  Target target(document);
  for (std::size_t i = 0; i < patch.size(); ++i) {
    const std::string where = fmt::format("/{}", i);
    if (const Failure failure = target.apply(patch[i]); !failure.empty()) {
      return fail(fmt::format("cannot {}: {}", rowOf(patch[i].op).name, failure), where);
    }
    // Everything else that walks trees relies on this bound. Removal and tests cannot deepen.
    const bool mayDeepen = patch[i].op != Op::Remove && patch[i].op != Op::Test;
    if (mayDeepen && target.depth() > limits::kMaxDepth) {
      return fail(fmt::format("the result would be nested deeper than {} levels", limits::kMaxDepth), where);
    }
  }
  return target.take();
}

std::string patchText(const Patch& patch) {
  Writer writer;
  writer.beginArray();
  for (const PatchOperation& operation : patch) {
    const OpRow& row = rowOf(operation.op);
    writer.beginObject().member("op", row.name);
    if (row.hasFrom) {
      writer.member("from", operation.from);
    }
    writer.member("path", operation.path);
    if (row.hasValue) {
      writer.key("value").raw(operation.value);
    }
    writer.endObject();
  }
  return writer.endArray().take();
}

Result<Patch> parsePatch(View array) {
  if (!array.isArray()) {
    return fail(fmt::format("a JSON patch is an array, not {}", array.typeName()));
  }
  Patch patch;
  for (const View element : array.elements()) {
    const std::string where = fmt::format("/{}", patch.size());
    const std::string_view name = element["op"].stringOr("");
    const auto row = std::find_if(kOps.begin(), kOps.end(), [name](const OpRow& known) { return known.name == name; });
    if (row == kOps.end()) {
      return fail("\"op\" must be add, remove, replace, move, copy or test", where);
    }
    const View path = element["path"];
    const View from = element["from"];
    const View value = element["value"];
    if (!path.isString() || (row->hasFrom && !from.isString()) || (row->hasValue && !value.exists())) {
      return fail(fmt::format("{} needs \"path\"{}{}", name, row->hasFrom ? " and \"from\"" : "",
                              row->hasValue ? " and \"value\"" : ""),
                  where);
    }
    patch.push_back({row->op, std::string(*path.string()), row->hasFrom ? std::string(*from.string()) : std::string(),
                     row->hasValue ? value.text() : std::string()});
  }
  return patch;
}

}  // namespace rightslice::json
