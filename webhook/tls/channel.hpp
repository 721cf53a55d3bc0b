// TLS on bytes that somebody else carries.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "tls/context.hpp"
#include "tls/handshake_failure.hpp"

namespace rightslice::tls {

/// One side of a connection. What came from the peer goes into space(), what it shall get is taken from outgoing(); no call waits.
/// After each step outgoing() may hold something, whatever came of it: an alert, a ticket, the answer to a key update. For one thread.
class Channel {
 public:
  enum class Step {
    Done,
    Starved,  ///< nothing more can be done before more has come from the peer
    Closed,   ///< the peer has said goodbye
    Failed    ///< no TLS, a refused certificate, a broken record: the connection is of no use any more
  };

  /// A server's side. Throws std::bad_alloc.
  explicit Channel(const Context& context);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  Step handshake();
  /// Why: right after handshake() has Failed.
  HandshakeFailure failure() const;
  /// Some of what the peer said. Done: `count` bytes of `to`, at least one.
  Step read(std::span<char> to, std::size_t& count);
  /// All of `bytes`; the records lie in outgoing().
  Step write(std::string_view bytes);
  /// Says goodbye, and does not wait for the peer's.
  void close();

  /// Room for what comes next from the peer; then received() says how much of it that was.
  std::span<char> space();
  void received(std::size_t count);
  std::string_view outgoing() const;
  void sent(std::size_t count);

  struct Pipe;  ///< what OpenSSL reads from and writes to

 private:
  Step stepOf(int result);

  struct Freer {
    void operator()(ssl_st* session) const;
  };
  std::unique_ptr<Pipe> pipe_;
  std::unique_ptr<ssl_st, Freer> session_;
};

}  // namespace rightslice::tls
