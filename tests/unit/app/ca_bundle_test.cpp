#include "app/ca_bundle.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "certificates.hpp"

using namespace certificates;
using std::chrono::milliseconds;

namespace {

const tls::Time kNow = written::Clock().now();

tls::Certificate authority() { return *fresh(kNow).authority; }

HookConfiguration read(const std::string& text) {
  const auto document = json::Document::parse(text).value();
  return readHookConfiguration(document.root(), "validatingwebhookconfigurations", {"ns", "service"});
}

std::string hook(const std::string& name, const std::string& service, const std::string& bundle) {
  return fmt::format(R"({{"name":"{}","clientConfig":{{"service":{{"name":"{}","namespace":"ns"}},"caBundle":"{}"}}}})", name, service, base64(bundle));
}

}  // namespace

TEST_CASE("only webhooks that call our Service are ours") {
  const auto ca = authority();
  const auto found = read(R"({"metadata":{"name":"hooks","resourceVersion":"5"},"webhooks":[)" + hook("a", "service", ca.pem) + "," + hook("b", "other", "") +
                          R"(,{"name":"c","clientConfig":{"url":"https://service.ns.svc/"}},{"name":"d","clientConfig":{"service":{"name":"service","namespace":"else"}}},)" +
                          hook("e", "service", "") + R"(,7,{"name":8}]})");
  REQUIRE(found.hooks.size() == 2);
  CHECK((found.hooks[0].name == "a" && found.hooks[0].bundle == ca.pem && found.hooks[0].trusted == std::vector{ca}));
  CHECK((found.hooks[1].name == "e" && found.hooks[1].bundle.empty()));
  CHECK(found.version == "5");
  CHECK(found.keeper.empty());
  CHECK(read(R"({"metadata":{"annotations":{"cert-manager.io/inject-ca-from":"a/b"}}})").keeper == "cert-manager.io/inject-ca-from");
}

TEST_CASE("objects of any shape are read without harm") {
  for (const char* text : {"{}", "[]", R"({"webhooks":{}})", R"({"webhooks":[null,{"clientConfig":{"service":"service"}}]})",
                           R"({"webhooks":[{"clientConfig":{"service":{"name":"service","namespace":"other"},"caBundle":7}}]})"}) {
    CHECK(read(text).hooks.empty());
  }
  CHECK(read(R"({"webhooks":[{"clientConfig":{"service":{"name":"service","namespace":"ns"},"caBundle":"%%"}}]})").hooks[0].bundle.empty());
}

TEST_CASE("trust is what every webhook that calls us says") {
  const auto ours = authority(), other = authority();
  const auto trust = [&](std::vector<std::string> bundles) {
    HookConfiguration configuration;
    for (const auto& bundle : bundles) configuration.hooks.push_back({"h", bundle, tls::readCertificates(bundle).list});
    return trustIn(ours, {configuration});
  };
  CHECK_FALSE(trust({}).called);
  CHECK(trust({ours.pem, ours.pem}).all);
  CHECK_FALSE(trust({ours.pem, ours.pem}).others);
  CHECK_FALSE(trust({ours.pem, ""}).all);
  CHECK_FALSE(trust({ours.pem, ""}).others);
  CHECK(trust({ours.pem, other.pem}).others);
  CHECK((trust({ours.pem + other.pem}).all && trust({ours.pem + other.pem}).others));
}

TEST_CASE("a patch names the version and the webhooks, and nothing else") {
  HookConfiguration configuration;
  configuration.version = "9";
  configuration.hooks = {{"b", "", {}}, {"right", "", {}}, {"a", "", {}}};   // kube-apiserver sorts the object's as the patch has them
  CHECK(bundlePatch(configuration, {{"a", "one"}, {"b", "two"}}) ==
        R"({"metadata":{"resourceVersion":"9"},"webhooks":[{"name":"b","clientConfig":{"caBundle":"dHdv"}},{"name":"a","clientConfig":{"caBundle":"b25l"}}]})");
}

TEST_CASE("ours come first; a stranger stays for its time, counted from when it was seen") {
  const auto now = authority(), before = authority(), stranger = authority();
  BundleMerger merger(milliseconds(1000));
  const std::vector<tls::Certificate> ours{now, before};
  CHECK(merger.merged({}, ours, kNow, milliseconds(0)) == now.pem + before.pem);
  CHECK(merger.merged({before, stranger}, ours, kNow, milliseconds(0)) == now.pem + before.pem + stranger.pem);
  CHECK(merger.merged({now, before, stranger}, ours, kNow, milliseconds(999)) == now.pem + before.pem + stranger.pem);
  CHECK(merger.merged({now, before, stranger}, ours, kNow, milliseconds(1000)) == now.pem + before.pem);
  CHECK(merger.merged({stranger}, ours, kNow, milliseconds(5000)) == now.pem + before.pem);
  merger.forget();
  CHECK(merger.merged({stranger}, ours, kNow, milliseconds(5000)) == now.pem + before.pem + stranger.pem);
}

TEST_CASE("what is expired, or was ours and is dropped, goes at once; hundreds of strangers do not stay") {
  const auto now = authority(), dropped = authority(), expired = *fresh(kNow - hours(200)).authority;
  BundleMerger merger;
  merger.drop({dropped});
  CHECK(merger.merged({dropped, expired}, {now}, kNow, milliseconds(0)) == now.pem);
  CHECK(merger.merged({}, {now, dropped}, kNow, milliseconds(0)) == now.pem + dropped.pem);   // ours again
  std::vector<tls::Certificate> many;
  for (int i = 0; i < 40; ++i) many.push_back(authority());
  CHECK(tls::readCertificates(merger.merged(many, {now}, kNow, milliseconds(0))).list.size() == 17);
}
