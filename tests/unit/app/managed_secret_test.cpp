#include "app/managed_secret.hpp"

#include "certificates.hpp"

using namespace certificates;

namespace {

const tls::Time kNow = written::Clock().now();

SecretContents with(const std::string& key, const std::string& text) {
  SecretObject object = stored(fresh(kNow));
  object.data[key] = text;
  return readSecretContents(object, settings());
}

}  // namespace

TEST_CASE("the names are those by which a Service is called") {
  CHECK(settings().dnsNames() == std::vector<std::string>{"service.ns.svc", "service.ns", "service.ns.svc.cluster.local"});
  CHECK(objectName("a/b") == ObjectName{"a", "b"});
}

TEST_CASE("what is written is read back") {
  SecretContents made = fresh(kNow);
  made.before = {*fresh(kNow).authority, *fresh(kNow).authority};
  const SecretObject object = stored(made);
  CHECK(object.ours);
  const SecretContents read = readSecretContents(object, settings());
  CHECK(read.fault.empty());
  CHECK(read.signs);
  CHECK((read.authorityPair == made.authorityPair && read.servingPair == made.servingPair && read.before == made.before));
  CHECK((read.authority && *read.authority == *made.authority && read.serving && *read.serving == *made.serving));
  CHECK(read.serving->dnsNames == settings().dnsNames());
}

TEST_CASE("a change names the version that it is of, and takes away what is no longer there") {
  const auto document = json::Document::parse(secretText(settings(), fresh(kNow), "41")).value();
  CHECK(document.root()["metadata"]["resourceVersion"].stringOr("") == "41");
  CHECK(document.root()["data"]["old-ca.crt"].isNull());
  CHECK_FALSE(document.root()["type"].exists());   // it cannot be changed
  const auto created = json::Document::parse(secretText(settings(), fresh(kNow), "")).value();
  CHECK(created.root()["type"].stringOr("") == "kubernetes.io/tls");
  CHECK_FALSE(created.root()["metadata"]["resourceVersion"].exists());
}

TEST_CASE("what is wrong is named, without what the Secret holds") {
  const SecretContents other = fresh(kNow);
  struct Row {
    const char *key, *fault;
    std::string text;
    bool authority, signs, serving;
  };
  const std::string junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const std::string encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
  const Row rows[] = {
      {"ca.crt", "ca.crt holds no PEM certificate", "", false, false, false},
      {"ca.crt", "ca.crt holds no PEM certificate", junk, false, false, false},
      {"ca.crt", "ca.crt holds no PEM certificate", std::string(100'000, '\0'), false, false, false},
      {"ca.crt", "ca.crt is no CA", other.servingPair.certificate, false, false, false},
      {"ca.crt", "ca.key is not the key of ca.crt", other.authorityPair.certificate, true, false, false},
      {"ca.key", "ca.key is not the key of ca.crt", other.authorityPair.key, true, false, true},
      {"ca.key", "ca.key is not the key of ca.crt", encrypted, true, false, true},
      {"tls.crt", "tls.crt holds no PEM certificate", "\xff\xfe", true, true, false},
      {"tls.crt", "tls.key is not the key of tls.crt", other.servingPair.certificate, true, true, false},
      {"tls.key", "tls.key is not the key of tls.crt", "", true, true, false},
      {"tls.key", "tls.key is not the key of tls.crt", other.servingPair.key, true, true, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.key);
    CAPTURE(row.fault);
    const SecretContents read = with(row.key, row.text);
    CHECK(read.fault == row.fault);
    CHECK(read.authority.has_value() == row.authority);
    CHECK(read.signs == row.signs);
    CHECK(read.serving.has_value() == row.serving);
  }
}

TEST_CASE("a certificate for another Service is useless") {
  CertificateSettings other = settings();
  other.service.name = "another";
  CHECK(readSecretContents(stored(fresh(kNow)), other).fault == "tls.crt is not for another.ns.svc");
}

TEST_CASE("CAs of before are what can be read, without the CA of now and without what is no CA") {
  const SecretContents old = fresh(kNow), now = fresh(kNow);
  SecretObject object = stored(now);
  object.data["old-ca.crt"] = "junk " + old.authority->pem + now.authority->pem + old.serving->pem + old.authority->pem + "-----BEGIN CERTIFICATE-----";
  const SecretContents read = readSecretContents(object, settings());
  CHECK(read.before == std::vector<tls::Certificate>{*old.authority});
  CHECK(read.fault.empty());
}

TEST_CASE("objects of any shape are read without harm") {
  for (const char* text : {"{}", "[]", "null", R"({"metadata":7,"data":[]})", R"({"data":{"tls.crt":7,"tls.key":null,"ca.crt":"%%%","ca.key":{}}})",
                           R"({"metadata":{"labels":{"rightslice.io/certificates":"cert-manager"}}})", R"({"metadata":{"labels":[]},"stringData":{"ca.crt":"x"}})"}) {
    CAPTURE(text);
    const auto document = json::Document::parse(text).value();
    const SecretObject object = readSecretObject(document.root());
    CHECK_FALSE(object.ours);
    CHECK_FALSE(readSecretContents(object, settings()).fault.empty());
  }
}
