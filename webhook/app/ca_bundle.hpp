// The caBundle of webhook configurations: whom kube-apiserver trusts to be us.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/managed_secret.hpp"
#include "json/view.hpp"
#include "tls/certificate.hpp"

namespace rightslice::app {

/// One Validating- or MutatingWebhookConfiguration, as far as it calls our Service.
struct HookConfiguration {
  struct Hook {
    std::string name, bundle;                    ///< bundle: PEM
    std::vector<tls::Certificate> trusted{};     ///< what of it is readable
    friend bool operator==(const Hook&, const Hook&) = default;
  };
  std::string plural, name, version;             ///< plural: "validatingwebhookconfigurations"
  std::string keeper;                            ///< the annotation by which somebody else keeps its bundles; empty: nobody
  std::vector<Hook> hooks;                       ///< those that call our Service; others are never touched
  friend bool operator==(const HookConfiguration&, const HookConfiguration&) = default;
};
HookConfiguration readHookConfiguration(json::View object, std::string_view plural, const ObjectName& service);

/// What the configurations trust, together.
struct Trust {
  bool known = false;       ///< all of them were read
  bool called = false;      ///< one of them calls us at all
  bool all = false;         ///< every webhook that calls us trusts the CA
  bool others = false;      ///< one of them trusts somebody else too
};
Trust trustIn(const tls::Certificate& authority, const std::vector<HookConfiguration>& configurations);

/// A strategic merge patch: the caBundle of each named webhook, of this version of the object and no other.
std::string bundlePatch(const HookConfiguration& configuration, const std::map<std::string, std::string>& bundles);

/// What bundles should hold. Ours first; then who stands there and is not ours: a CA of before whose certificate somebody may still
/// serve (another mode, a Secret that was lost), so it stays for a while. For one thread.
class BundleMerger {
 public:
  explicit BundleMerger(std::chrono::milliseconds patience = std::chrono::hours(1)) : patience_(patience) {}

  /// PEM. `uptime` counts the patience, `now` tells what is expired.
  std::string merged(const std::vector<tls::Certificate>& present, const std::vector<tls::Certificate>& ours, tls::Time now, std::chrono::milliseconds uptime);
  /// What was ours and is no longer needed by anybody.
  void drop(const std::vector<tls::Certificate>& authorities);
  /// Strangers count as new again: for one that did not lead meanwhile.
  void forget() { since_.clear(); }

 private:
  std::chrono::milliseconds patience_;
  std::map<std::string, std::chrono::milliseconds> since_;   // by fingerprint
  std::set<std::string> dropped_;
};

}  // namespace rightslice::app
