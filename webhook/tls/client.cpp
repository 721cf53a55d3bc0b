#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/context.hpp"
#include "tls/openssl.hpp"

namespace rightslice::tls {
namespace {

bool isAddress(const std::string& name) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 || inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

/// True where the context verifies at all, else there is no name to compare.
bool verifies(const ssl_st* session) { return SSL_get_verify_mode(session) != SSL_VERIFY_NONE; }

}  // namespace

Result<Context> clientContext(const ClientIdentity& identity) {
  ERR_clear_error();
  const Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return broken("no TLS context");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(raw, identity.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  // As Go does: whatever the file holds is an anchor, also an intermediate or the server's own certificate.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(raw), X509_V_FLAG_PARTIAL_CHAIN);
  if (!identity.authorities.empty()) {
    if (auto trusted = trust(raw, identity.authorities, "the certificate authority", false); !trusted) return tl::unexpected(trusted.error());
  } else if (identity.verify && SSL_CTX_set_default_verify_paths(raw) != 1) {
    return broken("the system's certificate authorities cannot be read");
  }
  if (identity.certificates.empty() != identity.key.empty()) return fail("a client certificate needs its key, and a key its certificate");
  if (!identity.certificates.empty()) {
    if (auto used = useChain(raw, identity.certificates); !used) return tl::unexpected(used.error());
    if (auto used = useKey(raw, identity.key); !used) return tl::unexpected(used.error());
  }
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  if (SSL_CTX_set_alpn_protos(raw, kHttp11, sizeof kHttp11 - 1) != 0) return broken("this OpenSSL has no ALPN");
  return context;
}

ssl_st* newClientSession(const Context& context, const std::string& name) {
  ssl_st* session = SSL_new(context.get());
  if (session == nullptr) return nullptr;
  X509_VERIFY_PARAM* check = SSL_get0_param(session);
  bool good = true;
  if (isAddress(name)) {
    good = !verifies(session) || X509_VERIFY_PARAM_set1_ip_asc(check, name.c_str()) == 1;
  } else {
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    good = SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str())) == 1 &&
           (!verifies(session) || X509_VERIFY_PARAM_set1_host(check, name.c_str(), name.size()) == 1);
  }
  if (good) return session;
  SSL_free(session);
  return nullptr;
}

std::string refusal(ssl_st* session) {
  const long code = SSL_get_verify_result(session);
  return code == X509_V_OK || !verifies(session) ? "" : X509_verify_cert_error_string(code);
}

}  // namespace rightslice::tls
