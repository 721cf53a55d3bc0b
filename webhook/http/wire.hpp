// A connection's bytes in the clear: those of a socket, or what TLS makes of them. Included by http/*.cpp only.
//
// Rules of coroutines: session.hpp.
#pragma once
#include <cstddef>

#include <boost/asio/buffer.hpp>

#include "http/worker.hpp"
#include "tls/channel.hpp"

namespace rightslice::http {

struct Transfer {
  ErrorCode error;        ///< asio::error::eof: the peer has ended
  std::size_t count = 0;  ///< at least one, without an error
};

class PlainWire {
 public:
  explicit PlainWire(Socket s) : socket(std::move(s)) {}

  /// What comes before the first byte. False: there will be none.
  Awaitable<bool> greet();
  Awaitable<Transfer> readSome(asio::mutable_buffer space);
  /// All of it.
  Awaitable<ErrorCode> write(asio::const_buffer bytes);
  /// What stands after the last byte.
  Awaitable<void> closeNotify();

  Socket socket;
};

class TlsWire {
 public:
  /// Owns the session (tls::newSession).
  TlsWire(Socket s, ssl_st* session) : socket(std::move(s)), channel_(session) {}

  Awaitable<bool> greet();
  Awaitable<Transfer> readSome(asio::mutable_buffer space);
  Awaitable<ErrorCode> write(asio::const_buffer bytes);
  Awaitable<void> closeNotify();

  Socket socket;

 private:
  /// Sends what the channel has for the peer.
  Awaitable<ErrorCode> flush();
  Awaitable<ErrorCode> feed();

  tls::Channel channel_;
};

}  // namespace rightslice::http
