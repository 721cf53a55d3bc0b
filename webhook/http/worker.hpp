// One event loop with one thread, and the connections on it. Included by http/*.cpp and kube/*.cpp only.
#pragma once
#include <atomic>
#include <chrono>
#include <thread>
#include <unordered_set>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rightslice::http {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;
// A concrete executor: less work per operation than any_io_executor.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
using Await = asio::as_tuple_t<asio::use_awaitable_t<Executor>>;
inline constexpr Await kAwait{};

/// A connection, as its worker sees it. Lives and is touched on the worker's thread only.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Closes the socket: whatever it waits for ends with an error.
  virtual void cut() = 0;
  /// Ends what it waits for; the socket stays open for a farewell.
  virtual void wake() = 0;

  /// Idle: nothing of a request has come. Arriving: a handshake or a request has not come whole. Busy: a request is being served.
  enum class Phase { Idle, Arriving, Busy };
  void enter(Phase phase, std::chrono::milliseconds limit) {
    phase_ = phase;
    since_ = SteadyClock::now();
    deadline_ = since_ + limit;
  }
  Phase phase() const { return phase_; }
  SteadyClock::time_point since() const { return since_; }
  SteadyClock::time_point deadline() const { return deadline_; }
  void noteAnswer() { answered_ = true; }
  bool answered() const { return answered_; }   ///< at least one request

 private:
  Phase phase_ = Phase::Busy;
  bool answered_ = false;
  SteadyClock::time_point since_ = SteadyClock::now(), deadline_ = SteadyClock::time_point::max();
};

/// Deadlines are kept by one sweep over the connections instead of a timer each: nothing to arm or cancel per request.
class Worker {
 public:
  explicit Worker(std::chrono::milliseconds drainIdle) : drainIdle_(drainIdle), timer_(context_) {}

  Executor executor() { return context_.get_executor(); }
  asio::io_context& context() { return context_; }
  void start();
  void stop();  ///< from another thread; joins

  void add(Connection* connection) { connections_.insert(connection); }
  void remove(Connection* connection) { connections_.erase(connection); }

  void drain();   ///< from any thread: idle connections go
  /// From any thread: there is no room for new connections, so up to `most` go that have asked for nothing for longest, idle ones before
  /// those whose request has not come whole. None that is being served, and none that was ever served but with `answered`.
  void shed(std::size_t most, bool answered);
  bool turnedWithin(std::chrono::milliseconds limit) const;

 private:
  void tick();
  void sweep();
  void shedNow(std::size_t most, bool answered);

  std::chrono::milliseconds drainIdle_;
  std::unordered_set<Connection*> connections_;  // before the context, whose end destroys coroutines that remove themselves
  bool draining_ = false;
  std::atomic<SteadyClock::rep> lastTurn_{0};
  asio::io_context context_{1};
  Timer timer_;
  std::thread thread_;
};

}  // namespace rightslice::http
