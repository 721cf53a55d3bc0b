#include "http/session.hpp"

#include <charconv>
#include <optional>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <fmt/format.h>

namespace rightslice::http {
namespace {

namespace beast = boost::beast;
using Parser = beast::http::request_parser<beast::http::string_body>;
using Field = beast::http::field;
using Phase = Connection::Phase;

constexpr std::size_t kReadBytes = 16U << 10;
/// A refused request's body is read up to here, so that the connection lives on; a larger one costs the connection.
constexpr std::size_t kRefusedBodyBytes = 64U << 10;

std::string text(beast::string_view view) { return {view.data(), view.size()}; }

Request requestOf(const Parser& parser) {
  const auto& message = parser.get();
  Request request;
  request.method = text(message.method_string());
  const std::string target = text(message.target());
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  request.contentType = text(message[Field::content_type]);
  request.traceparent = text(message["traceparent"]);
  request.received = SteadyClock::now();
  request.deadline = request.received + timeAllowed(request.query);
  return request;
}

/// Status line, header and body in one buffer: one TLS record and one system call for an ordinary answer.
std::string responseText(const Response& response, bool close, bool headOnly) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", response.status,
                                statusText(response.status), response.contentType, response.body.size());
  for (const auto& [name, value] : response.headers) out += name + ": " + value + "\r\n";
  out += close ? "Connection: close\r\n\r\n" : "\r\n";
  if (!headOnly) out += response.body;
  return out;
}

/// What the parser's error says to the client; nothing where there is nobody or nothing to answer.
std::optional<Response> refusalOf(const ErrorCode& code, std::size_t maxBodyBytes) {
  using beast::http::error;
  if (code == error::end_of_stream || code == error::partial_message) return std::nullopt;
  if (code == error::body_limit) {
    return errorResponse(413, "TooLarge", fmt::format("the body is larger than {} bytes", maxBodyBytes));
  }
  if (code == error::header_limit) {
    return errorResponse(431, "HeaderTooLarge", fmt::format("the header is larger than {} bytes", limits::kMaxHeaderBytes));
  }
  if (code.category() == make_error_code(error::bad_version).category()) {
    return errorResponse(400, "BadRequest", "this is no HTTP/1.1 request: " + code.message());
  }
  return std::nullopt;
}

Socket& socketOf(Socket& stream) { return stream; }
Socket& socketOf(TlsStream& stream) { return stream.next_layer(); }

/// A handler's call that left for the pool. Shared by the pool and the waiting session, whichever ends last.
struct Errand {
  Errand(const Executor& executor, const Route& r, Request q) : timer(executor), route(&r), request(std::move(q)) {}
  Timer timer;
  const Route* route;
  Request request;
  Response response;
  bool done = false;
};

void send(Shared& shared, const Executor& executor, const std::shared_ptr<Errand>& errand) {
  asio::post(shared.pool, [errand, executor] {
    Response response = call(*errand->route, errand->request);
    asio::post(executor, [errand, response = std::move(response)]() mutable {
      errand->response = std::move(response);
      errand->done = true;
      errand->timer.cancel();
    });
  });
}

template <class Stream>
Awaitable<Response> handle(std::shared_ptr<Session<Stream>> session, const Route* route, Request request) {
  if (request.body.size() <= session->shared.options.inlineBodyBytes) {
    Response response = call(*route, request);
    co_return response;
  }
  const Executor executor = session->worker.executor();
  const auto errand = std::make_shared<Errand>(executor, *route, std::move(request));
  errand->timer.expires_at(errand->request.deadline);
  send(session->shared, executor, errand);
  [[maybe_unused]] const auto [error] = co_await errand->timer.async_wait(kAwait);
  if (errand->done) {
    Response response = std::move(errand->response);
    co_return response;
  }
  Response late = errorResponse(500, "DeadlineExceeded", "the answer was not ready before the deadline");
  co_return late;
}

/// Writes one answer. False if the connection is to end without a farewell.
template <class Stream>
Awaitable<bool> answer(std::shared_ptr<Session<Stream>> session, Response response, bool close, bool headOnly) {
  const std::string bytes = responseText(response, close, headOnly);
  const asio::const_buffer buffer = asio::buffer(bytes);
  session->enter(Phase::Busy, session->shared.options.timeouts.write);
  if (session->shared.options.onAnswer) session->shared.options.onAnswer(response.status);
  [[maybe_unused]] const auto [error, count] = co_await asio::async_write(session->stream, buffer, kAwait);
  const bool good = !error;
  co_return good;
}

/// One request and its answer. True if another may follow on this connection; `farewell` if the peer is still there.
struct Turn {
  bool again = false;
  bool farewell = false;
};

template <class Stream>
Awaitable<Turn> turn(std::shared_ptr<Session<Stream>> session, bool first) {
  Shared& shared = session->shared;
  const Timeouts& timeouts = shared.options.timeouts;
  Turn outcome;

  if (session->buffer.size() == 0) {
    session->enter(Phase::Idle, first ? timeouts.header : timeouts.idle);
    const auto space = session->buffer.prepare(kReadBytes);
    [[maybe_unused]] const auto [error, count] = co_await session->stream.async_read_some(space, kAwait);
    session->buffer.commit(count);
    if (error) {
      outcome.farewell = error == asio::error::operation_aborted;  // woken to drain, or cut
      co_return outcome;
    }
  }

  session->enter(Phase::Busy, timeouts.header);
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits::kMaxHeaderBytes));
  parser.body_limit(shared.options.maxBodyBytes);
  [[maybe_unused]] const auto [headerError, headerCount] =
      co_await beast::http::async_read_header(session->stream, session->buffer, parser, kAwait);
  if (headerError) {
    if (auto refusal = refusalOf(headerError, shared.options.maxBodyBytes)) {
      Response response = std::move(*refusal);
      outcome.farewell = co_await answer(session, std::move(response), true, false);
    }
    co_return outcome;
  }

  Request request = requestOf(parser);
  const bool headOnly = request.method == "HEAD";
  bool close = !parser.get().keep_alive();
  Router::Choice choice = shared.router.choose(request);
  const auto expect = parser.get()[Field::expect];
  const bool expects = !expect.empty() && !parser.is_done();
  if (choice.route != nullptr && expects && !beast::iequals(expect, "100-continue")) {
    choice = {nullptr, errorResponse(417, "ExpectationFailed", "only 'Expect: 100-continue' is known")};
  }
  if (choice.route == nullptr) {
    const auto length = parser.content_length();
    close = close || expects || parser.chunked() || (length && *length > kRefusedBodyBytes);
  } else if (expects) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const asio::const_buffer interim = asio::buffer(kContinue);
    [[maybe_unused]] const auto [error, count] = co_await asio::async_write(session->stream, interim, kAwait);
    if (error) co_return outcome;
  }

  if ((choice.route != nullptr || !close) && !parser.is_done()) {
    session->enter(Phase::Busy, timeouts.body);
    [[maybe_unused]] const auto [bodyError, bodyCount] =
        co_await beast::http::async_read(session->stream, session->buffer, parser, kAwait);
    if (bodyError) {
      if (auto refusal = refusalOf(bodyError, shared.options.maxBodyBytes)) {
        Response response = std::move(*refusal);
        outcome.farewell = co_await answer(session, std::move(response), true, headOnly);
      }
      co_return outcome;
    }
  }

  Response response = std::move(choice.refusal);
  if (choice.route != nullptr) {
    request.body = std::move(parser.get().body());
    // A handler has its own deadline; this one only stands in case it fails.
    session->enter(Phase::Busy, limits::kReviewDeadline + timeouts.write);
    response = co_await handle(session, choice.route, std::move(request));
  }
  close = close || shared.closing.load();
  const bool written = co_await answer(session, std::move(response), close, headOnly);
  outcome.again = written && !close;
  outcome.farewell = written;
  co_return outcome;
}

Awaitable<bool> greet(std::shared_ptr<Session<Socket>>) { co_return true; }

Awaitable<bool> greet(std::shared_ptr<Session<TlsStream>> session) {
  session->enter(Phase::Busy, session->shared.options.timeouts.handshake);
  [[maybe_unused]] const auto [error] = co_await session->stream.async_handshake(asio::ssl::stream_base::server, kAwait);
  const bool good = !error;
  co_return good;
}

Awaitable<void> closeNotify(std::shared_ptr<Session<Socket>>) { co_return; }

Awaitable<void> closeNotify(std::shared_ptr<Session<TlsStream>> session) {
  [[maybe_unused]] const auto [error] = co_await session->stream.async_shutdown(kAwait);
}

/// Closing a socket with unread input resets it, and the peer may lose our last answer: so say goodbye, then read to the end.
template <class Stream>
Awaitable<void> farewell(std::shared_ptr<Session<Stream>> session) {
  session->enter(Phase::Busy, session->shared.options.timeouts.linger);
  co_await closeNotify(session);
  Socket& socket = socketOf(session->stream);
  ErrorCode ignored;
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
  session->buffer.clear();
  for (;;) {
    const auto space = session->buffer.prepare(kReadBytes);
    [[maybe_unused]] const auto [error, count] = co_await socket.async_read_some(space, kAwait);
    if (error) break;
  }
}

template <class Stream>
Awaitable<void> serve(std::shared_ptr<Session<Stream>> session) {
  session->worker.add(session.get());
  const bool greeted = co_await greet(session);
  if (!greeted) co_return;
  Turn outcome;
  bool first = true;
  do {
    outcome = co_await turn(session, first);
    first = false;
  } while (outcome.again);
  if (outcome.farewell && socketOf(session->stream).is_open()) co_await farewell(session);
}

}  // namespace

template <class Stream>
Session<Stream>::Session(Stream s, Shared& sh, Worker& w) : stream(std::move(s)), shared(sh), worker(w) {
  ++shared.connections;
  if (shared.options.onConnections) shared.options.onConnections(1);
}

template <class Stream>
Session<Stream>::~Session() {
  worker.remove(this);
  if (shared.options.onConnections) shared.options.onConnections(-1);
  --shared.connections;
}

template <class Stream>
void Session<Stream>::cut() {
  ErrorCode ignored;
  socketOf(stream).close(ignored);
}

template <class Stream>
void Session<Stream>::wake() {
  ErrorCode ignored;
  socketOf(stream).cancel(ignored);
}

template class Session<Socket>;
template class Session<TlsStream>;

Awaitable<void> run(std::shared_ptr<Session<TlsStream>> session) { return serve(std::move(session)); }
Awaitable<void> run(std::shared_ptr<Session<Socket>> session) { return serve(std::move(session)); }

}  // namespace rightslice::http
