#include "tls/certificate_source.hpp"

#include <ctime>

#include <fmt/format.h>
#include <openssl/asn1.h>

#include "host/regular_file.hpp"
#include "tls/openssl.hpp"

namespace rightslice::tls {
namespace {

constexpr std::size_t kMaxPemBytes = 1U << 20;

}  // namespace

Result<std::string> readPem(const std::string& path) {
  auto text = host::readRegularFile(path, kMaxPemBytes);
  if (!text) return fail(fmt::format("cannot use {}: {}", path, text.error().message), path);
  return text;
}

namespace {

std::chrono::system_clock::time_point notAfter(SSL_CTX* context) {
  std::tm time{};
  ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &time);
  return std::chrono::system_clock::from_time_t(timegm(&time));
}

}  // namespace

Result<CertificateSource::Contents> CertificateSource::read() const {
  Contents contents;
  auto certificate = readPem(files_.certificate);
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = readPem(files_.key);
  if (!key) return tl::unexpected(key.error());
  if (!files_.clientCa.empty()) {
    auto clientCa = readPem(files_.clientCa);
    if (!clientCa) return tl::unexpected(clientCa.error());
    contents.clientCa = std::move(*clientCa);
    if (contents.clientCa.empty()) return fail(files_.clientCa + " is empty", files_.clientCa);
  }
  contents.certificate = std::move(*certificate);
  contents.key = std::move(*key);
  return contents;
}

Result<bool> CertificateSource::adopt(const Contents& contents) {
  auto context = serverContext(contents.certificate, contents.key, contents.clientCa);
  if (!context) return fail(context.error().message, files_.certificate);
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
    if (contents.error().message == lastReadError_) return Poll::Unchanged;
    error = lastReadError_ = contents.error().message;
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
  error = adopted.error().message;
  return Poll::Failed;
}

std::chrono::system_clock::time_point CertificateSource::expiry() const { return *expiry_.get(); }

}  // namespace rightslice::tls
