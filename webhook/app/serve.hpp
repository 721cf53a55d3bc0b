// `rightslice serve`: the composition root of the webhook.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/sources.hpp"
#include "base/date.hpp"
#include "base/limits.hpp"
#include "host/log.hpp"
#include "host/metrics.hpp"
#include "http/router.hpp"
#include "kube/config.hpp"
#include "policy/policy_set.hpp"

namespace rightslice::app {

/// One member per flag of DESIGN 5 (`serve`), with its default.
struct ServeSettings {
  std::string listen = "0.0.0.0:8443";       ///< --listen; port 0 takes a free one
  std::string opsListen = "0.0.0.0:8080";    ///< --ops-listen; plain HTTP
  std::string cert, key;                     ///< --cert, --key; PEM; or certSecret
  std::string certSecret;                    ///< --cert-secret NAMESPACE/NAME; with a cluster
  std::string service;                       ///< --service NAMESPACE/NAME; with certSecret
  std::vector<std::string> webhookConfigurations;  ///< --webhook-configuration; with certSecret
  std::chrono::seconds certLifetime = std::chrono::hours(720), caLifetime = std::chrono::hours(8760);  ///< --cert-lifetime, --ca-lifetime
  std::string clientCa;                      ///< --client-ca; empty: no client certificates asked for
  int workers = 0;                           ///< --workers; 0: one per processor, at most 4
  std::chrono::seconds shutdownDelay = limits::kShutdownDelay;  ///< --shutdown-delay
  std::vector<std::string> policies;         ///< --policies; required while there is no cluster
  std::string kubeconfig;                    ///< --kubeconfig; empty: the cluster of the pod's service account, if there is one
  std::string lease;                         ///< --lease; NAMESPACE/NAME; empty: kLeaseName in the namespace of our credentials
  bool events = true;                        ///< --events: told on objects of the cluster; nothing without one
  std::string catalogue;                     ///< --catalogue; empty: the built-in ones
  std::string surroundings;                  ///< --surroundings; empty: all unknown, default price book
  std::optional<Date> now;                   ///< --now; otherwise the clock
  std::vector<std::string> trustedControllers{"system:kube-controller-manager", "system:serviceaccount:kube-system:*"};
                                             ///< --trusted-controllers
  std::chrono::seconds maxPolicyAge{300};    ///< --max-policy-age: not ready when what is judged with is not confirmed for so long
  int maxExceptionDays = 180;                ///< --max-exception-days
  std::string documentationUrl;              ///< --documentation-url: where policies/findings/<Code>.md are read
  std::string logLevel = "info";             ///< --log-level: debug, info, warn, error
};

/// What a part of the program that hangs on serve may know of it. Functions are thread-safe and quick; references outlive the part.
struct ServeContext {
  kube::Config cluster;
  const Catalogues& catalogues;
  host::Metrics& metrics;
  host::Log& log;
  std::function<std::shared_ptr<const policy::PolicySet>()> policies;             ///< in force; null: not known yet
  std::function<std::shared_ptr<const workload::Surroundings>()> surroundings;    ///< likewise
  std::function<std::uint64_t()> changes;      ///< another number whenever policies, nodes or what runs may have changed
  std::function<bool()> leads;                 ///< does this replica hold --lease
};

/// Such a part. All of it may be empty.
struct ServePart {
  std::string flag;                                                ///< that asks for it: it needs a cluster
  std::function<Result<bool>(const ServeContext&)> start{};        ///< before the ports are open; an error ends the start
  std::function<void()> interrupt{};                               ///< the program ends soon; must be quick
  std::function<void()> stop{};                                    ///< after the ports are closed; waits until nothing of it runs
  std::vector<http::Route> routes{};                               ///< of the ops port
  std::function<std::string()> report{};                           ///< how it is, for /readyz: JSON. Nothing of it makes the instance unready; thread-safe
  std::string name{};                                              ///< its key there
};

/// Runs until SIGTERM or SIGINT and drains. Prints the addresses on `out` ("listening on https://127.0.0.1:8443", "ops on
/// http://127.0.0.1:8080"); errors of start go to `errors`. Returns the exit status: 0, or 2 where it cannot start.
int serve(const ServeSettings& settings, std::ostream& out, std::ostream& errors, const ServePart& part = {});

}  // namespace rightslice::app
