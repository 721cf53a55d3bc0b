// One connection from handshake to farewell, as a coroutine. Included by http/server.cpp only.
//
// Rules of every coroutine here (GCC 12 miscompiles what they forbid): inside a `co_await` expression stand only named variables
// and calls with plain arguments: no lambda, no {} temporary, no ?:. Errors are values (as_tuple); parameters are by value.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "http/server.hpp"
#include "http/wire.hpp"
#include "http/worker.hpp"

namespace rightslice::http {

inline constexpr std::size_t kReadBytes = 16U << 10;   ///< at once

/// What the sessions of a server share; outlives them.
struct Shared {
  ServerOptions options;
  Router router;
  std::atomic<bool> closing{false};
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> leased{0};   ///< bytes of large bodies, of all connections together
  std::atomic<bool> handledLarge{false};
  asio::thread_pool pool;
  Shared(ServerOptions o, Router r)
      : options(std::move(o)), router(std::move(r)), pool(static_cast<std::size_t>(options.poolThreads)) {}
};

template <class Wire>
class Session final : public Connection {
 public:
  /// `parts`: what the wire is made of.
  template <class... Parts>
  Session(Shared& s, Worker& w, Parts&&... parts) : wire(std::forward<Parts>(parts)...), shared(s), worker(w) { begin(); }
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void cut() override;
  void wake() override;

  Wire wire;
  Shared& shared;
  Worker& worker;
  /// What was read and is not parsed yet: a header, or what stands around a chunk, and what came with its last byte.
  boost::beast::flat_buffer buffer{limits::kMaxHeaderBytes + kReadBytes};
  bool joined = false;   ///< the worker knows it

 private:
  void begin();
};

/// Serves the connection until it ends. Runs on the session's worker.
Awaitable<void> run(std::shared_ptr<Session<TlsWire>> session);
Awaitable<void> run(std::shared_ptr<Session<PlainWire>> session);

}  // namespace rightslice::http
