#include "kube/cluster.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "http/server.hpp"
#include "scripted_server.hpp"
#include "tls/authority.hpp"

using namespace rightslice;
using namespace rightslice::kube;
using scripted::Peer;
using scripted::Seen;

namespace {

ClusterOptions optionsFor(const std::string& url) {
  ClusterOptions options;
  options.config.server = *parseUrl(url);
  options.pace.connect = options.pace.answer = std::chrono::milliseconds(2000);
  return options;
}

struct Running {
  explicit Running(ClusterOptions options) : cluster(std::move(options)) { cluster.start(); }
  Result<Answer> get(std::string path) { return cluster.call({"GET", std::move(path)}); }
  Cluster cluster;
};

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("rightslice-kube-" + std::to_string(::getpid()))) { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

bool echo(const Peer& peer, const Seen& seen) { return peer.answer(200, seen.method + " " + seen.target + "\n" + seen.head + "\n" + seen.body); }

/// A real server over TLS.
std::unique_ptr<http::Server> secure(const tls::Issued& issued, bool clients) {
  http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  const auto context = tls::serverContext(issued.certificate, issued.key, clients ? issued.caCertificate : "");
  REQUIRE(context);
  options.tls = [context = *context] { return context; };
  auto server = http::Server::listen(std::move(options), http::Router({{"GET", "/hello", "", [](const http::Request&) { return http::Response{.body = "hello"}; }}}));
  REQUIRE(server);
  (*server)->start();
  return std::move(*server);
}

}  // namespace

TEST_CASE("calls carry what they are given, below the server's path, on one connection") {
  scripted::Server server(echo);
  auto options = optionsFor(server.url() + "/k8s/c-1");
  options.config.token.text = "secret";
  options.config.impersonate = {{"Impersonate-User", "jane"}};
  Running running(std::move(options));
  const auto answer = running.cluster.call({"PATCH", "/apis/a/v1/things/x?force=true", "application/apply-patch+yaml", "{}"});
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body.starts_with("PATCH /k8s/c-1/apis/a/v1/things/x?force=true\n"));
  for (const char* part : {"Authorization: Bearer secret", "Impersonate-User: jane", "Content-Type: application/apply-patch+yaml", "Content-Length: 2", "\n{}"}) {
    CHECK_MESSAGE(answer->body.find(part) != std::string::npos, part);
  }
  CHECK(running.get("/other"));
  CHECK(server.connections() == 1);
}

TEST_CASE("a call on a kept connection that the server has closed is made again; a POST gets a new one") {
  std::atomic<int> requests{0};
  scripted::Server server([&](const Peer& peer, const Seen&) {
    ++requests;
    peer.answer(200, "{}");
    return false;
  });
  Running running(optionsFor(server.url()));
  CHECK(running.get("/a"));
  CHECK(running.get("/b"));
  CHECK(server.connections() == 2);
  CHECK(running.cluster.call({"POST", "/c", "application/json", "{}"}));
  CHECK(server.connections() == 3);
  CHECK(requests == 3);
}

TEST_CASE("a token file is read for each call") {
  scripted::Server server(echo);
  const Folder folder;
  auto options = optionsFor(server.url());
  options.config.token.file = folder.write("token", "one\n");
  Running running(std::move(options));
  CHECK(running.get("/")->body.find("Bearer one\r\n") != std::string::npos);
  folder.write("token", "two");
  CHECK(running.get("/")->body.find("Bearer two\r\n") != std::string::npos);
  folder.write("token", "three\nX-Evil: yes");
  CHECK(running.get("/").error().message.find("holds no token") != std::string::npos);
}

TEST_CASE("errors of a connection say what was tried") {
  Running nobody(optionsFor("http://127.0.0.1:1"));
  CHECK(nobody.get("/").error().message == "connect: Connection refused");
  CHECK(nobody.get("/").error().where == "127.0.0.1:1");
  auto options = optionsFor("http://no.such.host.invalid:80");
  Running unknown(std::move(options));
  CHECK(unknown.get("/").error().message.starts_with("connect: "));
  Cluster stopped(optionsFor("http://127.0.0.1:1"));
  CHECK(stopped.call({"GET", "/"}).error().message.find("shut down") != std::string::npos);
}

TEST_CASE("what a server puts around chunks without end is not kept in memory: the call fails at once") {
  for (const char* begin : {"1;", "3\r\nabc\r\n0\r\nX: ", "0"}) {
    CAPTURE(std::string(begin));
    scripted::Server server([&](const Peer& peer, const Seen&) {
      peer.begin();
      peer.send(begin);
      const std::string piece(1U << 16, '0');
      for (int i = 0; i < 64; ++i) {
        if (!peer.send(piece)) return false;
      }
      peer.hold();
      return false;
    });
    Running running(optionsFor(server.url()));
    const auto answer = running.get("/");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message == "read the body: header limit exceeded");
  }
}

TEST_CASE("the server's certificate must be of the authority and for the name") {
  const auto issued = tls::issue({.ips = {"127.0.0.1"}});
  const auto other = tls::issue({.dnsNames = {"other"}, .ips = {"127.0.0.2"}});
  REQUIRE(issued);
  REQUIRE(other);
  const auto good = secure(*issued, false), wrongName = secure(*other, false);
  const auto get = [&](const http::Server& server, const std::string& ca, const std::string& name = "", bool insecure = false) {
    auto options = optionsFor("https://" + server.address());
    options.config.authorities.text = ca;
    options.config.serverName = name;
    options.config.insecure = insecure;
    Running running(std::move(options));
    return running.get("/hello");
  };
  REQUIRE(get(*good, issued->caCertificate));
  CHECK(get(*good, issued->caCertificate)->body == "hello");
  CHECK(get(*good, other->caCertificate).error().message.find("the server's certificate is refused: ") == 0);
  CHECK(get(*good, "").error().message.find("the server's certificate is refused: ") == 0);  // no authority of the system's
  CHECK(get(*wrongName, other->caCertificate).error().message == "the server's certificate is refused: IP address mismatch");
  CHECK(get(*wrongName, other->caCertificate, "other"));
  CHECK(get(*wrongName, other->caCertificate, "another").error().message == "the server's certificate is refused: hostname mismatch");
  CHECK(get(*wrongName, "", "", true));
  CHECK(get(*good, issued->certificate));  // the certificate itself is an anchor too
  CHECK(get(*good, "no PEM").error().message == "the certificate authority holds no PEM certificate");
}

TEST_CASE("a client certificate is shown") {
  const auto issued = tls::issue({.ips = {"127.0.0.1"}});
  REQUIRE(issued);
  const auto server = secure(*issued, true);
  auto options = optionsFor("https://" + server->address());
  options.config.authorities.text = issued->caCertificate;
  {
    Running without(options);
    CHECK(!without.get("/hello"));
  }
  options.config.certificate.text = issued->clientCertificate;
  options.config.key.text = issued->clientKey;
  Running with(options);
  CHECK(with.get("/hello"));
}
