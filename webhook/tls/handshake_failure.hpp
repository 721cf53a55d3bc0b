// Why a client and this server came to no terms.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

struct ssl_st;

namespace rightslice::tls {

/// In the order of kHandshakeFaults.
enum class HandshakeFault : std::uint8_t { NoCertificate, BadCertificate, Alert, PlainHttp, NoAgreement, Garbage, Closed, Slow };

struct HandshakeFaultRow {
  HandshakeFault id;
  std::string_view name;     ///< as a label of a metric
  std::string_view meaning;  ///< as a line of the log
};
inline constexpr std::array<HandshakeFaultRow, 8> kHandshakeFaults{{
    {HandshakeFault::NoCertificate, "no-certificate", "the client shows no certificate, and --client-ca asks for one"},
    {HandshakeFault::BadCertificate, "bad-certificate", "the client's certificate is refused: not of --client-ca, expired, or not for clients"},
    {HandshakeFault::Alert, "alert", "the client refuses: mostly our certificate, whose CA or name is not what it expects"},
    {HandshakeFault::PlainHttp, "plain-http", "the client speaks HTTP without TLS"},
    {HandshakeFault::NoAgreement, "no-agreement", "the client offers no version or cipher that is spoken here"},
    {HandshakeFault::Garbage, "garbage", "what the client sends is no TLS"},
    {HandshakeFault::Closed, "closed", "the client went away in the middle"},
    {HandshakeFault::Slow, "slow", "the client did not come to the end in time"},
}};
constexpr const HandshakeFaultRow& rowOf(HandshakeFault fault) { return kHandshakeFaults[static_cast<std::size_t>(fault)]; }

struct HandshakeFailure {
  HandshakeFault fault = HandshakeFault::Garbage;
  std::string detail;        ///< in OpenSSL's words
};

/// Of a session whose handshake has just failed in this thread; empties OpenSSL's queue of errors.
HandshakeFailure takeFailure(ssl_st* session);

}  // namespace rightslice::tls
