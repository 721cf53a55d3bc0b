#include "app/event_ledger.hpp"

#include <algorithm>

namespace rightslice::app {

std::string keyOf(const admission::Event& event) {
  std::string key(admission::name(event.reason));
  for (const std::string* part : {&event.apiVersion, &event.kind, &event.ns, &event.name, &event.uid, &event.action, &event.note}) {
    key += '\0';  // in none of them
    key += *part;
  }
  return key;
}

bool EventLedger::allowed(const std::string& ns, Time now) {
  // What is full again is as good as never seen.
  if (namespaces_.size() > limits_.mostSeries) std::erase_if(namespaces_, [&](const auto& each) { return each.second.full(now); });
  auto& own = namespaces_.try_emplace(ns, limits_.namespaceBurst, limits_.namespacePerSecond).first->second;
  if (!own.has(now) || !all_.has(now)) return false;
  own.take(now);
  all_.take(now);
  return true;
}

void EventLedger::makeRoom(Time now) {
  std::erase_if(series_, [&](const auto& each) { return now - each.second.series.last >= limits_.window && !each.second.untold; });
  if (series_.size() < limits_.mostSeries) return;
  series_.erase(std::min_element(series_.begin(), series_.end(),
                                 [](const auto& a, const auto& b) { return a.second.series.last < b.second.series.last; }));
}

EventLedger::Fate EventLedger::add(const admission::Event& event, Time now) {
  const std::string key = keyOf(event);
  const auto at = series_.find(key);
  if (at != series_.end() && now - at->second.series.last < limits_.window) {
    Entry& entry = at->second;
    ++entry.series.count;
    entry.series.last = now;
    if (!entry.untold) {
      entry.untold = true;
      entry.tell = std::max(entry.tell, now);
    }
    return Fate::Counted;
  }
  if (!allowed(event.ns, now)) return Fate::Dropped;
  if (at != series_.end()) series_.erase(at);
  if (series_.size() >= limits_.mostSeries) makeRoom(now);
  Entry entry;
  entry.series.event = event;
  entry.series.last = now;
  entry.pause = limits_.firstCount;
  entry.tell = now + entry.pause;
  series_.emplace(key, std::move(entry));
  return Fate::New;
}

void EventLedger::created(const admission::Event& event, std::string id) {
  if (const auto at = series_.find(keyOf(event)); at != series_.end()) at->second.series.id = std::move(id);
}

void EventLedger::forget(const admission::Event& event) { series_.erase(keyOf(event)); }

std::optional<EventSeries> EventLedger::due(Time now) {
  for (auto& [key, entry] : series_) {
    if (!entry.untold || entry.tell > now) continue;
    if (!allowed(entry.series.event.ns, now)) {  // later: the count is kept
      entry.tell = now + limits_.firstCount;
      continue;
    }
    entry.pause = std::min(entry.pause * 2, limits_.lastCount);
    entry.untold = false;
    entry.tell = now + entry.pause;
    return entry.series;
  }
  return std::nullopt;
}

std::optional<EventLedger::Time> EventLedger::next() const {
  std::optional<Time> out;
  for (const auto& [key, entry] : series_) {
    if (entry.untold && (!out || entry.tell < *out)) out = entry.tell;
  }
  return out;
}

}  // namespace rightslice::app
