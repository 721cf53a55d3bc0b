#include "tls/channel.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include <openssl/err.h>

#include "tls/openssl.hpp"

namespace rightslice::tls {

/// Bytes on their way. A record of TLS is at most 16 KiB and a little; what is larger comes in pieces.
struct Channel::Pipe {
  static constexpr std::size_t kRoom = 17U << 10;
  static constexpr std::size_t kKept = 32U << 10;  ///< a larger buffer is given back once it is empty

  std::vector<char> in;
  std::size_t inFirst = 0, inLast = 0;  ///< of what OpenSSL has not read yet
  std::string out;
  std::size_t outFirst = 0;

  int read(char* to, int most) {
    const std::size_t count = std::min(inLast - inFirst, static_cast<std::size_t>(most));
    if (count == 0) return 0;
    std::memcpy(to, in.data() + inFirst, count);
    inFirst += count;
    if (inFirst == inLast) inFirst = inLast = 0;
    return static_cast<int>(count);
  }
};

namespace {

Channel::Pipe& pipeOf(BIO* bio) { return *static_cast<Channel::Pipe*>(BIO_get_data(bio)); }

int readPipe(BIO* bio, char* to, int most) {
  BIO_clear_retry_flags(bio);
  if (most <= 0) return 0;
  const int count = pipeOf(bio).read(to, most);
  if (count > 0) return count;
  BIO_set_retry_read(bio);
  return -1;
}

int writePipe(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  if (count > 0) pipeOf(bio).out.append(bytes, static_cast<std::size_t>(count));
  return count;
}

long controlPipe(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0; }

const BIO_METHOD* pipeMethod() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "rightslice pipe");
    BIO_meth_set_read(made, readPipe);
    BIO_meth_set_write(made, writePipe);
    BIO_meth_set_ctrl(made, controlPipe);
    return made;
  }();
  return method;
}

}  // namespace

void Channel::Freer::operator()(ssl_st* session) const { SSL_free(session); }

Channel::Channel(const Context& context) : pipe_(std::make_unique<Pipe>()), session_(SSL_new(context.get())) {
  BIO* bio = session_ ? BIO_new(pipeMethod()) : nullptr;
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, pipe_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);  // owned by the session
  SSL_set_accept_state(session_.get());
}

Channel::~Channel() = default;

Channel::Step Channel::stepOf(int result) {
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_NONE: return Step::Done;
    case SSL_ERROR_WANT_READ: return Step::Starved;
    case SSL_ERROR_ZERO_RETURN: return Step::Closed;
    default: return Step::Failed;
  }
}

Channel::Step Channel::handshake() {
  ERR_clear_error();
  return stepOf(SSL_do_handshake(session_.get()));
}

HandshakeFailure Channel::failure() const { return takeFailure(session_.get()); }

Channel::Step Channel::read(std::span<char> to, std::size_t& count) {
  count = 0;
  ERR_clear_error();
  return stepOf(SSL_read_ex(session_.get(), to.data(), to.size(), &count));
}

Channel::Step Channel::write(std::string_view bytes) {
  if (bytes.empty()) return Step::Done;  // OpenSSL takes nothing for a fault
  ERR_clear_error();
  std::size_t count = 0;
  return stepOf(SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count));
}

void Channel::close() {
  ERR_clear_error();
  SSL_shutdown(session_.get());
  ERR_clear_error();
}

std::span<char> Channel::space() {
  Pipe& pipe = *pipe_;
  if (pipe.in.empty()) pipe.in.resize(Pipe::kRoom);
  if (pipe.inFirst > 0) {
    std::memmove(pipe.in.data(), pipe.in.data() + pipe.inFirst, pipe.inLast - pipe.inFirst);
    pipe.inLast -= pipe.inFirst;
    pipe.inFirst = 0;
  }
  return std::span(pipe.in).subspan(pipe.inLast);
}

void Channel::received(std::size_t count) { pipe_->inLast += count; }

std::string_view Channel::outgoing() const { return std::string_view(pipe_->out).substr(pipe_->outFirst); }

void Channel::sent(std::size_t count) {
  Pipe& pipe = *pipe_;
  pipe.outFirst += count;
  if (pipe.outFirst < pipe.out.size()) return;
  pipe.outFirst = 0;
  pipe.out.clear();
  if (pipe.out.capacity() > Pipe::kKept) pipe.out.shrink_to_fit();
}

}  // namespace rightslice::tls
