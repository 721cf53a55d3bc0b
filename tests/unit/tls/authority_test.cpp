#include "tls/authority.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "tls/context.hpp"

using namespace rightslice;

namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
std::unique_ptr<X509, Free> parse(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  std::unique_ptr<X509, Free> certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return certificate;
}

bool verifies(X509* leaf, X509* authority, int purpose) {
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, authority);
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf, nullptr);
  X509_STORE_CTX_set_purpose(context, purpose);
  const bool good = X509_verify_cert(context) == 1;
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return good;
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("the serving certificate is for its names, signed by the CA, and for servers only") {
  const auto issued = tls::issue({.dnsNames = {"rightslice.gpu.svc", "*.example.org"}, .ips = {"127.0.0.1", "::1"}, .days = 30});
  REQUIRE(issued);
  const auto authority = parse(issued->caCertificate), server = parse(issued->certificate), client = parse(issued->clientCertificate);
  REQUIRE((authority && server && client));
  CHECK(verifies(server.get(), authority.get(), X509_PURPOSE_SSL_SERVER));
  CHECK_FALSE(verifies(server.get(), authority.get(), X509_PURPOSE_SSL_CLIENT));
  CHECK(verifies(client.get(), authority.get(), X509_PURPOSE_SSL_CLIENT));
  CHECK_FALSE(verifies(client.get(), authority.get(), X509_PURPOSE_SSL_SERVER));
  CHECK(X509_check_host(server.get(), "rightslice.gpu.svc", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(server.get(), "a.example.org", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(server.get(), "other.svc", 0, 0, nullptr) == 0);
  CHECK(X509_check_ip_asc(server.get(), "127.0.0.1", 0) == 1);
  CHECK(X509_check_ip_asc(server.get(), "::1", 0) == 1);
  CHECK(X509_get_version(server.get()) == X509_VERSION_3);
  CHECK(EVP_PKEY_get_bits(X509_get0_pubkey(server.get())) == 256);
  int days = 0, seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(server.get()));
  CHECK((days == 29 || days == 30));
}

TEST_CASE("two runs share neither keys nor serial numbers") {
  const auto one = tls::issue({.dnsNames = {"a"}}), two = tls::issue({.dnsNames = {"a"}});
  REQUIRE((one && two));
  CHECK(one->key != two->key);
  CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(parse(one->certificate).get()), X509_get0_serialNumber(parse(two->certificate).get())) != 0);
}

TEST_CASE("what is no name, no address or no validity is refused") {
  CHECK_FALSE(tls::issue({}));
  for (const char* name : {"", "a,DNS:evil", "a b", "a\nb", "dirName:x", "127.0.0.1/8"}) {
    CAPTURE(name);
    CHECK_FALSE(tls::issue({.dnsNames = {name}}));
  }
  for (const char* ip : {"", "300.0.0.1", "host", "127.0.0.1,DNS:evil"}) {
    CAPTURE(ip);
    CHECK_FALSE(tls::issue({.ips = {ip}}));
  }
  CHECK_FALSE(tls::issue({.dnsNames = {"a"}, .days = 0}));
}

TEST_CASE("a key is written for its owner only, and a file is replaced whole") {
  const auto folder = std::filesystem::temp_directory_path() / ("rightslice-authority-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "tls.key").string();
  std::ofstream(path) << "something longer that was here before";
  REQUIRE(tls::writeSecret(path, "secret", true));
  CHECK(slurp(path) == "secret");
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  CHECK_FALSE(tls::writeSecret((folder / "no" / "where").string(), "x", false));
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  std::filesystem::remove_all(folder);
}
