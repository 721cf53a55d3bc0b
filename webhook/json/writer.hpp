// Writes JSON text piece by piece, in the order of the calls.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"

namespace rightslice::json {

/// The caller keeps the order right (a key before each member value); commas, escapes and indentation are done here.
/// Invalid UTF-8 is written as U+FFFD.
class Writer {
 public:
  /// indent 0: compact.
  explicit Writer(int indent = 0) : indent_(indent) {}
  Writer& beginObject();
  Writer& endObject();
  Writer& beginArray();
  Writer& endArray();
  Writer& key(std::string_view name);
  Writer& string(std::string_view value);
  Writer& integer(std::int64_t value);
  /// Shortest text that reads back as the same double; no exponent for ordinary sizes; "null" if not finite.
  Writer& number(double value);
  /// An amount in hundredths, e.g. 123456 -> 1234.56, 500 -> 5.
  Writer& hundredths(std::int64_t value);
  Writer& boolean(bool value);
  Writer& null();
  Writer& value(View view);
  /// `text` must be valid JSON itself.
  Writer& raw(std::string_view text);

  Writer& member(std::string_view name, std::string_view value) { return key(name).string(value); }
  Writer& member(std::string_view name, const char* value) { return key(name).string(value); }
  Writer& member(std::string_view name, std::int64_t value) { return key(name).integer(value); }
  Writer& memberBool(std::string_view name, bool value) { return key(name).boolean(value); }

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void beforeValue();
  Writer& end(char bracket);
  void newline();
  std::string out_;
  std::vector<bool> hasItems_;
  bool afterKey_ = false;
  int indent_;
};

/// `text` as a JSON string, with the quotes.
std::string quoted(std::string_view text);

}  // namespace rightslice::json
