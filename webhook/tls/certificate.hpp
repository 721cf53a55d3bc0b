// What certificates say, read without trusting them.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace rightslice::tls {

using Time = std::chrono::system_clock::time_point;

/// One X.509 certificate.
struct Certificate {
  std::string pem;                     ///< this one alone, as OpenSSL writes it
  std::string fingerprint;             ///< SHA-256, hexadecimal
  Time notBefore{}, notAfter{};
  bool authority = false;              ///< may sign others
  std::vector<std::string> dnsNames;   ///< subject alternative names

  bool expired(Time now) const { return now >= notAfter; }
  friend bool operator==(const Certificate& a, const Certificate& b) { return a.fingerprint == b.fingerprint; }
};

struct Certificates {
  std::vector<Certificate> list;       ///< in the order of the text, each once
  bool whole = true;                   ///< false: the text holds something that is no certificate, or too many
};

/// Every certificate of a PEM text; what cannot be read is left out.
Certificates readCertificates(const std::string& pem);

/// The first certificate of a text, which must be readable.
Result<Certificate> readCertificate(const std::string& pem);

/// The signature of `leaf` is by the key of `authority`, and the names fit. Validity is not looked at.
bool issuedBy(const Certificate& leaf, const Certificate& authority);

/// `key` (PEM, without a passphrase) is the private key of the certificate.
bool belongs(const std::string& key, const Certificate& certificate);

}  // namespace rightslice::tls
