#include "app/status_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "admission/message.hpp"
#include "base/limits.hpp"
#include "policy/field.hpp"

namespace rightslice::app {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{5'000}, kBetween{50}, kFirstBackOff{2'000}, kLastBackOff{300'000};
constexpr std::chrono::minutes kSayAgain{30};   // what somebody else keeps overwriting

}  // namespace

StatusWriter::StatusWriter(ClusterSource& cluster, host::Log& log, Options options) : cluster_(cluster), log_(log), options_(std::move(options)) {}

StatusWriter::~StatusWriter() { stop(); }

void StatusWriter::start() {
  thread_ = std::thread([this] { run(); });
}

void StatusWriter::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void StatusWriter::stop() {
  interrupt();
  if (thread_.joinable()) thread_.join();
}

void StatusWriter::want(const std::vector<PolicyObject>& objects, const std::map<std::string, PolicyStatus>& statuses) {
  const auto now = SteadyClock::now();
  std::uniform_int_distribution<std::int64_t> wait(0, options_.mostWait.count());
  const std::lock_guard lock(mutex_);
  std::map<std::string, Wish> wishes;
  std::map<std::string, Written> written;
  for (const PolicyObject& object : objects) {
    const std::string place = object.place();
    const auto status = statuses.find(place);
    if (status == statuses.end()) continue;
    const auto before = written_.find(place);
    const bool mine = before != written_.end() && before->second.uid == object.uid;
    if (mine) written.insert(*before);
    const PolicyStatus& what = status->second;
    if (said(object, what)) continue;
    const bool already = mine && before->second.generation == object.generation && before->second.status == what;
    if (already && now - before->second.at < kSayAgain) continue;
    const auto known = wishes_.find(place);
    const bool sameWish = known != wishes_.end() && known->second.uid == object.uid && known->second.generation == object.generation &&
                          known->second.status.verdict == what.verdict;
    Wish wish;
    if (sameWish) wish = known->second;
    else wish.due = now + milliseconds(wait(random_));
    const bool numbersAlone = mine && before->second.generation == object.generation && before->second.status.verdict == what.verdict &&
                               !before->second.status.counted.empty();
    if (numbersAlone) wish.due = std::max(wish.due, before->second.at + options_.numbers);
    wish.plural = object.plural;
    wish.key = object.ns.empty() ? object.name : object.ns + "/" + object.name;
    wish.uid = object.uid;
    wish.generation = object.generation;
    wish.status = what;
    wishes.emplace(place, std::move(wish));
  }
  wishes_ = std::move(wishes);
  written_ = std::move(written);
  changed_.notify_all();
}

void StatusWriter::tellRefusal(const PolicyObject& object, const PolicyVerdict& verdict) {
  if (verdict.accepted || !options_.tell) return;
  if (object.condition && !object.condition->accepted && object.condition->message == verdict.message) return;  // told before
  admission::Event event;
  event.reason = admission::EventReason::NotAccepted;
  event.apiVersion = policy::kApiVersion;
  event.kind = object.kind;
  event.ns = object.ns;
  event.name = object.name;
  event.uid = object.uid;
  event.action = "Load";
  event.note = admission::cutTo(admission::oneLine(fmt::format("{}: {}", verdict.reason, verdict.message)), limits::kMaxNoteBytes);
  options_.tell(std::move(event));
}

bool StatusWriter::write(const Wish& wish, bool& sent) {
  const auto object = cluster_.policy(wish.plural, wish.key);
  // Another replica may have said it meanwhile, and a newer object gets a wish of its own.
  if (!object || object->uid != wish.uid || object->generation != wish.generation || said(*object, wish.status)) return true;
  kube::Resource resource;
  resource.group = policy::kGroup;
  resource.version = policy::kApiVersion.substr(policy::kGroup.size() + 1);
  resource.plural = object->plural;
  kube::Request request;
  request.method = "PATCH";
  request.path = kube::path(resource, object->ns, object->name, "status") + "?fieldManager=rightslice&force=true";
  request.contentType = "application/apply-patch+yaml";
  request.body = statusText(*object, wish.status, host::timestamp(host::systemClock().now()));
  request.patience = kPatience;
  const auto answer = cluster_.call(std::move(request));
  std::string trouble;
  if (!answer) trouble = answer.error().message;
  else if (answer->status >= 300) trouble = fmt::format("HTTP {}: {}", answer->status, kube::statusMessage(answer->body));
  if (!trouble.empty() && trouble != lastTrouble_) {
    log_.write(host::Level::Warn, "the status of a policy cannot be written",
               {{"object", std::string_view(object->place())}, {"error", std::string_view(trouble)}});
  }
  lastTrouble_ = trouble;
  sent = trouble.empty();
  if (sent) tellRefusal(*object, wish.status.verdict);
  // Gone, or another one of the same name: what is there now is seen by the watch.
  return sent || (answer && (answer->status == 404 || answer->status == 409));
}

void StatusWriter::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::min_element(wishes_.begin(), wishes_.end(), [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    if (next == wishes_.end()) {
      changed_.wait(lock);
      continue;
    }
    const auto due = next->second.due;  // a copy: wishes come and go while this waits
    if (due > SteadyClock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    if (!options_.leads()) {
      changed_.wait_for(lock, options_.follow, [this] { return stopping_; });
      continue;
    }
    const std::string place = next->first;
    const Wish wish = next->second;
    lock.unlock();
    bool sent = false;
    const bool done = write(wish, sent);
    lock.lock();
    const auto after = wishes_.find(place);
    if (sent) {
      const auto now = SteadyClock::now();
      written_[place] = {wish.uid, wish.generation, wish.status, now};
      // What was wanted while this was on its way knows nothing of it.
      const bool numbersAlone = after != wishes_.end() && after->second.uid == wish.uid && after->second.generation == wish.generation &&
                                after->second.status.verdict == wish.status.verdict && !wish.status.counted.empty();
      if (numbersAlone) after->second.due = std::max(after->second.due, now + options_.numbers);
    }
    if (done) {
      const bool same = after != wishes_.end() && after->second.uid == wish.uid && after->second.generation == wish.generation &&
                        after->second.status == wish.status;
      if (same) wishes_.erase(after);
    } else if (after != wishes_.end()) {
      after->second.backOff = std::clamp(after->second.backOff * 2, kFirstBackOff, kLastBackOff);
      after->second.due = SteadyClock::now() + after->second.backOff;
    }
    changed_.wait_for(lock, kBetween, [this] { return stopping_; });
  }
}

}  // namespace rightslice::app
