#include "kube/course.hpp"

#include <algorithm>

namespace rightslice::kube {
namespace {

/// Where it goes on; true: at once.
bool afterDiscovery(Course& course, const End& end) {
  if (end.how == Ending::Absent) ++course.absences;
  if (end.how != Ending::Good) return false;
  course.step = Step::List;
  course.absences = 0;
  return true;
}

bool afterList(Course& course, const End& end, bool optional) {
  if (end.how == Ending::NotFound && optional) {
    course.step = Step::Discover;
    ++course.doubts;
  }
  if (end.how != Ending::Good) return false;
  course.step = Step::Watch;
  course.doubts = 0;
  course.settled = false;
  return true;
}

bool afterWatch(Course& course, const End& end, bool optional, bool useful) {
  switch (end.how) {
    case Ending::Failed: return false;
    case Ending::Expired:
      course.step = Step::List;
      return course.settled;  // in the course of things, unless the version was given just now: that would go round and round
    case Ending::Good:
      if (useful) return true;
      break;
    default: break;
  }
  ++course.doubts;
  if (end.how == Ending::NotFound && optional) course.step = Step::Discover;
  else if (course.doubts >= kDoubtsBeforeList) course.step = Step::List;
  return false;
}

}  // namespace

Next next(const Course& now, const End& end, const Pace& pace, bool optional) {
  Next out{now, std::nullopt};
  Course& course = out.course;
  // One that lives to bring what cannot be read brings that again and again.
  const bool useful = now.step == Step::Watch && (end.advanced || (end.lived && end.how != Ending::Unread));
  if (useful) {
    course.backOff = pace.firstBackOff;
    course.doubts = 0;
    course.settled = course.settled || end.lived;
  }
  const bool atOnce = now.step == Step::Discover ? afterDiscovery(course, end)
                      : now.step == Step::List   ? afterList(course, end, optional)
                                                 : afterWatch(course, end, optional, useful);
  if (atOnce) return out;
  out.pause = Pause{course.backOff, std::max(end.atLeast, end.how == Ending::Absent ? pace.absent : std::chrono::milliseconds(0))};
  course.backOff = std::min(course.backOff * 2, pace.lastBackOff);
  return out;
}

}  // namespace rightslice::kube
