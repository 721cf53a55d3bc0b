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

/// No passphrase is ever asked for on a terminal.
int noPassphrase(char*, int, int, void*) { return 0; }

/// HTTP/1.1 is what we speak; a client that offers nothing of it goes on without ALPN.
int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned length, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, size, kHttp11, sizeof kHttp11 - 1, offered, length);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

tl::unexpected<Error> broken(const std::string& what) { return fail(what + " (" + takeErrors() + ")"); }

Result<bool> useChain(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = readFrom(pem);
  const CertificatePtr leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, noPassphrase, nullptr));
  if (!leaf) return broken("the certificate file holds no PEM certificate");
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1) return broken("the certificate cannot be used");
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) != 1) {
      X509_free(next);
      return broken("a certificate of the chain cannot be used");
    }
  }
  ERR_clear_error();  // the end of the file is an error to PEM_read
  return true;
}

Result<bool> useKey(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = readFrom(pem);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr));
  if (!key) return broken("the key file holds no PEM private key without a passphrase");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return broken("the private key does not belong to the certificate");
  }
  return true;
}

Result<bool> requireClients(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = readFrom(pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr)) {
    const CertificatePtr authority(next);
    if (X509_STORE_add_cert(store, authority.get()) != 1) return broken("a certificate of the client CA file cannot be used");
    SSL_CTX_add_client_CA(context, authority.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return fail("the client CA file holds no PEM certificate");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return true;
}

}  // namespace

ssl_st* newSession(const Context& context) { return SSL_new(context.get()); }

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

Result<Context> serverContext(const std::string& certificates, const std::string& key, const std::string& clientCa) {
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
  if (auto used = useChain(raw, certificates); !used) return tl::unexpected(used.error());
  if (auto used = useKey(raw, key); !used) return tl::unexpected(used.error());
  if (!clientCa.empty()) {
    if (auto used = requireClients(raw, clientCa); !used) return tl::unexpected(used.error());
  }
  return context;
}

}  // namespace rightslice::tls
