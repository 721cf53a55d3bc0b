#include <openssl/err.h>

#include "tls/context.hpp"
#include "tls/openssl.hpp"

namespace rightslice::tls {
namespace {

/// No passphrase is ever asked for on a terminal.
int noPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

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

Result<bool> trust(SSL_CTX* context, const std::string& pem, const std::string& what, bool tellClients) {
  const BioPtr bio = readFrom(pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr)) {
    const CertificatePtr authority(next);
    if (X509_STORE_add_cert(store, authority.get()) != 1) return broken("a certificate of " + what + " cannot be used");
    if (tellClients) SSL_CTX_add_client_CA(context, authority.get());
    ++count;
  }
  ERR_clear_error();  // the end of the file is an error to PEM_read
  if (count == 0) return fail(what + " holds no PEM certificate");
  return true;
}

}  // namespace rightslice::tls
