// An HTTP server on loopback that does what a test tells it to, well or badly.
#pragma once
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace scripted {

using namespace std::chrono_literals;

/// Waits until `condition` holds; false after 15 s.
template <class Condition>
bool eventually(Condition&& condition) {
  for (const auto end = std::chrono::steady_clock::now() + 15s; std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(2ms))
    if (condition()) return true;
  return false;
}

struct Seen {
  std::string method, target, head, body;
  std::size_t connection = 0;  ///< the first is 1
  bool has(std::string_view text) const { return (target + "\n" + head).find(text) != std::string::npos; }
};

class Server;

/// One request's connection, for the script to write to.
class Peer {
 public:
  Peer(int socket, const std::atomic<bool>& stopping) : socket_(socket), stopping_(stopping) {}
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  bool answer(int status, std::string_view body, std::string_view headers = "") const {
    return send(fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body));
  }
  /// An answer of unknown length: chunk() after chunk(), then end().
  bool begin() const { return send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"); }
  bool chunk(std::string_view text) const { return send(fmt::format("{:x}\r\n{}\r\n", text.size(), text)); }
  bool end() const { return send("0\r\n\r\n"); }
  /// Until the peer closes, the server stops, or `condition` holds.
  template <class Condition>
  void holdUntil(Condition&& condition) const {
    while (!stopping_ && !condition()) {
      pollfd ready{socket_, POLLIN, 0};
      char byte = 0;
      if (::poll(&ready, 1, 5) > 0 && ::recv(socket_, &byte, 1, MSG_PEEK) <= 0) return;
    }
  }
  void hold() const {
    holdUntil([] { return false; });
  }

 private:
  int socket_;
  const std::atomic<bool>& stopping_;
};

/// The script is called for each request, on the thread of its connection; false closes the connection.
class Server {
 public:
  using Script = std::function<bool(const Peer&, const Seen&)>;

  explicit Server(Script script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    socklen_t size = sizeof at;
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(::listen(listener_, 64) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port_ = ntohs(at.sin_port);
    accepting_ = std::thread([this] { accept(); });
  }
  ~Server() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& each : threads_) each.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::size_t count(std::string_view text) const {
    std::size_t out = 0;
    for (const Seen& each : seen()) out += each.has(text) ? 1 : 0;
    return out;
  }
  std::size_t connections() const { return connections_; }

 private:
  void accept() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::size_t number = ++connections_;
      const std::lock_guard lock(mutex_);
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket, number] { serve(socket, number); });
    }
  }

  void serve(int socket, std::size_t number) {
    std::string text;
    while (!stopping_) {
      Seen seen;
      seen.connection = number;
      std::size_t end = std::string::npos;
      while ((end = text.find("\r\n\r\n")) == std::string::npos && more(socket, text)) {
      }
      if (end == std::string::npos) break;
      seen.head = text.substr(0, end);
      text.erase(0, end + 4);
      std::size_t length = 0;
      if (const auto at = seen.head.find("Content-Length: "); at != std::string::npos) length = std::stoul(seen.head.substr(at + 16));
      while (text.size() < length && more(socket, text)) {
      }
      seen.body = text.substr(0, length);
      text.erase(0, length);
      const std::string line = seen.head.substr(0, seen.head.find("\r\n"));
      seen.method = line.substr(0, line.find(' '));
      seen.target = line.substr(seen.method.size() + 1, line.rfind(' ') - seen.method.size() - 1);
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(seen);
      }
      if (!script_(Peer(socket, stopping_), seen)) break;
    }
    ::shutdown(socket, SHUT_RDWR);
    const std::lock_guard lock(mutex_);
    std::erase(sockets_, socket);
    ::close(socket);
  }

  static bool more(int socket, std::string& text) {
    char piece[4096];
    const ssize_t count = ::recv(socket, piece, sizeof piece, 0);
    if (count > 0) text.append(piece, static_cast<std::size_t>(count));
    return count > 0;
  }

  Script script_;
  int listener_, port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> connections_{0};
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

}  // namespace scripted
