#include "tls/certificate_source.hpp"

#include <ctime>

#include <openssl/asn1.h>

#include "base/describe.hpp"
#include "host/regular_file.hpp"
#include "tls/openssl.hpp"

namespace rightslice::tls {
namespace {

constexpr std::size_t kMaxPemBytes = 1U << 20;
constexpr const char *kCertificateFlag = "--cert", *kKeyFlag = "--key", *kClientCaFlag = "--client-ca";

std::string named(const std::string& flag, const std::string& path) { return flag + " " + path; }

std::chrono::system_clock::time_point notAfter(SSL_CTX* context) {
  std::tm time{};
  ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &time);
  return std::chrono::system_clock::from_time_t(timegm(&time));
}

}  // namespace

Result<std::string> readPem(const std::string& flag, const std::string& path) {
  auto text = host::readRegularFile(path, kMaxPemBytes);
  if (!text) return fail(text.error().message, named(flag, path));
  if (text->empty()) return fail("the file is empty", named(flag, path));
  return text;
}

Result<CertificateSource::Contents> CertificateSource::read() const {
  Contents contents;
  auto certificate = readPem(kCertificateFlag, files_.certificate);
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = readPem(kKeyFlag, files_.key);
  if (!key) return tl::unexpected(key.error());
  if (!files_.clientCa.empty()) {
    auto clientCa = readPem(kClientCaFlag, files_.clientCa);
    if (!clientCa) return tl::unexpected(clientCa.error());
    contents.clientCa = std::move(*clientCa);
  }
  contents.certificate = std::move(*certificate);
  contents.key = std::move(*key);
  return contents;
}

Result<bool> CertificateSource::adopt(const Contents& contents) {
  auto context = serverContext(contents.certificate, contents.key, contents.clientCa,
                               {named(kCertificateFlag, files_.certificate), named(kKeyFlag, files_.key), named(kClientCaFlag, files_.clientCa)});
  if (!context) return tl::unexpected(context.error());
  expiry_.set(std::make_shared<const std::chrono::system_clock::time_point>(notAfter(context->get())));
  published_.set(*context);
  return true;
}

Result<std::unique_ptr<CertificateSource>> CertificateSource::open(CertificateFiles files) {
  std::unique_ptr<CertificateSource> source(new CertificateSource(std::move(files)));
  auto contents = source->read();
  if (!contents) return tl::unexpected(contents.error());
  if (auto adopted = source->adopt(*contents); !adopted) return tl::unexpected(adopted.error());
  source->tried_ = std::move(*contents);
  return source;
}

CertificateSource::Poll CertificateSource::poll(std::string& error) {
  auto contents = read();
  if (!contents) {
    if (describe(contents.error()) == lastReadError_) return Poll::Unchanged;
    error = lastReadError_ = describe(contents.error());
    return Poll::Failed;
  }
  lastReadError_.clear();
  if (*contents == tried_) return Poll::Unchanged;
  auto adopted = adopt(*contents);
  if (!adopted) {
    // The files may have been swapped between two reads: what is stable now was not a half of each.
    auto again = read();
    if (again && *again != *contents) {
      contents = std::move(again);
      adopted = adopt(*contents);
    }
  }
  tried_ = std::move(*contents);
  if (adopted) return Poll::Changed;
  error = describe(adopted.error());
  return Poll::Failed;
}

std::chrono::system_clock::time_point CertificateSource::expiry() const { return *expiry_.get(); }

}  // namespace rightslice::tls
