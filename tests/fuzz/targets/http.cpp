// One connection of the server: any bytes in, well-formed answers out, and no request taken that two readers would read differently.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "harness.hpp"
#include "http/session.hpp"
#include "http_reader.hpp"

using namespace rightslice;
using fuzz::HttpRequest;
using fuzz::HttpResponse;
using fuzz::require;

namespace {

constexpr std::size_t kMostInput = 64U << 10;   // what the two sockets' buffers hold

struct Call {
  std::string method, path, query, body;
  friend bool operator==(const Call&, const Call&) = default;
};

struct Conversation {
  std::vector<Call> calls;
  std::string output;
};

/// A server without a socket of its own and without threads.
class Connection {
 public:
  Connection() : shared_(options(), router(*this)), worker_(std::chrono::milliseconds(1000)) {}

  /// The answers to `input`, which comes in two pieces.
  Conversation talk(std::string_view input, std::size_t firstPiece) {
    conversation_ = {};
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0, "a pair of sockets");
    client_ = ends[0];
    http::Socket socket(worker_.executor());
    socket.assign(boost::asio::ip::tcp::v4(), ends[1]);
    auto session = std::make_shared<http::Session<http::PlainWire>>(shared_, worker_, std::move(socket));
    boost::asio::co_spawn(worker_.executor(), http::run(std::move(session)), [](const std::exception_ptr& failure) { require(!failure, "no exception escapes a connection"); });
    send(input.substr(0, firstPiece));
    turn();
    send(input.substr(firstPiece));
    ::shutdown(client_, SHUT_WR);
    for (int i = 0; shared_.connections > 0; ++i) {
      require(i < 100'000, "a connection whose peer has ended ends");
      turn();
    }
    receive();
    ::close(client_);
    return std::move(conversation_);
  }

 private:
  static http::ServerOptions options() {
    http::ServerOptions out;
    out.maxBodyBytes = 4096;
    out.inlineBodyBytes = kMostInput;
    out.poolThreads = 0;
    return out;
  }
  static http::Router router(Connection& self) {
    const auto keep = [&self](const http::Request& request) {
      self.conversation_.calls.push_back({request.method, request.path, request.query, request.body});
      return http::Response{.body = "<" + std::to_string(request.body.size()) + ">"};
    };
    return http::Router({{"POST", "/validate", "application/json", keep}, {"POST", "/any", "", keep}, {"GET", "/livez", "", keep}});
  }
  void send(std::string_view bytes) const {
    if (bytes.empty()) return;
    const auto sent = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    require(sent == static_cast<ssize_t>(bytes.size()) || sent < 0, "the sockets hold the input");
  }
  void turn() {
    worker_.context().restart();
    worker_.context().poll();
    receive();
  }
  void receive() {
    char piece[4096];
    for (ssize_t count; (count = ::recv(client_, piece, sizeof piece, 0)) > 0;) conversation_.output.append(piece, static_cast<std::size_t>(count));
  }

  http::Shared shared_;
  http::Worker worker_;
  Conversation conversation_;
  int client_ = -1;
};

/// Did the server refuse to read on because of how the message is written?
bool refusesFraming(int status) { return status == 400 || status == 413 || status == 431 || status == 501; }

void checkAgainstReader(std::string_view input, const Conversation& conversation) {
  std::vector<HttpRequest> requests;
  std::vector<std::string> methods;
  for (std::size_t at = 0; at < input.size();) {
    requests.push_back(fuzz::readHttpRequest(input, at));
    if (!requests.back().unclear.empty()) break;
    methods.push_back(requests.back().method);   // also that of a request whose body is broken: its answer may not need the body, and HEAD has none
    if (!requests.back().body) break;
    at = requests.back().end;
  }
  const auto responses = fuzz::readHttpResponses(conversation.output, methods);
  require(responses.has_value(), "what the server sends are responses", conversation.output);
  auto call = conversation.calls.begin();
  for (std::size_t i = 0; i < responses->size(); ++i) {
    const HttpResponse& response = (*responses)[i];
    if (i + 1 < responses->size()) require(!response.close, "nothing follows a farewell", conversation.output);
    if (refusesFraming(response.status)) {
      require(response.close && i + 1 == responses->size(), "a message that is refused ends the connection", conversation.output);
      break;
    }
    require(i < requests.size(), "there is no answer without a request", conversation.output);
    const HttpRequest& request = requests[i];
    require(request.unclear.empty(), "what is answered is written in one way only", request.unclear + "\n" + conversation.output);
    require(request.body.has_value() || response.close, "a body that is not there ends the connection", conversation.output);
    if (response.status != 200) continue;
    require(call != conversation.calls.end() && request.body.has_value(), "an answer is that of a handler");
    const auto question = request.target.find('?');
    const Call expected{request.method, request.target.substr(0, question), question == std::string::npos ? "" : request.target.substr(question + 1), *request.body};
    require(*call == expected, "both readers read the same", call->method + " " + call->path + "?" + call->query + "\n" + call->body + "\n--\n" + expected.body);
    ++call;
  }
  require(call == conversation.calls.end(), "each call is answered", conversation.output);
}

}  // namespace

void fuzz::run(std::string_view input) {
  static Connection connection;
  input = input.substr(0, kMostInput);
  const Conversation whole = connection.talk(input, input.size());
  checkAgainstReader(input, whole);
  // What has no end is closed where it comes in pieces, and may be refused as soon as it is seen whole.
  const Conversation pieces = connection.talk(input, input.size() / 2);
  checkAgainstReader(input, pieces);
  require(pieces.calls == whole.calls, "the same bytes in pieces, the same requests", whole.output + pieces.output);
}
