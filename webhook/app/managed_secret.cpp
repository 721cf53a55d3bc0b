#include "app/managed_secret.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "json/writer.hpp"

namespace rightslice::app {
namespace {

constexpr std::size_t kMostBefore = 16;   // CAs of before; each is dropped minutes after it was replaced

std::string textOf(const SecretObject& secret, const char* key) {
  const auto at = secret.data.find(key);
  return at == secret.data.end() ? std::string() : at->second;
}

/// What makes a certificate useless for us, whatever the time is.
std::string servingFault(const SecretContents& contents, const tls::Certificate& serving, const CertificateSettings& settings) {
  if (!tls::belongs(contents.servingPair.key, serving)) return "tls.key is not the key of tls.crt";
  if (!contents.authority || !tls::issuedBy(serving, *contents.authority)) return "tls.crt is not signed by ca.crt";
  for (const std::string& name : settings.dnsNames()) {
    if (std::find(serving.dnsNames.begin(), serving.dnsNames.end(), name) == serving.dnsNames.end()) return fmt::format("tls.crt is not for {}", name);
  }
  return "";
}

}  // namespace

ObjectName objectName(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return {"", text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

std::vector<std::string> CertificateSettings::dnsNames() const {
  const std::string base = service.name + "." + service.ns;
  return {base + ".svc", base, base + ".svc.cluster.local"};
}

SecretObject readSecretObject(json::View object) {
  SecretObject out;
  out.version = object["metadata"]["resourceVersion"].stringOr("");
  out.ours = object["metadata"]["labels"][kManagedLabel].stringOr("") == kManagedValue;
  out.immutable = object["immutable"].boolean().value_or(false);
  for (const auto& [key, value] : object["data"].members()) out.data.emplace(key, fromBase64(value.stringOr("")).value_or(""));
  return out;
}

SecretContents readSecretContents(const SecretObject& secret, const CertificateSettings& settings) {
  SecretContents out;
  const auto wrong = [&](std::string fault) {
    if (out.fault.empty()) out.fault = std::move(fault);
  };
  out.authorityPair = {textOf(secret, "ca.crt"), textOf(secret, "ca.key")};
  out.servingPair = {textOf(secret, "tls.crt"), textOf(secret, "tls.key")};
  if (auto authority = tls::readCertificate(out.authorityPair.certificate); !authority) wrong("ca.crt holds no PEM certificate");
  else if (!authority->authority) wrong("ca.crt is no CA");
  else out.authority = std::move(*authority);
  out.signs = out.authority && tls::belongs(out.authorityPair.key, *out.authority);
  if (out.authority && !out.signs) wrong("ca.key is not the key of ca.crt");
  if (auto serving = tls::readCertificate(out.servingPair.certificate); !serving) {
    wrong("tls.crt holds no PEM certificate");
  } else if (std::string fault = servingFault(out, *serving, settings); !fault.empty()) {
    wrong(std::move(fault));
  } else {
    out.serving = std::move(*serving);
  }
  out.before = tls::readCertificates(textOf(secret, "old-ca.crt")).list;
  std::erase_if(out.before, [&](const tls::Certificate& each) { return !each.authority || (out.authority && each == *out.authority); });
  if (out.before.size() > kMostBefore) out.before.resize(kMostBefore);
  return out;
}

std::string secretText(const CertificateSettings& settings, const SecretContents& contents, const std::string& version) {
  std::string before;
  for (const tls::Certificate& each : contents.before) before += each.pem;
  json::Writer out;
  out.beginObject().member("apiVersion", "v1").member("kind", "Secret");
  if (version.empty()) out.member("type", "kubernetes.io/tls");
  out.key("metadata").beginObject().member("name", std::string_view(settings.secret.name)).member("namespace", std::string_view(settings.secret.ns));
  if (!version.empty()) out.member("resourceVersion", std::string_view(version));
  out.key("labels").beginObject().member(kManagedLabel, kManagedValue).member("app.kubernetes.io/managed-by", "rightslice").endObject();
  out.endObject().key("data").beginObject();
  out.member("ca.crt", std::string_view(base64(contents.authorityPair.certificate))).member("ca.key", std::string_view(base64(contents.authorityPair.key)));
  out.member("tls.crt", std::string_view(base64(contents.servingPair.certificate))).member("tls.key", std::string_view(base64(contents.servingPair.key)));
  if (!before.empty()) out.member("old-ca.crt", std::string_view(base64(before)));
  else if (!version.empty()) out.key("old-ca.crt").null();   // a merge patch takes it away
  out.endObject().endObject();
  return out.take();
}

}  // namespace rightslice::app
