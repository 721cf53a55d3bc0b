#include "app/certificate_watch.hpp"

#include <array>

namespace rightslice::app {
namespace {

using Phase = kube::WatchState::Phase;
using SteadyClock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 2> kPlurals{"validatingwebhookconfigurations", "mutatingwebhookconfigurations"};

/// A list of one: RBAC that names the object lets it be listed and watched with this selector (kubernetes.io, "Using RBAC
/// Authorization", "Referring to resources").
void only(kube::Resource& resource, const std::string& name) { resource.fieldSelector = "metadata.name=" + name; }

}  // namespace

kube::Resource secretResource(const CertificateSettings& settings) {
  kube::Resource out;
  out.version = "v1";
  out.plural = "secrets";
  out.ns = settings.secret.ns;
  return out;
}

kube::Resource configurationResource(std::string_view plural) {
  kube::Resource out;
  out.group = "admissionregistration.k8s.io";
  out.version = "v1";
  out.plural = plural;
  return out;
}

struct CertificateWatch::Parts {
  using Configurations = kube::Store<HookConfiguration>;

  Parts(const CertificateSettings& settings, kube::ClusterOptions options)
      : secrets([](json::View object) { return std::optional(readSecretObject(object)); }, kube::Unreadable::AsItWas), cluster(std::move(options)) {
    kube::Resource secret = secretResource(settings);
    only(secret, settings.secret.name);
    cluster.follow(std::move(secret), secrets);
    for (const std::string& name : settings.configurations) {
      for (const std::string_view plural : kPlurals) {
        configurations.push_back(std::make_unique<Configurations>(
            [plural, service = settings.service](json::View object) { return std::optional(readHookConfiguration(object, plural, service)); },
            kube::Unreadable::AsItWas));
        kube::Resource resource = configurationResource(plural);
        only(resource, name);
        cluster.follow(std::move(resource), *configurations.back());
      }
    }
  }

  kube::Store<SecretObject> secrets;
  std::vector<std::unique_ptr<Configurations>> configurations;
  kube::Cluster cluster;  // ends first
};

CertificateWatch::CertificateWatch(const CertificateSettings& settings, kube::Config config, ClusterTells tells, kube::Pace pace) {
  parts_ = std::make_unique<Parts>(settings, clusterOptions(std::move(config), std::move(tells), pace));
}

CertificateWatch::~CertificateWatch() = default;
void CertificateWatch::start() { parts_->cluster.start(); }
void CertificateWatch::stop() { parts_->cluster.stop(); }
Result<kube::Answer> CertificateWatch::call(kube::Request request) { return parts_->cluster.call(std::move(request)); }

CertificateObjects CertificateWatch::objects() const {
  CertificateObjects out;
  const auto states = parts_->cluster.states();
  out.secretKnown = states.front().phase == Phase::Synced;
  out.secretTrouble = states.front().trouble;
  out.configurationsKnown = true;
  for (std::size_t i = 1; i < states.size(); ++i) {
    out.configurationsKnown = out.configurationsKnown && states[i].phase == Phase::Synced;
    if (out.configurationsTrouble.empty()) out.configurationsTrouble = states[i].trouble;
  }
  parts_->secrets.each([&](const std::string&, const SecretObject& object) { out.secret = object; });
  for (const auto& store : parts_->configurations) {
    store->each([&](const std::string&, const HookConfiguration& object) { out.configurations.push_back(object); });
  }
  return out;
}

std::uint64_t CertificateWatch::version() const {
  std::uint64_t sum = parts_->secrets.version();
  for (const auto& store : parts_->configurations) sum += store->version();
  for (const auto& state : parts_->cluster.states()) sum += state.turns;
  return sum;
}

std::vector<WatchReport> CertificateWatch::reports() const {
  std::vector<WatchReport> out;
  const auto now = SteadyClock::now();
  for (const auto& state : parts_->cluster.states()) {
    WatchReport report;
    report.resource = state.resource;
    report.trouble = state.trouble;
    report.unread = state.unread;
    report.phase = nameOf(state.phase);
    report.age = std::chrono::duration_cast<std::chrono::seconds>(now - state.contact);
    // Without a certificate it is not ready, and that says why. With one it goes on; but who hears nothing of the Secret for long may
    // serve a certificate whose CA is about to go.
    report.settled = true;
    report.decides = out.empty() && state.phase == Phase::Synced;
    out.push_back(std::move(report));
  }
  return out;
}

}  // namespace rightslice::app
