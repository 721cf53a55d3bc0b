#include "tls/certificate.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/openssl.hpp"

namespace rightslice::tls {
namespace {

constexpr std::size_t kMost = 64;                 // certificates of a text; a bundle has a handful
constexpr std::size_t kMostBytes = 1U << 20;
constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";

int noPassphrase(char*, int, int, void*) { return 0; }

CertificatePtr parse(const std::string& pem) {
  const BioPtr bio = readFrom(pem);
  CertificatePtr out(PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr));
  ERR_clear_error();
  return out;
}

Time timeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

std::vector<std::string> dnsNamesOf(X509* certificate) {
  std::vector<std::string> out;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    out.emplace_back(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(names);
  return out;
}

Certificate describe(X509* certificate) {
  Certificate out;
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  out.pem.assign(data, static_cast<std::size_t>(size));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &length);
  for (unsigned i = 0; i < length; ++i) out.fingerprint += fmt::format("{:02x}", digest[i]);
  out.notBefore = timeOf(X509_get0_notBefore(certificate));
  out.notAfter = timeOf(X509_get0_notAfter(certificate));
  out.authority = X509_check_ca(certificate) == 1;
  out.dnsNames = dnsNamesOf(certificate);
  ERR_clear_error();
  return out;
}

}  // namespace

Certificates readCertificates(const std::string& pem) {
  Certificates out;
  out.whole = pem.size() <= kMostBytes;
  std::size_t at = 0;
  for (std::size_t begin = pem.find(kBegin); begin != std::string::npos; begin = pem.find(kBegin, at)) {
    const std::size_t end = pem.find(kEnd, begin);
    out.whole = out.whole && pem.find_first_not_of(" \t\r\n", at) == begin;
    if (end == std::string::npos || out.list.size() == kMost) {
      out.whole = false;
      return out;
    }
    at = end + kEnd.size();
    if (const CertificatePtr parsed = parse(pem.substr(begin, at - begin) + "\n")) {
      Certificate certificate = describe(parsed.get());
      const bool again = std::find(out.list.begin(), out.list.end(), certificate) != out.list.end();
      if (!again) out.list.push_back(std::move(certificate));
      out.whole = out.whole && !again;
    } else {
      out.whole = false;
    }
  }
  out.whole = out.whole && pem.find_first_not_of(" \t\r\n", at) == std::string::npos;
  return out;
}

Result<Certificate> readCertificate(const std::string& pem) {
  auto read = readCertificates(pem);
  if (read.list.empty()) return fail("holds no PEM certificate");
  return std::move(read.list.front());
}

bool issuedBy(const Certificate& leaf, const Certificate& authority) {
  const CertificatePtr child = parse(leaf.pem), parent = parse(authority.pem);
  const bool good = child && parent && X509_check_issued(parent.get(), child.get()) == X509_V_OK &&
                    X509_verify(child.get(), X509_get0_pubkey(parent.get())) == 1;
  ERR_clear_error();
  return good;
}

bool belongs(const std::string& key, const Certificate& certificate) {
  const BioPtr bio = readFrom(key);
  const KeyPtr parsed(PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr));
  const CertificatePtr owner = parse(certificate.pem);
  const bool good = parsed && owner && X509_check_private_key(owner.get(), parsed.get()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace rightslice::tls
