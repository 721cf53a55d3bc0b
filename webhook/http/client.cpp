#include "http/client.hpp"

#include <algorithm>
#include <charconv>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include <fmt/format.h>

namespace rightslice::http {
namespace {

namespace beast = boost::beast;
using Endpoint = asio::ip::tcp::endpoint;

constexpr std::size_t kReadBytes = 16U << 10;
constexpr std::uint32_t kMaxHeaderBytes = 64U << 10;
constexpr std::chrono::hours kRest{24 * 365};  // an idle connection waits for the next call, or for its peer to close it

std::string text(beast::string_view view) { return {view.data(), view.size()}; }

std::string requestText(const ClientOptions& options, const Call& call) {
  const std::string host = options.host.find(':') == std::string::npos ? options.host : fmt::format("[{}]", options.host);
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\n", call.method, call.target, host, options.port);
  for (const auto& [name, value] : call.headers) out += name + ": " + value + "\r\n";
  if (!call.contentType.empty()) out += fmt::format("Content-Type: {}\r\n", call.contentType);
  if (!call.body.empty() || call.method != "GET") out += fmt::format("Content-Length: {}\r\n", call.body.size());
  return out + "\r\n" + call.body;
}

std::optional<std::chrono::seconds> secondsOf(const std::string& field) {
  int count = 0;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, count);
  if (error != std::errc{} || stop != end || count < 0) return std::nullopt;
  return std::chrono::seconds(count);
}

}  // namespace

Client::Client(Worker& worker, ClientOptions options)
    : worker_(worker), options_(std::move(options)), resolver_(worker.executor()) {
  rest();
  worker_.add(this);
}

Client::~Client() { worker_.remove(this); }

/// What is done now may take so long, and no longer than the call as a whole.
void Client::expect(std::chrono::milliseconds limit) {
  limit_ = limit;
  if (end_ != SteadyClock::time_point::max())
    limit = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(end_ - SteadyClock::now()), std::chrono::milliseconds{0}, limit);
  if (limit < limit_) limit_ = std::max(limit, whole_);
  enter(Phase::Busy, limit);
}

void Client::rest() { enter(Phase::Busy, kRest); }

Socket* Client::socket() { return tls_ ? &tls_->next_layer() : plain_.get(); }

void Client::cut() {
  cut_ = true;
  rest();
  resolver_.cancel();
  ErrorCode ignored;
  if (Socket* open = socket()) open->close(ignored);
}

void Client::close() {
  rest();
  tls_.reset();
  plain_.reset();
  parser_.reset();
  buffer_.clear();
}

Error Client::failure(const ErrorCode& code, const char* doing) const {
  const std::string where = fmt::format("{}:{}", options_.host, options_.port);
  if (cut_) return {fmt::format("{}: no success within {} s", doing, std::chrono::duration<double>(limit_).count()), where};
  if (code == asio::error::eof || code == asio::ssl::error::stream_truncated) return {fmt::format("{}: the server closed the connection", doing), where};
  return {fmt::format("{}: {}", doing, code.message()), where};
}

/// A socket to the server, or the last reason why there is none.
Awaitable<ErrorCode> Client::reach() {
  const Executor executor = worker_.executor();
  plain_ = std::make_unique<Socket>(executor);
  std::vector<Endpoint> endpoints;
  ErrorCode error;
  const auto address = asio::ip::make_address(options_.host, error);
  if (!error) {
    std::uint16_t port = 0;
    std::from_chars(options_.port.data(), options_.port.data() + options_.port.size(), port);
    endpoints.emplace_back(address, port);
  } else {
    [[maybe_unused]] const auto [resolveError, found] = co_await resolver_.async_resolve(options_.host, options_.port, kAwait);
    if (resolveError) co_return resolveError;
    for (const auto& each : found) endpoints.push_back(each.endpoint());
  }
  error = asio::error::host_not_found;
  for (const Endpoint& endpoint : endpoints) {
    if (cut_) break;
    ErrorCode ignored;
    plain_->close(ignored);
    const auto [connectError] = co_await plain_->async_connect(endpoint, kAwait);
    error = connectError;
    if (!error) break;
  }
  if (!error) {
    plain_->set_option(asio::ip::tcp::no_delay(true), error);
    plain_->set_option(asio::socket_base::keep_alive(true), error);
    error = {};
  }
  co_return error;
}

Awaitable<Result<bool>> Client::secure() {
  auto context = options_.context();
  if (!context) co_return tl::unexpected(context.error());
  ssl_st* session = tls::newClientSession(*context, options_.serverName.empty() ? options_.host : options_.serverName);
  if (session == nullptr) co_return fail("no TLS session: " + tls::takeErrors());
  tls_ = std::make_unique<TlsStream>(std::move(*plain_), session);
  plain_.reset();
  expect(options_.timeouts.handshake);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAwait);
  if (error) {
    Error why = failure(error, "TLS handshake");
    if (const std::string refused = tls::refusal(session); !refused.empty()) {
      why.message = fmt::format("the server's certificate is refused: {}", refused);
    }
    co_return tl::unexpected(std::move(why));
  }
  co_return true;
}

Awaitable<Result<bool>> Client::connect() {
  close();
  cut_ = false;
  expect(options_.timeouts.connect);
  const ErrorCode error = co_await reach();
  if (error) co_return tl::unexpected(failure(error, "connect"));
  if (!options_.tls) co_return true;
  Result<bool> secured = co_await secure();
  co_return secured;
}

Awaitable<ErrorCode> Client::write(std::string bytes) {
  const asio::const_buffer buffer = asio::buffer(bytes);
  ErrorCode failed;
  if (tls_) {
    [[maybe_unused]] const auto [error, count] = co_await asio::async_write(*tls_, buffer, kAwait);
    failed = error;
  } else {
    [[maybe_unused]] const auto [error, count] = co_await asio::async_write(*plain_, buffer, kAwait);
    failed = error;
  }
  co_return failed;
}

Awaitable<ErrorCode> Client::fill() {
  const auto space = buffer_.prepare(kReadBytes);
  ErrorCode failed;
  std::size_t got = 0;
  if (tls_) {
    const auto [error, count] = co_await tls_->async_read_some(space, kAwait);
    failed = error;
    got = count;
  } else {
    const auto [error, count] = co_await plain_->async_read_some(space, kAwait);
    failed = error;
    got = count;
  }
  buffer_.commit(got);
  answered_ = answered_ || got > 0;
  co_return failed;
}

ErrorCode Client::parse() {
  ErrorCode error;
  while (buffer_.size() > 0 && !parser_->is_done()) {
    buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == beast::http::error::need_more) {
      // Beast bounds a header; nothing bounds what stands around a chunk.
      if (buffer_.size() >= kMaxHeaderBytes) error = beast::http::error::header_limit;
      else error = {};
      return error;
    }
    if (error) return error;
  }
  return error;
}

Awaitable<Result<Reply>> Client::exchange(std::string bytes) {
  answered_ = false;
  expect(options_.timeouts.write);
  const ErrorCode written = co_await write(std::move(bytes));
  if (written) co_return tl::unexpected(failure(written, "send the request"));
  expect(options_.timeouts.answer);
  do {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(boost::none);
    for (;;) {
      const ErrorCode wrong = parse();
      if (wrong) co_return tl::unexpected(failure(wrong, "read the answer"));
      if (parser_->is_header_done()) break;
      const ErrorCode read = co_await fill();
      if (read) co_return tl::unexpected(failure(read, "wait for the answer"));
    }
  } while (parser_->get().result_int() < 200);  // an interim answer; the real one follows
  Reply reply;
  reply.status = static_cast<int>(parser_->get().result_int());
  reply.contentType = text(parser_->get()[beast::http::field::content_type]);
  reply.date = text(parser_->get()[beast::http::field::date]);
  reply.retryAfter = secondsOf(text(parser_->get()[beast::http::field::retry_after]));
  co_return reply;
}

Awaitable<Result<Reply>> Client::open(Call call) {
  const std::string bytes = requestText(options_, call);
  whole_ = call.limit;
  end_ = whole_.count() > 0 ? SteadyClock::now() + whole_ : SteadyClock::time_point::max();
  const Socket* kept = socket();
  // A body may have been left unread. And a POST is not made twice, so it goes no way that the server may have closed.
  bool fresh = kept == nullptr || !kept->is_open() || parser_.has_value() || call.method == "POST";
  for (;;) {
    if (fresh) {
      const Result<bool> connected = co_await connect();
      if (!connected) {
        close();
        co_return tl::unexpected(connected.error());
      }
    }
    std::string copy = bytes;
    Result<Reply> reply = co_await exchange(std::move(copy));
    if (reply) co_return reply;
    // The server may have closed a kept connection at any time; nothing of the call was answered, so it is made again.
    const bool again = !fresh && !answered_ && !cut_;
    close();
    if (!again) co_return reply;
    fresh = true;
  }
}

Awaitable<Result<std::string>> Client::next(std::chrono::milliseconds silence) {
  std::string piece;
  for (;;) {
    if (!parser_) co_return fail("there is no answer to read");
    piece.swap(parser_->get().body());
    if (!piece.empty()) co_return piece;
    if (parser_->is_done()) {
      finish();
      co_return piece;
    }
    expect(silence);
    const ErrorCode read = co_await fill();
    ErrorCode wrong = parse();
    const bool ended = read == asio::error::eof;  // without a length the end of the connection ends the body
    if (ended && !wrong && !parser_->is_done()) parser_->put_eof(wrong);
    if (wrong) {
      Error why = failure(wrong, "read the body");
      close();
      co_return tl::unexpected(std::move(why));
    }
    if (read && !ended) {
      Error why = failure(read, "read the body");
      close();
      co_return tl::unexpected(std::move(why));
    }
  }
}

void Client::finish() {
  const bool reusable = parser_->keep_alive() && !parser_->need_eof() && buffer_.size() == 0;
  parser_.reset();
  end_ = SteadyClock::time_point::max();
  rest();
  if (!reusable) close();
}

Awaitable<Result<Reply>> Client::call(Call call, std::size_t maxBody) {
  Result<Reply> reply = co_await open(std::move(call));
  if (!reply) co_return reply;
  const auto end = SteadyClock::now() + options_.timeouts.body;   // expect() keeps the call's own limit beside it
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - SteadyClock::now());
    const auto silence = std::clamp(left, std::chrono::milliseconds{0}, options_.timeouts.piece);
    const Result<std::string> piece = co_await next(silence);
    if (!piece) co_return tl::unexpected(piece.error());
    if (piece->empty()) co_return reply;
    if (reply->body.size() + piece->size() > maxBody) {
      close();
      reply->body.clear();
      reply->tooLarge = true;
      co_return reply;
    }
    reply->body += *piece;
  }
}

}  // namespace rightslice::http
