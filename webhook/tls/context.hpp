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

/// A server's context from PEM texts. The certificate chain has the leaf first; key and leaf must match; `clientCa` empty: no
/// client certificate is asked for, else one signed by it is required.
Result<Context> serverContext(const std::string& certificates, const std::string& key, const std::string& clientCa);

/// A new session of the context, which the caller owns; null where there is no memory.
ssl_st* newSession(const Context& context);

/// The errors that OpenSSL has queued in this thread, as one line; empties the queue.
std::string takeErrors();

}  // namespace rightslice::tls
