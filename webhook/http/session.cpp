#include "http/session.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <fmt/format.h>

#include "http/framing.hpp"

namespace rightslice::http {
namespace {

namespace beast = boost::beast;
using Parser = beast::http::request_parser<beast::http::string_body>;
using Field = beast::http::field;
using Phase = Connection::Phase;

/// A refused request's body is read up to here, so that the connection lives on; a larger one costs the connection.
constexpr std::size_t kRefusedBodyBytes = 64U << 10;
/// Of what stands around the chunks of one body: sizes, extensions, trailers. Whoever writes chunks of 64 bytes stays below it with a body of full size.
constexpr std::size_t kMaxFramingBytes = 1U << 20;
constexpr auto kFramingTooLarge = asio::error::message_size;

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

/// A body in a coding that we do not speak: nothing is unpacked here, so nothing small can become large.
std::optional<Response> codingRefusal(const Parser& parser) {
  const auto coding = parser.get()[Field::content_encoding];
  if (coding.empty() || beast::iequals(coding, "identity")) return std::nullopt;
  Response refusal = errorResponse(415, "UnsupportedMediaType", fmt::format("Content-Encoding '{}' is not read; send the body as it is", text(coding)));
  refusal.headers.emplace_back("Accept-Encoding", "identity");
  return refusal;
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
  if (code == kFramingTooLarge) {
    return errorResponse(431, "HeaderTooLarge",
                         fmt::format("what stands around the chunks of the body (sizes, extensions, trailers) is larger than {} bytes at once, or {} in all",
                                     limits::kMaxHeaderBytes, kMaxFramingBytes));
  }
  if (code == asio::error::no_buffer_space) return errorResponse(503, "Overloaded", "too many large bodies at once");
  if (code.category() == make_error_code(error::bad_version).category()) {
    return errorResponse(400, "BadRequest", "this is no HTTP/1.1 request: " + code.message());
  }
  return std::nullopt;
}

/// The room that one body takes of what all may take together, so that many large ones at once cannot use up the memory.
class Lease {
 public:
  explicit Lease(Shared& shared) : shared_(shared) {}
  Lease(Lease&& other) noexcept : shared_(other.shared_), held_(std::exchange(other.held_, 0)) {}
  ~Lease() { release(); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// False: not now.
  bool grow(std::size_t bytes) {
    if (bytes <= std::max(held_, kFreeBytes)) return true;
    const std::size_t more = (bytes - held_ + kStep - 1) / kStep * kStep;
    std::size_t taken = shared_.leased;
    do {
      if (taken + more > shared_.options.maxBodiesBytes) return false;
    } while (!shared_.leased.compare_exchange_weak(taken, taken + more));
    held_ += more;
    return true;
  }
  void release() { shared_.leased -= std::exchange(held_, 0); }

 private:
  static constexpr std::size_t kFreeBytes = 64U << 10, kStep = 256U << 10;
  Shared& shared_;
  std::size_t held_ = 0;
};

/// A handler's call that left for the pool. Shared by the pool and the waiting session, whichever ends last; its body takes its room until then.
class Errand {
 public:
  Errand(const Executor& executor, const Route& route, Request request, Lease lease)
      : timer(executor), route_(route), request_(std::move(request)), lease_(std::move(lease)) {
    timer.expires_at(request_.deadline);
  }

  /// On the pool. Nothing where nobody waits any more.
  std::optional<Response> run() {
    if (!first()) return std::nullopt;
    return call(route_, request_);
  }
  /// By the session: the deadline has passed. What no handler has begun to read goes at once, however long the pool's queue is.
  void giveUp() {
    if (!first()) return;
    std::string().swap(request_.body);
    lease_.release();
  }

  Timer timer;
  Response response;   // these two are the session's
  bool done = false;

 private:
  bool first() { return !taken_.exchange(true); }

  const Route& route_;
  Request request_;
  Lease lease_;
  std::atomic<bool> taken_{false};
};

void send(Shared& shared, const Executor& executor, const std::shared_ptr<Errand>& errand) {
  asio::post(shared.pool, [&shared, errand, executor] {
    std::optional<Response> response = errand->run();
    shared.handledLarge = true;
    if (!response) return;
    asio::post(executor, [errand, response = std::move(*response)]() mutable {
      errand->response = std::move(response);
      errand->done = true;
      errand->timer.cancel();
    });
  });
}

template <class Wire>
Awaitable<Response> handle(std::shared_ptr<Session<Wire>> session, const Route* route, Request request, Lease lease) {
  if (request.body.size() <= session->shared.options.inlineBodyBytes) {
    Response response = call(*route, request);
    co_return response;
  }
  Response late = errorResponse(500, "DeadlineExceeded", "the answer was not ready before the deadline");
  if (SteadyClock::now() >= request.deadline) co_return late;
  const Executor executor = session->worker.executor();
  const auto errand = std::make_shared<Errand>(executor, *route, std::move(request), std::move(lease));
  send(session->shared, executor, errand);
  [[maybe_unused]] const auto [error] = co_await errand->timer.async_wait(kAwait);
  if (errand->done) {
    Response response = std::move(errand->response);
    co_return response;
  }
  errand->giveUp();
  co_return late;
}

/// Writes one answer. False if the connection is to end without a farewell.
template <class Wire>
Awaitable<bool> answer(std::shared_ptr<Session<Wire>> session, Response response, bool close, bool headOnly) {
  const std::string bytes = responseText(response, close, headOnly);
  const asio::const_buffer buffer = asio::buffer(bytes);
  session->enter(Phase::Busy, session->shared.options.timeouts.write);
  if (session->shared.options.onAnswer) session->shared.options.onAnswer(response.status);
  const ErrorCode error = co_await session->wire.write(buffer);
  const bool good = !error;
  co_return good;
}

constexpr std::chrono::milliseconds kLeasePause{20};
constexpr int kLeasePauses = 150;

/// False: there is no room for so large a body, or the connection was cut off meanwhile.
template <class Wire>
Awaitable<bool> makeRoom(std::shared_ptr<Session<Wire>> session, Lease* lease, std::size_t bytes) {
  Timer timer(session->worker.executor());
  for (int i = 0; i < kLeasePauses && session->wire.socket.is_open(); ++i) {
    if (lease->grow(bytes)) co_return true;
    timer.expires_after(kLeasePause);
    [[maybe_unused]] const auto [waited] = co_await timer.async_wait(kAwait);
  }
  co_return false;
}

/// Feeds the parser until it has its header (with a lease: all of the message). Errors as those of Beast's own reading, and
/// no_buffer_space, kFramingTooLarge. Beast bounds a header, and a body, but nothing of what stands around chunks.
template <class Wire>
Awaitable<ErrorCode> parse(std::shared_ptr<Session<Wire>> session, Parser* parser, Lease* lease) {
  ErrorCode error;
  std::size_t framing = 0;
  const auto finished = [&] { return lease != nullptr ? parser->is_done() : parser->is_header_done(); };
  while (!error && !finished()) {
    if (lease != nullptr) {
      const std::size_t needed = parser->get().body().size() + kReadBytes;
      bool room = lease->grow(needed);
      if (!room) room = co_await makeRoom(session, lease, needed);
      if (!room) {
        error = asio::error::no_buffer_space;
        break;
      }
    }
    if (session->buffer.size() > 0) {
      const std::size_t before = parser->get().body().size();
      const std::size_t used = parser->put(session->buffer.data(), error);
      if (lease != nullptr) framing += used - (parser->get().body().size() - before);
      const asio::const_buffer taken = session->buffer.data();
      if (lease == nullptr && isFolded({static_cast<const char*>(taken.data()), used})) error = beast::http::error::bad_value;
      session->buffer.consume(used);
      if (!error && framing > kMaxFramingBytes) error = kFramingTooLarge;
      if (error != beast::http::error::need_more) continue;
      error = {};
      if (session->buffer.size() >= limits::kMaxHeaderBytes || framing > kMaxFramingBytes) {
        error = kFramingTooLarge;
        break;
      }
    }
    const auto space = session->buffer.prepare(kReadBytes);
    const Transfer transfer = co_await session->wire.readSome(space);
    error = transfer.error;
    if (error == asio::error::eof) {
      error = beast::http::error::end_of_stream;
      if (parser->got_some()) {
        error = {};
        parser->put_eof(error);
        if (!error && !finished()) error = beast::http::error::partial_message;
      }
    }
    session->buffer.commit(transfer.count);
  }
  co_return error;
}

/// One request and its answer. True if another may follow on this connection; `farewell` if the peer is still there.
struct Turn {
  bool again = false;
  bool farewell = false;
};

template <class Wire>
Awaitable<Turn> turn(std::shared_ptr<Session<Wire>> session, bool first) {
  Shared& shared = session->shared;
  const Timeouts& timeouts = shared.options.timeouts;
  Turn outcome;

  if (session->buffer.size() == 0) {
    session->enter(Phase::Idle, first ? timeouts.header : timeouts.idle);
    const auto space = session->buffer.prepare(kReadBytes);
    const Transfer transfer = co_await session->wire.readSome(space);
    if (transfer.error) {
      outcome.farewell = transfer.error == asio::error::operation_aborted;  // woken to drain, or cut
      co_return outcome;
    }
    session->buffer.commit(transfer.count);
  }

  session->enter(Phase::Arriving, timeouts.header);
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits::kMaxHeaderBytes));
  parser.body_limit(shared.options.maxBodyBytes);
  parser.eager(false);
  const ErrorCode headerError = co_await parse(session, &parser, nullptr);
  if (headerError) {
    if (auto refusal = refusalOf(headerError, shared.options.maxBodyBytes)) {
      Response response = std::move(*refusal);
      outcome.farewell = co_await answer(session, std::move(response), true, false);
    }
    co_return outcome;
  }

  if (auto refusal = framingRefusal(parser.get())) {
    Response response = std::move(*refusal);
    outcome.farewell = co_await answer(session, std::move(response), true, false);
    co_return outcome;
  }

  Lease lease(shared);
  Request request = requestOf(parser);
  const bool headOnly = request.method == "HEAD";
  bool close = !parser.get().keep_alive();
  Router::Choice choice = shared.router.choose(request);
  const auto expect = parser.get()[Field::expect];
  const bool expects = !expect.empty() && !parser.is_done();
  if (choice.route != nullptr && expects && !beast::iequals(expect, "100-continue")) {
    choice = {nullptr, errorResponse(417, "ExpectationFailed", "only 'Expect: 100-continue' is known")};
  }
  if (auto unreadable = codingRefusal(parser)) {
    choice = {nullptr, std::move(*unreadable)};
  }
  if (choice.route == nullptr) {
    const auto length = parser.content_length();
    close = close || expects || parser.chunked() || (length && *length > kRefusedBodyBytes);
  } else if (expects) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const asio::const_buffer interim = asio::buffer(kContinue);
    const ErrorCode error = co_await session->wire.write(interim);
    if (error) co_return outcome;
  }

  if ((choice.route != nullptr || !close) && !parser.is_done()) {
    session->enter(Phase::Arriving, timeouts.body);
    parser.eager(true);
    const ErrorCode bodyError = co_await parse(session, &parser, &lease);
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
    response = co_await handle(session, choice.route, std::move(request), std::move(lease));
  }
  close = close || shared.closing.load();
  const bool written = co_await answer(session, std::move(response), close, headOnly);
  session->noteAnswer();
  outcome.again = written && !close;
  outcome.farewell = written;
  co_return outcome;
}

/// Closing a socket with unread input resets it, and the peer may lose our last answer: so say goodbye, then read to the end.
template <class Wire>
Awaitable<void> farewell(std::shared_ptr<Session<Wire>> session) {
  session->enter(Phase::Busy, session->shared.options.timeouts.linger);
  co_await session->wire.closeNotify();
  Socket& socket = session->wire.socket;
  ErrorCode ignored;
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
  session->buffer.clear();
  for (;;) {
    const auto space = session->buffer.prepare(kReadBytes);
    [[maybe_unused]] const auto [error, count] = co_await socket.async_read_some(space, kAwait);
    if (error) break;
  }
}

/// Tells of a handshake that came to nothing. Whoever connects and says nothing is no trouble: that is how load balancers see whether a port is open.
void tellFailure(const Connection& connection, const ServerOptions& options, const Greeting& greeting) {
  if (!options.onHandshakeFailure || !greeting.heard) return;
  if (greeting.failure) return options.onHandshakeFailure(greeting.peer, *greeting.failure);
  const bool ended = greeting.error != asio::error::operation_aborted && greeting.error != asio::error::bad_descriptor;
  if (ended) return options.onHandshakeFailure(greeting.peer, {tls::HandshakeFault::Closed, greeting.error ? greeting.error.message() : "it said goodbye"});
  const bool slow = SteadyClock::now() >= connection.deadline();   // else it made room for others, or we end
  if (slow) options.onHandshakeFailure(greeting.peer, {tls::HandshakeFault::Slow, "the time for it is over"});
}

template <class Wire>
Awaitable<void> serve(std::shared_ptr<Session<Wire>> session) {
  session->worker.add(session.get());
  session->joined = true;
  session->enter(Phase::Arriving, session->shared.options.timeouts.handshake);
  const Greeting greeting = co_await session->wire.greet();
  if (!greeting.good) {
    tellFailure(*session, session->shared.options, greeting);
    co_return;
  }
  Turn outcome;
  bool first = true;
  do {
    outcome = co_await turn(session, first);
    first = false;
  } while (outcome.again);
  if (outcome.farewell && session->wire.socket.is_open()) co_await farewell(session);
}

}  // namespace

template <class Wire>
void Session<Wire>::begin() {
  ++shared.connections;
  if (shared.options.onConnections) shared.options.onConnections(1);
}

template <class Wire>
Session<Wire>::~Session() {
  if (joined) worker.remove(this);
  if (shared.options.onConnections) shared.options.onConnections(-1);
  --shared.connections;
}

template <class Wire>
void Session<Wire>::cut() {
  ErrorCode ignored;
  wire.socket.close(ignored);
}

template <class Wire>
void Session<Wire>::wake() {
  ErrorCode ignored;
  wire.socket.cancel(ignored);
}

template class Session<PlainWire>;
template class Session<TlsWire>;

Awaitable<void> run(std::shared_ptr<Session<TlsWire>> session) { return serve(std::move(session)); }
Awaitable<void> run(std::shared_ptr<Session<PlainWire>> session) { return serve(std::move(session)); }

}  // namespace rightslice::http
