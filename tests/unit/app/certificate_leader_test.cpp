#include "app/certificate_leader.hpp"

#include <fmt/format.h>

#include <map>
#include <sstream>

#include "base/base64.hpp"
#include "certificates.hpp"
#include "host/log.hpp"
#include "json/writer.hpp"

using namespace certificates;
using kube::Answer;
using kube::Request;
using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

const std::string kSecretPath = "/api/v1/namespaces/ns/secrets";
const std::string kHooksPath = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hooks";

/// An API server with one Secret and one configuration, and a clock of its own.
class Api {
 public:
  Result<Answer> call(const Request& request) {
    ++calls;
    log += request.method + " " + request.path + "\n";
    if (down) return fail("connect: Connection refused");
    Answer answer = answered(request);
    answer.date = fmt::format("Mon, {:02} Jun 2026 {:02}:00:00 GMT", 1 + hour / 24, hour % 24);   // the name of the day is not read
    return answer;
  }

  CertificateObjects objects() const {
    CertificateObjects out;
    out.secretKnown = out.configurationsKnown = true;
    out.secret = secret;
    out.configurations = {hooks};
    return out;
  }

  std::optional<SecretObject> secret;
  HookConfiguration hooks{"validatingwebhookconfigurations", "hooks", "1", "", {{"a", "", {}}, {"b", "", {}}}};
  int version = 1, calls = 0, refuse = 0, hour = 0;
  std::string message = "forbidden", log;
  bool down = false;

 private:
  Answer answered(const Request& request) {
    if (refuse != 0 && request.method != "GET") return {refuse, fmt::format(R"({{"kind":"Status","message":"{}"}})", message)};
    if (request.method == "GET") return secret ? Answer{200, text()} : Answer{404, "{}"};
    const auto document = json::Document::parse(request.body).value();
    const json::View body = document.root();
    if (request.path == kHooksPath) {
      CHECK(request.contentType == "application/strategic-merge-patch+json");
      if (body["metadata"]["resourceVersion"].stringOr("") != hooks.version) return {409, "{}"};
      for (const json::View each : body["webhooks"].elements()) {
        for (auto& hook : hooks.hooks) {
          if (hook.name == each["name"].stringOr("")) bundle(hook, *fromBase64(each["clientConfig"]["caBundle"].stringOr("")));
        }
      }
      hooks.version = std::to_string(++version);
      return {200, "{}"};
    }
    if (request.method == "POST") {
      CHECK(request.path == kSecretPath);
      if (secret) return {409, "{}"};
      secret = readSecretObject(body);
    } else {
      CHECK(request.path == kSecretPath + "/secret");
      if (!secret) return {404, "{}"};
      if (body["metadata"]["resourceVersion"].stringOr("") != secret->version) return {409, "{}"};
      secret = readSecretObject(body);
      std::erase_if(secret->data, [](const auto& each) { return each.second.empty(); });
    }
    secret->version = std::to_string(++version);
    return {201, text()};
  }

  std::string text() const {
    json::Writer out;
    out.beginObject().key("metadata").beginObject().member("resourceVersion", std::string_view(secret->version));
    out.key("labels").beginObject().member(kManagedLabel, secret->ours ? kManagedValue : "no").endObject().endObject();
    out.memberBool("immutable", secret->immutable).key("data").beginObject();
    for (const auto& [key, value] : secret->data) out.member(key, std::string_view(base64(value)));
    out.endObject().endObject();
    return out.take();
  }

 public:
  static void bundle(HookConfiguration::Hook& hook, const std::string& pem) {
    hook.bundle = pem;
    hook.trusted = tls::readCertificates(pem).list;
  }
};

struct Leading {
  explicit Leading(Api& a)
      : api(a), log(host::Level::Info, lines),
        leader(given, [this](Request request) { return api.call(request); }, [this] { return leads; }, clock, metrics, log) {}

  /// One turn with what is there now.
  void turn(bool oldMayGo = false) {
    objects = api.objects();
    if (objects.secret) contents = readSecretContents(*objects.secret, given);
    else contents.reset();
    if (contents && contents->serving && objects.secret->ours) remembered = contents;
    leader.turn({&objects, contents ? &*contents : nullptr, remembered ? &*remembered : nullptr, oldMayGo}, uptime);
    uptime += milliseconds(1000);
  }
  SecretContents read() const { return readSecretContents(*api.secret, given); }
  std::size_t trusted(std::size_t hook = 0) const { return api.hooks.hooks[hook].trusted.size(); }

  Api& api;
  CertificateSettings given = settings();
  written::Clock clock;
  std::ostringstream lines;
  host::Log log;
  host::Metrics metrics;
  bool leads = true;
  milliseconds uptime{0};
  CertificateObjects objects;
  std::optional<SecretContents> contents, remembered;
  CertificateLeader leader;
};

}  // namespace

TEST_CASE("from nothing: a Secret, then the bundles, then there is nothing to do") {
  Api api;
  Leading one(api);
  one.turn();
  REQUIRE(api.secret);
  CHECK(api.secret->ours);
  CHECK(one.trusted() == 0);
  one.turn();
  CHECK((one.trusted(0) == 1 && one.trusted(1) == 1));
  const int calls = api.calls;
  for (int i = 0; i < 10; ++i) one.turn();
  CHECK(api.calls == calls);
  CHECK(one.leader.troubles().text().empty());
  CHECK(one.lines.str().find("PRIVATE") == std::string::npos);
  CHECK(one.metrics.text().find("rightslice_certificates_issued_total{what=\"authority\"} 1") != std::string::npos);
}

TEST_CASE("a bundle that somebody resets is put right, whatever it holds") {
  Api api;
  Leading one(api);
  one.turn();
  one.turn();
  const std::string right = api.hooks.hooks[0].bundle;
  for (const char* wrong : {"", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    Api::bundle(api.hooks.hooks[1], wrong);
    one.turn();
    CHECK(api.hooks.hooks[1].bundle == right);
  }
}

TEST_CASE("a new CA stands in the bundles beside the old one, which goes when it may") {
  Api api;
  Leading one(api);
  one.turn();
  one.turn();
  const auto first = *one.read().authority;
  one.clock.time += hours(61);
  api.hour += 61;
  one.turn();
  const auto second = *one.read().authority;
  CHECK_FALSE(first == second);
  CHECK(one.read().before == std::vector{first});
  one.turn();
  CHECK(api.hooks.hooks[0].trusted == std::vector{second, first});
  for (int i = 0; i < 5; ++i) one.turn();
  CHECK(one.trusted() == 2);
  one.turn(true);
  CHECK(one.read().before.empty());
  one.turn();
  CHECK((api.hooks.hooks[0].trusted == std::vector{second} && api.hooks.hooks[1].trusted == std::vector{second}));
}

TEST_CASE("a Secret that is deleted is made anew, and what is still served stays trusted") {
  Api api;
  Leading one(api);
  one.turn();
  one.turn();
  const auto first = *one.read().authority;
  api.secret.reset();
  one.turn();
  REQUIRE(api.secret);
  CHECK_FALSE(*one.read().authority == first);
  one.turn();
  CHECK(api.hooks.hooks[0].trusted == std::vector{*one.read().authority, first});
  // Also by one that has never seen it: the CA is a stranger in the bundle.
  api.secret.reset();
  Leading two(api);
  two.turn();
  two.turn();
  CHECK(api.hooks.hooks[0].trusted.size() == 3);
  CHECK(api.hooks.hooks[0].trusted.front() == *two.read().authority);
}

TEST_CASE("what is not ours is not touched; what is ours and broken is replaced") {
  Api api;
  Leading one(api);
  one.turn();
  one.turn();
  const SecretObject good = *api.secret;
  api.secret->ours = false;
  api.secret->data["tls.crt"] = "someone's";
  api.log.clear();
  one.turn();
  CHECK(api.log.empty());
  CHECK(api.secret->data["tls.crt"] == "someone's");
  api.secret->ours = true;
  one.turn();
  CHECK(one.read().fault.empty());
  CHECK(one.read().authorityPair.certificate == good.data.at("ca.crt"));
  api.secret->data["ca.key"] = "";
  api.secret->immutable = true;
  one.turn();
  CHECK(one.leader.troubles().text() == "Secret ns/secret cannot be written: it is immutable; delete it, and it is made again");
}

TEST_CASE("a clock that jumps does no harm: certificates are made by the API server's") {
  Api api;
  Leading one(api);
  one.turn();
  one.turn();
  const auto before = *one.read().serving;
  for (const auto jump : {hours(25), hours(5000), hours(-5000)}) {
    CAPTURE(jump.count());
    const auto right = one.clock.time;
    one.clock.time += jump;
    for (int i = 0; i < 5; ++i) one.turn();
    CHECK(*one.read().serving == before);
    one.uptime += minutes(5);   // it asks for the time now and then
    one.clock.time = right;
    one.turn();
    CHECK(*one.read().serving == before);
  }
  CHECK(one.lines.str().find("is not that of the API server") != std::string::npos);
  // And with a clock that stands still it is renewed when it is time.
  api.hour = 21;
  one.uptime += minutes(5);
  one.turn();
  one.turn();
  CHECK(one.read().serving->notAfter == before.notAfter + hours(21));
}

TEST_CASE("what it may not do is told once, and tried again less and less often") {
  Api api;
  Leading one(api);
  api.refuse = 403;
  for (int i = 0; i < 60; ++i) one.turn();
  CHECK(one.leader.troubles().text() == "Secret ns/secret cannot be written: HTTP 403: forbidden");
  CHECK(api.calls < 20);
  const std::string lines = one.lines.str();
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 1);
  api.refuse = 0;
  for (int i = 0; i < 40; ++i) one.turn();
  CHECK(api.secret);
  CHECK(one.leader.troubles().text().empty());
  api.refuse = 403;
  Api::bundle(api.hooks.hooks[0], "");
  one.turn();
  CHECK(one.leader.troubles().text() == "caBundle validatingwebhookconfigurations/hooks cannot be written: HTTP 403: forbidden");
  one.leader.rest();
  CHECK(one.leader.troubles().text().empty());
}

TEST_CASE("an answer that repeats keys is not shown") {
  Api api;
  Leading one(api);
  api.refuse = 422;
  api.message = "Invalid value: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t";
  one.turn();
  CHECK(one.leader.troubles().text() == "Secret ns/secret cannot be written: HTTP 422: the answer repeats what was sent, and is not shown");
  CHECK(one.lines.str().find("LS0t") == std::string::npos);
}

TEST_CASE("who was overtaken looks again, and who leads no longer writes nothing") {
  Api api;
  Leading one(api), two(api);
  one.turn();
  two.objects = api.objects();
  two.objects.secret.reset();   // it has not seen the Secret yet
  two.leader.turn({&two.objects, nullptr, nullptr, false}, milliseconds(0));
  CHECK(two.leader.troubles().text().empty());
  CHECK(api.version == 2);
  api.hooks.version = "99";
  auto stale = api.objects();
  stale.configurations[0].version = "98";
  const auto contents = one.read();
  two.leader.turn({&stale, &contents, nullptr, false}, milliseconds(1000));
  CHECK(two.leader.troubles().text().empty());
  CHECK(one.trusted() == 0);
  one.leads = false;
  one.turn();
  CHECK(one.trusted() == 0);
}

TEST_CASE("configurations of others: kept by somebody else, or without a webhook of ours") {
  Api api;
  Leading one(api);
  api.hooks.keeper = "cert-manager.io/inject-ca-from";
  one.turn();
  one.turn();
  CHECK(one.trusted() == 0);
  CHECK(one.leader.troubles().text().find("has the annotation cert-manager.io/inject-ca-from: somebody else keeps its caBundle") != std::string::npos);
  api.hooks.keeper.clear();
  api.hooks.hooks.clear();
  one.turn();
  CHECK(one.leader.troubles().text() == "no webhook of validatingwebhookconfigurations/hooks calls the Service ns/service (--service)");
}

TEST_CASE("what is not known is not absent: nothing is made before the Secret was read") {
  Api api;
  Leading one(api);
  CertificateObjects unknown;
  one.leader.turn({&unknown, nullptr, nullptr, false}, milliseconds(0));
  CHECK(api.calls == 0);
  api.down = true;
  one.turn();
  CHECK_FALSE(api.secret);
  CHECK(one.leader.troubles().text() == "Secret ns/secret cannot be read: connect: Connection refused");
}
