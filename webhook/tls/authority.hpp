// A small certificate authority: makes a CA and certificates of it, for `rightslice certs` and for `serve --cert-secret`.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace rightslice::tls {

struct IssueOptions {
  std::vector<std::string> dnsNames{};   ///< subject alternative names; at least one of dnsNames and ips
  std::vector<std::string> ips{};        ///< "127.0.0.1", "::1"
  int days = 365;                      ///< of the serving certificate
  int caDays = 3650;                   ///< of the CA
  std::string commonName = "rightslice webhook";
};

struct Issued {
  std::string caCertificate;           ///< PEM; its base64 is the caBundle
  std::string certificate, key;        ///< PEM; ECDSA P-256, for serverAuth
  std::string clientCertificate, clientKey;  ///< PEM; the same CA, for clientAuth (tests of --client-ca)
};

/// New keys every time; the CA's key is not kept, so a CA signs exactly these two certificates.
Result<Issued> issue(const IssueOptions& options);

/// A certificate and its private key, PEM; ECDSA P-256.
struct Pair {
  std::string certificate, key;
  friend bool operator==(const Pair&, const Pair&) = default;
};
struct Validity {
  std::chrono::system_clock::time_point from, until;   ///< whole seconds
};

/// A CA whose key is kept, to sign more than once. New keys every time, of these two.
Result<Pair> makeAuthority(const std::string& commonName, Validity validity);
Result<Pair> makeServing(const Pair& authority, const std::vector<std::string>& dnsNames, const std::string& commonName, Validity validity);

/// Writes `text` to `path`, replacing it whole (a temporary file beside it, renamed). Keys get mode 0600, others 0644.
Result<bool> writeSecret(const std::string& path, const std::string& text, bool isKey);

}  // namespace rightslice::tls
