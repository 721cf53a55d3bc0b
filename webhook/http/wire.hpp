// A connection's bytes in the clear: those of a socket, or what TLS makes of them. Included by http/*.cpp only.
//
// Rules of coroutines: session.hpp.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include <boost/asio/buffer.hpp>

#include "http/worker.hpp"
#include "tls/channel.hpp"
#include "tls/handshake_failure.hpp"

namespace rightslice::http {

struct Transfer {
  ErrorCode error;        ///< asio::error::eof: the peer has ended
  std::size_t count = 0;  ///< at least one, without an error
};

/// What came of that which stands before the first byte.
struct Greeting {
  bool good = false;
  bool heard = false;     ///< the peer has sent something
  ErrorCode error;        ///< of the socket
  std::optional<tls::HandshakeFailure> failure;   ///< of TLS
  std::string peer;       ///< its address; where it is not good
};

class PlainWire {
 public:
  explicit PlainWire(Socket s) : socket(std::move(s)) {}

  Awaitable<Greeting> greet();
  Awaitable<Transfer> readSome(asio::mutable_buffer space);
  /// All of it.
  Awaitable<ErrorCode> write(asio::const_buffer bytes);
  /// What stands after the last byte.
  Awaitable<void> closeNotify();

  Socket socket;
};

class TlsWire {
 public:
  TlsWire(Socket s, const tls::Context& context) : socket(std::move(s)), channel_(context) {}

  Awaitable<Greeting> greet();
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
