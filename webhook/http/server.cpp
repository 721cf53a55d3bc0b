#include "http/server.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include "http/session.hpp"

namespace rightslice::http {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Endpoint = asio::ip::tcp::endpoint;

constexpr std::chrono::milliseconds kFirstBackOff{20}, kLastBackOff{1000};
constexpr std::chrono::milliseconds kWaitStep{10};
constexpr std::size_t kShedAtOnce = 32;
constexpr int kPatientRounds = 40;  // until also those go that were served before: nobody else is left by then

Result<Endpoint> parseEndpoint(const std::string& listen) {
  const auto wrong = [&] { return fail(fmt::format("'{}' is no ADDRESS:PORT (0.0.0.0:8443, [::]:8443)", listen)); };
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return wrong();
  std::string host = listen.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const char* end = listen.data() + listen.size();
  const auto [stop, portError] = std::from_chars(listen.data() + colon + 1, end, port);
  if (portError != std::errc{} || stop != end) return wrong();
  ErrorCode error;
  const auto address = host.empty() ? asio::ip::address(asio::ip::address_v4::any()) : asio::ip::make_address(host, error);
  if (error) return wrong();
  return Endpoint(address, port);
}

struct Remedy {
  boost::system::errc::errc_t error;
  const char* text;
};
constexpr Remedy kRemedies[] = {
    {boost::system::errc::address_in_use, "; something else listens there: end it, or name another port (0 takes a free one)"},
    {boost::system::errc::permission_denied, "; a port below 1024 needs CAP_NET_BIND_SERVICE: name one above"},
    {boost::system::errc::address_not_available, "; this machine has no such address (0.0.0.0 and [::] stand for all that it has)"},
};

const char* remedyFor(const ErrorCode& error) {
  const auto* row = std::find_if(std::begin(kRemedies), std::end(kRemedies), [&](const Remedy& each) { return error == each.error; });
  return row == std::end(kRemedies) ? "" : row->text;
}

std::string textOf(const Endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port()) : fmt::format("{}:{}", address, endpoint.port());
}

}  // namespace

struct Server::Parts {
  explicit Parts(ServerOptions o, Router r) : shared(std::move(o), std::move(r)) {
    const int count = std::max(1, shared.options.workers);
    for (int i = 0; i < count; ++i) workers.push_back(std::make_unique<Worker>(shared.options.timeouts.drainIdle));
    acceptor = std::make_unique<Acceptor>(workers.front()->context());
  }

  ErrorCode bind(const Endpoint& endpoint) {
    ErrorCode error;
    acceptor->open(endpoint.protocol(), error);
    if (error) return error;
    acceptor->set_option(asio::socket_base::reuse_address(true), error);
    acceptor->bind(endpoint, error);
    if (error) return error;
    acceptor->listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void report(std::string_view message) const {
    if (shared.options.onError) shared.options.onError(message);
  }

  /// There may be no memory for the words either.
  void report(std::string_view what, const std::exception_ptr& failure) const noexcept {
    try {
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& error) {
        report(fmt::format("{}: {}", what, error.what()));
      } catch (...) {
        report(what);
      }
    } catch (...) {
      return;
    }
  }

  template <class Wire, class... Parts>
  void spawn(Worker& worker, Parts&&... parts) {
    auto session = std::make_shared<Session<Wire>>(shared, worker, std::forward<Parts>(parts)...);
    asio::co_spawn(worker.executor(), run(std::move(session)), [this](std::exception_ptr failure) {
      if (failure) report("a connection failed", failure);
    });
  }

  /// Hands a fresh socket to its worker.
  void welcome(Worker& worker, Socket socket) {
    ErrorCode ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    if (!shared.options.tls) return spawn<PlainWire>(worker, std::move(socket));
    const tls::Context context = shared.options.tls();
    if (!context) return;   // no certificate yet: closed, as by one that does not listen
    spawn<TlsWire>(worker, std::move(socket), context);
  }

  /// False: that failed, for want of memory as a rule; it was told, and the socket is closed.
  bool welcomed(Worker& worker, Socket socket) {
    try {
      welcome(worker, std::move(socket));
      return true;
    } catch (...) {
      report("cannot take a connection", std::current_exception());
      return false;
    }
  }

  Worker& nextWorker() { return *workers[next++ % workers.size()]; }

  /// Takes what the kernel has already accepted: closing the listener would reset it.
  void acceptBacklog() {
    ErrorCode error;
    acceptor->non_blocking(true, error);
    while (!error) {
      Worker& worker = nextWorker();
      Socket socket = acceptor->accept(worker.executor(), error);
      if (!error) welcomed(worker, std::move(socket));
    }
    acceptor->close(error);
  }

  /// Whoever holds a connection and asks for nothing must not keep out kube-apiserver.
  void makeRoom(bool answered) {
    for (const auto& worker : workers) worker->shed(answered ? 1 : kShedAtOnce, answered);
  }

  Awaitable<void> accept() {
    Timer timer(workers.front()->executor());
    std::chrono::milliseconds backOff = kFirstBackOff;
    int full = 0;  // rounds in which there was no room
    while (!stopping) {
      if (shared.connections >= shared.options.maxConnections) {
        makeRoom(++full > kPatientRounds);
        timer.expires_after(kFirstBackOff);
        [[maybe_unused]] const auto [waited] = co_await timer.async_wait(kAwait);
        continue;
      }
      Worker& worker = nextWorker();
      const Executor executor = worker.executor();
      auto [error, socket] = co_await acceptor->async_accept(executor, kAwait);
      if (!error && welcomed(worker, std::move(socket))) {
        backOff = kFirstBackOff;
        full = 0;
        continue;
      }
      if (stopping || error == asio::error::operation_aborted) continue;
      if (error == asio::error::connection_aborted) continue;
      // Out of descriptors or memory: trying at once would only burn the processor.
      makeRoom(++full > kPatientRounds);
      if (error) report(fmt::format("cannot accept a connection: {}; trying again in {} ms", error.message(), backOff.count()));
      timer.expires_after(backOff);
      [[maybe_unused]] const auto [waited] = co_await timer.async_wait(kAwait);
      backOff = std::min(backOff * 2, kLastBackOff);
    }
    acceptBacklog();
  }

  Shared shared;
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<Acceptor> acceptor;  // after the workers: it belongs to the first one's event loop
  std::string address;
  std::size_t next = 0;                // touched by the first worker only
  std::atomic<bool> stopping{false}, accepted{false};   // accepted: for the last time
  std::atomic<bool> deaf{false};       // and not because it was to stop
  bool running = false;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, Router router) {
  const auto endpoint = parseEndpoint(options.listen);
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto parts = std::make_unique<Parts>(std::move(options), std::move(router));
  if (const ErrorCode error = parts->bind(*endpoint)) {
    return fail(fmt::format("cannot listen on {}: {}{}", textOf(*endpoint), error.message(), remedyFor(error)));
  }
  ErrorCode error;
  parts->address = textOf(parts->acceptor->local_endpoint(error));
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::~Server() {
  if (parts_->running) drain(std::chrono::milliseconds{0});
}

const std::string& Server::address() const { return parts_->address; }

void Server::start() {
  parts_->running = true;
  asio::co_spawn(parts_->workers.front()->executor(), parts_->accept(), [parts = parts_.get()](std::exception_ptr failure) {
    parts->deaf = failure != nullptr;
    parts->accepted = true;
    if (failure) parts->report("no connection is accepted any more", failure);
  });
  for (const auto& worker : parts_->workers) worker->start();
}

void Server::announceClose() { parts_->shared.closing = true; }

std::size_t Server::drain(std::chrono::milliseconds timeout) {
  const auto end = SteadyClock::now() + timeout;
  announceClose();
  parts_->stopping = true;
  asio::post(parts_->workers.front()->context(), [this] {
    ErrorCode ignored;
    parts_->acceptor->cancel(ignored);
  });
  while (!parts_->accepted && parts_->workers.front()->turnedWithin(limits::kDrainTimeout)) std::this_thread::sleep_for(kWaitStep);
  for (const auto& worker : parts_->workers) worker->drain();
  while (connections() > 0 && SteadyClock::now() < end) std::this_thread::sleep_for(kWaitStep);
  const std::size_t left = connections();
  // Whoever still runs in the pool posts to a worker when it is done, so the pool ends first.
  parts_->shared.pool.join();
  for (const auto& worker : parts_->workers) worker->stop();
  parts_->running = false;
  return left;
}

bool Server::responsive(std::chrono::milliseconds limit) const {
  return !parts_->deaf && std::all_of(parts_->workers.begin(), parts_->workers.end(), [&](const auto& worker) { return worker->turnedWithin(limit); });
}

std::size_t Server::connections() const { return parts_->shared.connections; }

bool Server::handledLarge() { return parts_->shared.handledLarge.exchange(false); }

}  // namespace rightslice::http
