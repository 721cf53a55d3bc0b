#include "json/serial.hpp"

#include <cstdint>
#include <cstring>

#include "json/tree.hpp"

namespace rightslice::json {
namespace {

template <class Number>
void appendNumber(Number number, std::string& out) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

void appendString(std::string_view text, std::string& out) {
  appendNumber(static_cast<std::uint32_t>(text.size()), out);
  out.append(text);
}

/// Recursion is bounded by limits::kMaxDepth, which parsing has seen to.
void append(const Value& value, std::string& out) {
  switch (value.GetType()) {
    case rapidjson::kNullType: out += 'n'; return;
    case rapidjson::kFalseType: out += 'f'; return;
    case rapidjson::kTrueType: out += 't'; return;
    case rapidjson::kStringType:
      out += 's';
      appendString(stringOf(value), out);
      return;
    case rapidjson::kNumberType:
      if (value.IsInt64()) {
        out += 'i';
        appendNumber(value.GetInt64(), out);
      } else if (value.IsUint64()) {
        out += 'u';
        appendNumber(value.GetUint64(), out);
      } else {
        out += 'd';
        appendNumber(value.GetDouble(), out);
      }
      return;
    case rapidjson::kArrayType:
      out += '[';
      appendNumber(static_cast<std::uint32_t>(value.Size()), out);
      for (auto element = value.Begin(); element != value.End(); ++element) append(*element, out);
      return;
    case rapidjson::kObjectType:
      out += '{';
      appendNumber(static_cast<std::uint32_t>(value.MemberCount()), out);
      for (auto member = value.MemberBegin(); member != value.MemberEnd(); ++member) {
        appendString(stringOf(member->name), out);
        append(member->value, out);
      }
      return;
  }
}

}  // namespace

void serialize(View value, std::string& out) {
  if (const Value* node = nodeOf(value)) append(*node, out);
  else out += '-';
}

}  // namespace rightslice::json
