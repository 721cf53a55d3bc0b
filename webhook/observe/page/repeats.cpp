#include "observe/page/repeats.hpp"

#include "base/digest.hpp"
#include "json/document.hpp"
#include "json/writer.hpp"

namespace rightslice::observe::page {
namespace {

constexpr std::size_t kWorth = 24;   // a shorter text is not worth a reference

std::uint64_t hash(const std::string& text) { return Digest().add(text).value(); }

bool looksLikeReference(json::View value) { return value.isObject() && value.size() == 1 && value["$"].integer(); }

template <class Visit>
void eachInside(json::View value, const Visit& visit) {
  for (const auto each : value.members()) visit(each.value);
  for (const auto each : value.elements()) visit(each);
}

void countIn(json::View value, std::unordered_map<std::uint64_t, bool>& again) {
  if (const std::string text = value.text(); text.size() >= kWorth) {
    auto [at, isNew] = again.try_emplace(hash(text), false);
    if (!isNew) {
      at->second = true;   // and with it all that is inside
      return;
    }
  }
  eachInside(value, [&](json::View each) { countIn(each, again); });
}

}  // namespace

void Repeats::count(std::string_view json) {
  if (const auto document = json::Document::parse(json)) countIn(document->root(), again_);
}

std::string Repeats::shortened(std::string_view json) {
  const auto document = json::Document::parse(json);
  if (!document) return std::string(json);
  json::Writer out;
  const auto write = [&](const auto& self, json::View value) -> void {
    if (value.isObject() || value.isArray() || value.isString()) {
      std::string text = value.text();
      const auto seen = text.size() >= kWorth ? again_.find(hash(text)) : again_.end();
      if ((seen != again_.end() && seen->second) || looksLikeReference(value)) {
        const auto [at, isNew] = places_.try_emplace(std::move(text), entries_.size());
        if (isNew) entries_.push_back(&at->first);
        out.beginObject().member("$", static_cast<std::int64_t>(at->second)).endObject();
        return;
      }
    }
    if (value.isObject()) {
      out.beginObject();
      for (const auto each : value.members()) {
        out.key(each.key);
        self(self, each.value);
      }
      out.endObject();
    } else if (value.isArray()) {
      out.beginArray();
      for (const auto each : value.elements()) self(self, each);
      out.endArray();
    } else {
      out.value(value);
    }
  };
  write(write, document->root());
  return out.take();
}

std::string Repeats::dictionary() const {
  std::string out = "[";
  for (const std::string* each : entries_) out += (out.size() == 1 ? "\n" : ",\n") + *each;
  return out + "\n]";
}

}  // namespace rightslice::observe::page
