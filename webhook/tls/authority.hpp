// A small certificate authority: makes a CA and a serving certificate for `rightslice certs`.
#pragma once
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

/// Writes `text` to `path`, replacing it whole (a temporary file beside it, renamed). Keys get mode 0600, others 0644.
Result<bool> writeSecret(const std::string& path, const std::string& text, bool isKey);

}  // namespace rightslice::tls
