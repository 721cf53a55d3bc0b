// What of a cluster was seen, and what is unknown because something was not.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::observe {

/// One list, of the whole cluster or of one namespace.
struct Seen {
  enum class State {
    Read,        ///< all that there is
    Forbidden,   ///< 403: there may be something
    Absent,      ///< the server has no such resource: there is nothing
    Failed,      ///< the server answered with an error, for this list alone
    NotGiven     ///< of files: none of them holds such objects; there may be some
  };
  std::string resource;          ///< "pods", "horizontalpodautoscalers.autoscaling"
  std::string ns;                ///< empty: the whole cluster
  State state = State::Read;
  std::string reason;            ///< of Forbidden and Failed, as the server says it
  std::int64_t objects = 0;      ///< read

  /// Is known what there is? True also where there cannot be anything.
  bool known() const { return state == State::Read || state == State::Absent; }
};
std::string_view name(Seen::State state);   ///< "read", "forbidden", "absent", "failed", "notGiven"

/// What nobody knows where this resource was not read, for people. Empty: nothing that is shown hangs on it.
std::string_view unknownWithout(std::string_view resource);

class Coverage {
 public:
  void add(Seen seen) { entries_.push_back(std::move(seen)); }
  const std::vector<Seen>& entries() const { return entries_; }
  /// In one order, however it was read.
  void sort();

  /// Is all known of the resource in the namespace (empty: in all of the cluster)? False where it was not even asked for.
  bool known(std::string_view resource, std::string_view ns = {}) const;
  std::vector<const Seen*> unread() const;

 private:
  std::vector<Seen> entries_;
};

}  // namespace rightslice::observe
