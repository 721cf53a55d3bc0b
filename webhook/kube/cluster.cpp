#include "kube/cluster.hpp"

#include <atomic>
#include <future>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include "kube/reflector.hpp"

namespace rightslice::kube {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxAnswer = 64U << 20;
constexpr std::size_t kIdleClients = 16;   // as many as were ever needed at once, but no more
constexpr std::chrono::milliseconds kWaitStep{50};
constexpr std::chrono::milliseconds kAfterwards{500};   // the connection of a call that nobody waits for any more is cut so much later

}  // namespace

struct Cluster::Parts {
  explicit Parts(ClusterOptions options) : link(std::move(options), worker) {}

  http::Awaitable<Result<Answer>> perform(Request request) {
    auto call = link.prepare(std::move(request.method), std::move(request.path), request.accept);
    if (!call) co_return tl::unexpected(call.error());
    call->contentType = std::move(request.contentType);
    call->body = std::move(request.body);
    call->limit = request.patience;
    const std::size_t most = request.most > 0 ? request.most : kMaxAnswer;
    std::unique_ptr<http::Client> client;
    if (idle.empty()) {
      client = std::make_unique<http::Client>(worker, link.clientOptions());
    } else {
      client = std::move(idle.back());
      idle.pop_back();
    }
    Result<http::Reply> reply = co_await client->call(std::move(*call), most);
    if (!reply) co_return tl::unexpected(reply.error());
    if (reply->tooLarge) co_return fail(most == kMaxAnswer ? std::string(kAnswerTooLarge) : fmt::format("the answer is larger than {} KiB", most >> 10));
    if (reply->status == 401) link.credentials.refused();
    if (idle.size() < kIdleClients) idle.push_back(std::move(client));
    Answer answer;
    answer.status = reply->status;
    answer.body = std::move(reply->body);
    answer.date = std::move(reply->date);
    answer.retryAfter = reply->retryAfter;
    co_return answer;
  }

  // The event loop ends last: what runs on it holds what stands below.
  http::Worker worker{std::chrono::milliseconds{0}};
  Link link;
  std::vector<std::unique_ptr<Reflector>> reflectors;
  std::vector<std::unique_ptr<http::Client>> idle;  // the loop's thread only
  std::atomic<bool> running{false};
};

Cluster::Cluster(ClusterOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}

Cluster::~Cluster() { stop(); }

void Cluster::follow(Resource resource, Sink& sink) {
  parts_->reflectors.push_back(std::make_unique<Reflector>(parts_->link, std::move(resource), sink));
}

void Cluster::start() {
  parts_->running = true;
  for (const auto& each : parts_->reflectors) {
    asio::co_spawn(parts_->worker.executor(), each->run(), [parts = parts_.get()](std::exception_ptr failure) {
      if (!failure || !parts->link.options.onTrouble) return;
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& error) {
        parts->link.options.onTrouble("", fmt::format("a watch has ended for good: {}", error.what()));
      }
    });
  }
  parts_->worker.start();
}

void Cluster::stop() {
  if (!parts_->running.exchange(false)) return;
  parts_->worker.stop();
}

bool Cluster::stopped() const { return !parts_->running; }

std::vector<WatchState> Cluster::states() const {
  std::vector<WatchState> out;
  for (const auto& each : parts_->reflectors) out.push_back(each->state());
  return out;
}

void Cluster::send(Request request, std::function<void(Result<Answer>)> then) {
  asio::post(parts_->worker.context(), [parts = parts_.get(), then = std::move(then), request = std::move(request)]() mutable {
    asio::co_spawn(parts->worker.executor(), parts->perform(std::move(request)), [then = std::move(then)](std::exception_ptr failure, Result<Answer> answer) {
      if (!failure) return then(std::move(answer));
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& error) {
        then(fail(error.what()));
      }
    });
  });
}

Result<Answer> Cluster::call(Request request, std::chrono::milliseconds limit) {
  const auto begun = std::chrono::steady_clock::now();
  if (request.patience.count() > 0) {
    limit = std::min(limit, request.patience);
    request.patience += kAfterwards;
  }
  const auto promise = std::make_shared<std::promise<Result<Answer>>>();
  std::future<Result<Answer>> future = promise->get_future();
  send(std::move(request), [promise](Result<Answer> answer) { promise->set_value(std::move(answer)); });
  while (future.wait_for(std::min<std::chrono::milliseconds>(kWaitStep, limit)) != std::future_status::ready) {
    if (!parts_->running) return fail("the connection to the cluster is shut down");
    if (std::chrono::steady_clock::now() - begun >= limit) return fail(fmt::format("no answer within {} ms", limit.count()));
  }
  return future.get();
}

const Config& Cluster::config() const { return parts_->link.credentials.config(); }

}  // namespace rightslice::kube
