// What TLS we speak: 1.2 at least, 1.3 where the client can, modern ciphers, no compression, no renegotiation.
#pragma once
#include <memory>
#include <string>

#include "base/error.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace rightslice::tls {

/// An OpenSSL context; sessions that use it hold it alive. Immutable once made; thread-safe.
using Context = std::shared_ptr<ssl_ctx_st>;

/// Of a server: what is at these paths, or what they are called in errors.
struct CertificateFiles {
  std::string certificate, key;
  std::string clientCa;  ///< may be empty
};

/// A server's context from PEM texts; an error stands where `names` says. The certificate chain has the leaf first; key and leaf must match; `clientCa` empty: no
/// client certificate is asked for, else one signed by it is required.
Result<Context> serverContext(const std::string& certificates, const std::string& key, const std::string& clientCa,
                              const CertificateFiles& names = {});

/// What a client trusts and shows. `authorities` empty: the system's store. `certificates` and `key`: both or neither.
struct ClientIdentity {
  std::string authorities, certificates, key;
  bool verify = true;   ///< false: any certificate of the server is taken
  friend bool operator==(const ClientIdentity&, const ClientIdentity&) = default;
};
Result<Context> clientContext(const ClientIdentity& identity);

/// A new client session that asks for `name` and takes no certificate of another name (an IP address is compared as one).
ssl_st* newClientSession(const Context& context, const std::string& name);

/// Why the peer's certificate was refused; empty where it was not.
std::string refusal(ssl_st* session);

/// The errors that OpenSSL has queued in this thread, as one line; empties the queue.
std::string takeErrors();

}  // namespace rightslice::tls
