#include "json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "json/number.hpp"
#include "json/tree.hpp"
#include "json/utf8.hpp"

namespace rightslice::json {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// What stands for a byte that cannot stand for itself, or nothing.
std::string_view escapeOf(unsigned char byte) {
  static constexpr std::array<std::string_view, 32> kControls{
      "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\b",     "\\t",     "\\n",
      "\\u000b", "\\f",     "\\r",     "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015",
      "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f"};
  if (byte < kControls.size()) {
    return kControls[byte];
  }
  return byte == '"' ? "\\\"" : byte == '\\' ? "\\\\" : "";
}

/// What stands for itself, and is not the first byte of several.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

void appendQuoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // start of the run that is copied as it is
  std::size_t at = 0;
  const auto replace = [&](std::size_t length, std::string_view by) {
    out.append(text, plain, at - plain);
    out += by;
    at += length;
    plain = at;
  };
  while (true) {
    while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) ++at;
    if (at == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80) {
      const std::size_t length = utf8SequenceLength(text.substr(at));
      length == 0 ? replace(1, kReplacement) : void(at += length);
    } else {
      replace(1, escapeOf(byte));
    }
  }
  out.append(text, plain);
  out += '"';
}

}  // namespace

std::string numberText(double value) {
  if (!std::isfinite(value)) {
    return "null";
  }
  if (std::signbit(value) && !(value < 0)) {
    return "-0.0";  // "-0" would read back as an integer, which has no sign
  }
  const double magnitude = std::fabs(value);
  const bool ordinary = !(magnitude > 0) || (magnitude >= 1e-6 && magnitude < 1e21);
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 ordinary ? std::chars_format::fixed : std::chars_format::scientific);
  return std::string(buffer.data(), end.ptr);
}

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  appendQuoted(out, text);
  return out;
}

void Writer::newline() {
  if (indent_ > 0) {
    out_ += '\n';
    out_.append(hasItems_.size() * static_cast<std::size_t>(indent_), ' ');
  }
}

void Writer::beforeValue() {
  if (afterKey_) {
    afterKey_ = false;
    return;
  }
  if (hasItems_.empty()) {
    return;
  }
  if (hasItems_.back()) {
    out_ += ',';
  }
  hasItems_.back() = true;
  newline();
}

Writer& Writer::beginObject() {
  beforeValue();
  out_ += '{';
  hasItems_.push_back(false);
  return *this;
}

Writer& Writer::beginArray() {
  beforeValue();
  out_ += '[';
  hasItems_.push_back(false);
  return *this;
}

Writer& Writer::end(char bracket) {
  const bool hadItems = !hasItems_.empty() && hasItems_.back();
  if (!hasItems_.empty()) {
    hasItems_.pop_back();
  }
  if (hadItems) {
    newline();
  }
  out_ += bracket;
  return *this;
}

Writer& Writer::endObject() { return end('}'); }
Writer& Writer::endArray() { return end(']'); }

Writer& Writer::key(std::string_view name) {
  beforeValue();
  appendQuoted(out_, name);
  out_ += indent_ > 0 ? ": " : ":";
  afterKey_ = true;
  return *this;
}

Writer& Writer::string(std::string_view value) {
  beforeValue();
  appendQuoted(out_, value);
  return *this;
}

Writer& Writer::integer(std::int64_t value) { return raw(fmt::format_int(value).c_str()); }
Writer& Writer::number(double value) { return raw(numberText(value)); }

Writer& Writer::hundredths(std::int64_t value) {
  const std::uint64_t magnitude =
      value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  std::string text = fmt::format("{}{}", value < 0 ? "-" : "", magnitude / 100);
  if (const auto rest = magnitude % 100; rest != 0) {
    text += rest % 10 == 0 ? fmt::format(".{}", rest / 10) : fmt::format(".{:02}", rest);
  }
  return raw(text);
}

Writer& Writer::boolean(bool value) { return raw(value ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view text) {
  beforeValue();
  out_ += text;
  return *this;
}

Writer& Writer::value(View view) {
  const Value* node = nodeOf(view);
  if (node == nullptr || node->IsNull()) {
    return null();
  }
  if (node->IsObject()) {
    beginObject();
    for (const View::Member member : view.members()) {
      key(member.key).value(member.value);
    }
    return endObject();
  }
  if (node->IsArray()) {
    beginArray();
    for (const View element : view.elements()) {
      value(element);
    }
    return endArray();
  }
  if (node->IsString()) {
    return string(stringOf(*node));
  }
  if (node->IsBool()) {
    return boolean(node->GetBool());
  }
  return raw(*view.scalarText());
}

}  // namespace rightslice::json
