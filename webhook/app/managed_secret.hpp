// The Secret that `serve --cert-secret` keeps: a CA with its key, a serving certificate with its key, and the CAs of before.
//
//   tls.crt, tls.key   the serving certificate, as every Secret of type kubernetes.io/tls has them
//   ca.crt, ca.key     the CA that signed it, and will sign the next
//   old-ca.crt         CAs whose certificates may still be in use somewhere; absent: none
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json/view.hpp"
#include "tls/authority.hpp"
#include "tls/certificate.hpp"

namespace rightslice::app {

/// "NAMESPACE/NAME", taken apart.
struct ObjectName {
  std::string ns, name;
  std::string text() const { return ns + "/" + name; }
  friend bool operator==(const ObjectName&, const ObjectName&) = default;
};
ObjectName objectName(const std::string& text);

struct CertificateSettings {
  ObjectName secret;                             ///< --cert-secret
  ObjectName service;                            ///< --service
  std::vector<std::string> configurations;       ///< --webhook-configuration
  std::chrono::seconds certLifetime{std::chrono::hours(720)}, caLifetime{std::chrono::hours(8760)};

  /// What kube-apiserver asks for (NAME.NAMESPACE.svc), and what people inside the cluster may.
  std::vector<std::string> dnsNames() const;
};

/// What says that a Secret is ours to write.
constexpr const char *kManagedLabel = "rightslice.io/certificates", *kManagedValue = "self-managed";

/// The Secret as the API server has it, its data decoded.
struct SecretObject {
  std::string version;
  bool ours = false;                             ///< has our label
  bool immutable = false;
  std::map<std::string, std::string> data{};     ///< what is no base64 is empty
  friend bool operator==(const SecretObject&, const SecretObject&) = default;
};
SecretObject readSecretObject(json::View object);

/// What its data say. Validity in time is not looked at.
struct SecretContents {
  tls::Pair authorityPair, servingPair;
  std::optional<tls::Certificate> authority;     ///< a CA
  bool signs = false;                            ///< and its key is there
  std::optional<tls::Certificate> serving;       ///< of that CA, for our names, with its key
  std::vector<tls::Certificate> before;          ///< old-ca.crt, as far as it is readable
  std::string fault;                             ///< the first thing that is wrong; names keys of the Secret, never what they hold
};
SecretContents readSecretContents(const SecretObject& secret, const CertificateSettings& settings);

/// The object to create, or where `version` is given the merge patch to apply to that version.
std::string secretText(const CertificateSettings& settings, const SecretContents& contents, const std::string& version);

}  // namespace rightslice::app
