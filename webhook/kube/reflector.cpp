#include "kube/reflector.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/document.hpp"

namespace rightslice::kube {
namespace {

using http::Awaitable;
using http::kAwait;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMaxPage = 16U << 20;      // pages are made smaller until they fit
constexpr std::size_t kMaxEvent = 8U << 20;      // etcd holds objects of 1.5 MiB by default
constexpr std::size_t kMaxRefusal = 64U << 10;
constexpr int kRefusalsBeforeList = 3;
constexpr int kAbsentBeforeGone = 3;  // a server that starts may not know its CRDs yet
constexpr std::size_t kMaxDiscovery = 1U << 20;
constexpr std::chrono::seconds kShortWatch{1};

}  // namespace

Link::Link(ClusterOptions o, http::Worker& w) : options(std::move(o)), credentials(options.config, host::systemClock()), worker(w) {}

http::ClientOptions Link::clientOptions() {
  http::ClientOptions out;
  const Config& config = credentials.config();
  out.host = config.server.host;
  out.port = config.server.port;
  out.tls = config.server.tls;
  out.serverName = config.serverName;
  out.context = [this] { return credentials.context(); };
  out.timeouts.connect = options.pace.connect;
  out.timeouts.answer = options.pace.answer;
  out.timeouts.piece = options.pace.piece;
  return out;
}

Result<http::Call> Link::prepare(std::string method, std::string target, std::string_view accept) {
  http::Call call;
  auto headers = credentials.headers();
  if (!headers) return tl::unexpected(headers.error());
  call.method = std::move(method);
  call.target = credentials.config().server.path + target;
  call.headers = std::move(*headers);
  call.headers.emplace_back("Accept", std::string(accept));
  call.headers.emplace_back("User-Agent", options.userAgent);
  return call;
}

Reflector::Reflector(Link& link, Resource resource, Sink& sink)
    : link_(link),
      resource_(std::move(resource)),
      sink_(sink),
      client_(link.worker, link.clientOptions()),
      timer_(link.worker.executor()),
      limit_(resource_.page),
      backOff_(link.options.pace.firstBackOff),
      found_(resource_.versions.empty()) {
  state_.resource = resource_.name();
  state_.version = resource_.version;
  state_.contact = SteadyClock::now();
}

WatchState Reflector::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Reflector::confirm() {
  {
    const std::lock_guard lock(mutex_);
    state_.contact = SteadyClock::now();
    state_.trouble.clear();
  }
  if (!told_.empty() && link_.options.onRecovery) link_.options.onRecovery(resource_.name());
  told_.clear();
}

Reflector::Outcome Reflector::expired() {
  if (link_.options.onRestart) link_.options.onRestart(resource_.name(), "expired");
  return Outcome::Expired;
}

void Reflector::wentWell() {
  backOff_ = link_.options.pace.firstBackOff;
  answersInARow_ = 0;
}

Reflector::Outcome Reflector::broke(std::string reason, std::string message) {
  {
    const std::lock_guard lock(mutex_);
    state_.trouble = message;
  }
  if (link_.options.onRestart) link_.options.onRestart(resource_.name(), reason);
  if (message != told_ && link_.options.onTrouble) link_.options.onTrouble(resource_.name(), message);
  told_ = std::move(message);
  return Outcome::Failed;
}

/// The server has no such resource, which is in the course of things: a CRD that is not installed, or not any more.
Reflector::Outcome Reflector::absent() {
  ++absentInARow_;
  const bool gone = absentInARow_ >= kAbsentBeforeGone || sink_.empty();
  if (gone && !sink_.empty()) {
    sink_.relist();
    sink_.listed();
  }
  if (gone) {
    confirm();
    const std::lock_guard lock(mutex_);
    state_.phase = WatchState::Phase::Absent;
  }
  return Outcome::Absent;
}

/// An answer that is no success.
Reflector::Outcome Reflector::refused(const http::Reply& reply) {
  const std::string said = fmt::format("HTTP {}: {}", reply.status, statusMessage(reply.body));
  if (reply.retryAfter) atLeast_ = std::min(*reply.retryAfter, link_.options.pace.mostRetryAfter);
  if (reply.status == 410) return expired();
  if (reply.status == 401) link_.credentials.refused();
  if (reply.status == 404 && !resource_.versions.empty()) {  // gone, or served in another version now: that is asked for first
    found_ = false;
    version_.clear();
    if (++answersInARow_ < kRefusalsBeforeList) return Outcome::Failed;
  }
  ++answersInARow_;
  {
    using Phase = WatchState::Phase;
    const std::lock_guard lock(mutex_);
    const bool listed = state_.phase == Phase::Synced;
    if (!listed && (reply.status == 401 || reply.status == 403)) state_.phase = Phase::Refused;
    if (!listed && reply.status == 404) state_.phase = Phase::Absent;
    // Of a resource that is gone nothing can be out of date, unless something of it is still kept.
    if (reply.status == 404 && (!listed || sink_.empty())) state_.contact = SteadyClock::now();
  }
  switch (reply.status) {
    case 401:
    case 403: return broke("refused", said);
    case 404: return broke("absent", said);
    case 429: return broke("throttled", said);
    default: return broke("server", said);
  }
}

Awaitable<Reflector::Outcome> Reflector::discover() {
  for (const std::string& version : resource_.versions) {
    auto call = link_.prepare("GET", discoveryPath(resource_, version), "application/json");
    if (!call) co_return broke("credentials", call.error().message);
    const Result<http::Reply> reply = co_await client_.call(std::move(*call), kMaxDiscovery);
    if (!reply) co_return broke("connection", reply.error().message);
    if (reply->status == 404) continue;
    const bool closed = reply->status == 401 || reply->status == 403;  // then the list says what can be known
    if (!closed) {
      if (reply->status != 200) co_return refused(*reply);
      const auto document = json::Document::parse(reply->body);
      if (!document) co_return broke("answer", "the answer is no JSON: " + document.error().message);
      if (!isListed(document->root(), resource_)) continue;
    }
    resource_.version = version;
    found_ = true;
    absentInARow_ = 0;
    co_return Outcome::Good;
  }
  client_.close();
  co_return absent();
}

/// One page of the list, that of the token `next_`, which then is that of the page after it.
Awaitable<Reflector::Outcome> Reflector::page() {
  for (;;) {
    auto call = link_.prepare("GET", path(resource_, resource_.ns) + listQuery(resource_, limit_, next_), accepts(resource_, false));
    if (!call) co_return broke("credentials", call.error().message);
    const Result<http::Reply> reply = co_await client_.call(std::move(*call), kMaxPage);
    if (!reply) co_return broke("connection", reply.error().message);
    if (reply->tooLarge && limit_ > 1) {
      limit_ = std::max(1, limit_ / 8);
      continue;
    }
    if (reply->tooLarge) co_return broke("answer", fmt::format("one object alone is larger than {} bytes", kMaxPage));
    if (reply->status != 200) co_return refused(*reply);
    const auto document = json::Document::parse(reply->body, json::Leave::ManagedFields);
    if (!document) co_return broke("answer", "the list is no JSON: " + document.error().message);
    const json::View root = document->root();
    listVersion_ = root["metadata"]["resourceVersion"].stringOr("");
    if (listVersion_.empty() || !root["kind"].stringOr("").ends_with("List")) co_return broke("answer", "the answer is no list");
    for (const json::View each : root["items"].elements()) sink_.put(each);
    next_ = root["metadata"]["continue"].stringOr("");
    co_return Outcome::Good;
  }
}

Awaitable<Reflector::Outcome> Reflector::list() {
  next_.clear();
  sink_.relist();
  do {
    const Outcome outcome = co_await page();
    if (outcome == Outcome::Expired) limit_ = std::min(limit_ * 2, resource_.page * 8);  // fewer pages take less time
    if (outcome != Outcome::Good) co_return outcome;
  } while (!next_.empty());
  sink_.listed();
  version_ = listVersion_;
  confirm();
  const std::lock_guard lock(mutex_);
  state_.phase = WatchState::Phase::Synced;
  state_.version = resource_.version;
  co_return Outcome::Good;
}

/// One line of a watch.
Reflector::Outcome Reflector::event(std::string_view line) {
  const auto document = json::Document::parse(line, json::Leave::ManagedFields);
  if (!document) return broke("answer", "an event is no JSON: " + document.error().message);
  const json::View root = document->root(), object = root["object"];
  const std::string_view type = root["type"].stringOr("");
  if (type == "ERROR") {
    const bool gone = object["code"].integer() == 410 || object["reason"].stringOr("") == "Expired" || object["reason"].stringOr("") == "Gone";
    if (gone) return expired();
    return broke("server", fmt::format("the watch ended: {}", statusMessage(object.text())));
  }
  const std::string_view version = object["metadata"]["resourceVersion"].stringOr("");
  if (version.empty()) return broke("answer", "an event has no version");
  if (type == "ADDED" || type == "MODIFIED") {
    sink_.put(object);
  } else if (type == "DELETED") {
    sink_.erase(object);
  } else if (type != "BOOKMARK") {
    return broke("answer", "an event is of no known type");
  }
  version_ = version;
  confirm();
  return Outcome::Good;
}

/// The events of an open watch, to its end.
Awaitable<Reflector::Outcome> Reflector::events() {
  std::string rest;
  for (;;) {
    const Result<std::string> piece = co_await client_.next(link_.options.pace.silence);
    if (!piece) co_return broke("connection", piece.error().message);
    if (piece->empty()) co_return Outcome::Good;
    std::size_t searched = rest.size(), start = 0;
    rest += *piece;
    for (std::size_t end = rest.find('\n', searched); end != std::string::npos; end = rest.find('\n', start)) {
      const std::string_view line(rest.data() + start, end - start);
      const Outcome outcome = line.empty() ? Outcome::Good : event(line);
      if (outcome != Outcome::Good) co_return outcome;
      start = end + 1;
    }
    rest.erase(0, start);
    if (rest.size() > kMaxEvent) co_return broke("answer", fmt::format("an event is larger than {} bytes", kMaxEvent));
  }
}

Awaitable<Reflector::Outcome> Reflector::watch() {
  const Pace& pace = link_.options.pace;
  std::uniform_int_distribution<std::int64_t> seconds(pace.watchLeast.count(), pace.watchMost.count());
  auto call = link_.prepare("GET", path(resource_, resource_.ns) + watchQuery(resource_, version_, seconds(link_.random)), accepts(resource_, true));
  if (!call) co_return broke("credentials", call.error().message);
  const auto begun = SteadyClock::now();
  const std::string from = version_;
  Result<http::Reply> reply = co_await client_.open(std::move(*call));
  if (!reply) co_return broke("connection", reply.error().message);
  if (reply->status != 200) {
    for (;;) {
      const Result<std::string> piece = co_await client_.next(pace.piece);
      if (!piece || piece->empty()) break;
      reply->body += *piece;
      if (reply->body.size() > kMaxRefusal) break;
    }
    client_.close();
    const Outcome outcome = refused(*reply);
    // A server that goes on refusing may know nothing of this version: one that was set up anew, or from a backup.
    if (answersInARow_ >= kRefusalsBeforeList) version_.clear();
    co_return outcome;
  }
  confirm();
  const Outcome outcome = co_await events();
  if (outcome != Outcome::Good) client_.close();
  const bool useful = version_ != from || SteadyClock::now() - begun >= kShortWatch;
  if (useful) wentWell();
  if (outcome == Outcome::Good && !useful) co_return broke("server", "the server ends each watch at once");
  co_return outcome;
}

Awaitable<void> Reflector::pause() {
  std::uniform_real_distribution<double> jitter(1.0, 2.0);
  const auto wait = std::chrono::duration_cast<milliseconds>(backOff_ * jitter(link_.random));
  timer_.expires_after(std::max(wait, atLeast_));
  backOff_ = std::min(backOff_ * 2, link_.options.pace.lastBackOff);
  atLeast_ = milliseconds{0};
  [[maybe_unused]] const auto [error] = co_await timer_.async_wait(kAwait);
}

Awaitable<void> Reflector::run() {
  for (;;) {
    Outcome outcome = Outcome::Good;
    const bool listing = version_.empty();
    if (!found_) {
      outcome = co_await discover();
      if (outcome == Outcome::Good) continue;
    } else if (listing) {
      outcome = co_await list();
      if (outcome == Outcome::Good) wentWell();
    } else {
      outcome = co_await watch();
    }
    if (outcome == Outcome::Expired) version_.clear();
    if (outcome == Outcome::Absent) atLeast_ = link_.options.pace.absent;
    // A version that is too old is no fault of the server: list at once, unless that is what just failed.
    const bool wait = outcome == Outcome::Failed || outcome == Outcome::Absent || (outcome == Outcome::Expired && listing);
    if (wait) co_await pause();
  }
}

}  // namespace rightslice::kube
