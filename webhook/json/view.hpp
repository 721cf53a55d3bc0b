// A read-only cursor on a JSON tree. The only way in which the rest of the program sees JSON and YAML.
#pragma once
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rightslice::json {

/// A cursor into a Document, cheap to copy, valid as long as the Document lives. A missing member is a View
/// too: it `exists()` not, is of no type, and everything looked up in it is missing again. No getter throws or asserts.
class View {
 public:
  View() = default;
  explicit View(const void* node) : node_(node) {}

  bool exists() const { return node_ != nullptr; }
  bool isNull() const;
  bool isObject() const;
  bool isArray() const;
  bool isString() const;
  bool isNumber() const;
  bool isBool() const;
  /// "object", "array", "string", "number", "boolean", "null" or "nothing".
  std::string_view typeName() const;

  View operator[](std::string_view key) const;    ///< Member of an object.
  View at(std::size_t index) const;               ///< Element of an array.
  /// By JSON pointer (RFC 6901); "" is the value itself.
  View find(std::string_view pointer) const;

  std::size_t size() const;  ///< Members or elements; 0 for anything else.

  std::optional<std::string_view> string() const;
  std::optional<std::int64_t> integer() const;  ///< A number that is whole (1.0 counts) and fits.
  std::optional<double> number() const;
  std::optional<bool> boolean() const;
  /// The string, or the number as its shortest text ("1", "0.5", "1000"), or "true"/"false"; nothing for other types.
  std::optional<std::string> scalarText() const;
  std::string_view stringOr(std::string_view fallback) const { return string().value_or(fallback); }

  struct Member;
  class MemberIterator;
  class ElementIterator;
  template <class It> struct Range {
    It first, last;
    It begin() const { return first; }
    It end() const { return last; }
  };
  Range<MemberIterator> members() const;    ///< In document order; empty if this is no object.
  Range<ElementIterator> elements() const;  ///< Empty if this is no array.

  /// Deep equality; objects compare without order, numbers by value.
  bool equals(View other) const;
  /// Compact JSON text.
  std::string text() const;

  const void* node() const { return node_; }

 private:
  const void* node_ = nullptr;
};

struct View::Member {
  std::string_view key;
  View value;
};

class View::MemberIterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = Member;
  using difference_type = std::ptrdiff_t;
  explicit MemberIterator(const void* at = nullptr) : at_(at) {}
  Member operator*() const;
  MemberIterator& operator++();
  MemberIterator operator++(int) { auto old = *this; ++*this; return old; }
  friend bool operator==(MemberIterator a, MemberIterator b) { return a.at_ == b.at_; }

 private:
  const void* at_;
};

class View::ElementIterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = View;
  using difference_type = std::ptrdiff_t;
  explicit ElementIterator(const void* at = nullptr) : at_(at) {}
  View operator*() const { return View(at_); }
  ElementIterator& operator++();
  ElementIterator operator++(int) { auto old = *this; ++*this; return old; }
  friend bool operator==(ElementIterator a, ElementIterator b) { return a.at_ == b.at_; }

 private:
  const void* at_;
};

/// One reference token of a JSON pointer, escaped ("a/b~c" -> "a~1b~0c").
std::string escapeToken(std::string_view token);

}  // namespace rightslice::json
