// Changes a JSON text into another JSON text: most changes of bytes break the syntax, and nothing behind the parser would be reached.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "json/scan.hpp"
#include "json/writer.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t maxSize);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize, unsigned int seed);

namespace {

using namespace rightslice;

/// Where things stand in the text.
struct Places {
  struct Value {
    std::size_t begin = 0, end = 0;
    std::size_t from = 0;  ///< with its key, where it has one
    bool isKeyed = false;
    char kind = 0;
    bool filled = false;   ///< of an object or array
  };
  std::vector<Value> values;
};

Places placesOf(std::string_view text) {
  Places places;
  std::vector<std::size_t> open;
  json::Scanner scanner(text);
  std::size_t key = std::string_view::npos, pending = std::string_view::npos;
  const auto add = [&](const json::Token& token) {
    if (!open.empty()) places.values[open.back()].filled = true;
    places.values.push_back({token.offset, token.offset + token.text.size(), key == std::string_view::npos ? token.offset : key,
                             key != std::string_view::npos, token.kind, false});
    key = std::string_view::npos;
  };
  const auto addPending = [&] {
    if (pending == std::string_view::npos) return;
    json::Scanner again(text.substr(pending));
    auto token = *again.next();
    token.offset = pending;
    pending = std::string_view::npos;
    add(token);
  };
  while (const auto token = scanner.next()) {
    if (token->kind == ':') {
      key = pending;
      pending = std::string_view::npos;
      continue;
    }
    addPending();
    if (token->kind == '"') {
      pending = token->offset;
    } else if (token->kind == '{' || token->kind == '[') {
      add({token->kind, token->offset, text.substr(token->offset, 1)});
      open.push_back(places.values.size() - 1);
    } else if ((token->kind == '}' || token->kind == ']') && !open.empty()) {
      places.values[open.back()].end = token->offset + 1;
      open.pop_back();
    } else if (token->kind == '0') {
      add(*token);
    }
  }
  addPending();
  if (!open.empty()) places.values.clear();  // no JSON
  return places;
}

class Mutator {
 public:
  Mutator(std::string_view text, unsigned seed) : text_(text), random_(seed), places_(placesOf(text)) {}

  /// Empty: nothing could be done.
  std::string mutated() {
    if (places_.values.empty()) return {};
    switch (below(8)) {
      case 0: return withValue(any(), std::string(textOf(any())));
      case 1: return withValue(any(), odd());
      case 2: return without(any());
      case 3: return withMember();
      case 4: return withElement();
      default: return withValue(scalar(), changed());
    }
  }

 private:
  using Value = Places::Value;

  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
  const Value& any() { return places_.values[below(places_.values.size())]; }
  std::string_view textOf(const Value& value) const { return text_.substr(value.begin, value.end - value.begin); }
  std::string spliced(std::size_t begin, std::size_t end, std::string_view with) const {
    std::string out(text_.substr(0, begin));
    out += with;
    out += text_.substr(end);
    return out;
  }
  std::string withValue(const Value& value, const std::string& text) const { return spliced(value.begin, value.end, text); }

  const Value& scalar() {
    for (int tries = 0; tries < 20; ++tries) {
      chosen_ = any();
      if (chosen_.kind == '"' || chosen_.kind == '0') break;
    }
    return chosen_;
  }

  /// The scalar that was chosen, its bytes changed by libFuzzer, with the dictionary.
  std::string changed() {
    const bool isString = chosen_.kind == '"';
    std::string_view from = textOf(chosen_);
    if (isString && from.size() >= 2) from = from.substr(1, from.size() - 2);
    std::string buffer(from.substr(0, std::min<std::size_t>(from.size(), 4096)));
    const std::size_t size = buffer.size();
    buffer.resize(size + 64);
    buffer.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(buffer.data()), size, buffer.size()));
    if (isString) return below(16) == 0 ? buffer : json::quoted(buffer);
    return below(4) == 0 ? json::quoted(buffer) : buffer;
  }

  std::string odd() {
    static constexpr std::string_view kOdd[] = {"null", "true", "false", "0", "-1", "1", "1.5", "1e400", "-0", "9223372036854775807", "18446744073709551615",
                                                "1e-300", "\"\"", "\"1\"", "\"-1\"", "[]", "{}", "[null]", "[[]]", "{\"\":0}", "\"\\u0000\"", "2147483648"};
    return std::string(kOdd[below(std::size(kOdd))]);
  }

  /// Without the value, its key, and one comma.
  std::string without(const Value& value) const {
    std::size_t begin = value.from, end = value.end;
    const auto isBlank = [&](std::size_t at) { return std::strchr(" \t\r\n", text_[at]) != nullptr; };
    std::size_t after = end;
    while (after < text_.size() && isBlank(after)) ++after;
    if (after < text_.size() && text_[after] == ',') {
      end = after + 1;
    } else {
      std::size_t before = begin;
      while (before > 0 && isBlank(before - 1)) --before;
      if (before > 0 && text_[before - 1] == ',') begin = before - 1;
    }
    return spliced(begin, end, "");
  }

  /// A member of another object.
  std::string withMember() {
    for (int tries = 0; tries < 30; ++tries) {
      const Value &into = any(), &member = any();
      if (into.kind != '{' || !member.isKeyed) continue;
      const std::string text(text_.substr(member.from, member.end - member.from));
      return spliced(into.begin + 1, into.begin + 1, text + (into.filled ? "," : ""));
    }
    return {};
  }

  /// An element more: any value of the text.
  std::string withElement() {
    for (int tries = 0; tries < 30; ++tries) {
      const Value& into = any();
      if (into.kind != '[') continue;
      return spliced(into.begin + 1, into.begin + 1, std::string(textOf(any())) + (into.filled ? "," : ""));
    }
    return {};
  }

  std::string_view text_;
  std::minstd_rand random_;
  Places places_;
  Value chosen_;
};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize, unsigned int seed) {
  std::string text(reinterpret_cast<const char*>(data), size);
  bool done = false;
  if (seed % 8 != 0) {
    for (unsigned i = 0; i <= seed / 8 % 3; ++i) {
      std::string next = Mutator(text, seed / 32 + i).mutated();
      if (next.empty() || next.size() > maxSize) continue;
      text = std::move(next);
      done = true;
    }
  }
  if (!done) return LLVMFuzzerMutate(data, size, maxSize);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
