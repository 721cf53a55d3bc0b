#include "kube/list.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

namespace rightslice::kube {
namespace {

// A person waits: less patient than a reflector. 0.5 s, 1 s, 2 s ... together half a minute.
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{15'000};
constexpr int kAttempts = 6;
constexpr std::chrono::milliseconds kStep{50};
constexpr std::size_t kMostHead = 16U << 10;   // of a list, before its objects: a token of a page has some hundred bytes
constexpr int kRestarts = 3;   // of a list whose pages went out of date: the server keeps them for five minutes

bool isBusy(int status) { return status == 429 || status == 500 || status == 502 || status == 503 || status == 504; }

/// Waits; not for a connection that is shut down meanwhile.
void rest(const Cluster& cluster, std::chrono::milliseconds time) {
  for (; time.count() > 0 && !cluster.stopped(); time -= kStep) std::this_thread::sleep_for(std::min(kStep, time));
}

/// A request that the server works on while we read what it said before.
class Ahead {
 public:
  Ahead(Cluster& cluster, Request request) : path_(request.path), answer_(promise_->get_future()) {
    cluster.send(std::move(request), [promise = promise_](Result<Answer> answer) { promise->set_value(std::move(answer)); });
  }
  /// Its answer, if it is that to `request` and one that needs no patience; waited for while the cluster runs.
  std::optional<Answer> answerTo(const Request& request, const Cluster& cluster) {
    if (request.path != path_) return std::nullopt;
    while (answer_.wait_for(kStep) != std::future_status::ready)
      if (cluster.stopped()) return std::nullopt;
    auto answer = answer_.get();
    if (!answer || isBusy(answer->status)) return std::nullopt;
    return std::move(*answer);
  }

 private:
  std::string path_;
  std::shared_ptr<std::promise<Result<Answer>>> promise_ = std::make_shared<std::promise<Result<Answer>>>();
  std::future<Result<Answer>> answer_;
};

/// The token of the next page, where it stands before the objects, as it does of built-in kinds: without reading those.
std::string nextPage(std::string_view body) {
  const std::size_t items = body.substr(0, kMostHead).find("\"items\":[");
  if (items == std::string_view::npos) return {};
  const auto head = json::Document::parse(std::string(body.substr(0, items)) + "\"items\":[]}");
  return head ? std::string(head->root()["metadata"]["continue"].stringOr("")) : std::string();
}

/// Asks again while the server is busy; a broken connection is tried once more, since a kept one may have been closed meanwhile.
Result<Answer> ask(Cluster& cluster, const Request& request) {
  auto pause = kFirstPause;
  bool triedAgain = false;
  for (int attempt = 1;; ++attempt) {
    auto answer = cluster.call(request);
    if (!answer) {
      if (triedAgain || answer.error().message == kAnswerTooLarge) return answer;
      triedAgain = true;
      continue;
    }
    if (!isBusy(answer->status) || attempt == kAttempts) return answer;
    const auto asked = std::chrono::duration_cast<std::chrono::milliseconds>(answer->retryAfter.value_or(std::chrono::seconds(0)));
    rest(cluster, std::min(kLongestPause, std::max(pause, asked)));
    pause *= 2;
  }
}

Error wrong(const Resource& resource, const Answer& answer) {
  return {fmt::format("the API server answers HTTP {}: {}", answer.status, statusMessage(answer.body)), resource.name()};
}

Error unreached(const Resource& resource, const Error& error) { return {error.message, resource.name()}; }

/// 403 and 404, which say what can be known; nothing for other answers.
std::optional<Look> limitOf(const Answer& answer) {
  if (answer.status == 403) return Look{Look::Outcome::Refused, statusMessage(answer.body)};
  if (answer.status == 404) return Look{Look::Outcome::Absent, {}};
  return std::nullopt;
}

}  // namespace

Result<Look> list(Cluster& cluster, const Resource& resource, std::string_view ns, const ListReader& reader) {
  int limit = resource.page, restarts = 0;
  std::string next;
  std::optional<Ahead> ahead;
  const auto page = [&](std::string_view token) {
    Request request;
    request.path = path(resource, ns) + listQuery(resource, limit, token);
    request.accept = accepts(resource, false);
    return request;
  };
  reader.begin();
  for (;;) {
    const Request request = page(next);
    auto early = ahead ? ahead->answerTo(request, cluster) : std::nullopt;
    ahead.reset();
    const auto answer = early ? Result<Answer>(std::move(*early)) : ask(cluster, request);
    if (!answer && answer.error().message == kAnswerTooLarge && limit > 1) {
      limit = std::max(1, limit / 8);
      continue;
    }
    if (!answer) return tl::unexpected(unreached(resource, answer.error()));
    if (answer->status == 410 && restarts < kRestarts) {
      ++restarts;
      next.clear();
      limit *= 4;  // fewer pages take less time
      reader.begin();
      continue;
    }
    if (const auto look = limitOf(*answer)) return *look;
    if (answer->status != 200) return tl::unexpected(wrong(resource, *answer));
    if (const std::string token = nextPage(answer->body); !token.empty()) ahead.emplace(cluster, page(token));
    const auto read = Page::read(answer->body);
    if (!read) return tl::unexpected(Error{read.error().message, resource.name()});
    for (const UnreadObject& each : read->unread()) {
      if (!reader.unread) return tl::unexpected(Error{fmt::format("{} cannot be read: {}", each.key, each.reason), resource.name()});
      reader.unread(each);
    }
    read->each(reader.object);
    next = read->next();
    if (next.empty()) return Look{};
  }
}

Result<std::optional<Resource>> served(Cluster& cluster, const Resource& resource) {
  Resource out = resource;
  if (resource.versions.empty()) return out;
  for (const std::string& version : resource.versions) {
    Request request;
    request.path = discoveryPath(resource, version);
    const auto answer = ask(cluster, request);
    if (!answer) return tl::unexpected(unreached(resource, answer.error()));
    if (answer->status == 404) continue;
    // Who may not even ask what there is reads the list: its answer says what can be known.
    if (answer->status == 401 || answer->status == 403) return out;
    if (answer->status != 200) return tl::unexpected(wrong(resource, *answer));
    const auto document = json::Document::parse(answer->body, json::Leave::ManagedFields);
    if (!document) return tl::unexpected(Error{"the answer is no JSON: " + document.error().message, resource.name()});
    if (!isListed(document->root(), resource)) continue;
    out.version = version;
    return out;
  }
  return std::optional<Resource>();
}

Result<Found> get(Cluster& cluster, const Resource& resource, std::string_view ns, std::string_view name) {
  Request request;
  request.path = path(resource, ns, name);
  const auto answer = ask(cluster, request);
  if (!answer) return tl::unexpected(unreached(resource, answer.error()));
  Found out;
  if (const auto look = limitOf(*answer)) {
    out.look = *look;
    return out;
  }
  if (answer->status != 200) return tl::unexpected(wrong(resource, *answer));
  auto document = json::Document::parse(answer->body, json::Leave::ManagedFields);
  if (!document) return tl::unexpected(Error{"the answer is no JSON: " + document.error().message, resource.name()});
  out.object = std::move(*document);
  return out;
}

}  // namespace rightslice::kube
