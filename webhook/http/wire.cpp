#include "http/wire.hpp"

#include <boost/asio/write.hpp>

namespace rightslice::http {
namespace {

using Step = tls::Channel::Step;

/// An answer nearly always fits the socket's buffer: then it is one system call, and nothing waits. The socket must not block.
Awaitable<ErrorCode> send(Socket& socket, asio::const_buffer bytes) {
  ErrorCode error;
  const std::size_t count = socket.write_some(bytes, error);
  if (!error && count == bytes.size()) co_return error;
  if (error && error != asio::error::would_block) co_return error;
  const asio::const_buffer rest = bytes + (error ? 0 : count);
  const auto [failure, written] = co_await asio::async_write(socket, rest, kAwait);
  co_return failure;
}

}  // namespace

Awaitable<Greeting> PlainWire::greet() {
  Greeting greeting;
  socket.non_blocking(true, greeting.error);
  greeting.good = !greeting.error;
  co_return greeting;
}

Awaitable<Transfer> PlainWire::readSome(asio::mutable_buffer space) {
  Transfer transfer;
  const auto [error, count] = co_await socket.async_read_some(space, kAwait);
  transfer.error = error;
  transfer.count = count;
  co_return transfer;
}

Awaitable<ErrorCode> PlainWire::write(asio::const_buffer bytes) { return send(socket, bytes); }

Awaitable<void> PlainWire::closeNotify() { co_return; }

Awaitable<ErrorCode> TlsWire::flush() {
  ErrorCode error;
  const std::string_view out = channel_.outgoing();
  if (out.empty()) co_return error;
  const asio::const_buffer bytes(out.data(), out.size());
  error = co_await send(socket, bytes);
  channel_.sent(out.size());
  co_return error;
}

Awaitable<ErrorCode> TlsWire::feed() {
  const std::span<char> room = channel_.space();
  const asio::mutable_buffer space(room.data(), room.size());
  const auto [error, count] = co_await socket.async_read_some(space, kAwait);
  channel_.received(count);
  co_return error;
}

Awaitable<Greeting> TlsWire::greet() {
  Greeting greeting;
  ErrorCode ignored;
  const auto peer = socket.remote_endpoint(ignored);   // now: after a reset nobody knows it any more
  socket.non_blocking(true, greeting.error);
  Step step = Step::Starved;
  while (!greeting.error && step == Step::Starved) {
    step = channel_.handshake();
    if (step == Step::Failed) greeting.failure = channel_.failure();
    greeting.error = co_await flush();
    if (greeting.error || step != Step::Starved) break;
    greeting.error = co_await feed();
    greeting.heard = greeting.heard || !greeting.error;
  }
  greeting.good = !greeting.error && step == Step::Done;
  if (!greeting.good) greeting.peer = peer.address().to_string();
  co_return greeting;
}

Awaitable<Transfer> TlsWire::readSome(asio::mutable_buffer space) {
  Transfer transfer;
  const std::span<char> to(static_cast<char*>(space.data()), space.size());
  while (!transfer.error) {
    const Step step = channel_.read(to, transfer.count);
    if (!channel_.outgoing().empty()) transfer.error = co_await flush();
    if (step == Step::Done) co_return transfer;
    if (step == Step::Closed) transfer.error = asio::error::eof;
    if (step == Step::Failed) transfer.error = asio::error::connection_aborted;
    if (!transfer.error) transfer.error = co_await feed();
  }
  co_return transfer;
}

Awaitable<ErrorCode> TlsWire::write(asio::const_buffer bytes) {
  ErrorCode error;
  const std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
  if (channel_.write(text) != Step::Done) error = asio::error::connection_aborted;
  const ErrorCode failure = co_await flush();
  if (failure) error = failure;
  co_return error;
}

Awaitable<void> TlsWire::closeNotify() {
  channel_.close();
  [[maybe_unused]] const ErrorCode error = co_await flush();
}

}  // namespace rightslice::http
