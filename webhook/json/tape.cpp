#include "json/tape.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <simdjson.h>

#include "base/limits.hpp"
#include "json/utf8.hpp"

namespace rightslice::json {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kKeptBytes = 256U << 10;  // a thread keeps buffers for texts up to this size

/// What one thread parses with. simdjson reads a little beyond the end, and wants the bytes there to be its own.
struct Reader {
  dom::parser parser;
  std::vector<char> padded;

  simdjson::simdjson_result<dom::element> read(std::string_view text) {
    if (padded.size() < text.size() + simdjson::SIMDJSON_PADDING) padded.resize(text.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(padded.data(), text.data(), text.size());
    return parser.parse(padded.data(), text.size(), false);
  }
};

/// A key with what tells most keys apart at a glance.
struct Key {
  explicit Key(std::string_view key) : text(key) {
    if (!key.empty())
      glance = static_cast<std::uint64_t>(key.size()) << 16 | static_cast<std::uint64_t>(static_cast<unsigned char>(key.front())) << 8 |
               static_cast<unsigned char>(key.back());
  }
  friend bool operator==(const Key& a, const Key& b) { return a.glance == b.glance && a.text == b.text; }
  friend bool operator<(const Key& a, const Key& b) { return a.text < b.text; }

  std::string_view text;
  std::uint64_t glance = 0;
};

/// Tells RapidJSON's document what the tape says.
class Teller {
 public:
  Teller(rapidjson::Document& target, bool mayHaveSurrogates) : target_(target), mayHaveSurrogates_(mayHaveSurrogates) {}

  /// False: not what the strict parser takes. `name` is the key under which the value stands. Recursion is bounded by limits::kMaxDepth.
  bool tell(const dom::element& value, std::string_view name, int depth) {
    switch (value.type()) {
      case dom::element_type::OBJECT: return depth < limits::kMaxDepth && tellObject(dom::object(value), name, depth + 1);
      case dom::element_type::ARRAY: return depth < limits::kMaxDepth && tellArray(dom::array(value), depth + 1);
      case dom::element_type::STRING: return tellString(std::string_view(value));
      case dom::element_type::INT64: return target_.Int64(std::int64_t(value));
      case dom::element_type::UINT64: return target_.Uint64(std::uint64_t(value));
      case dom::element_type::DOUBLE: return target_.Double(double(value));
      case dom::element_type::BOOL: return target_.Bool(bool(value));
      case dom::element_type::NULL_VALUE: return target_.Null();
    }
    return false;
  }

 private:
  bool tellObject(const dom::object& object, std::string_view name, int depth) {
    target_.StartObject();
    const std::size_t first = keys_.size();
    rapidjson::SizeType told = 0;
    for (const dom::key_value_pair member : object) {
      keys_.emplace_back(member.key);
      if (member.key == "managedFields" && name == "metadata" && member.value.is_array()) continue;
      if (!tellString(member.key) || !tell(member.value, member.key, depth)) return false;
      ++told;
    }
    if (!distinctFrom(first)) return false;
    keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(first), keys_.end());
    return target_.EndObject(told);
  }

  bool tellArray(const dom::array& array, int depth) {
    target_.StartArray();
    rapidjson::SizeType told = 0;
    for (const dom::element element : array) {
      if (!tell(element, {}, depth)) return false;
      ++told;
    }
    return target_.EndArray(told);
  }

  bool tellString(std::string_view text) {
    if (mayHaveSurrogates_ && validUtf8Prefix(text) != text.size()) return false;  // simdjson writes a lone low surrogate as it stands
    return target_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()), true);
  }

  /// Whether the keys pushed since are all different.
  bool distinctFrom(std::size_t first) {
    constexpr std::size_t kFew = 24;
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
    if (keys_.size() - first <= kFew) {
      for (auto at = begin; at != keys_.end(); ++at)
        for (auto before = begin; before != at; ++before)
          if (*before == *at) return false;
      return true;
    }
    std::sort(begin, keys_.end());  // not hashed: no choice of keys makes it slow
    return std::adjacent_find(begin, keys_.end()) == keys_.end();
  }

  rapidjson::Document& target_;
  bool mayHaveSurrogates_;
  std::vector<Key> keys_;  ///< of all objects that are open
};

}  // namespace

std::unique_ptr<Document::Tree> treeWithoutManagedFields(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) return nullptr;  // later releases of simdjson skip it; RFC 8259 leaves that open, we do not
  thread_local Reader reader;
  std::unique_ptr<Document::Tree> tree;
  if (const auto parsed = reader.read(text); parsed.error() == simdjson::SUCCESS) {
    constexpr std::size_t kSmallestChunk = 1024;
    constexpr std::size_t kLargestChunk = 256 * 1024;
    tree = std::make_unique<Document::Tree>(std::clamp(text.size() * 2, kSmallestChunk, kLargestChunk));
    rapidjson::Document building(&tree->allocator);
    Teller teller(building, text.find("\\u") != std::string_view::npos);
    bool sound = false;
    const auto generate = [&](rapidjson::Document&) { return sound = teller.tell(parsed.value_unsafe(), {}, 0); };
    building.Populate(generate);
    if (sound) tree->root = std::move(static_cast<Value&>(building));
    else tree = nullptr;
  }
  if (text.size() > kKeptBytes) reader = Reader();
  return tree;
}

}  // namespace rightslice::json
