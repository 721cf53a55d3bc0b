#include "app/status_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/writer.hpp"
#include "policy/field.hpp"

namespace rightslice::app {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kBetween{50}, kFirstBackOff{2'000}, kLastBackOff{300'000};
constexpr std::chrono::minutes kSayAgain{30};   // what somebody else keeps overwriting
constexpr std::size_t kMostMessage = 4096;

std::string cut(std::string text) {
  if (text.size() <= kMostMessage) return text;
  text.resize(kMostMessage);
  return text + "...";  // the writer mends a code point cut in two
}

bool said(const PolicyObject& object, const PolicyVerdict& verdict) {
  return object.condition && object.condition->accepted == verdict.accepted && object.condition->reason == verdict.reason &&
         object.condition->message == cut(verdict.message) && object.condition->generation == object.generation;
}

}  // namespace

std::string statusText(const PolicyObject& object, const PolicyVerdict& verdict, std::string_view now) {
  const bool same = object.condition && object.condition->accepted == verdict.accepted && !object.condition->since.empty();
  json::Writer out;
  out.beginObject().member("apiVersion", policy::kApiVersion).member("kind", std::string_view(object.kind));
  out.key("metadata").beginObject().member("name", std::string_view(object.name));
  if (!object.ns.empty()) out.member("namespace", std::string_view(object.ns));
  out.member("uid", std::string_view(object.uid)).endObject();  // not of an object that took its place
  out.key("status").beginObject().member("observedGeneration", object.generation);
  out.key("conditions").beginArray().beginObject();
  out.member("type", "Accepted").member("status", verdict.accepted ? "True" : "False");
  out.member("observedGeneration", object.generation).member("lastTransitionTime", same ? std::string_view(object.condition->since) : now);
  out.member("reason", std::string_view(verdict.reason)).member("message", std::string_view(cut(verdict.message)));
  out.endObject().endArray().endObject().endObject();
  return out.take();
}

StatusWriter::StatusWriter(ClusterSource& cluster, host::Log& log, milliseconds mostWait) : cluster_(cluster), log_(log), mostWait_(mostWait) {}

StatusWriter::~StatusWriter() { stop(); }

void StatusWriter::start() {
  thread_ = std::thread([this] { run(); });
}

void StatusWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StatusWriter::want(const std::vector<PolicyObject>& objects, const std::map<std::string, PolicyVerdict>& verdicts) {
  const auto now = SteadyClock::now();
  std::uniform_int_distribution<std::int64_t> wait(0, mostWait_.count());
  const std::lock_guard lock(mutex_);
  std::map<std::string, Wish> wishes;
  std::map<std::string, Written> written;
  for (const PolicyObject& object : objects) {
    const std::string place = object.place();
    const auto verdict = verdicts.find(place);
    if (verdict == verdicts.end()) continue;
    const auto before = written_.find(place);
    if (before != written_.end() && before->second.uid == object.uid) written.insert(*before);
    if (said(object, verdict->second)) continue;
    const PolicyVerdict& what = verdict->second;
    const bool already = before != written_.end() && before->second.uid == object.uid && before->second.generation == object.generation &&
                         before->second.accepted == what.accepted && before->second.reason == what.reason && before->second.message == what.message;
    if (already && now - before->second.at < kSayAgain) continue;
    const auto known = wishes_.find(place);
    const bool sameWish = known != wishes_.end() && known->second.uid == object.uid && known->second.generation == object.generation;
    Wish wish;
    if (sameWish) wish = known->second;
    else wish.due = now + milliseconds(wait(random_));
    wish.plural = object.plural;
    wish.key = object.ns.empty() ? object.name : object.ns + "/" + object.name;
    wish.uid = object.uid;
    wish.generation = object.generation;
    wish.verdict = what;
    wishes.emplace(place, std::move(wish));
  }
  wishes_ = std::move(wishes);
  written_ = std::move(written);
  changed_.notify_all();
}

bool StatusWriter::write(const Wish& wish) {
  const auto object = cluster_.policy(wish.plural, wish.key);
  // Another replica may have said it meanwhile, and a newer object gets a wish of its own.
  if (!object || object->uid != wish.uid || object->generation != wish.generation || said(*object, wish.verdict)) return true;
  kube::Resource resource;
  resource.group = policy::kGroup;
  resource.version = policy::kApiVersion.substr(policy::kGroup.size() + 1);
  resource.plural = object->plural;
  kube::Request request;
  request.method = "PATCH";
  request.path = kube::path(resource, object->ns, object->name, "status") + "?fieldManager=rightslice&force=true";
  request.contentType = "application/apply-patch+yaml";
  request.body = statusText(*object, wish.verdict, host::timestamp(host::systemClock().now()));
  const auto answer = cluster_.call(std::move(request));
  std::string trouble;
  if (!answer) trouble = answer.error().message;
  else if (answer->status >= 300) trouble = fmt::format("HTTP {}: {}", answer->status, kube::statusMessage(answer->body));
  if (!trouble.empty() && trouble != lastTrouble_) {
    log_.write(host::Level::Warn, "the status of a policy cannot be written",
               {{"object", std::string_view(object->place())}, {"error", std::string_view(trouble)}});
  }
  lastTrouble_ = trouble;
  // Gone, or another one of the same name: what is there now is seen by the watch.
  return trouble.empty() || (answer && (answer->status == 404 || answer->status == 409));
}

void StatusWriter::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::min_element(wishes_.begin(), wishes_.end(), [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    if (next == wishes_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (next->second.due > SteadyClock::now()) {
      changed_.wait_until(lock, next->second.due);
      continue;
    }
    const std::string place = next->first;
    const Wish wish = next->second;
    lock.unlock();
    const bool done = write(wish);
    lock.lock();
    const auto after = wishes_.find(place);
    if (done) {
      written_[place] = {wish.uid, wish.generation, wish.verdict.accepted, wish.verdict.reason, wish.verdict.message, SteadyClock::now()};
      const bool same = after != wishes_.end() && after->second.uid == wish.uid && after->second.generation == wish.generation &&
                        after->second.verdict == wish.verdict;
      if (same) wishes_.erase(after);
    } else if (after != wishes_.end()) {
      after->second.backOff = std::clamp(after->second.backOff * 2, kFirstBackOff, kLastBackOff);
      after->second.due = SteadyClock::now() + after->second.backOff;
    }
    changed_.wait_for(lock, kBetween, [this] { return stopping_; });
  }
}

}  // namespace rightslice::app
