#include "app/ca_bundle.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "json/writer.hpp"

namespace rightslice::app {
namespace {

// Who has one of these keeps the bundle (cert-manager's CA injector, OpenShift's service CA); two that write would never agree.
constexpr const char* kKeepers[] = {"cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret", "cert-manager.io/inject-apiserver-ca",
                                    "service.beta.openshift.io/inject-cabundle"};
constexpr std::size_t kMostStrangers = 16;

bool holds(const std::vector<tls::Certificate>& list, const tls::Certificate& one) { return std::find(list.begin(), list.end(), one) != list.end(); }

}  // namespace

HookConfiguration readHookConfiguration(json::View object, std::string_view plural, const ObjectName& service) {
  HookConfiguration out;
  const json::View metadata = object["metadata"];
  out.plural = plural;
  out.name = metadata["name"].stringOr("");
  out.version = metadata["resourceVersion"].stringOr("");
  for (const char* each : kKeepers) {
    if (metadata["annotations"][each].exists() && out.keeper.empty()) out.keeper = each;
  }
  for (const json::View each : object["webhooks"].elements()) {
    const json::View client = each["clientConfig"], target = client["service"];
    if (target["name"].stringOr("") != service.name || target["namespace"].stringOr("") != service.ns) continue;
    std::string bundle = fromBase64(client["caBundle"].stringOr("")).value_or("");
    auto trusted = tls::readCertificates(bundle).list;
    out.hooks.push_back({std::string(each["name"].stringOr("")), std::move(bundle), std::move(trusted)});
  }
  return out;
}

Trust trustIn(const tls::Certificate& authority, const std::vector<HookConfiguration>& configurations) {
  Trust out;
  out.known = out.all = true;
  for (const HookConfiguration& configuration : configurations) {
    for (const auto& hook : configuration.hooks) {
      const bool ours = holds(hook.trusted, authority);
      out.called = true;
      out.all = out.all && ours;
      out.others = out.others || hook.trusted.size() > (ours ? 1U : 0U);
    }
  }
  return out;
}

std::string bundlePatch(const HookConfiguration& configuration, const std::map<std::string, std::string>& bundles) {
  json::Writer out;
  out.beginObject().key("metadata").beginObject().member("resourceVersion", std::string_view(configuration.version)).endObject();
  // Merged by name, and put into the order of the patch: that of the object, or who applied it sees a change and takes it back.
  out.key("webhooks").beginArray();
  for (const auto& hook : configuration.hooks) {
    const auto found = bundles.find(hook.name);
    if (found == bundles.end()) continue;
    out.beginObject().member("name", std::string_view(hook.name));
    out.key("clientConfig").beginObject().member("caBundle", std::string_view(base64(found->second))).endObject().endObject();
  }
  out.endArray().endObject();
  return out.take();
}

std::string BundleMerger::merged(const std::vector<tls::Certificate>& present, const std::vector<tls::Certificate>& ours, tls::Time now,
                                 std::chrono::milliseconds uptime) {
  std::string out;
  for (const tls::Certificate& each : ours) out += each.pem;
  std::size_t strangers = 0;
  for (const tls::Certificate& each : present) {
    if (holds(ours, each) || each.expired(now) || dropped_.contains(each.fingerprint)) continue;
    const auto since = since_.emplace(each.fingerprint, uptime).first->second;
    if (uptime - since >= patience_ || ++strangers > kMostStrangers) continue;
    out += each.pem;
  }
  return out;
}

void BundleMerger::drop(const std::vector<tls::Certificate>& authorities) {
  for (const tls::Certificate& each : authorities) dropped_.insert(each.fingerprint);
}

}  // namespace rightslice::app
