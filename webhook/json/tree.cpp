#include "json/tree.hpp"

#include <algorithm>

namespace rightslice::json {

Value copyOf(const Value& value, Allocator& allocator) {
  switch (value.GetType()) {
    case rapidjson::kObjectType: {
      Value copy(rapidjson::kObjectType);
      for (const auto& member : value.GetObject()) {
        Value name = stringValue(stringOf(member.name), allocator);
        Value content = copyOf(member.value, allocator);
        copy.AddMember(name, content, allocator);
      }
      return copy;
    }
    case rapidjson::kArrayType: {
      Value copy(rapidjson::kArrayType);
      copy.Reserve(value.Size(), allocator);
      for (const auto& element : value.GetArray()) {
        Value content = copyOf(element, allocator);
        copy.PushBack(content, allocator);
      }
      return copy;
    }
    case rapidjson::kStringType:
      return stringValue(stringOf(value), allocator);
    default:
      return Value(value, allocator);  // null, booleans, numbers: no memory behind them
  }
}

const Value::Member* findMember(const Value& object, std::string_view key) {
  for (auto it = object.MemberBegin(), end = object.MemberEnd(); it != end; ++it) {
    if (stringOf(it->name) == key) {
      return &*it;
    }
  }
  return nullptr;
}

int depthOf(const Value& value) {
  int deepest = -1;
  if (value.IsObject()) {
    deepest = 0;
    for (const auto& member : value.GetObject()) {
      deepest = std::max(deepest, depthOf(member.value));
    }
  } else if (value.IsArray()) {
    deepest = 0;
    for (const auto& element : value.GetArray()) {
      deepest = std::max(deepest, depthOf(element));
    }
  }
  return deepest + 1;
}

}  // namespace rightslice::json
