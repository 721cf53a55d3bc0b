#include "http/server.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>

#include "tls/authority.hpp"

using namespace rightslice;
using namespace std::chrono_literals;

namespace {

/// A plain TCP client of a server on loopback. Reads give up after a while, so that a defect is a failure and no hang.
class Client {
 public:
  explicit Client(const http::Server& server) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const std::string& address = server.address();
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    const timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  void send(const std::string& text) const { CHECK(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())); }
  /// Until the text holds `end`, or the peer closes.
  std::string readUntil(std::string_view end) const {
    std::string text;
    char piece[4096];
    while (text.find(end) == std::string::npos) {
      const ssize_t count = ::recv(socket_, piece, sizeof piece, 0);
      if (count <= 0) break;
      text.append(piece, static_cast<std::size_t>(count));
    }
    return text;
  }
  /// All until the peer closes: "closed" at the end tells it from a read that gave up.
  std::string readAll() const {
    std::string text = readUntil("no server sends this");
    char byte = 0;
    return text + (::recv(socket_, &byte, 1, 0) == 0 ? "closed" : "");
  }

 private:
  int socket_;
  bool connected_ = false;
};

http::Router router() {
  const auto echo = [](const http::Request& request) { return http::Response{.body = "<" + std::to_string(request.body.size()) + ">"}; };
  return http::Router({{"POST", "/echo", "", echo},
                       {"GET", "/hello", "", [](const http::Request&) { return http::Response{.body = "<hello>"}; }},
                       {"GET", "/throws", "", [](const http::Request&) -> http::Response { throw std::runtime_error("a bug"); }},
                       {"POST", "/slow", "", [](const http::Request&) {
                          std::this_thread::sleep_for(400ms);
                          return http::Response{.body = "<slow>"};
                        }}});
}

http::ServerOptions options() {
  http::ServerOptions out;
  out.listen = "127.0.0.1:0";
  return out;
}

std::unique_ptr<http::Server> started(http::ServerOptions with) {
  auto server = http::Server::listen(std::move(with), router());
  REQUIRE(server);
  (*server)->start();
  return std::move(*server);
}

const std::string kHello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a peer that is slow in any phase is closed") {
  auto with = options();
  with.timeouts.header = with.timeouts.body = with.timeouts.idle = 200ms;
  const auto server = started(std::move(with));
  struct Case { const char* phase; std::string sent; };
  const Case cases[] = {
      {"nothing at all", ""},
      {"half a header", "GET /hel"},
      {"half a body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.phase);
    const Client client(*server);
    if (!each.sent.empty()) client.send(each.sent);
    CHECK(client.readAll() == "closed");
  }
  const Client idle(*server);
  idle.send(kHello);
  const std::string text = idle.readAll();
  CHECK(text.find("<hello>") != std::string::npos);
  CHECK(text.ends_with("closed"));
}

TEST_CASE("a request that another reader could read otherwise is refused, and nothing after it is read") {
  const auto server = started(options());
  const std::string post = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  const std::pair<std::string, const char*> rows[] = {
      {"GET /hello HTTP/1.1\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nX: a\r\n Content-Length: 5\r\n\r\n", "400"},
      {post + "Content-Length: 3, 3\r\n\r\nabc", "400"},
      {post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"},
      {post + "Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabc", "400"},
      {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: identity\r\n\r\n", "501"},
      {post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "501"},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"}};
  for (const auto& [request, status] : rows) {
    CAPTURE(request);
    const Client client(*server);
    client.send(request + kHello);
    const std::string answers = client.readAll();
    CHECK(answers.starts_with("HTTP/1.1 " + std::string(status)));
    CHECK(answers.find("<hello>") == std::string::npos);
    CHECK(answers.find("Connection: close") != std::string::npos);
    CHECK(answers.ends_with("closed"));
  }
  const Client client(*server);
  client.send(post + "transfer-encoding: Chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  CHECK(client.readAll().find("<3>") != std::string::npos);
}

TEST_CASE("what stands around the chunks of a body is bounded, each piece and all of it") {
  auto with = options();
  with.timeouts.body = 5s;
  const auto server = started(std::move(with));
  const auto repeated = [](std::string_view text, int times) {
    std::string out;
    while (times-- > 0) out += text;
    return out;
  };
  struct Case { const char* name; std::string body; const char* answer; };
  const std::string extension(500, 'a');
  const Case cases[] = {
      {"an extension without end", "1;" + std::string(100'000, 'a'), "HTTP/1.1 431 "},
      {"a size without end", std::string(100'000, '0'), "HTTP/1.1 431 "},
      {"a trailer without end", "3\r\nabc\r\n0\r\n" + repeated("X: y\r\n", 20'000), "HTTP/1.1 431 "},
      {"small chunks with long extensions", repeated("1;" + extension + "\r\nx\r\n", 4000), "HTTP/1.1 431 "},
      {"chunks of a byte", repeated("1\r\nx\r\n", 10'000) + "0\r\n\r\n", "<10000>"},
      {"some extensions and trailers", repeated("1;" + extension + "\r\nx\r\n", 100) + "0;a=b\r\n" + repeated("X: y\r\n", 1000) + "\r\n", "<100>"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    const Client client(*server);
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + each.body);
    const std::string answer = client.readAll();
    CHECK(answer.find(each.answer) != std::string::npos);
    CHECK(answer.ends_with("closed"));
  }
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection after the answer") {
  const auto server = started(options());
  for (const char* request : {"GET /hello HTTP/1.0\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"}) {
    const Client client(*server);
    client.send(request);
    const std::string text = client.readAll();
    CHECK(text.find("Connection: close\r\n") != std::string::npos);
    CHECK(text.find("<hello>") != std::string::npos);
    CHECK(text.ends_with("closed"));
  }
}

TEST_CASE("what a handler throws is a counted 500, and the connection lives on") {
  std::atomic<int> failures{0};
  auto with = options();
  with.onAnswer = [&](int status) { failures += status == 500; };
  const auto server = started(std::move(with));
  const Client client(*server);
  client.send("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(client.readUntil("}\n").find("500 Internal Server Error") != std::string::npos);
  client.send(kHello);
  CHECK(client.readUntil("<hello>").find("200 OK") != std::string::npos);
  CHECK(failures == 1);
}

TEST_CASE("a large body goes through the pool and does not hold up its worker") {
  auto with = options();
  with.inlineBodyBytes = 100;
  const auto server = started(std::move(with));
  const Client slow(*server), quick(*server);
  slow.send(post("/slow", std::string(1000, 'x')));
  quick.send(kHello);
  CHECK(quick.readUntil("<hello>").find("200 OK") != std::string::npos);
  CHECK_FALSE(server->handledLarge());
  CHECK(slow.readUntil("<slow>").find("200 OK") != std::string::npos);
  slow.send(post("/echo", std::string(5000, 'x')));
  CHECK(slow.readUntil("<5000>").find("200 OK") != std::string::npos);
  CHECK(server->handledLarge());
  CHECK_FALSE(server->handledLarge());   // said once
}

TEST_CASE("an answer that is not ready at the deadline of its request is a 500 with its reason") {
  auto with = options();
  with.inlineBodyBytes = 100;
  const auto server = started(std::move(with));
  const Client client(*server);
  client.send(post("/slow?timeout=200ms", std::string(1000, 'x')));
  CHECK(client.readUntil("}\n").find("DeadlineExceeded") != std::string::npos);
  client.send(kHello);
  CHECK(client.readUntil("<hello>").find("200 OK") != std::string::npos);
}

TEST_CASE("draining answers what is in progress, lets idle connections go, and takes no new ones") {
  const auto server = started(options());
  const Client busy(*server), idle(*server);
  idle.send(kHello);
  idle.readUntil("<hello>");
  const std::string body(10, 'x');
  const std::string request = post("/echo", body);
  busy.send(request.substr(0, request.size() - 5));
  while (server->connections() < 2) std::this_thread::sleep_for(1ms);
  auto drained = std::async(std::launch::async, [&] { return server->drain(20s); });
  CHECK(idle.readAll() == "closed");
  busy.send(request.substr(request.size() - 5));
  const std::string text = busy.readAll();
  CHECK(text.find("<10>") != std::string::npos);
  CHECK(text.find("Connection: close\r\n") != std::string::npos);
  CHECK(drained.get() == 0);
  CHECK_FALSE(Client(*server).connected());
}

TEST_CASE("draining cuts off who does not end in time") {
  const auto server = started(options());
  const Client stuck(*server);
  stuck.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
  while (server->connections() < 1) std::this_thread::sleep_for(1ms);
  CHECK(server->drain(50ms) == 1);
}

TEST_CASE("before the door is shut, answers only announce it") {
  const auto server = started(options());
  const Client before(*server);
  server->announceClose();
  const Client after(*server);
  for (const Client* client : {&before, &after}) {
    client->send(kHello);
    CHECK(client->readAll().find("Connection: close\r\n") != std::string::npos);
  }
}

TEST_CASE("over the limit whoever asks for nothing makes room: first who never asked for anything") {
  auto with = options();
  with.maxConnections = 2;
  const auto server = started(std::move(with));
  const Client served(*server);
  served.send(kHello);
  served.readUntil("<hello>");
  const Client silent(*server), newcomer(*server);
  newcomer.send(kHello);
  CHECK(newcomer.readUntil("<hello>").find("200 OK") != std::string::npos);
  CHECK(silent.readAll() == "closed");
  served.send(kHello);
  CHECK(served.readUntil("<hello>").find("200 OK") != std::string::npos);
  CHECK(server->connections() == 2);
}

TEST_CASE("over the limit nobody who is being served is cut off") {
  auto with = options();
  with.maxConnections = 1;
  with.inlineBodyBytes = 100;
  const auto server = started(std::move(with));
  const Client busy(*server);
  busy.send(post("/slow", std::string(1000, 'x')));
  while (server->connections() < 1) std::this_thread::sleep_for(1ms);
  const Client newcomer(*server);
  newcomer.send(kHello);
  CHECK(busy.readUntil("<slow>").find("200 OK") != std::string::npos);
  CHECK(newcomer.readUntil("<hello>").find("200 OK") != std::string::npos);
}

TEST_CASE("large bodies share their room: one waits for another, and the small ones for nobody") {
  auto with = options();
  with.maxBodiesBytes = 300U << 10;
  const auto server = started(std::move(with));
  const std::string large = post("/echo", std::string(200'000, 'x'));
  auto first = std::make_unique<Client>(*server);
  first->send(large.substr(0, large.size() - 1));
  std::this_thread::sleep_for(100ms);
  const Client second(*server), small(*server);
  second.send(large);
  small.send(kHello);
  CHECK(small.readUntil("<hello>").find("200 OK") != std::string::npos);
  first->send("x");
  CHECK(first->readUntil("<200000>").find("200 OK") != std::string::npos);
  CHECK(second.readUntil("<200000>").find("200 OK") != std::string::npos);
  first->send(large.substr(0, large.size() - 1));
  second.send(large);
  first.reset();  // whoever goes in the middle gives the room back
  CHECK(second.readUntil("<200000>").find("200 OK") != std::string::npos);
  first = std::make_unique<Client>(*server);
  first->send(large.substr(0, large.size() - 1));
  std::this_thread::sleep_for(100ms);
  second.send(large);
  CHECK(second.readAll().find("HTTP/1.1 503 ") != std::string::npos);
}

TEST_CASE("a body takes its room for as long as a handler has it, also when its answer comes too late") {
  auto with = options();
  with.inlineBodyBytes = 100;
  with.maxBodiesBytes = 300U << 10;
  std::atomic<int> running{0};
  const auto slow = [&](const http::Request&) {
    ++running;
    std::this_thread::sleep_for(400ms);
    --running;
    return http::Response{};
  };
  const auto asked = [&](const http::Request&) { return http::Response{.body = "<" + std::to_string(running) + " beside it>"}; };
  auto server = http::Server::listen(std::move(with), http::Router({{"POST", "/slow", "", slow}, {"POST", "/asked", "", asked}})).value();
  server->start();
  const Client late(*server), next(*server);
  late.send(post("/slow?timeout=300ms", std::string(200'000, 'x')));
  CHECK(late.readUntil("}\n").find("DeadlineExceeded") != std::string::npos);
  next.send(post("/asked", std::string(200'000, 'x')));
  CHECK(next.readUntil(">").find("<0 beside it>") != std::string::npos);
}

TEST_CASE("a request whose deadline has passed reaches no handler, and gives its room back at once") {
  auto with = options();
  with.inlineBodyBytes = 100;
  with.poolThreads = 1;
  with.maxBodiesBytes = 600U << 10;
  std::atomic<int> calls{0};
  const auto counted = [&](const http::Request&) {
    ++calls;
    std::this_thread::sleep_for(400ms);
    return http::Response{.body = "<done>"};
  };
  auto server = http::Server::listen(std::move(with), http::Router({{"POST", "/counted", "", counted}})).value();
  server->start();
  const std::string body(200'000, 'x');
  const Client past(*server), busy(*server), queued(*server), next(*server);
  past.send(post("/counted?timeout=50ms", body));   // less than the margin that is kept back
  CHECK(past.readUntil("}\n").find("DeadlineExceeded") != std::string::npos);
  CHECK(calls == 0);
  busy.send(post("/counted", body));
  while (calls == 0) std::this_thread::sleep_for(1ms);
  queued.send(post("/counted?timeout=150ms", body));
  CHECK(queued.readUntil("}\n").find("DeadlineExceeded") != std::string::npos);
  next.send(post("/counted", body));
  CHECK(busy.readUntil("<done>").find("200 OK") != std::string::npos);
  CHECK(next.readUntil("<done>").find("200 OK") != std::string::npos);
  CHECK(calls == 2);
}

TEST_CASE("a packed body is refused") {
  const auto server = started(options());
  for (const char* coding : {"gzip", "br", "deflate"}) {
    CAPTURE(coding);
    const Client client(*server);
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Encoding: " + std::string(coding) + "\r\nContent-Length: 3\r\n\r\nabc");
    const std::string answer = client.readUntil("}\n");
    CHECK(answer.starts_with("HTTP/1.1 415 "));
    CHECK(answer.find("Accept-Encoding: identity\r\n") != std::string::npos);
  }
  const Client client(*server);
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(client.readUntil("<3>").find("200 OK") != std::string::npos);
}

TEST_CASE("a connection of several workers is counted once, and the loops turn") {
  std::atomic<int> open{0};
  auto with = options();
  with.workers = 3;
  with.onConnections = [&](int change) { open += change; };
  const auto server = started(std::move(with));
  {
    const Client one(*server), two(*server), three(*server), four(*server);
    for (const Client* client : {&one, &two, &three, &four}) {
      client->send(kHello);
      CHECK(client->readUntil("<hello>").find("200 OK") != std::string::npos);
    }
    CHECK(open == 4);
    CHECK(server->responsive(30s));
  }
  while (server->connections() > 0) std::this_thread::sleep_for(1ms);
  CHECK(open == 0);
}

TEST_CASE("a connection that there is no memory for costs that connection, and accepting goes on") {
  std::atomic<int> came{0};
  std::promise<std::string> said;
  auto with = options();
  with.tls = [&]() -> tls::Context {
    if (++came == 1) throw std::bad_alloc();
    return nullptr;
  };
  with.onError = [&](std::string_view message) { said.set_value(std::string(message)); };
  const auto server = started(std::move(with));
  for (int i = 0; i < 2; ++i) CHECK(Client(*server).readAll() == "closed");
  CHECK(came == 2);
  auto told = said.get_future();
  REQUIRE(told.wait_for(0s) == std::future_status::ready);
  CHECK(told.get().find("cannot take a connection: std::bad_alloc") != std::string::npos);
  CHECK(server->responsive(30s));
}

TEST_CASE("a handshake that fails is told with the peer and the reason, and who says nothing is not told of") {
  const auto issued = tls::issue({.dnsNames = {"a"}}).value();
  const auto context = tls::serverContext(issued.certificate, issued.key, "").value();
  std::mutex mutex;
  std::vector<std::string> told;
  auto with = options();
  with.timeouts.handshake = 300ms;
  with.tls = [&] { return context; };
  with.onHandshakeFailure = [&](std::string_view peer, const tls::HandshakeFailure& failure) {
    const std::lock_guard lock(mutex);
    told.push_back(std::string(peer) + " " + std::string(tls::rowOf(failure.fault).name));
  };
  const auto server = started(std::move(with));
  const std::string hello("\x16\x03\x01\x02\x00\x01", 6);   // the beginning of one
  { const Client silent(*server); }
  CHECK(Client(*server).readAll() == "closed");   // after 300 ms
  const std::pair<std::string, const char*> rows[] = {{kHello, "plain-http"}, {std::string(100, 'x'), "garbage"}, {hello, "slow"}};
  for (const auto& [text, name] : rows) {
    const Client client(*server);
    client.send(text);
    CHECK(client.readAll().ends_with("closed"));
  }
  {
    const Client gone(*server);
    gone.send(hello);
    std::this_thread::sleep_for(50ms);
  }
  server->drain(20s);
  const std::lock_guard lock(mutex);
  CHECK(told == std::vector<std::string>{"127.0.0.1 plain-http", "127.0.0.1 garbage", "127.0.0.1 slow", "127.0.0.1 closed"});
}

TEST_CASE("where it cannot listen it says so") {
  for (const char* listen : {"", "8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "nowhere.example:1", "127.0.0.1:1:"}) {
    CAPTURE(listen);
    auto with = options();
    with.listen = listen;
    CHECK_FALSE(http::Server::listen(std::move(with), router()));
  }
  const auto server = started(options());
  auto taken = options();
  taken.listen = server->address();
  const auto second = http::Server::listen(std::move(taken), router());
  REQUIRE_FALSE(second);
  CHECK(second.error().message == "cannot listen on " + server->address() +
                                      ": Address already in use; something else listens there: end it, or name another port (0 takes a free one)");
}
