// An HTTP/1.1 server over TLS or plain: limits, deadlines, keep-alive, drain.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "http/router.hpp"
#include "tls/context.hpp"
#include "tls/handshake_failure.hpp"

namespace rightslice::http {

/// How long each phase of a connection may take; a peer that is slower is closed.
struct Timeouts {
  std::chrono::milliseconds handshake = limits::kHandshakeTimeout;
  std::chrono::milliseconds header = limits::kHeaderTimeout;
  std::chrono::milliseconds body = limits::kBodyTimeout;
  std::chrono::milliseconds write = limits::kWriteTimeout;
  std::chrono::milliseconds idle = limits::kIdleTimeout;
  std::chrono::milliseconds linger{3000};      ///< after our last byte, for the peer to take it
  std::chrono::milliseconds drainIdle{1000};   ///< an idle connection while draining
};

struct ServerOptions {
  std::string listen;                          ///< "ADDRESS:PORT", "[::1]:8443"; port 0 takes a free one
  int workers = 1;                             ///< threads, each with its own event loop
  std::function<tls::Context()> tls;           ///< asked at each accept, null: closed again; empty: plain HTTP
  Timeouts timeouts;
  std::size_t maxBodyBytes = limits::kMaxBodyBytes;
  /// Of all bodies above 64 KiB together; who wants more waits for some seconds, and then gets 503.
  std::size_t maxBodiesBytes = 64U << 20;
  std::size_t maxConnections = limits::kMaxConnections;  ///< beyond that those that ask for nothing are closed for new ones
  /// A larger body is handled by a pool, so that one big document does not hold up the other connections of its worker.
  std::size_t inlineBodyBytes = 64U << 10;
  int poolThreads = 2;
  // What the server tells; called on its threads, must be quick.
  std::function<void(int status)> onAnswer;
  std::function<void(int change)> onConnections;
  std::function<void(std::string_view message)> onError;   ///< accept failed, an exception escaped
  /// `peer`: an address. Not for one that said nothing.
  std::function<void(std::string_view peer, const tls::HandshakeFailure& failure)> onHandshakeFailure;
};

/// The public functions may be called from any thread, start() and drain() once and from one.
class Server {
 public:
  /// Binds and listens; nothing is accepted before start().
  static Result<std::unique_ptr<Server>> listen(ServerOptions options, Router router);
  ~Server();

  /// "127.0.0.1:8443": where it listens, with the real port.
  const std::string& address() const;
  void start();
  /// From now on answers say `Connection: close`, while new connections are still taken.
  void announceClose();
  /// Stops accepting, lets requests in progress end, closes what is idle, cuts off what is left after `timeout`; then the
  /// threads are joined. Returns the number of connections that were cut off.
  std::size_t drain(std::chrono::milliseconds timeout);
  /// False if an event loop has not turned for `limit`, or no connection is accepted any more.
  bool responsive(std::chrono::milliseconds limit) const;
  std::size_t connections() const;
  /// True once after the pool had a body to handle: what that left in the heap may be worth giving back.
  bool handledLarge();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace rightslice::http
