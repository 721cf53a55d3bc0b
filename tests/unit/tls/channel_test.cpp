#include "tls/channel.hpp"

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string>

#include "tls/authority.hpp"
#include "tls/context.hpp"

using namespace rightslice;
using Step = tls::Channel::Step;

namespace {

const tls::Issued& issued() {
  static const tls::Issued made = tls::issue({.dnsNames = {"a"}, .days = 10}).value();
  return made;
}

tls::Context server(const std::string& clientCa = "") { return tls::serverContext(issued().certificate, issued().key, clientCa).value(); }

/// The other side: plain OpenSSL on two buffers.
class Peer {
 public:
  explicit Peer(int maxVersion = TLS1_3_VERSION, const tls::Issued& trusted = issued(), const tls::Pair& shown = {}) {
    context_ = tls::clientContext({.authorities = trusted.caCertificate, .certificates = shown.certificate, .key = shown.key}).value();
    session_ = tls::newClientSession(context_, "a");
    SSL_set_max_proto_version(session_, maxVersion);
    fromServer_ = BIO_new(BIO_s_mem());
    toServer_ = BIO_new(BIO_s_mem());
    SSL_set_bio(session_, fromServer_, toServer_);
    SSL_set_connect_state(session_);
  }
  ~Peer() { SSL_free(session_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Carries what lies ready, at most `most` bytes at once, both ways.
  void carry(tls::Channel& channel, std::size_t most = 100'000) {
    while (!channel.outgoing().empty()) {
      const std::string_view out = channel.outgoing().substr(0, most);
      BIO_write(fromServer_, out.data(), static_cast<int>(out.size()));
      channel.sent(out.size());
    }
    const std::span<char> space = channel.space();
    const int count = BIO_read(toServer_, space.data(), static_cast<int>(std::min(space.size(), most)));
    if (count > 0) channel.received(static_cast<std::size_t>(count));
  }
  void offer(const char* ciphers) { SSL_set_cipher_list(session_, ciphers); }
  bool shake() { return SSL_do_handshake(session_) == 1; }
  void say(const std::string& text) { REQUIRE(SSL_write(session_, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size())); }
  std::string hear() {
    std::string heard(1 << 20, '\0');
    const int count = SSL_read(session_, heard.data(), static_cast<int>(heard.size()));
    heard.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return heard;
  }
  void bye() { SSL_shutdown(session_); }
  bool heardBye() const { return (SSL_get_shutdown(session_) & SSL_RECEIVED_SHUTDOWN) != 0; }

 private:
  tls::Context context_;
  ssl_st* session_ = nullptr;
  BIO *fromServer_ = nullptr, *toServer_ = nullptr;
};

Step shake(tls::Channel& channel, Peer& peer, std::size_t most = 100'000) {
  Step step = Step::Starved;
  for (int i = 0; i < 20'000 && step == Step::Starved; ++i) {
    peer.shake();
    peer.carry(channel, most);
    step = channel.handshake();
  }
  peer.carry(channel);
  peer.shake();
  return step;
}

/// Reads until `size` bytes are there, or no more can come. `last`: what the last reading came to.
std::string heard(tls::Channel& channel, Peer& peer, Step& last, std::size_t size, std::size_t most = 100'000) {
  std::string all, part(4096, '\0');
  for (int i = 0; i < 10'000 && all.size() < size; ++i) {
    std::size_t count = 0;
    last = channel.read(part, count);
    CHECK((last == Step::Done) == (count > 0));
    all.append(part, 0, count);
    if (last == Step::Closed || last == Step::Failed) break;
    if (last == Step::Starved) peer.carry(channel, most);
  }
  return all;
}

}  // namespace

TEST_CASE("both sides hear what the other says, in TLS 1.2 and 1.3, however the bytes are cut") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::size_t most : {std::size_t{7}, std::size_t{1000}, std::size_t{100'000}}) {
      CAPTURE(version);
      CAPTURE(most);
      tls::Channel channel(server());
      Peer peer(version);
      REQUIRE(shake(channel, peer, most) == Step::Done);
      peer.say("abc");
      Step last{};
      CHECK(heard(channel, peer, last, 3, most) == "abc");
      REQUIRE(channel.write("xyz") == Step::Done);
      peer.carry(channel);
      CHECK(peer.hear() == "xyz");
    }
  }
}

TEST_CASE("much at once goes through whole") {
  tls::Channel channel(server());
  Peer peer;
  REQUIRE(shake(channel, peer) == Step::Done);
  std::string text(300'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  REQUIRE(channel.write(text) == Step::Done);
  peer.carry(channel, 1000);
  std::string back;
  for (std::string part = peer.hear(); !part.empty(); part = peer.hear()) back += part;
  CHECK(back == text);

  peer.say(text);
  Step last{};
  CHECK(heard(channel, peer, last, text.size(), 3000) == text);
}

TEST_CASE("a goodbye is told apart from a fault") {
  tls::Channel channel(server());
  Peer peer;
  REQUIRE(shake(channel, peer) == Step::Done);
  peer.bye();
  Step last{};
  heard(channel, peer, last, 1);
  CHECK(last == Step::Closed);

  tls::Channel other(server());
  Peer ended;
  REQUIRE(shake(other, ended) == Step::Done);
  other.close();
  ended.carry(other);
  ended.hear();
  CHECK(ended.heardBye());
}

TEST_CASE("what is no TLS fails, and the peer is told") {
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), std::string(20'000, '\0'), std::string("\x16\x03\x01\xff\xff", 5) + std::string(100, 'x')}) {
    tls::Channel channel(server());
    std::size_t at = 0;
    Step step = Step::Starved;
    while (at < bytes.size() && step == Step::Starved) {
      const std::span<char> space = channel.space();
      const std::size_t count = std::min(space.size(), bytes.size() - at);
      std::copy_n(bytes.data() + at, count, space.data());
      channel.received(count);
      at += count;
      step = channel.handshake();
    }
    CHECK(step == Step::Failed);
  }
}

TEST_CASE("a record that was changed on its way fails, and nothing of it is heard") {
  tls::Channel channel(server());
  Peer peer;
  REQUIRE(shake(channel, peer) == Step::Done);
  const std::string record = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  const std::span<char> space = channel.space();
  std::copy(record.begin(), record.end(), space.begin());
  channel.received(record.size());
  std::string part(100, '\0');
  std::size_t count = 0;
  CHECK(channel.read(part, count) == Step::Failed);
  CHECK(count == 0);
  CHECK_FALSE(channel.outgoing().empty());  // the alert
}

TEST_CASE("a client without the certificate that is asked for gets no further") {
  tls::Channel channel(server(issued().caCertificate));
  Peer peer;
  CHECK(shake(channel, peer) == Step::Failed);
}

TEST_CASE("why a handshake failed is told by a few reasons, and in OpenSSL's words") {
  using Fault = tls::HandshakeFault;
  const tls::Issued other = tls::issue({.dnsNames = {"a"}}).value();
  const std::string ca = issued().caCertificate;
  struct Case { const char* name; std::string clientCa; int version; const tls::Issued* trusted; tls::Pair shown; const char* ciphers; Fault fault; const char* detail; };
  std::vector<Case> cases;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    cases.push_back({"no certificate", ca, version, &issued(), {}, "", Fault::NoCertificate, "peer did not return a certificate"});
    cases.push_back({"of another CA", ca, version, &issued(), {other.clientCertificate, other.clientKey}, "", Fault::BadCertificate, "local issuer"});
    cases.push_back({"not for clients", ca, version, &issued(), {issued().certificate, issued().key}, "", Fault::BadCertificate, "purpose"});
    cases.push_back({"ours is not trusted", "", version, &other, {}, "", Fault::Alert, "unknown ca"});
  }
  cases.push_back({"an old cipher", "", TLS1_2_VERSION, &issued(), {}, "AES128-SHA", Fault::NoAgreement, "no shared cipher"});
  for (const Case& each : cases) {
    CAPTURE(std::string(each.name));
    CAPTURE(each.version);
    tls::Channel channel(server(each.clientCa));
    Peer peer(each.version, *each.trusted, each.shown);
    if (*each.ciphers != '\0') peer.offer(each.ciphers);
    Step step = Step::Starved;
    for (int i = 0; i < 10 && step == Step::Starved; ++i) {
      peer.shake();
      peer.carry(channel);
      step = channel.handshake();
    }
    REQUIRE(step == Step::Failed);
    const tls::HandshakeFailure failure = channel.failure();
    CHECK(tls::rowOf(failure.fault).name == tls::rowOf(each.fault).name);
    CHECK_MESSAGE(failure.detail.find(each.detail) != std::string::npos, failure.detail);
  }
  const std::pair<std::string, Fault> texts[] = {{"GET / HTTP/1.1\r\n\r\n", Fault::PlainHttp}, {"POST /validate HTTP/1.1\r\n", Fault::PlainHttp},
                                                 {"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", Fault::Garbage}, {"SSH-2.0-OpenSSH_9.2\r\n", Fault::Garbage}};
  for (const auto& [text, fault] : texts) {
    CAPTURE(text);
    tls::Channel channel(server());
    std::copy(text.begin(), text.end(), channel.space().begin());
    channel.received(text.size());
    REQUIRE(channel.handshake() == Step::Failed);
    CHECK(tls::rowOf(channel.failure().fault).name == tls::rowOf(fault).name);
  }
}
