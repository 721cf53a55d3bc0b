#include "json/view.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "json/number.hpp"
#include "json/pointer.hpp"
#include "json/tree.hpp"
#include "json/writer.hpp"

namespace rightslice::json {
namespace {

/// The integer that the number is, if it is whole and not astronomic. Doubles up to 2^65 are converted exactly.
std::optional<Int128> wholeOf(const Value& value) {
  if (value.IsInt64()) {
    return value.GetInt64();
  }
  if (value.IsUint64()) {
    return value.GetUint64();
  }
  const double number = value.GetDouble();
  constexpr double kLimit = 36893488147419103232.0;  // 2^65
  if (std::fabs(number) < kLimit && !(std::trunc(number) < number) && !(std::trunc(number) > number)) {
    return static_cast<Int128>(number);
  }
  return std::nullopt;
}

/// By value: 1 equals 1.0, and neighbours beyond 2^53 are told apart. RapidJSON's own == never returns for numbers
/// in C++20 (Tencent/rapidjson#1846).
bool sameNumber(const Value& a, const Value& b) {
  const auto wholeA = wholeOf(a);
  const auto wholeB = wholeOf(b);
  if (wholeA || wholeB) {
    return wholeA == wholeB;
  }
  const double left = a.GetDouble();
  const double right = b.GetDouble();
  return !(left < right) && !(right < left);
}

bool sameValue(const Value& a, const Value& b);

/// Members without regard to order; large objects by sorting, so that no pair of objects costs n x n.
bool sameMembers(const Value& a, const Value& b) {
  if (a.MemberCount() != b.MemberCount()) {
    return false;
  }
  constexpr rapidjson::SizeType kFewMembers = 16;
  if (a.MemberCount() <= kFewMembers) {
    return std::all_of(a.MemberBegin(), a.MemberEnd(), [&b](const Value::Member& member) {
      const Value::Member* other = findMember(b, stringOf(member.name));
      return other != nullptr && sameValue(member.value, other->value);
    });
  }
  const auto sorted = [](const Value& object) {
    std::vector<const Value::Member*> members;
    members.reserve(object.MemberCount());
    for (auto it = object.MemberBegin(); it != object.MemberEnd(); ++it) {
      members.push_back(&*it);
    }
    std::sort(members.begin(), members.end(), [](const Value::Member* x, const Value::Member* y) {
      return stringOf(x->name) < stringOf(y->name);
    });
    return members;
  };
  const auto left = sorted(a);
  const auto right = sorted(b);
  return std::equal(left.begin(), left.end(), right.begin(), [](const Value::Member* x, const Value::Member* y) {
    return stringOf(x->name) == stringOf(y->name) && sameValue(x->value, y->value);
  });
}

bool sameValue(const Value& a, const Value& b) {
  if (a.IsNumber() && b.IsNumber()) {
    return sameNumber(a, b);
  }
  if (a.GetType() != b.GetType()) {
    return false;
  }
  switch (a.GetType()) {
    case rapidjson::kObjectType:
      return sameMembers(a, b);
    case rapidjson::kArrayType:
      return a.Size() == b.Size() && std::equal(a.Begin(), a.End(), b.Begin(), sameValue);
    case rapidjson::kStringType:
      return stringOf(a) == stringOf(b);
    default:
      return true;  // null, false and true are types of their own
  }
}

}  // namespace

bool View::isNull() const { return node_ != nullptr && nodeOf(*this)->IsNull(); }
bool View::isObject() const { return node_ != nullptr && nodeOf(*this)->IsObject(); }
bool View::isArray() const { return node_ != nullptr && nodeOf(*this)->IsArray(); }
bool View::isString() const { return node_ != nullptr && nodeOf(*this)->IsString(); }
bool View::isNumber() const { return node_ != nullptr && nodeOf(*this)->IsNumber(); }
bool View::isBool() const { return node_ != nullptr && nodeOf(*this)->IsBool(); }

std::string_view View::typeName() const {
  if (node_ == nullptr) {
    return "nothing";
  }
  switch (nodeOf(*this)->GetType()) {
    case rapidjson::kNullType:
      return "null";
    case rapidjson::kObjectType:
      return "object";
    case rapidjson::kArrayType:
      return "array";
    case rapidjson::kStringType:
      return "string";
    case rapidjson::kNumberType:
      return "number";
    default:
      return "boolean";
  }
}

View View::operator[](std::string_view key) const {
  const Value::Member* member = isObject() ? findMember(*nodeOf(*this), key) : nullptr;
  return member == nullptr ? View() : View(&member->value);
}

View View::at(std::size_t index) const { return isArray() && index < size() ? View(nodeOf(*this)->Begin() + index) : View(); }

View View::find(std::string_view pointer) const {
  const auto tokens = pointerTokens(pointer);
  if (!tokens) {
    return View();
  }
  View at = *this;
  for (const std::string& token : *tokens) {
    if (at.isArray()) {
      const auto index = arrayIndex(token);
      at = index ? at.at(*index) : View();
    } else {
      at = at[token];
    }
  }
  return at;
}

std::size_t View::size() const {
  return isObject() ? nodeOf(*this)->MemberCount() : isArray() ? nodeOf(*this)->Size() : 0;
}

std::optional<std::string_view> View::string() const {
  return isString() ? std::optional(stringOf(*nodeOf(*this))) : std::nullopt;
}

std::optional<std::int64_t> View::integer() const {
  const auto whole = isNumber() ? wholeOf(*nodeOf(*this)) : std::nullopt;
  if (!whole || *whole > std::numeric_limits<std::int64_t>::max() || *whole < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*whole);
}

std::optional<double> View::number() const {
  return isNumber() ? std::optional(nodeOf(*this)->GetDouble()) : std::nullopt;
}

std::optional<bool> View::boolean() const { return isBool() ? std::optional(nodeOf(*this)->GetBool()) : std::nullopt; }

std::optional<std::string> View::scalarText() const {
  if (isString()) {
    return std::string(stringOf(*nodeOf(*this)));
  }
  if (isBool()) {
    return nodeOf(*this)->GetBool() ? "true" : "false";
  }
  if (!isNumber()) {
    return std::nullopt;
  }
  const Value& value = *nodeOf(*this);
  return value.IsInt64()    ? fmt::format_int(value.GetInt64()).str()
         : value.IsUint64() ? fmt::format_int(value.GetUint64()).str()
                            : numberText(value.GetDouble());
}

View::Range<View::MemberIterator> View::members() const {
  if (!isObject() || nodeOf(*this)->MemberCount() == 0) {
    return {MemberIterator(), MemberIterator()};
  }
  const Value::Member* first = &*nodeOf(*this)->MemberBegin();
  return {MemberIterator(first), MemberIterator(first + nodeOf(*this)->MemberCount())};
}

View::Range<View::ElementIterator> View::elements() const {
  if (!isArray() || nodeOf(*this)->Empty()) {
    return {ElementIterator(), ElementIterator()};
  }
  return {ElementIterator(nodeOf(*this)->Begin()), ElementIterator(nodeOf(*this)->End())};
}

View::Member View::MemberIterator::operator*() const {
  const auto* member = static_cast<const Value::Member*>(at_);
  return {stringOf(member->name), View(&member->value)};
}

View::MemberIterator& View::MemberIterator::operator++() {
  at_ = static_cast<const Value::Member*>(at_) + 1;
  return *this;
}

View::ElementIterator& View::ElementIterator::operator++() {
  at_ = static_cast<const Value*>(at_) + 1;
  return *this;
}

bool View::equals(View other) const {
  if (node_ == nullptr || other.node_ == nullptr) {
    return node_ == other.node_;
  }
  return sameValue(*nodeOf(*this), *nodeOf(other));
}

std::string View::text() const { return Writer().value(*this).take(); }

}  // namespace rightslice::json
