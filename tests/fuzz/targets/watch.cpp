// What an API server answers to lists and watches: as a whole, and with any bytes in the place of what an author may write freely.
#include <string>

#include "harness.hpp"
#include "json/document.hpp"
#include "kube/objects.hpp"

using namespace rightslice;
using namespace rightslice::kube;
using fuzz::require;

namespace {

void checkUnread(const UnreadObject& object) { require(!object.key.empty() && !object.reason.empty(), "what cannot be read has a name and a reason"); }

std::size_t checkPage(std::string_view text) {
  const auto page = Page::read(text);
  if (!page) {
    require(!page.error().message.empty(), "an error says something");
    return 0;
  }
  std::size_t objects = 0;
  page->each([&](json::View) { ++objects; });
  for (const UnreadObject& each : page->unread()) checkUnread(each);
  const auto whole = json::Document::parse(text, json::Leave::ManagedFields);
  const auto wanted = whole && whole->root()["items"].isArray() ? whole->root()["items"].size() : 0;
  require(!whole || (page->unread().empty() && objects == wanted), "of a page that can be read, each object is");
  return objects + page->unread().size();
}

void checkEvent(std::string_view line) {
  const auto event = Event::read(line);
  if (!event) return require(!event.error().message.empty(), "an error says something");
  if (event->unread()) checkUnread(*event->unread());
  require(!event->unread() || event->object().isNull(), "what cannot be read is not there");
}

/// One object that its author fills with any JSON hides neither itself nor another.
void checkHidesNothing(std::string_view input) {
  const std::string object = R"({"metadata":{"name":"a","namespace":"n","resourceVersion":"5"},"spec":)" + std::string(input) + "}";
  const std::string page = R"({"kind":"PodList","metadata":{"resourceVersion":"7","continue":"c"},"items":[)" + object + R"(,{"metadata":{"name":"b"}}]})";
  const auto read = Page::read(page);
  require(read && read->version() == "7" && read->next() == "c" && checkPage(page) == 2, "an object hides no other");
  const auto event = Event::read(R"({"type":"MODIFIED","object":)" + object + "}");
  require(event && event->type() == "MODIFIED", "an event is read");
  const auto& unread = event->unread();
  require(unread ? unread->version == "5" && unread->key == "n/a" : event->object()["metadata"]["name"].stringOr("") == "a", "and says of which object it is");
}

}  // namespace

void fuzz::run(std::string_view input) {
  checkPage(input);
  checkEvent(input);
  if (json::Document::parse(input)) checkHidesNothing(input);
}
