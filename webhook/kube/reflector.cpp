#include "kube/reflector.hpp"

#include <algorithm>
#include <cctype>

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
constexpr int kAbsentBeforeGone = 3;  // a server that starts may not know its CRDs yet
constexpr std::size_t kMaxDiscovery = 1U << 20;
constexpr std::chrono::seconds kShortWatch{1};
constexpr std::size_t kMostUnreadTold = 20;   // at a time: who writes thousands of them does not fill the log

/// What a refusal may say of the version: nothing, if the server is busy, or does not know us.
Ending endingOf(std::int64_t status, std::string message) {
  std::transform(message.begin(), message.end(), message.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool ofVersion = message.find("resource version") != std::string::npos || message.find("resourceversion") != std::string::npos;
  switch (status) {
    case 400: return Ending::Unknown;
    case 404: return Ending::NotFound;
    case 500: return ofVersion ? Ending::Unknown : Ending::Failed;
    default: return Ending::Failed;
  }
}

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
      limit_(resource_.page) {
  course_.step = resource_.versions.empty() ? Step::List : Step::Discover;
  course_.backOff = link_.options.pace.firstBackOff;
  state_.resource = resource_.name();
  state_.version = resource_.version;
  state_.contact = SteadyClock::now();
}

WatchState Reflector::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Reflector::enter(WatchState::Phase phase) {
  if (state_.phase != phase) ++state_.turns;
  state_.phase = phase;
}

/// A list does not end the trouble of a watch: where each is refused, the two take turns.
void Reflector::confirm() {
  bool over = false;
  {
    const std::lock_guard lock(mutex_);
    state_.contact = SteadyClock::now();
    state_.unread = sink_.unreadCount();
    over = !state_.trouble.empty() && (course_.step == Step::Watch || troubled_ != Step::Watch);
    if (over) state_.trouble.clear();
  }
  if (over && link_.options.onRecovery) link_.options.onRecovery(resource_.name());
}

/// A server that takes a watch has not confirmed anything yet: it may end it at once, or begin with what cannot be read. What it has to say comes within a
/// moment; if nothing does, there was nothing.
void Reflector::confirmIfItLives() {
  timer_.expires_after(kShortWatch);
  timer_.async_wait([this, number = ++watches_](const http::ErrorCode& error) {
    if (!error && number == watches_ && course_.doubts == 0) confirm();
  });
}

void Reflector::trouble(const std::string& message) {
  const bool news = message != state_.trouble;
  {
    const std::lock_guard lock(mutex_);
    state_.trouble = message;
  }
  troubled_ = course_.step;
  if (news && link_.options.onTrouble) link_.options.onTrouble(resource_.name(), message);
}

End Reflector::broke(Ending how, std::string_view reason, const std::string& message, milliseconds atLeast) {
  if (link_.options.onRestart) link_.options.onRestart(resource_.name(), reason);
  trouble(message);
  return {how, atLeast};
}

End Reflector::expired(milliseconds atLeast) {
  if (link_.options.onRestart) link_.options.onRestart(resource_.name(), "expired");
  return {Ending::Expired, atLeast};
}

void Reflector::unread(const UnreadObject& object) {
  const bool news = sink_.putUnread(object.key, object.reason);
  if (news && sink_.unreadCount() <= kMostUnreadTold && link_.options.onUnread) link_.options.onUnread(resource_.name(), object.key, object.reason);
}

/// The server has no such resource, which is in the course of things: a CRD that is not installed, or not any more.
End Reflector::absent() {
  const bool gone = course_.absences + 1 >= kAbsentBeforeGone || sink_.empty();
  if (gone && !sink_.empty()) {
    sink_.relist();
    sink_.listed();
  }
  if (gone) {
    confirm();
    const std::lock_guard lock(mutex_);
    enter(WatchState::Phase::Absent);
  }
  return {Ending::Absent};
}

/// An answer that is no success.
End Reflector::refused(const http::Reply& reply) {
  const std::string said = fmt::format("HTTP {}: {}", reply.status, statusMessage(reply.body));
  const milliseconds atLeast = std::min<milliseconds>(reply.retryAfter.value_or(std::chrono::seconds(0)), link_.options.pace.mostRetryAfter);
  if (reply.status == 410) return expired(atLeast);
  if (reply.status == 401) link_.credentials.refused();
  // Gone, or served in another version now: that is asked for first.
  if (reply.status == 404 && !resource_.versions.empty() && course_.doubts + 1 < kDoubtsBeforeList) return {Ending::NotFound, atLeast};
  {
    using Phase = WatchState::Phase;
    const std::lock_guard lock(mutex_);
    const bool listed = state_.phase == Phase::Synced;
    if (!listed && (reply.status == 401 || reply.status == 403)) enter(Phase::Refused);
    if (!listed && reply.status == 404) enter(Phase::Absent);
    // Of a resource that is gone nothing can be out of date, unless something of it is still kept.
    if (reply.status == 404 && (!listed || sink_.empty())) state_.contact = SteadyClock::now();
  }
  const Ending how = endingOf(reply.status, said);
  switch (reply.status) {
    case 401:
    case 403: return broke(how, "refused", said, atLeast);
    case 404: return broke(how, "absent", said, atLeast);
    case 429: return broke(how, "throttled", said, atLeast);
    default: return broke(how, "server", said, atLeast);
  }
}

Awaitable<End> Reflector::discover() {
  for (const std::string& version : resource_.versions) {
    auto call = link_.prepare("GET", discoveryPath(resource_, version), "application/json");
    if (!call) co_return broke(Ending::Failed, "credentials", call.error().message);
    const Result<http::Reply> reply = co_await client_.call(std::move(*call), kMaxDiscovery);
    if (!reply) co_return broke(Ending::Failed, "connection", reply.error().message);
    if (reply->status == 404) continue;
    const bool closed = reply->status == 401 || reply->status == 403;  // then the list says what can be known
    if (!closed) {
      if (reply->status != 200) co_return refused(*reply);
      const auto document = json::Document::parse(reply->body);
      if (!document) co_return broke(Ending::Unread, "answer", "the answer is no JSON: " + document.error().message);
      if (!isListed(document->root(), resource_)) continue;
    }
    resource_.version = version;
    co_return End{};
  }
  client_.close();
  co_return absent();
}

/// One page of the list, that of the token `next_`, which then is that of the page after it.
Awaitable<End> Reflector::page() {
  for (;;) {
    auto call = link_.prepare("GET", path(resource_, resource_.ns) + listQuery(resource_, limit_, next_), accepts(resource_, false));
    if (!call) co_return broke(Ending::Failed, "credentials", call.error().message);
    const Result<http::Reply> reply = co_await client_.call(std::move(*call), kMaxPage);
    if (!reply) co_return broke(Ending::Failed, "connection", reply.error().message);
    if (reply->tooLarge && limit_ > 1) {
      limit_ = std::max(1, limit_ / 8);
      continue;
    }
    if (reply->tooLarge) co_return broke(Ending::Unread, "answer", fmt::format("one object alone is larger than {} bytes", kMaxPage));
    if (reply->status != 200) co_return refused(*reply);
    const auto page = Page::read(reply->body);
    if (!page) co_return broke(Ending::Unread, "answer", page.error().message);
    listVersion_ = page->version();
    if (listVersion_.empty()) co_return broke(Ending::Unread, "answer", "the answer is no list");
    page->each([&](json::View object) { sink_.put(object); });
    for (const UnreadObject& each : page->unread()) unread(each);
    next_ = page->next();
    co_return End{};
  }
}

Awaitable<End> Reflector::list() {
  next_.clear();
  sink_.relist();
  do {
    const End end = co_await page();
    if (end.how == Ending::Expired) limit_ = std::min(limit_ * 2, resource_.page * 8);  // fewer pages take less time
    if (end.how != Ending::Good) co_return end;
  } while (!next_.empty());
  sink_.listed();
  version_ = listVersion_;
  confirm();
  const std::lock_guard lock(mutex_);
  enter(WatchState::Phase::Synced);
  state_.version = resource_.version;
  co_return End{};
}

/// One line of a watch.
End Reflector::event(std::string_view line) {
  const auto read = Event::read(line);
  if (!read) return broke(Ending::Unread, "answer", read.error().message);
  const std::string_view type = read->type();
  const json::View object = read->object();
  if (type == "ERROR") {
    const bool gone = object["code"].integer() == 410 || object["reason"].stringOr("") == "Expired" || object["reason"].stringOr("") == "Gone";
    if (gone) return expired();
    const std::string message = statusMessage(object.text());
    return broke(endingOf(object["code"].integer().value_or(0), message), "server", fmt::format("the watch ended: {}", message));
  }
  const std::string_view version = read->unread() ? std::string_view(read->unread()->version) : object["metadata"]["resourceVersion"].stringOr("");
  if (version.empty()) return broke(Ending::Unread, "answer", "an event has no version");
  if (type == "ADDED" || type == "MODIFIED") {
    if (read->unread()) unread(*read->unread());
    else sink_.put(object);
  } else if (type == "DELETED") {
    sink_.erase(read->unread() ? read->unread()->key : keyOf(object));
  } else if (type != "BOOKMARK") {
    return broke(Ending::Unread, "answer", "an event is of no known type");
  }
  version_ = version;
  confirm();
  return {};
}

/// The events of an open watch, to its end.
Awaitable<End> Reflector::events() {
  std::string rest;
  for (;;) {
    const Result<std::string> piece = co_await client_.next(link_.options.pace.silence);
    if (!piece) co_return broke(Ending::Failed, "connection", piece.error().message);
    if (piece->empty()) co_return End{};
    std::size_t searched = rest.size(), start = 0;
    rest += *piece;
    for (std::size_t newline = rest.find('\n', searched); newline != std::string::npos; newline = rest.find('\n', start)) {
      const std::string_view line(rest.data() + start, newline - start);
      const End end = line.empty() ? End{} : event(line);
      if (end.how != Ending::Good) co_return end;
      start = newline + 1;
    }
    rest.erase(0, start);
    if (rest.size() > kMaxEvent) co_return broke(Ending::Unread, "answer", fmt::format("an event is larger than {} bytes", kMaxEvent));
  }
}

Awaitable<End> Reflector::watch() {
  const Pace& pace = link_.options.pace;
  std::uniform_int_distribution<std::int64_t> seconds(pace.watchLeast.count(), pace.watchMost.count());
  auto call = link_.prepare("GET", path(resource_, resource_.ns) + watchQuery(resource_, version_, seconds(link_.random)), accepts(resource_, true));
  if (!call) co_return broke(Ending::Failed, "credentials", call.error().message);
  const auto begun = SteadyClock::now();
  const std::string from = version_;
  Result<http::Reply> reply = co_await client_.open(std::move(*call));
  if (!reply) co_return broke(Ending::Failed, "connection", reply.error().message);
  if (reply->status != 200) {
    for (;;) {
      const Result<std::string> piece = co_await client_.next(pace.piece);
      if (!piece || piece->empty()) break;
      reply->body += *piece;
      if (reply->body.size() > kMaxRefusal) break;
    }
    client_.close();
    co_return refused(*reply);
  }
  confirmIfItLives();
  End end = co_await events();
  ++watches_;
  timer_.cancel();
  if (end.how != Ending::Good) client_.close();
  end.advanced = version_ != from;
  end.lived = SteadyClock::now() - begun >= kShortWatch;
  if (end.how == Ending::Good && !end.advanced && !end.lived) broke(Ending::Good, "server", "the server ends each watch at once");
  co_return end;
}

Awaitable<void> Reflector::pause(Pause pause) {
  std::uniform_real_distribution<double> jitter(1.0, 2.0);
  const auto wait = std::chrono::duration_cast<milliseconds>(pause.about * jitter(link_.random));
  timer_.expires_after(std::max(wait, pause.atLeast));
  [[maybe_unused]] const auto [error] = co_await timer_.async_wait(kAwait);
}

Awaitable<End> Reflector::take(Step step) {
  switch (step) {
    case Step::Discover: return discover();
    case Step::List: return list();
    case Step::Watch: return watch();
  }
  return list();
}

Awaitable<void> Reflector::run() {
  for (;;) {
    const End end = co_await take(course_.step);
    const Next then = next(course_, end, link_.options.pace, !resource_.versions.empty());
    if (end.how == Ending::Expired && course_.step == Step::Watch && then.pause) trouble("the server calls a version too old that it has just given");
    course_ = then.course;
    if (then.pause) co_await pause(*then.pause);
  }
}

}  // namespace rightslice::kube
