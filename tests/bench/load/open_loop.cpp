// Requests at a fixed rate, whatever the server does: latency counts from the moment a request should have been sent, so that a stall is paid for
// by all the requests that it held up (wrk waits for the answer first, and hides that). One thread and one TLS 1.3 connection per lane.
//
//   open_loop PORT BODIES RATE LANES SECONDS    BODIES: a file with one body per line, taken in turn
//
// Prints: RESULT requests failed p50 p99 p999 max (microseconds).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "open_loop: %s\n", what);
  std::exit(1);
}

class Lane {
 public:
  Lane(SSL_CTX* context, std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)), tls_(SSL_new(context), SSL_free) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
    if (SSL_set_fd(tls_.get(), socket_) != 1 || SSL_connect(tls_.get()) != 1) fail("no TLS handshake");
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane() { ::close(socket_); }

  /// Whether a 200 came back whole.
  bool ask(const std::string& request) {
    if (SSL_write(tls_.get(), request.data(), static_cast<int>(request.size())) <= 0) fail("the server closed a connection");
    std::string answer;
    std::size_t whole = std::string::npos;
    while (answer.size() < whole || whole == std::string::npos) {
      char part[16384];
      const int count = SSL_read(tls_.get(), part, sizeof part);
      if (count <= 0) fail("the server closed a connection");
      answer.append(part, static_cast<std::size_t>(count));
      const auto end = answer.find("\r\n\r\n");
      if (whole == std::string::npos && end != std::string::npos) {
        const auto at = answer.find("Content-Length: ");
        if (at == std::string::npos || at > end) fail("an answer without Content-Length");
        whole = end + 4 + std::strtoul(answer.c_str() + at + 16, nullptr, 10);
      }
    }
    return answer.compare(0, 12, "HTTP/1.1 200") == 0;
  }

 private:
  int socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
};

std::vector<std::string> requestsFrom(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> requests;
  for (std::string body; std::getline(file, body);)
    requests.push_back("POST /validate?timeout=5s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                       "\r\n\r\n" + body);
  if (requests.empty()) fail("no bodies");
  return requests;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) fail("usage: open_loop PORT BODIES RATE LANES SECONDS");
  const auto port = static_cast<std::uint16_t>(std::atoi(arguments[1]));
  const auto requests = requestsFrom(arguments[2]);
  const double rate = std::atof(arguments[3]);
  const auto lanes = static_cast<std::size_t>(std::atoi(arguments[4]));
  const auto total = static_cast<std::size_t>(rate * std::atof(arguments[5]));

  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);  // nobody is proven: this measures, on loopback
  std::vector<std::unique_ptr<Lane>> connections;
  for (std::size_t lane = 0; lane < lanes; ++lane) connections.push_back(std::make_unique<Lane>(context.get(), port));

  std::vector<double> latencies(total);
  std::atomic<std::size_t> failed{0};
  const auto start = Clock::now() + std::chrono::milliseconds(50);
  std::vector<std::thread> threads;
  for (std::size_t lane = 0; lane < lanes; ++lane)
    threads.emplace_back([&, lane] {
      for (std::size_t i = lane; i < total; i += lanes) {  // request i is due at i / rate, evenly over the lanes
        const auto due = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(i) / rate));
        std::this_thread::sleep_until(due);
        if (!connections[lane]->ask(requests[i % requests.size()])) ++failed;
        latencies[i] = Microseconds(Clock::now() - due).count();
      }
    });
  for (auto& thread : threads) thread.join();
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) { return latencies[std::min(total - 1, static_cast<std::size_t>(share * static_cast<double>(total)))]; };
  std::printf("RESULT %zu %zu %.0f %.0f %.0f %.0f\n", total, failed.load(), at(0.5), at(0.99), at(0.999), latencies.back());
}
