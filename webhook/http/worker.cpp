#include "http/worker.hpp"

#include <vector>

#include <boost/asio/post.hpp>

namespace rightslice::http {
namespace {
constexpr std::chrono::milliseconds kSweepInterval{100};
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

bool Worker::turnedWithin(std::chrono::milliseconds limit) const {
  return SteadyClock::now() - SteadyClock::time_point(SteadyClock::duration(lastTurn_.load())) < limit;
}

}  // namespace rightslice::http
