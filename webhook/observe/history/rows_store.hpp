// Rows of text as values, and values as JSON in a row. Private to history/.
#pragma once
#include <charconv>

#include "observe/history/connection.hpp"
#include "observe/history/record.hpp"

namespace rightslice::observe::history {

inline std::int64_t integerOf(const std::optional<std::string>& text) {
  std::int64_t out = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}
inline std::optional<std::int64_t> optionalOf(const std::optional<std::string>& text) { return text ? std::optional(integerOf(text)) : std::nullopt; }
inline Value valueOf(const std::optional<std::int64_t>& number) { return number ? Value(*number) : Value(); }
/// Text as both databases take it: UTF-8 without a zero byte. What comes back from them is what went in, so that nothing seems to change.
std::string clean(std::string_view text);
Record cleaned(Record record);

std::string textOf(const Fields& fields);
std::string textOf(const std::vector<Evidence>& evidence);
std::string textOf(const std::vector<const Seen*>& unread);
/// Of what textOf wrote; an error where it is something else.
Result<Fields> fieldsOf(const std::string& text);
Result<std::vector<Evidence>> evidenceOf(const std::string& text);
Result<Coverage> coverageOf(const std::string& text);

/// A statement with many rows at once: INSERT INTO table (columns) VALUES ($1, $2), ($3, $4) ... end. A server far away is asked seldom.
class Many {
 public:
  Many(Connection& connection, std::string begin, std::string end, std::size_t columns)
      : connection_(connection), begin_(std::move(begin)), end_(std::move(end)), columns_(columns) {}
  Result<bool> add(std::vector<Value> row);
  Result<bool> finish();

 private:
  Connection& connection_;
  std::string begin_, end_;
  std::size_t columns_;
  std::vector<Value> values_;
};

}  // namespace rightslice::observe::history
