// An HTTP/1.1 client: one connection, kept alive, TLS or plain. Included by http/*.cpp and kube/*.cpp only; its coroutines keep
// the rules of http/session.hpp.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "http/tls_stream.hpp"
#include "http/worker.hpp"
#include "tls/context.hpp"

namespace rightslice::http {

/// How long each phase of a call may take; a server that is slower is cut off.
struct ClientTimeouts {
  std::chrono::milliseconds connect{10'000};  ///< resolving the name included
  std::chrono::milliseconds handshake = limits::kHandshakeTimeout;
  std::chrono::milliseconds write = limits::kWriteTimeout;
  std::chrono::milliseconds answer{60'000};   ///< to the end of the answer's header
  std::chrono::milliseconds piece{30'000};    ///< to the next bytes of a body
  std::chrono::milliseconds body{120'000};    ///< a whole body
};

struct ClientOptions {
  std::string host, port;                           ///< a name or an address, without brackets
  bool tls = true;
  std::string serverName;                           ///< what the certificate must name; empty: `host`
  std::function<Result<tls::Context>()> context;    ///< asked at each connect
  ClientTimeouts timeouts;
};

struct Call {
  std::string method = "GET", target;               ///< target: path and query, escaped
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string contentType{}, body{};
  std::chrono::milliseconds limit{0};               ///< of the whole call, from its connection to the last byte; 0: the timeouts alone
};

struct Reply {
  int status = 0;
  std::string contentType{};
  std::optional<std::chrono::seconds> retryAfter{}; ///< where the server names a number of seconds
  std::string date{};                               ///< the server's clock, as it is written
  std::string body{};
  bool tooLarge = false;                            ///< the body is larger than was allowed, and is not here
};

/// A body as it comes. Unlike Beast's string_body it takes no room for as much as the server only says that it will send.
struct Pieces {
  using value_type = std::string;
  class reader {
   public:
    template <bool isRequest, class Fields>
    reader(boost::beast::http::header<isRequest, Fields>&, value_type& to) : to_(to) {}
    void init(const boost::optional<std::uint64_t>&, ErrorCode& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, ErrorCode& error) {
      error = {};
      std::size_t count = 0;
      for (const asio::const_buffer piece : boost::beast::buffers_range_ref(buffers)) {
        to_.append(static_cast<const char*>(piece.data()), piece.size());
        count += piece.size();
      }
      return count;
    }
    void finish(ErrorCode& error) { error = {}; }

   private:
    value_type& to_;
  };
};

/// For one coroutine at a time, on the worker's thread; the owner keeps it alive until its coroutines have ended. Errors are those
/// of the transport: every answer with a status is a Reply.
class Client final : public Connection {
 public:
  Client(Worker& worker, ClientOptions options);
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// One call with its whole body, if it has at most `maxBody` bytes.
  Awaitable<Result<Reply>> call(Call call, std::size_t maxBody);
  /// The answer without its body, which next() reads.
  Awaitable<Result<Reply>> open(Call call);
  /// The next piece of the body; empty at its end. `silence`: how long the server may send nothing.
  Awaitable<Result<std::string>> next(std::chrono::milliseconds silence);

  void close();           ///< drops the connection; the next call makes a new one
  void cut() override;    ///< a deadline has passed
  void wake() override { cut(); }

 private:
  using Parser = boost::beast::http::response_parser<Pieces>;

  Awaitable<Result<bool>> connect();
  Awaitable<ErrorCode> reach();
  Awaitable<Result<bool>> secure();
  Awaitable<Result<Reply>> exchange(std::string bytes);
  Awaitable<ErrorCode> write(std::string bytes);
  Awaitable<ErrorCode> fill();
  ErrorCode parse();      ///< what is in the buffer; no error where more is needed
  void finish();          ///< after the last byte of a body
  Socket* socket();
  Error failure(const ErrorCode& code, const char* doing) const;
  void expect(std::chrono::milliseconds limit);
  void rest();

  Worker& worker_;
  ClientOptions options_;
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver_;
  std::unique_ptr<Socket> plain_;
  std::unique_ptr<TlsStream> tls_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  bool answered_ = false;   ///< a byte of the answer has come
  bool cut_ = false;
  std::chrono::milliseconds limit_{}, whole_{};
  SteadyClock::time_point end_ = SteadyClock::time_point::max();   ///< of the call that is made, where it has a limit
};

}  // namespace rightslice::http
