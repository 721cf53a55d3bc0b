#include "kube/objects.hpp"

#include "json/pieces.hpp"
#include "kube/store.hpp"

namespace rightslice::kube {
namespace {

Result<json::Document> parse(std::string_view text) { return json::Document::parse(text, json::Leave::ManagedFields); }

/// The text with something else in the place of a piece of it.
std::string with(std::string_view text, std::string_view piece, std::string_view instead) {
  const std::size_t at = static_cast<std::size_t>(piece.data() - text.data());
  return std::string(text.substr(0, at)).append(instead).append(text.substr(at + piece.size()));
}

std::string stringOf(std::string_view object, std::string_view key) {
  const auto text = json::memberText(object, key);
  const auto value = text ? json::Document::parse(*text) : Result<json::Document>(json::Document());
  return value ? std::string(value->root().stringOr("")) : "";
}

/// Nothing where it has no name that can be read.
std::optional<UnreadObject> unreadObject(std::string_view text, std::string reason) {
  const auto metadata = json::memberText(text, "metadata");
  if (!metadata) return std::nullopt;
  const std::string name = stringOf(*metadata, "name");
  if (name.empty()) return std::nullopt;
  return UnreadObject{keyOf(stringOf(*metadata, "namespace"), name), stringOf(*metadata, "resourceVersion"), std::move(reason)};
}

bool isList(const json::Document& page) { return page.root()["kind"].stringOr("").ends_with("List"); }

}  // namespace

Result<Page> Page::read(std::string_view text) {
  Page out;
  auto whole = parse(text);
  if (whole) {
    if (!isList(*whole)) return fail("the answer is no list");
    out.whole_ = std::move(*whole);
    return out;
  }
  const auto refuse = [&] { return fail("the list is no JSON: " + whole.error().message); };
  const auto items = json::memberText(text, "items");
  const auto objects = items ? json::elementTexts(*items) : std::nullopt;
  if (!objects) return refuse();
  auto rest = parse(with(text, *items, "[]"));
  if (!rest || !isList(*rest)) return refuse();
  out.whole_ = std::move(*rest);
  for (const std::string_view each : *objects) {
    auto object = parse(each);
    if (object) {
      out.apart_.push_back(std::move(*object));
      continue;
    }
    auto unread = unreadObject(each, object.error().message);
    if (!unread) return refuse();
    out.unread_.push_back(std::move(*unread));
  }
  return out;
}

Result<Event> Event::read(std::string_view line) {
  Event out;
  auto whole = parse(line);
  if (whole) {
    out.whole_ = std::move(*whole);
    return out;
  }
  const auto refuse = [&] { return fail("an event is no JSON: " + whole.error().message); };
  const auto text = json::memberText(line, "object");
  auto rest = text ? parse(with(line, *text, "null")) : Result<json::Document>(tl::unexpected(whole.error()));
  if (!rest) return refuse();
  out.whole_ = std::move(*rest);
  auto object = parse(*text);
  if (object) {
    out.apart_ = std::move(*object);
    return out;
  }
  out.unread_ = unreadObject(*text, object.error().message);
  if (!out.unread_) return refuse();
  return out;
}

}  // namespace rightslice::kube
