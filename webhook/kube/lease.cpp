#include "kube/lease.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "host/clock.hpp"
#include "json/document.hpp"
#include "json/writer.hpp"

namespace rightslice::kube {
namespace {

using std::chrono::milliseconds;

constexpr double kJitter = 1.2;                           // of client-go: those who wait do not all try at the same moment
constexpr std::chrono::seconds kLongestDuration{3600};    // whatever somebody wrote
constexpr milliseconds kGivingBack{2'000};                // who waits longer for it is late with its own end

Resource leases() {
  Resource out;
  out.group = "coordination.k8s.io";
  out.version = "v1";
  out.plural = "leases";
  return out;
}

/// The MicroTime of the API: RFC 3339 with six digits.
std::string microTime() {
  const auto now = host::systemClock().now();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
  std::string text = host::timestamp(now);
  text.pop_back();
  return fmt::format("{}.{:06}Z", text, micros);
}

}  // namespace

std::chrono::milliseconds uptime() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return milliseconds(std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000);
}

std::string leaseIdentity() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}", host.data(), random(), random());
}

Lease::Lease(LeaseOptions options, Call call, Uptime now) : options_(std::move(options)), call_(std::move(call)), now_(std::move(now)) {}

Lease::~Lease() { stop(); }

void Lease::start() {
  thread_ = std::thread([this] {
    for (;;) {
      const milliseconds wait = attempt();
      std::unique_lock lock(mutex_);
      if (stop_.wait_for(lock, wait, [this] { return stopping_; })) return;
    }
  });
}

void Lease::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
}

bool Lease::interrupted() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Lease::stop() {
  interrupt();
  if (std::exchange(stopped_, true)) return;
  if (thread_.joinable()) thread_.join();
  if (!held()) return;
  lead(false);
  // Whether it worked or not: without it the others wait for the duration.
  (void)send("PATCH", options_.name, "application/merge-patch+json", specText(true), kGivingBack);
}

bool Lease::held() const {
  const std::lock_guard lock(mutex_);
  return leads_ && now_() < renewed_ + options_.renewDeadline;
}

std::string Lease::holder() const {
  const std::lock_guard lock(mutex_);
  return holder_;
}

std::string Lease::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

milliseconds Lease::attempt() {
  const milliseconds begun = now_();
  bool leads = false;
  {
    const std::lock_guard lock(mutex_);
    leads = leads_;
  }
  // Who leads knows what is stored, and only looks where that has changed.
  Outcome outcome = leads ? renew(begun) : Outcome::Conflict;
  if (outcome == Outcome::Conflict && !interrupted()) {
    outcome = read();
    if (outcome == Outcome::Good && !interrupted()) {
      const bool ours = record_.holder == options_.identity;
      const bool open = record_.holder.empty() || now_() >= record_.seen + record_.duration;
      if (record_.version.empty()) outcome = create(begun);
      else if (ours || open) outcome = renew(begun);
      else lead(false);
    }
  }
  bool late = false, over = false;
  {
    const std::lock_guard lock(mutex_);
    late = leads_ && now_() >= renewed_ + options_.renewDeadline;
    leads = leads_ && !late;
    over = outcome == Outcome::Good && !trouble_.empty();
    if (over) trouble_.clear();
  }
  if (over && options_.onTrouble) options_.onTrouble("");
  if (late) lead(false);
  if (leads) return options_.retry;
  std::uniform_real_distribution<double> jitter(1.0, 1.0 + kJitter);
  return std::chrono::duration_cast<milliseconds>(options_.retry * jitter(random_));
}

Result<Answer> Lease::send(std::string method, std::string_view object, std::string_view type, std::string body) const {
  // As client-go: a second attempt fits into the deadline.
  return send(std::move(method), object, type, std::move(body), options_.renewDeadline / 2);
}

Result<Answer> Lease::send(std::string method, std::string_view object, std::string_view type, std::string body, milliseconds patience) const {
  Request request;
  request.method = std::move(method);
  request.path = path(leases(), options_.ns, object);
  request.contentType = type;
  request.body = std::move(body);
  request.patience = patience;
  return call_(std::move(request));
}

Lease::Outcome Lease::refused(const Result<Answer>& answer) {
  const std::string message = answer ? fmt::format("HTTP {}: {}", answer->status, statusMessage(answer->body)) : answer.error().message;
  bool fresh = false;
  {
    const std::lock_guard lock(mutex_);
    fresh = trouble_ != message;
    trouble_ = message;
  }
  if (fresh && options_.onTrouble) options_.onTrouble(message);
  return Outcome::Failed;
}

/// What the server has stored; false where that is no Lease.
bool Lease::take(std::string_view body) {
  const auto document = json::Document::parse(body);
  if (!document) return false;
  const json::View root = document->root(), spec = root["spec"];
  Record now;
  now.version = root["metadata"]["resourceVersion"].stringOr("");
  if (now.version.empty()) return false;
  now.holder = spec["holderIdentity"].stringOr("");
  now.acquired = spec["acquireTime"].stringOr("");
  now.transitions = spec["leaseTransitions"].integer().value_or(0);
  now.spec = spec.text();
  now.duration = std::chrono::seconds(std::clamp<std::int64_t>(spec["leaseDurationSeconds"].integer().value_or(0), 0, kLongestDuration.count()));
  now.seen = now.spec == record_.spec ? record_.seen : now_();
  record_ = std::move(now);
  const std::lock_guard lock(mutex_);
  holder_ = record_.holder;
  return true;
}

Lease::Outcome Lease::read() {
  const auto answer = send("GET", options_.name, "", "");
  if (!answer) return refused(answer);
  if (answer->status == 404) {
    record_ = {};
    return Outcome::Good;
  }
  if (answer->status != 200) return refused(answer);
  return take(answer->body) ? Outcome::Good : refused(fail("the API server's answer is no Lease"));
}

std::string Lease::specText(bool release) const {
  const bool ours = record_.holder == options_.identity;
  const std::string now = microTime();
  json::Writer out;
  out.beginObject().member("apiVersion", "coordination.k8s.io/v1").member("kind", "Lease");
  out.key("metadata").beginObject().member("name", std::string_view(options_.name)).member("namespace", std::string_view(options_.ns));
  if (!record_.version.empty()) out.member("resourceVersion", std::string_view(record_.version));  // nobody else has written since
  out.endObject().key("spec").beginObject();
  out.member("holderIdentity", release ? std::string_view() : std::string_view(options_.identity));
  out.member("leaseDurationSeconds", release ? std::int64_t{1} : std::int64_t{options_.duration.count()});
  out.member("acquireTime", ours && !record_.acquired.empty() ? std::string_view(record_.acquired) : std::string_view(now));
  out.member("renewTime", std::string_view(now));
  out.member("leaseTransitions", record_.version.empty() || ours ? record_.transitions : record_.transitions + 1);
  out.endObject().endObject();
  return out.take();
}

Lease::Outcome Lease::create(milliseconds begun) {
  const auto answer = send("POST", "", "application/json", specText(false));
  if (answer && answer->status == 404) return refused(answer);   // the namespace is not there
  return written(answer, begun);
}

Lease::Outcome Lease::renew(milliseconds begun) {
  return written(send("PATCH", options_.name, "application/merge-patch+json", specText(false)), begun);
}

Lease::Outcome Lease::written(const Result<Answer>& answer, milliseconds begun) {
  // Somebody was faster, or it was deleted: what is there now is looked at.
  if (answer && (answer->status == 409 || answer->status == 404)) return Outcome::Conflict;
  if (!answer || answer->status >= 300) return refused(answer);
  if (!take(answer->body)) return refused(fail("the API server's answer is no Lease"));
  {
    const std::lock_guard lock(mutex_);
    renewed_ = begun;   // before the call: others count from when the server stored it, which is later
  }
  lead(record_.holder == options_.identity);
  return Outcome::Good;
}

void Lease::lead(bool leads) {
  bool changed = false;
  std::string holder;
  {
    const std::lock_guard lock(mutex_);
    changed = leads_ != leads;
    leads_ = leads;
    holder = holder_;
  }
  if (changed && options_.onChange) options_.onChange(leads, holder);
}

}  // namespace rightslice::kube
