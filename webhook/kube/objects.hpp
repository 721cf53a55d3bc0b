// Objects in what the API server answers. It takes what our parser refuses (nested deeper than 128 levels, a key twice, half a surrogate pair) wherever a
// field holds whatever its author likes, as the parameters of a driver in a ResourceClaim do: such an object must not hide the others.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "json/document.hpp"

namespace rightslice::kube {

/// An object of which no more can be read than this.
struct UnreadObject {
  std::string key;       ///< keyOf()
  std::string version;   ///< metadata.resourceVersion; may be empty
  std::string reason;
};

/// One page of a list.
class Page {
 public:
  /// An error where it is no JSON but for what stands in its objects, is no list, or the name of an object cannot be read: nothing can then be said of what
  /// is missing. The API server writes names itself, so nobody can bring that about by what he writes.
  static Result<Page> read(std::string_view text);

  std::string_view version() const { return whole_.root()["metadata"]["resourceVersion"].stringOr(""); }
  std::string_view next() const { return whole_.root()["metadata"]["continue"].stringOr(""); }
  const std::vector<UnreadObject>& unread() const { return unread_; }
  template <class Visit>
  void each(Visit&& visit) const {
    for (const json::View object : whole_.root()["items"].elements()) visit(object);
    for (const json::Document& object : apart_) visit(object.root());
  }

 private:
  json::Document whole_;                 ///< without objects where each is read by itself
  std::vector<json::Document> apart_;
  std::vector<UnreadObject> unread_;
};

/// One line of a watch.
class Event {
 public:
  static Result<Event> read(std::string_view line);

  std::string_view type() const { return whole_.root()["type"].stringOr(""); }
  /// Null where it cannot be read.
  json::View object() const { return apart_ ? apart_->root() : whole_.root()["object"]; }
  const std::optional<UnreadObject>& unread() const { return unread_; }

 private:
  json::Document whole_;
  std::optional<json::Document> apart_;
  std::optional<UnreadObject> unread_;
};

}  // namespace rightslice::kube
