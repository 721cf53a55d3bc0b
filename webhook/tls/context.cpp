#include "tls/context.hpp"

#include <openssl/err.h>

#include "tls/openssl.hpp"

namespace rightslice::tls {
namespace {

/// Forward secrecy and AEAD only (Mozilla "intermediate", without finite-field DH); TLS 1.3 has its own list.
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr long kCachedSessions = 1024;
constexpr unsigned char kSessionIdContext[] = "rightslice";

/// HTTP/1.1 is what we speak; a client that offers nothing of it goes on without ALPN.
int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned length, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, size, kHttp11, sizeof kHttp11 - 1, offered, length);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

tl::unexpected<Error> at(const std::string& where, const Error& error) { return fail(error.message, where); }

Result<bool> requireClients(SSL_CTX* context, const std::string& pem) {
  if (auto trusted = trust(context, pem, "the client CA file", true); !trusted) return trusted;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return true;
}

}  // namespace

std::string takeErrors() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    if (!out.empty()) out += "; ";
    out += text;
  }
  return out.empty() ? "no reason given" : out;
}

Result<Context> serverContext(const std::string& certificates, const std::string& key, const std::string& clientCa, const CertificateFiles& names) {
  ERR_clear_error();
  const Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return broken("no TLS context");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(raw, kCiphers12) != 1) return broken("this OpenSSL knows none of our ciphers");
  SSL_CTX_set_alpn_select_cb(raw, chooseProtocol, nullptr);
  SSL_CTX_sess_set_cache_size(raw, kCachedSessions);
  SSL_CTX_set_session_id_context(raw, kSessionIdContext, sizeof kSessionIdContext - 1);
  if (auto used = useChain(raw, certificates); !used) return at(names.certificate, used.error());
  if (auto used = useKey(raw, key); !used) return at(names.key, used.error());
  if (!clientCa.empty()) {
    if (auto used = requireClients(raw, clientCa); !used) return at(names.clientCa, used.error());
  }
  return context;
}

}  // namespace rightslice::tls
