#include "app/serve.hpp"

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <thread>

#include <fmt/format.h>

#include "app/descriptors.hpp"
#include "app/handshake_report.hpp"
#include "app/health.hpp"
#include "app/live_sources.hpp"
#include "app/readiness_log.hpp"
#include "app/review_service.hpp"
#include "app/signals.hpp"
#include "app/sources.hpp"
#include "base/describe.hpp"
#include "base/limits.hpp"
#include "host/log.hpp"
#include "host/memory.hpp"
#include "host/metrics.hpp"
#include "http/server.hpp"

namespace rightslice::app {
namespace {

using host::Level;
using host::Metric;

constexpr int kCannotStart = 2;
constexpr int kMostWorkers = 4;
constexpr std::size_t kOpsConnections = 32;      // probes, Prometheus, a person or two
constexpr std::chrono::seconds kReleasePause{2};  // from one giving back of memory to the next
constexpr std::chrono::seconds kReadinessPause{1};
constexpr std::chrono::seconds kTurnLimit{30};  // an event loop that has not turned for so long is stuck

int workersOf(const ServeSettings& settings) {
  if (settings.workers > 0) return settings.workers;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostWorkers);
}

http::Response metricsPage(host::Metrics& metrics, const Health& health, host::Log& log) {
  metrics.set(Metric::Ready, health.standing().readiness == Readiness::Ready ? 1 : 0);  // as a probe would find it now
  metrics.count(Metric::LogLinesDropped, {}, static_cast<double>(log.takeDropped()));
  http::Response response;
  response.contentType = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics.text();
  return response;
}

/// The cluster that --kubeconfig names, or the one that this pod runs in; none where there is neither.
Result<std::optional<kube::Config>> clusterOf(const ServeSettings& settings) {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  auto found = settings.kubeconfig.empty() ? kube::inClusterConfig(environment) : kube::loadKubeconfig(settings.kubeconfig);
  if (!found) return std::optional<kube::Config>();
  if (!*found) return tl::unexpected(found->error());
  return std::optional<kube::Config>(std::move(**found));
}

/// Waits for the next signal and polls meanwhile; returns when it is time to stop.
void watch(const Signals& signals, LiveSources& sources, const Health& health, http::Server& webhook, host::Log& log) {
  using Steady = std::chrono::steady_clock;
  host::Ebb crowd;
  bool freed = false;
  ReadinessLog readiness(log);
  auto nextLook = Steady::now();
  for (auto released = nextLook;;) {
    if (Steady::now() >= nextLook) {
      readiness.tell(health.standing());
      nextLook = Steady::now() + kReadinessPause;
    }
    const Signals::Event event = signals.wait(sources.pollInterval());
    // Large reviews and changes of a large cluster may come without end, and other threads wait for the allocator meanwhile: not at each glance.
    freed = webhook.handledLarge() || freed;
    freed = crowd.fell(webhook.connections()) || freed;
    if (freed && Steady::now() - released >= kReleasePause) {
      host::releaseFreedMemory();
      released = Steady::now();
      freed = false;
    }
    if (event == Signals::Event::Stop) return;
    if (event == Signals::Event::Reload) log.write(Level::Info, "SIGHUP: reading the files again");
    freed = sources.poll(event == Signals::Event::Reload) || freed;
  }
}

}  // namespace

int serve(const ServeSettings& settings, std::ostream& out, std::ostream& errors, const ServePart& part) {
  const auto refuse = [&](const Error& error) {
    errors << "rightslice: " << describe(error) << '\n';
    return kCannotStart;
  };
  const auto level = host::parseLevel(settings.logLevel);
  if (!level) return refuse({fmt::format("--log-level '{}' is none of debug, info, warn, error", settings.logLevel), ""});

  const Signals signals;  // first: every thread inherits the mask
  host::Log log(*level);
  host::Metrics metrics;
  metrics.info(Metric::BuildInfo, {RIGHTSLICE_VERSION});
  const host::Clock& clock = host::systemClock();

  // What reviews are judged with.
  const auto catalogues = loadCatalogues(settings.catalogue);
  if (!catalogues) return refuse(catalogues.error());
  auto cluster = clusterOf(settings);
  if (!cluster) return refuse(cluster.error());
  if (!*cluster && settings.policies.empty()) {
    return refuse({"serve needs --policies, or a cluster to read them from: --kubeconfig, or a pod with the token of a service account", ""});
  }
  for (const auto& [flag, value] : {std::pair{"--lease", &settings.lease}, {"--cert-secret", &settings.certSecret}, {part.flag.c_str(), &part.flag}}) {
    if (*cluster || value->empty()) continue;
    return refuse({fmt::format("{} needs a cluster: --kubeconfig, or a pod with the token of a service account", flag), ""});
  }
  const std::optional<kube::Config> config = *cluster;
  LiveSources sources(settings, *catalogues, std::move(*cluster), metrics, log);
  if (!sources.open(errors)) return kCannotStart;

  ReviewInputs inputs;
  inputs.policies = [&] { return sources.policies.set(); };
  inputs.surroundings = [&] { return sources.surroundings.current(); };
  inputs.inventory = [&] { return sources.inventory.current(); };
  if (sources.cluster) inputs.claim = [&](const auto& missing, auto limit) { return sources.cluster->claim(missing, limit); };
  if (sources.events) inputs.tell = [&](admission::Event event) { sources.events->tell(std::move(event)); };
  inputs.catalogue = catalogues->view();
  inputs.today = settings.now;
  inputs.options = {settings.trustedControllers, settings.documentationUrl, settings.maxExceptionDays};
  ReviewService reviews(inputs, metrics, log, clock);

  // The webhook's port.
  http::ServerOptions options;
  options.listen = settings.listen;
  options.workers = workersOf(settings);
  options.maxConnections = roomForConnections(limits::kMaxConnections);
  options.poolThreads = largeAtOnce();
  options.tls = [&] { return sources.context(); };
  options.onAnswer = [&](int status) { metrics.count(Metric::HttpRequests, {std::to_string(status)}); };
  options.onConnections = [&](int change) { metrics.add(Metric::Connections, change); };
  options.onError = [&](std::string_view message) { log.write(Level::Error, message); };
  HandshakeReport handshakes(metrics, log);
  options.onHandshakeFailure = [&](std::string_view peer, const tls::HandshakeFailure& failure) { handshakes.tell(peer, failure); };
  const auto route = [&](const char* path, admission::Path as) {
    return http::Route{"POST", path, "application/json", [&reviews, as](const http::Request& request) { return reviews.review(as, request); }};
  };
  auto webhook = http::Server::listen(
      std::move(options), http::Router({route("/validate", admission::Path::Validate), route("/mutate", admission::Path::Mutate)}));
  if (!webhook) return refuse({webhook.error().message, "--listen"});

  // The operator's port.
  HealthInputs healthInputs;
  healthInputs.policies = [&] { return sources.policies.state(); };
  healthInputs.certificate = [&] { return sources.certificateReport(); };
  healthInputs.responsive = [&] { return (*webhook)->responsive(kTurnLimit); };
  healthInputs.maxPolicyAge = settings.maxPolicyAge;
  healthInputs.catalogueDigest = catalogues->view().digest();
  if (sources.cluster) {
    healthInputs.cluster = sources.cluster->name();
    healthInputs.watches = [&] { return sources.watches(); };
    healthInputs.counted = [&] { return sources.inventory.current() != nullptr || !sources.cluster->runningReadable(); };
  }
  healthInputs.part = part.name;
  healthInputs.partReport = part.report;
  Health health(std::move(healthInputs), clock);
  http::ServerOptions opsOptions;
  opsOptions.listen = settings.opsListen;
  opsOptions.maxConnections = kOpsConnections;
  opsOptions.onError = [&](std::string_view message) { log.write(Level::Error, message); };
  std::vector<http::Route> opsRoutes{{"GET", "/livez", "", [&](const http::Request&) { return health.livez(); }},
                                     {"GET", "/readyz", "", [&](const http::Request&) { return health.readyz(); }},
                                     {"GET", "/metrics", "", [&](const http::Request&) { return metricsPage(metrics, health, log); }}};
  opsRoutes.insert(opsRoutes.end(), part.routes.begin(), part.routes.end());
  auto ops = http::Server::listen(std::move(opsOptions), http::Router(std::move(opsRoutes)));
  if (!ops) return refuse({ops.error().message, "--ops-listen"});

  if (part.start && config) {
    const auto started = part.start({*config, *catalogues, metrics, log, inputs.policies, inputs.surroundings, [&] { return sources.changes(); },
                                     [&] { return sources.lease->held(); }});
    if (!started) return refuse(started.error());
  }

  (*webhook)->start();
  (*ops)->start();
  out << "listening on https://" << (*webhook)->address() << "\nops on http://" << (*ops)->address() << std::endl;
  log.write(Level::Info, "serving", {{"address", std::string_view((*webhook)->address())}, {"ops", std::string_view((*ops)->address())}});

  watch(signals, sources, health, **webhook, log);

  // Kube-apiserver keeps using its connections after the endpoint is gone, so go on answering, with `Connection: close`, before
  // the door is shut. A second signal cuts the wait short.
  if (part.interrupt) part.interrupt();
  health.startDraining();
  (*webhook)->announceClose();
  log.write(Level::Info, "stopping", {{"delaySeconds", static_cast<std::int64_t>(settings.shutdownDelay.count())}});
  const auto end = std::chrono::steady_clock::now() + settings.shutdownDelay;
  for (auto now = std::chrono::steady_clock::now(); now < end; now = std::chrono::steady_clock::now()) {
    if (signals.wait(std::chrono::ceil<std::chrono::milliseconds>(end - now)) == Signals::Event::Stop) break;
  }
  const std::size_t cut = (*webhook)->drain(limits::kDrainTimeout);
  (*ops)->drain(std::chrono::milliseconds{0});
  if (part.stop) part.stop();
  log.write(Level::Info, "stopped", {{"connectionsCut", static_cast<std::int64_t>(cut)}});
  return 0;
}

}  // namespace rightslice::app
