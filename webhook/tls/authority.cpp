#include "tls/authority.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls/context.hpp"
#include "tls/openssl.hpp"

namespace rightslice::tls {
namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

struct Extension {
  int nid;
  std::string value;  ///< in OpenSSL's configuration syntax (x509v3_config(5))
};

tl::unexpected<Error> broken(const char* what) { return fail(fmt::format("{} ({})", what, takeErrors())); }

std::string written(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return written(bio);
}

std::string pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return written(bio);
}

bool setSerial(X509* certificate) {
  std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_new());
  return number && BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

struct Subject {
  std::string commonName;
  Validity validity;
  std::vector<Extension> extensions;
};

/// `issuer` null: self-signed.
CertificatePtr sign(const Subject& subject, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuerKey) {
  CertificatePtr certificate(X509_new());
  X509* raw = certificate.get();
  X509_NAME* name = X509_get_subject_name(raw);
  std::time_t from = std::chrono::system_clock::to_time_t(subject.validity.from), until = std::chrono::system_clock::to_time_t(subject.validity.until);
  bool good = X509_set_version(raw, X509_VERSION_3) == 1 && setSerial(raw) &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(subject.commonName.c_str()),
                                         -1, -1, 0) == 1 &&
              X509_set_issuer_name(raw, issuer != nullptr ? X509_get_subject_name(issuer) : name) == 1 &&
              X509_time_adj_ex(X509_getm_notBefore(raw), 0, 0, &from) != nullptr &&
              X509_time_adj_ex(X509_getm_notAfter(raw), 0, 0, &until) != nullptr && X509_set_pubkey(raw, key) == 1;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer != nullptr ? issuer : raw, raw, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  for (const Extension& extension : subject.extensions) {
    const ExtensionPtr made(X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str()));
    good = good && made && X509_add_ext(raw, made.get(), -1) == 1;
  }
  good = good && X509_sign(raw, issuerKey, EVP_sha256()) > 0;
  return good ? std::move(certificate) : nullptr;
}

/// A name that goes into OpenSSL's comma separated syntax must not be able to add another one.
bool isPlainName(const std::string& name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*:") == std::string::npos;
}

Result<std::string> alternativeNames(const IssueOptions& options) {
  std::string out;
  const auto append = [&](const char* type, const std::string& name) { out += (out.empty() ? "" : ",") + std::string(type) + name; };
  for (const std::string& name : options.dnsNames) {
    if (!isPlainName(name) || name.find(':') != std::string::npos) return fail(fmt::format("'{}' is no DNS name", name));
    append("DNS:", name);
  }
  for (const std::string& ip : options.ips) {
    const std::unique_ptr<ASN1_OCTET_STRING, Freer<ASN1_OCTET_STRING_free>> address(a2i_IPADDRESS(ip.c_str()));
    if (!isPlainName(ip) || !address) return fail(fmt::format("'{}' is no IP address", ip));
    append("IP:", ip);
  }
  if (out.empty()) return fail("a serving certificate needs at least one DNS name or IP address");
  return out;
}

CertificatePtr signAuthority(const std::string& commonName, Validity validity, EVP_PKEY* key) {
  const Subject subject{commonName,
                        validity,
                        {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                         {NID_key_usage, "critical,keyCertSign,cRLSign"},
                         {NID_subject_key_identifier, "hash"}}};
  return sign(subject, key, nullptr, key);
}

CertificatePtr signLeaf(const std::string& commonName, Validity validity, EVP_PKEY* key, X509* authority, EVP_PKEY* authorityKey,
                        std::vector<Extension> more) {
  Subject subject{commonName,
                  validity,
                  {{NID_basic_constraints, "critical,CA:FALSE"},
                   {NID_key_usage, "critical,digitalSignature"},
                   {NID_subject_key_identifier, "hash"},
                   {NID_authority_key_identifier, "keyid"}}};
  for (Extension& extension : more) subject.extensions.push_back(std::move(extension));
  return sign(subject, key, authority, authorityKey);
}

/// From now for so many days. It starts a little earlier: that forgives clocks that are a little behind.
Validity validFor(int days) {
  const auto now = std::chrono::system_clock::now();
  return {now - std::chrono::minutes(5), now + std::chrono::hours(24) * days};
}

}  // namespace

Result<Pair> makeAuthority(const std::string& commonName, Validity validity) {
  ERR_clear_error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return broken("no key could be made");
  const CertificatePtr authority = signAuthority(commonName, validity, key.get());
  if (!authority) return broken("the CA certificate could not be made");
  return Pair{pem(authority.get()), pem(key.get())};
}

Result<Pair> makeServing(const Pair& authority, const std::vector<std::string>& dnsNames, const std::string& commonName, Validity validity) {
  IssueOptions options;
  options.dnsNames = dnsNames;
  const auto names = alternativeNames(options);
  if (!names) return tl::unexpected(names.error());
  ERR_clear_error();
  const BioPtr certificateText = readFrom(authority.certificate), keyText = readFrom(authority.key);
  const CertificatePtr issuer(PEM_read_bio_X509(certificateText.get(), nullptr, nullptr, nullptr));
  const KeyPtr issuerKey(PEM_read_bio_PrivateKey(keyText.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr));
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!issuer || !issuerKey || !key) return broken("the CA cannot sign");
  const CertificatePtr leaf = signLeaf(commonName, validity, key.get(), issuer.get(), issuerKey.get(),
                                       {{NID_ext_key_usage, "serverAuth"}, {NID_subject_alt_name, *names}});
  if (!leaf) return broken("the certificate could not be made");
  return Pair{pem(leaf.get()), pem(key.get())};
}

Result<Issued> issue(const IssueOptions& options) {
  constexpr int kMaxDays = 36500;
  if (options.days < 1 || options.days > kMaxDays || options.caDays < 1 || options.caDays > kMaxDays) {
    return fail("the validity must be 1 to 36500 days");
  }
  const auto names = alternativeNames(options);
  if (!names) return tl::unexpected(names.error());
  ERR_clear_error();
  const KeyPtr authorityKey(EVP_EC_gen("P-256"));
  const KeyPtr serverKey(EVP_EC_gen("P-256"));
  const KeyPtr clientKey(EVP_EC_gen("P-256"));
  if (!authorityKey || !serverKey || !clientKey) return broken("no key could be made");

  const CertificatePtr authority = signAuthority("rightslice CA", validFor(options.caDays), authorityKey.get());
  if (!authority) return broken("the CA certificate could not be made");
  const auto leaf = [&](const std::string& commonName, EVP_PKEY* key, std::vector<Extension> more) {
    return signLeaf(commonName, validFor(options.days), key, authority.get(), authorityKey.get(), std::move(more));
  };
  const CertificatePtr server =
      leaf(options.commonName, serverKey.get(), {{NID_ext_key_usage, "serverAuth"}, {NID_subject_alt_name, *names}});
  const CertificatePtr client = leaf("rightslice client", clientKey.get(), {{NID_ext_key_usage, "clientAuth"}});
  if (!server || !client) return broken("the certificate could not be made");
  return Issued{pem(authority.get()), pem(server.get()), pem(serverKey.get()), pem(client.get()), pem(clientKey.get())};
}

Result<bool> writeSecret(const std::string& path, const std::string& text, bool isKey) {
  const std::string temporary = fmt::format("{}.new-{}", path, getpid());
  const auto failed = [&](const char* what) {
    const std::string reason = std::strerror(errno);
    unlink(temporary.c_str());
    return fail(fmt::format("cannot {} {}: {}", what, path, reason), path);
  };
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isKey ? 0600 : 0644);
  if (file < 0) return failed("write");
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const auto error = failed("write");
      close(file);
      return error;
    }
    done += static_cast<std::size_t>(count);
  }
  if (close(file) != 0) return failed("write");
  if (rename(temporary.c_str(), path.c_str()) != 0) return failed("replace");
  return true;
}

}  // namespace rightslice::tls
