#include "tls/handshake_failure.hpp"

#include <algorithm>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace rightslice::tls {
namespace {

/// Reasons of OpenSSL; what is not here and is no alert is no TLS.
constexpr std::pair<int, HandshakeFault> kReasons[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, HandshakeFault::NoCertificate},
    {SSL_R_CERTIFICATE_VERIFY_FAILED, HandshakeFault::BadCertificate},
    {SSL_R_HTTP_REQUEST, HandshakeFault::PlainHttp},
    {SSL_R_HTTPS_PROXY_REQUEST, HandshakeFault::PlainHttp},
    {SSL_R_UNSUPPORTED_PROTOCOL, HandshakeFault::NoAgreement},
    {SSL_R_VERSION_TOO_LOW, HandshakeFault::NoAgreement},
    {SSL_R_NO_SHARED_CIPHER, HandshakeFault::NoAgreement},
    {SSL_R_NO_SUITABLE_KEY_SHARE, HandshakeFault::NoAgreement},
    {SSL_R_NO_SUITABLE_GROUPS, HandshakeFault::NoAgreement},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, HandshakeFault::NoAgreement},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, HandshakeFault::NoAgreement},
    {SSL_R_NO_APPLICATION_PROTOCOL, HandshakeFault::NoAgreement},
};

/// Alerts of the peer are reasons from here on.
constexpr int kAlerts = SSL_AD_REASON_OFFSET, kAlertsEnd = kAlerts + 256;

}  // namespace

HandshakeFailure takeFailure(ssl_st* session) {
  HandshakeFailure out;
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const char* words = ERR_reason_error_string(code);
  out.detail = words == nullptr ? "no reason given" : words;
  const auto row = std::find_if(std::begin(kReasons), std::end(kReasons), [&](const auto& each) { return each.first == reason; });
  const bool ours = ERR_GET_LIB(code) == ERR_LIB_SSL;
  if (ours && row != std::end(kReasons)) out.fault = row->second;
  else if (ours && reason >= kAlerts && reason < kAlertsEnd) out.fault = HandshakeFault::Alert;
  if (out.fault == HandshakeFault::BadCertificate) out.detail = X509_verify_cert_error_string(SSL_get_verify_result(session));
  ERR_clear_error();
  return out;
}

}  // namespace rightslice::tls
