// What a reflector does next and after which pause: of how things went, and of nothing else, so that a table can say all of it.
#pragma once
#include <chrono>
#include <optional>

#include "kube/cluster.hpp"

namespace rightslice::kube {

enum class Step {
  Discover,  ///< ask for the version in which the server has the resource
  List,
  Watch      ///< from the version of the list, or of the last event
};

/// How a step ended.
enum class Ending {
  Good,      ///< it did what it is for; of a watch: the server ended it
  Expired,   ///< the version, or the token of a page, is too old
  Absent,    ///< of Discover: the server has it in no version
  NotFound,  ///< it is gone, or served in another version now
  Unknown,   ///< refused, and it may be that the server knows nothing of the version: one that was set up anew, or from a backup
  Unread,    ///< an answer that cannot be read
  Failed     ///< anything else: the connection, credentials, a server that is busy
};

struct End {
  Ending how = Ending::Good;
  std::chrono::milliseconds atLeast{0};  ///< the server asked for such a pause
  bool advanced = false;                 ///< of a watch: it brought a newer version
  bool lived = false;                    ///< of a watch: for a second or longer
};

struct Course {
  Step step = Step::List;
  std::chrono::milliseconds backOff{};   ///< the next pause, about; only a watch that was of use makes it short again
  int doubts = 0;                        ///< endings in a row that speak against the version that is watched from
  int absences = 0;                      ///< in a row
  bool settled = false;                  ///< a watch has lived since the last list
};

struct Pause {
  std::chrono::milliseconds about{}, atLeast{};
};

struct Next {
  Course course;
  std::optional<Pause> pause;
};

constexpr int kDoubtsBeforeList = 3;

/// `optional`: a cluster may lack the resource (Resource::versions).
Next next(const Course& now, const End& end, const Pace& pace, bool optional);

}  // namespace rightslice::kube
