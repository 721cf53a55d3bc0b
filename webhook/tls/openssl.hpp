// Ownership of OpenSSL's objects. Included by tls/*.cpp only.
#pragma once
#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/error.hpp"

namespace rightslice::tls {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const { Free(object); }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

/// A read-only BIO on a text that outlives it.
inline BioPtr readFrom(const std::string& text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// `what` with the reasons that OpenSSL has queued.
tl::unexpected<Error> broken(const std::string& what);

// PEM texts into a context; the errors name what is wrong with the text.
Result<bool> useChain(SSL_CTX* context, const std::string& pem);  ///< leaf first
Result<bool> useKey(SSL_CTX* context, const std::string& pem);    ///< must belong to the leaf
/// Trusts the authorities of `pem`, which `what` names in errors; `tellClients`: names them when asking for a certificate.
Result<bool> trust(SSL_CTX* context, const std::string& pem, const std::string& what, bool tellClients);

}  // namespace rightslice::tls
