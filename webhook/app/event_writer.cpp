#include "app/event_writer.hpp"

#include <fmt/format.h>

#include "json/writer.hpp"

namespace rightslice::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view kController = "rightslice.io/webhook";
constexpr std::size_t kMaxInstance = 128, kMaxName = 253;
constexpr std::chrono::minutes kSayAgain{10};
constexpr std::chrono::milliseconds kPatience{5'000};
constexpr int kTooMany = 429, kServerError = 500, kNotFound = 404;

kube::Resource events() {
  kube::Resource resource;
  resource.group = "events.k8s.io";
  resource.version = "v1";
  resource.plural = "events";
  return resource;
}

/// Where the event of an object without a namespace is kept: as client-go does, and kubectl looks there.
std::string homeOf(const admission::Event& event) { return event.ns.empty() ? "default" : event.ns; }

bool isWord(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

void writeSeries(json::Writer& out, std::int64_t count, std::string_view last) {
  out.key("series").beginObject().member("count", count).member("lastObservedTime", last).endObject();
}

}  // namespace

std::string eventId(std::string_view object, std::string_view tail) {
  std::string out;
  for (const char c : object.substr(0, kMaxName - tail.size() - 1)) out += isWord(c) || c == '.' ? c : '-';
  // Each part between dots begins and ends with a letter or a digit.
  for (std::size_t i = 0; i < out.size();) {
    const bool dot = out[i] == '.';
    const bool edge = i == 0 || out[i - 1] == '.' || i + 1 == out.size() || out[i + 1] == '.';
    if ((dot && (i == 0 || out[i - 1] == '.' || i + 1 == out.size())) || (out[i] == '-' && edge)) {
      out.erase(i, 1);
      i = i == 0 ? 0 : i - 1;
    } else {
      ++i;
    }
  }
  return (out.empty() ? "object" : out) + "." + std::string(tail);
}

std::string eventText(const admission::Event& event, const std::string& id, std::string_view instance, std::string_view now, std::int64_t count) {
  json::Writer out;
  out.beginObject().member("apiVersion", "events.k8s.io/v1").member("kind", "Event");
  out.key("metadata").beginObject().member("name", std::string_view(id)).member("namespace", std::string_view(homeOf(event))).endObject();
  out.member("eventTime", now).member("reportingController", kController).member("reportingInstance", instance);
  out.member("action", std::string_view(event.action)).member("reason", admission::name(event.reason));
  out.member("type", event.warns() ? "Warning" : "Normal").member("note", std::string_view(event.note));
  out.key("regarding").beginObject().member("apiVersion", std::string_view(event.apiVersion)).member("kind", std::string_view(event.kind));
  if (!event.ns.empty()) out.member("namespace", std::string_view(event.ns));
  out.member("name", std::string_view(event.name));
  if (!event.uid.empty()) out.member("uid", std::string_view(event.uid));
  out.endObject();
  if (count > 1) writeSeries(out, count, now);
  out.endObject();
  return out.take();
}

EventWriter::EventWriter(Call call, Options options, host::Metrics& metrics, host::Log& log, const host::Clock& clock)
    : call_(std::move(call)), options_([&] {
        if (options.instance.empty()) options.instance = "unknown";  // it may not be empty
        options.instance.resize(std::min(options.instance.size(), kMaxInstance));
        return std::move(options);
      }()),
      metrics_(metrics), log_(log), clock_(clock), ledger_(options_.limits) {}

EventWriter::~EventWriter() { stop(); }

void EventWriter::start() {
  thread_ = std::thread([this] { run(); });
}

void EventWriter::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void EventWriter::stop() {
  interrupt();
  if (thread_.joinable()) thread_.join();
}

void EventWriter::outcome(std::string_view what, double count) { metrics_.count(host::Metric::Events, {what}, count); }

void EventWriter::tell(admission::Event event) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && queue_.size() < options_.mostQueued) {
      queue_.push_back(std::move(event));
      changed_.notify_one();
      return;
    }
  }
  outcome("dropped");
}

bool EventWriter::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

int EventWriter::send(kube::Request request) {
  request.patience = kPatience;
  auto wait = options_.firstBackOff;
  for (int left = options_.tries; ; wait *= 2) {
    const auto answer = call_(request);
    const int status = answer ? answer->status : 0;
    if (status >= 200 && status < 300) return status;
    const bool later = status == 0 || status == kTooMany || status >= kServerError;
    if (later && --left > 0 && pause(wait)) continue;
    const auto now = SteadyClock::now();
    auto& told = told_[status];
    if (told == SteadyClock::time_point{} || now - told >= kSayAgain) {
      told = now;
      const std::string why = answer ? fmt::format("HTTP {}: {}", status, kube::statusMessage(answer->body)) : answer.error().message;
      log_.write(host::Level::Warn, "an event cannot be written; reviews go on without", {{"error", std::string_view(why)}});
    }
    return status;
  }
}

void EventWriter::create(const admission::Event& event) {
  const auto now = clock_.now();
  // As client-go names them: the object, and a time that no other event of it has.
  const auto nanos = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count());
  const std::string id = eventId(event.name, fmt::format("{:x}{:02x}", nanos, ++serial_ & 0xFFU));
  kube::Request request;
  request.method = "POST";
  request.path = kube::path(events(), homeOf(event));
  request.contentType = "application/json";
  request.body = eventText(event, id, options_.instance, host::microTimestamp(now));
  const int status = send(std::move(request));
  if (status >= 200 && status < 300) {
    ledger_.created(event, id);
    outcome("created");
  } else {
    ledger_.forget(event);
    outcome("failed");
  }
}

void EventWriter::count(EventSeries series) {
  json::Writer out;
  out.beginObject();
  writeSeries(out, series.count, host::microTimestamp(clock_.now()));
  out.endObject();
  kube::Request request;
  request.method = "PATCH";
  request.path = kube::path(events(), homeOf(series.event), series.id);
  request.contentType = "application/merge-patch+json";
  request.body = out.take();
  const int status = send(std::move(request));
  if (status >= 200 && status < 300) return outcome("updated");
  outcome("failed");
  if (status == kNotFound) ledger_.forget(series.event);  // somebody deleted it: the next one is a new one
}

void EventWriter::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      const auto next = ledger_.next();
      const auto ready = [this] { return stopping_ || !queue_.empty(); };
      if (!next) changed_.wait(lock, ready);
      else changed_.wait_until(lock, *next, ready);
    }
    if (stopping_) break;
    std::optional<admission::Event> event;
    if (!queue_.empty()) {
      event = std::move(queue_.front());
      queue_.pop_front();
    }
    lock.unlock();
    if (event) {
      switch (ledger_.add(*event, SteadyClock::now())) {
        case EventLedger::Fate::New: create(*event); break;
        case EventLedger::Fate::Counted: outcome("counted"); break;
        case EventLedger::Fate::Dropped: outcome("dropped"); break;
      }
    }
    if (auto series = ledger_.due(SteadyClock::now())) count(std::move(*series));
    lock.lock();
  }
  outcome("dropped", static_cast<double>(queue_.size()));
  queue_.clear();
}

}  // namespace rightslice::app
