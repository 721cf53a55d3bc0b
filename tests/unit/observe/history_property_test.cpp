// Laws of the history, over looks of any sort: a difference and what was known give what is known, and nothing unseen changes.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "any_record.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::history;

namespace {

std::size_t draw(std::size_t below) { return *rc::gen::inRange<std::size_t>(0, below); }

/// After some looks.
State anyState() {
  State out;
  const auto looks = draw(4);
  for (std::size_t i = 0; i < looks; ++i) {
    const auto difference = differenceOf(out, anyRecord(draw, static_cast<std::int64_t>(i)));
    out = applied(std::move(out), difference);
  }
  return out;
}

const State::Known* find(const State& state, Sort sort, std::string_view key) {
  for (const auto& each : state.subjects)
    if (each.sort == sort && each.key == key) return &each;
  return nullptr;
}

bool isOpen(const State& state, const Found& found) {
  return std::any_of(state.findings.begin(), state.findings.end(), [&](const auto& each) { return each.found.id() == found.id(); });
}

}  // namespace

TEST_CASE("after a look everything that it read is known, as it read it") {
  CHECK(rc::check([] {
    const State before = anyState();
    const Record look = anyRecord(draw, 10);
    const State after = applied(before, differenceOf(before, look));
    for (const Subject& each : look.subjects) {
      const auto* known = find(after, each.sort, each.key);
      RC_ASSERT(known != nullptr);
      RC_ASSERT(known->seen);
      for (const auto& [field, value] : each.fields) RC_ASSERT(known->fields.at(field) == value);
      for (const auto& [field, value] : known->fields) RC_ASSERT(each.fields.contains(field) || each.unread.contains(field));
    }
    for (const Found& each : look.findings) RC_ASSERT(isOpen(after, each));
  }));
}

TEST_CASE("the same look twice changes nothing the second time") {
  CHECK(rc::check([] {
    const State before = anyState();
    const Record look = anyRecord(draw, 10);
    const State after = applied(before, differenceOf(before, look));
    RC_ASSERT(differenceOf(after, look).empty());
    RC_ASSERT(textOf(applied(after, differenceOf(after, look))) == textOf(after));
  }));
}

TEST_CASE("what a look could not see is not gone, not closed, and not another") {
  CHECK(rc::check([] {
    const State before = anyState();
    const Record look = anyRecord(draw, 10);
    const State after = applied(before, differenceOf(before, look));
    for (const auto& each : before.subjects) {
      const auto* now = find(after, each.sort, each.key);
      const Subject* read = look.find(each.sort, each.key);
      if (read == nullptr && look.couldSee(each.sort, each.key)) {
        RC_ASSERT(now == nullptr);
        continue;
      }
      RC_ASSERT(now != nullptr);
      RC_ASSERT(now->seen == (read != nullptr));
      for (const auto& [field, value] : each.fields)
        if (read == nullptr || read->unread.contains(field)) RC_ASSERT(now->fields.at(field) == value);
    }
    for (const auto& each : before.findings) {
      const bool again = std::any_of(look.findings.begin(), look.findings.end(), [&](const Found& one) { return one.id() == each.found.id(); });
      RC_ASSERT(isOpen(after, each.found) == (again || !look.couldTell(each.found)));
    }
    for (const auto& each : after.findings) {
      const bool again = std::any_of(look.findings.begin(), look.findings.end(), [&](const Found& one) { return one.id() == each.found.id(); });
      RC_ASSERT(again || isOpen(before, each.found));
      RC_ASSERT(each.seen == again);
    }
  }));
}

TEST_CASE("changes of fields lead from the one to the other") {
  CHECK(rc::check([](const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
    const Fields before(a.begin(), a.end()), after(b.begin(), b.end());
    Fields now = before;
    for (const FieldChange& each : changesOf(before, after)) {
      RC_ASSERT(each.before != each.after);
      if (each.after) now.insert_or_assign(each.field, *each.after);
      else now.erase(each.field);
    }
    RC_ASSERT(now == after);
  }));
}
