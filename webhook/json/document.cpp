#include "json/document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "base/limits.hpp"
#include "json/place.hpp"
#include "json/scan.hpp"
#include "json/tape.hpp"
#include "json/tree.hpp"
#include "json/utf8.hpp"
#include "json/writer.hpp"

namespace rightslice::json {
namespace {

/// Passes RapidJSON's events on to its document and stops at what RapidJSON lets through.
class Guard {
 public:
  Guard(rapidjson::Document& target, std::string_view text, rapidjson::InsituStringStream& stream)
      : target_(target), text_(text), stream_(stream), mayHaveSurrogates_(text.find("\\u") != std::string_view::npos) {}

  bool Null() { return target_.Null(); }
  bool Bool(bool value) { return target_.Bool(value); }
  bool Int(int value) { return target_.Int(value); }
  bool Uint(unsigned value) { return target_.Uint(value); }
  bool Int64(std::int64_t value) { return target_.Int64(value); }
  bool Uint64(std::uint64_t value) { return target_.Uint64(value); }
  /// What RapidJSON 1.1.0 makes of a number is not looked at: with full precision it reads "0e-300" as any number, and 1e19 times 1e301 as a small one below
  /// zero; without, it is not exact. While it hands over a number, its stream stands where that begins.
  bool Double(double) {
    const std::size_t at = stream_.Tell();
    const std::string_view number = text_.substr(at, text_.find_first_not_of("0123456789+-.eE", at) - at);
    double value = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc::result_out_of_range) {
      value = std::strtod(std::string(number).c_str(), nullptr);  // tells too large from too small
      if (std::isinf(value)) {
        objection_ = "Number too big to be stored in double";
        return false;
      }
    }
    return target_.Double(value);
  }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }  // only with kParseNumbersAsStringsFlag
  bool String(const char* text, rapidjson::SizeType length, bool copy) {
    return surrogatesPaired({text, length}) && target_.String(text, length, copy);
  }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) { return String(text, length, copy); }
  bool StartObject() { return enter() && target_.StartObject(); }
  bool StartArray() { return enter() && target_.StartArray(); }
  bool EndObject(rapidjson::SizeType count) {
    --depth_;
    return target_.EndObject(count);
  }
  bool EndArray(rapidjson::SizeType count) {
    --depth_;
    return target_.EndArray(count);
  }

  const std::string& objection() const { return objection_; }

 private:
  bool enter() {
    if (++depth_ > limits::kMaxDepth) {
      objection_ = fmt::format("nested deeper than {} levels", limits::kMaxDepth);
      return false;
    }
    return true;
  }

  /// RapidJSON refuses a high surrogate without its low one, but writes a lone low one as bytes that are no UTF-8.
  bool surrogatesPaired(std::string_view text) {
    if (mayHaveSurrogates_ && validUtf8Prefix(text) != text.size()) {
      objection_ = "a string has half of a surrogate pair (\\udc00 to \\udfff without \\ud800 to \\udbff before it)";
      return false;
    }
    return true;
  }

  rapidjson::Document& target_;
  std::string_view text_;
  rapidjson::InsituStringStream& stream_;  ///< Tell() is not const
  bool mayHaveSurrogates_;
  int depth_ = 0;
  std::string objection_;
};

bool hasDuplicateKey(const Value& object) {
  constexpr rapidjson::SizeType kFewMembers = 24;
  const auto* members = &*object.MemberBegin();
  const rapidjson::SizeType count = object.MemberCount();
  if (count <= kFewMembers) {
    for (rapidjson::SizeType i = 1; i < count; ++i) {
      const std::string_view key = stringOf(members[i].name);
      for (rapidjson::SizeType j = 0; j < i; ++j) {
        if (stringOf(members[j].name) == key) {
          return true;
        }
      }
    }
    return false;
  }
  std::vector<std::string_view> keys;  // sorted, not hashed: no choice of keys makes it slow
  keys.reserve(count);
  for (rapidjson::SizeType i = 0; i < count; ++i) {
    keys.push_back(stringOf(members[i].name));
  }
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

/// Recursion is bounded by limits::kMaxDepth, which the Guard has seen to.
bool hasDuplicateKeyWithin(const Value& value) {
  if (value.IsArray()) {
    return std::any_of(value.Begin(), value.End(), hasDuplicateKeyWithin);
  }
  if (!value.IsObject() || value.ObjectEmpty()) {
    return false;
  }
  return hasDuplicateKey(value) || std::any_of(value.MemberBegin(), value.MemberEnd(), [](const Value::Member& member) {
           return hasDuplicateKeyWithin(member.value);
         });
}

tl::unexpected<Error> failAt(std::string_view text, std::size_t offset, std::string message) {
  return fail("not valid JSON: " + std::move(message), placeText(markAt(text, offset)));
}

std::string reasonOf(rapidjson::ParseErrorCode code, bool blank) {
  if (code == rapidjson::kParseErrorDocumentEmpty && !blank) {
    code = rapidjson::kParseErrorValueInvalid;  // the iterative parser calls everything that begins no value empty
  }
  std::string reason = rapidjson::GetParseError_En(code);
  if (reason.ends_with('.')) {
    reason.pop_back();
  }
  return reason;
}

}  // namespace

Document::Document() : tree_(std::make_unique<Tree>()) {}
Document::Document(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

View Document::root() const { return tree_ == nullptr ? View() : View(&tree_->root); }

Document Document::clone() const {
  auto copy = std::make_unique<Tree>();
  if (tree_ != nullptr) {
    copy->root = copyOf(tree_->root, copy->allocator);
  }
  return Document(std::move(copy));
}

Result<Document> Document::parse(std::string_view text, Leave leave) {
  if (text.size() > std::numeric_limits<std::int32_t>::max()) {
    return fail("not valid JSON: larger than 2 GiB");
  }
  if (leave == Leave::ManagedFields) {  // of a whole text building the tree is most of the work, and RapidJSON as fast
    if (auto tree = treeWithoutManagedFields(text)) {
      return Document(std::move(tree));
    }
  }
  if (const std::size_t valid = validUtf8Prefix(text); valid != text.size()) {
    return failAt(text, valid, "not UTF-8");
  }
  constexpr std::size_t kSmallestChunk = 1024;
  constexpr std::size_t kLargestChunk = 256 * 1024;
  auto tree = std::make_unique<Document::Tree>(std::clamp(text.size() * 2, kSmallestChunk, kLargestChunk));
  tree->text = std::make_unique_for_overwrite<char[]>(text.size() + 1);
  std::copy(text.begin(), text.end(), tree->text.get());
  tree->text[text.size()] = '\0';

  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;
  rapidjson::Document building(&tree->allocator);
  rapidjson::InsituStringStream stream(tree->text.get());
  rapidjson::Reader reader;
  Guard guard(building, text, stream);
  // The Document that Populate hands in is `building` itself, which the guard already knows.
  const auto generate = [&](rapidjson::Document&) { return !reader.Parse<kFlags>(stream, guard).IsError(); };
  building.Populate(generate);
  if (reader.HasParseError()) {
    const bool objected = reader.GetParseErrorCode() == rapidjson::kParseErrorTermination;
    return failAt(text, std::min(reader.GetErrorOffset(), text.size()),
                  objected ? guard.objection() : reasonOf(reader.GetParseErrorCode(), text.find_first_not_of(" \t\r\n") == std::string_view::npos));
  }
  if (stream.Tell() != text.size()) {
    return failAt(text, stream.Tell(), "a NUL byte after the value");  // RapidJSON takes it for the end of the text
  }
  tree->root = std::move(static_cast<Value&>(building));
  if (hasDuplicateKeyWithin(tree->root)) {
    const auto duplicate = findDuplicateKey(text).value_or(DuplicateKey{});
    return failAt(text, duplicate.offset, fmt::format("the key {} stands twice in one object", quoted(duplicate.key)));
  }
  return Document(std::move(tree));
}

}  // namespace rightslice::json
