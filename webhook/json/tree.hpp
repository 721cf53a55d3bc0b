// Private to json/: what a Document owns. The only place, with its includers, that knows RapidJSON.
#pragma once
#include <memory>
#include <string_view>

#include <rapidjson/document.h>

#include "json/document.hpp"

namespace rightslice::json {

using Value = rapidjson::Value;
using Allocator = rapidjson::MemoryPoolAllocator<>;

struct Document::Tree {
  explicit Tree(std::size_t chunkBytes = 1024) : allocator(chunkBytes) {}
  std::unique_ptr<char[]> text;  ///< Strings of a parsed text lie in here.
  Allocator allocator;
  Value root;
};

inline const Value* nodeOf(View view) { return static_cast<const Value*>(view.node()); }
inline std::string_view stringOf(const Value& value) { return {value.GetString(), value.GetStringLength()}; }

/// A copy with its own strings. RapidJSON's CopyFrom would go on pointing into the text of the other tree.
Value copyOf(const Value& value, Allocator& allocator);
inline Value stringValue(std::string_view text, Allocator& allocator) {
  return Value(text.data() == nullptr ? "" : text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator);
}

/// The member by length and bytes, or null.
const Value::Member* findMember(const Value& object, std::string_view key);
inline Value::Member* findMember(Value& object, std::string_view key) {
  return const_cast<Value::Member*>(findMember(static_cast<const Value&>(object), key));
}

/// Levels of nesting: 0 for a scalar, 1 for "[]".
int depthOf(const Value& value);

}  // namespace rightslice::json
