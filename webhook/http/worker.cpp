#include "http/worker.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include <boost/asio/post.hpp>

namespace rightslice::http {
namespace {
constexpr std::chrono::milliseconds kSweepInterval{100};
constexpr std::chrono::milliseconds kGrace{500};   // who has just come may yet ask
}

void Worker::start() {
  lastTurn_ = SteadyClock::now().time_since_epoch().count();
  tick();
  thread_ = std::thread([this] { context_.run(); });
}

void Worker::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::tick() {
  timer_.expires_after(kSweepInterval);
  timer_.async_wait([this](const ErrorCode& error) {
    if (error) return;
    sweep();
    tick();
  });
}

void Worker::sweep() {
  const auto now = SteadyClock::now();
  lastTurn_ = now.time_since_epoch().count();
  for (Connection* connection : connections_) {
    if (now >= connection->deadline()) {
      connection->cut();
    } else if (draining_ && connection->phase() == Connection::Phase::Idle && now >= connection->since() + drainIdle_) {
      connection->wake();
    }
  }
}

void Worker::drain() {
  asio::post(context_, [this] {
    draining_ = true;
    sweep();
  });
}

void Worker::shed(std::size_t most, bool answered) {
  asio::post(context_, [this, most, answered] { shedNow(most, answered); });
}

void Worker::shedNow(std::size_t most, bool answered) {
  const auto now = SteadyClock::now();
  std::vector<Connection*> waiting;
  for (Connection* connection : connections_) {
    const bool may = connection->phase() != Connection::Phase::Busy && now >= connection->since() + kGrace;
    if (may && (answered || !connection->answered())) waiting.push_back(connection);
  }
  const std::size_t count = std::min(most, waiting.size());
  std::partial_sort(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count), waiting.end(), [](const Connection* a, const Connection* b) {
    return std::tuple(a->answered(), a->phase(), a->since()) < std::tuple(b->answered(), b->phase(), b->since());
  });
  for (std::size_t i = 0; i < count; ++i) waiting[i]->cut();
}

bool Worker::turnedWithin(std::chrono::milliseconds limit) const {
  return SteadyClock::now() - SteadyClock::time_point(SteadyClock::duration(lastTurn_.load())) < limit;
}

}  // namespace rightslice::http
