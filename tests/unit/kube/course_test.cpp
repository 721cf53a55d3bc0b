#include "kube/course.hpp"

#include <doctest/doctest.h>

using namespace rightslice::kube;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kNow{-1};   // no pause

Pace paced() {
  Pace pace;
  pace.firstBackOff = milliseconds(100);
  pace.lastBackOff = milliseconds(1000);
  pace.absent = milliseconds(5000);
  return pace;
}

Course at(Step step, int doubts = 0, bool settled = false, milliseconds backOff = milliseconds(400)) { return {step, backOff, doubts, 0, settled}; }
End ended(Ending how, bool advanced = false, bool lived = false) { return {how, milliseconds(0), advanced, lived}; }

}  // namespace

TEST_CASE("what comes next, and after which pause") {
  using enum Step;
  using enum Ending;
  struct Row {
    const char* name;
    Course now;
    End end;
    Step step;
    milliseconds pause, backOff;   // backOff: of the pause after that
    int doubts = 0;
    bool optional = false;
  };
  const milliseconds kFirst{100}, kThis{400}, kTwice{800};
  const Row rows[] = {
      {"found", at(Discover), ended(Good), List, kNow, kThis, 0, true},
      {"found after a list said 404", at(Discover, 1), ended(Good), List, kNow, kThis, 1, true},
      {"in no version", at(Discover), ended(Absent), Discover, kThis, kTwice, 0, true},
      {"discovery fails", at(Discover), ended(Failed), Discover, kThis, kTwice, 0, true},
      {"discovery cannot be read", at(Discover), ended(Unread), Discover, kThis, kTwice, 0, true},

      {"listed: pauses do not get shorter by that", at(List), ended(Good), Watch, kNow, kThis},
      {"listed after doubts", at(List, 3), ended(Good), Watch, kNow, kThis},
      {"a token of a page is too old", at(List), ended(Expired), List, kThis, kTwice},
      {"a list fails", at(List), ended(Failed), List, kThis, kTwice},
      {"a list cannot be read", at(List), ended(Unread), List, kThis, kTwice},
      {"a list is not there", at(List), ended(NotFound), List, kThis, kTwice},
      {"a list is not there and may be absent", at(List, 1), ended(NotFound), Discover, kThis, kTwice, 2, true},

      {"a watch brought something and ended", at(Watch, 2), ended(Good, true), Watch, kNow, kFirst},
      {"a watch lived and ended", at(Watch, 2), ended(Good, false, true), Watch, kNow, kFirst},
      {"a watch is ended at once", at(Watch), ended(Good), Watch, kThis, kTwice, 1},
      {"a watch is ended at once, the third time", at(Watch, 2), ended(Good), List, kThis, kTwice, 3},
      {"a watch breaks", at(Watch, 2), ended(Failed), Watch, kThis, kTwice, 2},
      {"a watch that brought something breaks", at(Watch, 2), ended(Failed, true), Watch, kFirst, 2 * kFirst},
      {"a version is too old right after its list", at(Watch), ended(Expired), List, kThis, kTwice},
      {"a version is too old right after its list, though it brought something", at(Watch), ended(Expired, true), List, kFirst, 2 * kFirst},
      {"a version grew too old while it was watched", at(Watch), ended(Expired, false, true), List, kNow, kFirst},
      {"a version grew too old between watches", at(Watch, 0, true), ended(Expired), List, kNow, kThis},
      {"a version is not known", at(Watch), ended(Unknown), Watch, kThis, kTwice, 1},
      {"a version is not known, the third time", at(Watch, 2), ended(Unknown), List, kThis, kTwice, 3},
      {"a watch is not there", at(Watch), ended(NotFound), Watch, kThis, kTwice, 1},
      {"a watch is not there and may be absent", at(Watch), ended(NotFound), Discover, kThis, kTwice, 1, true},
      {"an event cannot be read", at(Watch), ended(Unread), Watch, kThis, kTwice, 1},
      {"an event cannot be read, of a watch that lived", at(Watch, 1), ended(Unread, false, true), Watch, kThis, kTwice, 2},
      {"an event cannot be read, behind others", at(Watch, 2), ended(Unread, true), Watch, kFirst, 2 * kFirst, 1},
      {"an event cannot be read, the third time", at(Watch, 2), ended(Unread), List, kThis, kTwice, 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Next out = next(row.now, row.end, paced(), row.optional);
    CHECK(out.course.step == row.step);
    CHECK((out.pause ? std::max(out.pause->about, out.pause->atLeast) : kNow) == (row.end.how == Absent ? paced().absent : row.pause));
    CHECK(out.course.backOff == row.backOff);
    CHECK(out.course.doubts == row.doubts);
  }
}

TEST_CASE("what the server asks for by Retry-After is the least pause, and pauses grow to a limit") {
  Course course = at(Step::Watch);
  End end = ended(Ending::Failed);
  end.atLeast = milliseconds(7000);
  const Next out = next(course, end, paced(), false);
  REQUIRE(out.pause);
  CHECK(out.pause->about == milliseconds(400));
  CHECK(out.pause->atLeast == milliseconds(7000));
  for (int i = 0; i < 5; ++i) course = next(course, ended(Ending::Failed), paced(), false).course;
  CHECK(course.backOff == milliseconds(1000));
}

TEST_CASE("whatever a server does for ever, steps without a pause do not go round") {
  for (const Ending list : {Ending::Good, Ending::Expired, Ending::Unread, Ending::Failed, Ending::NotFound}) {
    for (const Ending watch : {Ending::Good, Ending::Expired, Ending::Unknown, Ending::Unread, Ending::Failed, Ending::NotFound}) {
      for (const bool optional : {false, true}) {
        CAPTURE(static_cast<int>(list));
        CAPTURE(static_cast<int>(watch));
        Course course = at(optional ? Step::Discover : Step::List);
        int atOnce = 0, most = 0;
        for (int i = 0; i < 60; ++i) {
          const Ending how = course.step == Step::Discover ? Ending::Good : course.step == Step::List ? list : watch;
          const Next then = next(course, ended(how), paced(), optional);
          course = then.course;
          atOnce = then.pause ? 0 : atOnce + 1;
          most = std::max(most, atOnce);
        }
        CHECK(most <= 2);   // discovered, listed, and then a watch
        CHECK(course.backOff == paced().lastBackOff);
      }
    }
  }
}
