#include "observe/history/difference.hpp"

#include <algorithm>
#include <array>

namespace rightslice::observe::history {
namespace {

constexpr std::array<std::string_view, 3> kSorts{"appeared", "changed", "gone"};

/// What is known of it now: what was read, and of what was not what was known before.
Fields fieldsNow(const Fields& before, const Subject& now) {
  Fields out = now.fields;
  for (const auto& [field, value] : before)
    if (now.unread.contains(field)) out.insert_or_assign(field, value);
  return out;
}

bool sameWords(const Found& a, const Found& b) {
  const auto same = [](const Evidence& x, const Evidence& y) { return std::tie(x.name, x.value, x.source, x.at) == std::tie(y.name, y.value, y.source, y.at); };
  return std::tie(a.message, a.remedy, a.confidence) == std::tie(b.message, b.remedy, b.confidence) &&
         std::equal(a.evidence.begin(), a.evidence.end(), b.evidence.begin(), b.evidence.end(), same);
}

std::pair<Sort, std::string_view> idOf(const State::Known& known) { return {known.sort, known.key}; }
auto idOf(const Subject& subject) { return subject.id(); }
auto idOf(const State::Open& open) { return open.found.id(); }
auto idOf(const Found& found) { return found.id(); }

/// Two lists in the order of their ids, side by side: `both`, `left` alone, `right` alone.
template <class Left, class Right, class OnLeft, class OnRight, class OnBoth>
void sideBySide(const Left& left, const Right& right, const OnLeft& onLeft, const OnRight& onRight, const OnBoth& onBoth) {
  auto a = left.begin();
  auto b = right.begin();
  while (a != left.end() || b != right.end()) {
    if (b == right.end() || (a != left.end() && idOf(*a) < idOf(*b))) onLeft(*a++);
    else if (a == left.end() || idOf(*b) < idOf(*a)) onRight(*b++);
    else onBoth(*a++, *b++);
  }
}

template <class Items>
void inOrder(Items& items) {
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return idOf(a) < idOf(b); });
}

template <class Items, class Id>
auto at(Items& items, const Id& id) {
  return std::lower_bound(items.begin(), items.end(), id, [](const auto& a, const Id& b) { return idOf(a) < b; });
}

}  // namespace

std::string_view name(SubjectChange::Sort sort) { return kSorts[static_cast<std::size_t>(sort)]; }

std::vector<FieldChange> changesOf(const Fields& before, const Fields& after) {
  std::vector<FieldChange> out;
  auto a = before.begin();
  auto b = after.begin();
  while (a != before.end() || b != after.end()) {
    if (b == after.end() || (a != before.end() && a->first < b->first)) {
      out.push_back({a->first, a->second, std::nullopt});
      ++a;
    } else if (a == before.end() || b->first < a->first) {
      out.push_back({b->first, std::nullopt, b->second});
      ++b;
    } else {
      if (a->second != b->second) out.push_back({a->first, a->second, b->second});
      ++a, ++b;
    }
  }
  return out;
}

Difference differenceOf(const State& before, const Record& look) {
  Difference out;
  const auto blink = [&](const State::Known& was, bool seen) {
    if (was.seen == seen) return;
    out.blinked.push_back(was);
    out.blinked.back().seen = seen;
  };
  sideBySide(
      before.subjects, look.subjects,
      [&](const State::Known& was) {
        if (look.couldSee(was.sort, was.key)) out.subjects.push_back({SubjectChange::Sort::Gone, was, {}});
        else blink(was, false);
      },
      [&](const Subject& now) { out.subjects.push_back({SubjectChange::Sort::Appeared, {now.sort, now.key, now.fields, true}, {}}); },
      [&](const State::Known& was, const Subject& now) {
        Fields fields = fieldsNow(was.fields, now);
        auto changes = changesOf(was.fields, fields);
        if (changes.empty()) blink(was, true);
        else out.subjects.push_back({SubjectChange::Sort::Changed, {was.sort, was.key, std::move(fields), true}, std::move(changes)});
      });
  sideBySide(
      before.findings, look.findings,
      [&](const State::Open& was) {
        if (look.couldTell(was.found)) out.closed.push_back(was.found);
        else if (was.seen) out.blinkedFindings.push_back({was.found, false});
      },
      [&](const Found& now) { out.opened.push_back(now); },
      [&](const State::Open& was, const Found& now) {
        if (!sameWords(was.found, now)) out.updated.push_back(now);
        if (!was.seen) out.blinkedFindings.push_back({now, true});
      });
  return out;
}

State applied(State before, const Difference& difference) {
  State out = std::move(before);
  std::vector<State::Known> appeared;
  for (const SubjectChange& each : difference.subjects) {
    const auto where = at(out.subjects, idOf(each.subject));
    if (each.what == SubjectChange::Sort::Appeared) appeared.push_back(each.subject);
    else if (each.what == SubjectChange::Sort::Changed) *where = each.subject;
    else out.subjects.erase(where);
  }
  for (const State::Known& each : difference.blinked) at(out.subjects, idOf(each))->seen = each.seen;
  out.subjects.insert(out.subjects.end(), std::make_move_iterator(appeared.begin()), std::make_move_iterator(appeared.end()));
  inOrder(out.subjects);
  for (const Found& each : difference.closed) out.findings.erase(at(out.findings, each.id()));
  for (const Found& each : difference.updated) at(out.findings, each.id())->found = each;
  for (const State::Open& each : difference.blinkedFindings) at(out.findings, idOf(each))->seen = each.seen;
  for (const Found& each : difference.opened) out.findings.push_back({each, true});
  inOrder(out.findings);
  return out;
}

}  // namespace rightslice::observe::history
