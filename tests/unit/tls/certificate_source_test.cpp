#include "tls/certificate_source.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/describe.hpp"
#include "tls/authority.hpp"

using namespace rightslice;
using Poll = tls::CertificateSource::Poll;

namespace {

class Files {
 public:
  Files() : folder_(std::filesystem::temp_directory_path() / ("rightslice-certificates-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Files() { std::filesystem::remove_all(folder_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  std::string path(const char* name) const { return (folder_ / name).string(); }
  void write(const char* name, const std::string& text) const { std::ofstream(path(name)) << text; }
  void writePair(const tls::Issued& issued) const {
    write("tls.crt", issued.certificate);
    write("tls.key", issued.key);
  }
  tls::CertificateFiles named() const { return {path("tls.crt"), path("tls.key"), ""}; }

 private:
  std::filesystem::path folder_;
};

const tls::Issued& first() {
  static const tls::Issued issued = tls::issue({.dnsNames = {"a"}, .days = 10}).value();
  return issued;
}
const tls::Issued& second() {
  static const tls::Issued issued = tls::issue({.dnsNames = {"a"}, .days = 20}).value();
  return issued;
}

}  // namespace

TEST_CASE("a new pair is taken once, with its expiry") {
  const Files files;
  files.writePair(first());
  auto source = tls::CertificateSource::open(files.named()).value();
  const auto context = source->current();
  const auto expiry = source->expiry();
  std::string error;
  CHECK(source->poll(error) == Poll::Unchanged);
  files.writePair(second());
  CHECK(source->poll(error) == Poll::Changed);
  CHECK(source->current() != context);
  CHECK(source->expiry() - expiry > std::chrono::hours(24 * 9));
  CHECK(source->poll(error) == Poll::Unchanged);
}

TEST_CASE("the last good pair stays while the files are bad, and each bad state is told once") {
  const Files files;
  files.writePair(first());
  auto source = tls::CertificateSource::open(files.named()).value();
  const auto context = source->current();
  std::string error;

  files.write("tls.key", second().key);
  CHECK(source->poll(error) == Poll::Failed);
  CHECK(error.find("does not belong to the certificate") != std::string::npos);
  CHECK(error.starts_with("--key " + files.path("tls.key") + ": "));
  CHECK(source->poll(error) == Poll::Unchanged);

  files.write("tls.crt", "no certificate");
  CHECK(source->poll(error) == Poll::Failed);
  CHECK(error.find("holds no PEM certificate") != std::string::npos);

  std::filesystem::remove(files.path("tls.crt"));
  CHECK(source->poll(error) == Poll::Failed);
  CHECK(error.find(files.path("tls.crt")) != std::string::npos);
  CHECK(source->poll(error) == Poll::Unchanged);
  CHECK(source->current() == context);

  files.writePair(second());
  CHECK(source->poll(error) == Poll::Changed);
  CHECK(source->current() != context);
}

TEST_CASE("a pair that is bad from the start is an error that names the file") {
  const Files files;
  auto missing = tls::CertificateSource::open(files.named());
  REQUIRE_FALSE(missing);
  CHECK(describe(missing.error()) == "--cert " + files.path("tls.crt") + ": cannot open: No such file or directory");
  files.writePair(first());
  files.write("ca.crt", "");
  auto named = files.named();
  named.clientCa = files.path("ca.crt");
  CHECK(describe(tls::CertificateSource::open(named).error()) == "--client-ca " + files.path("ca.crt") + ": the file is empty");
  files.write("ca.crt", first().key);
  CHECK(describe(tls::CertificateSource::open(named).error()).starts_with("--client-ca " + files.path("ca.crt") + ": the client CA file holds no PEM"));
  files.write("ca.crt", first().caCertificate);
  CHECK(tls::CertificateSource::open(named));
  files.write("tls.key", "no key");
  CHECK(describe(tls::CertificateSource::open(named).error()).starts_with("--key " + files.path("tls.key") + ": the key file holds no PEM"));
  files.write("tls.crt", "no certificate");
  CHECK(describe(tls::CertificateSource::open(named).error()).starts_with("--cert " + files.path("tls.crt") + ": the certificate file holds no PEM"));
}

TEST_CASE("a chain is served, and an encrypted key is an error instead of a question") {
  CHECK(tls::serverContext(first().certificate + first().caCertificate, first().key, ""));
  CHECK_FALSE(tls::serverContext(first().certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n", ""));
  CHECK_FALSE(tls::serverContext("", first().key, ""));
  CHECK_FALSE(tls::serverContext(first().certificate, "", ""));
}
