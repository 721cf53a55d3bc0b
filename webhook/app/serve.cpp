#include "app/serve.hpp"

#include <algorithm>
#include <ostream>
#include <thread>

#include <fmt/format.h>

#include "app/health.hpp"
#include "app/policy_source.hpp"
#include "app/review_service.hpp"
#include "app/signals.hpp"
#include "app/sources.hpp"
#include "app/surroundings_source.hpp"
#include "host/log.hpp"
#include "host/metrics.hpp"
#include "http/server.hpp"
#include "tls/certificate_source.hpp"

namespace rightslice::app {
namespace {

using host::Level;
using host::Metric;

constexpr int kCannotStart = 2;
constexpr int kMostWorkers = 4;
constexpr std::chrono::seconds kTurnLimit{30};  // an event loop that has not turned for so long is stuck

int workersOf(const ServeSettings& settings) {
  if (settings.workers > 0) return settings.workers;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostWorkers);
}

std::string placed(const Error& error) { return error.where.empty() ? error.message : error.where + ": " + error.message; }

/// What is read from files, again and again: policies, surroundings, the certificate. One thread polls.
class Sources {
 public:
  Sources(const ServeSettings& settings, const Catalogues& catalogues, host::Metrics& metrics, host::Log& log)
      : policies(settings.policies, catalogues.gpus.get(), settings.maxExceptionDays),
        surroundings(settings.surroundings, *catalogues.prices),
        settings_(settings),
        metrics_(metrics),
        log_(log) {}

  /// False, with the reasons on `errors`, if it cannot be served with what is there.
  bool open(std::ostream& errors) {
    const auto refuse = [&](const Error& error) {
      errors << "rightslice: " << placed(error) << '\n';
      return false;
    };
    auto opened = tls::CertificateSource::open({settings_.cert, settings_.key, settings_.clientCa});
    if (!opened) return refuse(opened.error());
    certificate = std::move(*opened);
    if (const auto read = surroundings.read(); !read) return refuse(read.error());
    const auto read = policies.read(host::systemClock().now());
    for (const auto& diagnostic : read.diagnostics) errors << diagnostic.text() << '\n';
    if (read.outcome == PolicySource::Outcome::Failed) return refuse({"no valid policy in --policies; the webhook does not start without one", ""});
    tellPolicies(read);
    tellState();
    return true;
  }

  void poll() {
    tellPolicies(policies.read(host::systemClock().now()));
    if (const auto read = surroundings.read(); !read) {
      const std::string message = placed(read.error());
      if (message != lastSurroundingsError_) log_.write(Level::Error, "surroundings not read; the last good ones stay", {{"error", std::string_view(message)}});
      lastSurroundingsError_ = message;
    } else {
      lastSurroundingsError_.clear();
      if (*read) log_.write(Level::Info, "surroundings loaded", {{"digest", std::string_view(surroundings.current()->digest)}});
    }
    pollCertificate();
    tellState();
  }

  PolicySource policies;
  SurroundingsSource surroundings;
  std::unique_ptr<tls::CertificateSource> certificate;

 private:
  void pollCertificate() {
    std::string error;
    switch (certificate->poll(error)) {
      case tls::CertificateSource::Poll::Unchanged: return;
      case tls::CertificateSource::Poll::Changed:
        metrics_.count(Metric::CertificateReloads, {"success"});
        log_.write(Level::Info, "certificate loaded", {{"expires", std::string_view(host::timestamp(certificate->expiry()))}});
        return;
      case tls::CertificateSource::Poll::Failed:
        metrics_.count(Metric::CertificateReloads, {"error"});
        log_.write(Level::Error, "certificate not loaded; the last good one stays", {{"error", std::string_view(error)}});
        return;
    }
  }

  void tellPolicies(const PolicySource::Read& read) {
    if (read.sourceError != lastSourceError_ && !read.sourceError.empty()) {
      log_.write(Level::Error, "policies cannot be read", {{"error", std::string_view(read.sourceError)}});
      metrics_.count(Metric::PolicyReloads, {"error"});
    }
    lastSourceError_ = read.sourceError;
    if (read.outcome == PolicySource::Outcome::Unchanged) return;
    for (const auto& diagnostic : read.diagnostics) {
      log_.write(diagnostic.warning ? Level::Warn : Level::Error, "policy file",
                 {{"code", std::string_view(diagnostic.code)}, {"file", std::string_view(diagnostic.file)},
                  {"line", std::int64_t{diagnostic.line}}, {"column", std::int64_t{diagnostic.column}},
                  {"error", std::string_view(diagnostic.message)}});
    }
    const auto state = policies.state();
    if (!state) return;
    const bool whole = read.outcome == PolicySource::Outcome::Changed;
    // The reload is counted last: who sees it counted sees the state that it led to.
    tellState();
    metrics_.count(Metric::PolicyReloads, {whole ? "success" : "partial"});
    log_.write(whole ? Level::Info : Level::Warn, whole ? "policies loaded" : "policies loaded; bad ones keep their last good version",
               {{"digest", std::string_view(state->digest)}, {"policies", static_cast<std::int64_t>(state->policies)},
                {"exceptions", static_cast<std::int64_t>(state->exceptions)}, {"badFiles", static_cast<std::int64_t>(state->badFiles.size())},
                {"kept", static_cast<std::int64_t>(state->kept.size())}});
  }

  void tellState() {
    const auto state = policies.state();
    const auto set = policies.set();
    const Date today = settings_.now ? *settings_.now : host::systemClock().today();
    metrics_.info(Metric::PolicySetInfo, {state->digest});
    metrics_.set(Metric::PolicySetLoaded, host::unixSeconds(state->loaded));
    metrics_.set(Metric::PolicyLastRead, host::unixSeconds(state->lastRead));
    metrics_.set(Metric::PolicyFilesBad, static_cast<double>(state->badFiles.size()));
    for (const policy::Mode mode : {policy::Mode::Audit, policy::Mode::Warn, policy::Mode::Enforce}) {
      const auto count = std::count_if(set->policies().begin(), set->policies().end(), [&](const auto& each) { return each.mode == mode; });
      metrics_.set(Metric::Policies, static_cast<double>(count), {policy::name(mode)});
    }
    double active = 0, expiring = 0, expired = 0;
    for (const policy::Exception& exception : set->allExceptions()) {
      const auto ceiling = exception.ceiling(today);
      double& state3 = !ceiling ? expired : *ceiling == policy::Action::Allow ? active : expiring;
      state3 += 1;
    }
    metrics_.set(Metric::Exceptions, active, {"active"});
    metrics_.set(Metric::Exceptions, expiring, {"expiring"});
    metrics_.set(Metric::Exceptions, expired, {"expired"});
    metrics_.set(Metric::CertificateExpiry, host::unixSeconds(certificate->expiry()));
  }

  const ServeSettings& settings_;
  host::Metrics& metrics_;
  host::Log& log_;
  std::string lastSourceError_, lastSurroundingsError_;
};

http::Response metricsPage(const host::Metrics& metrics) {
  http::Response response;
  response.contentType = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics.text();
  return response;
}

/// Waits for the next signal and polls meanwhile; returns when it is time to stop.
void watch(const Signals& signals, Sources& sources, host::Log& log) {
  for (;;) {
    const Signals::Event event = signals.wait(limits::kFilePollInterval);
    if (event == Signals::Event::Stop) return;
    if (event == Signals::Event::Reload) log.write(Level::Info, "SIGHUP: reading the files again");
    sources.poll();
  }
}

}  // namespace

int serve(const ServeSettings& settings, std::ostream& out, std::ostream& errors) {
  const auto refuse = [&](const Error& error) {
    errors << "rightslice: " << placed(error) << '\n';
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
  Sources sources(settings, *catalogues, metrics, log);
  if (!sources.open(errors)) return kCannotStart;

  ReviewInputs inputs;
  inputs.policies = [&] { return sources.policies.set(); };
  inputs.surroundings = [&] { return sources.surroundings.current(); };
  inputs.catalogue = catalogues->view();
  inputs.today = settings.now;
  inputs.options = {settings.trustedControllers, settings.documentationUrl};
  ReviewService reviews(std::move(inputs), metrics, log, clock);

  // The webhook's port.
  http::ServerOptions options;
  options.listen = settings.listen;
  options.workers = workersOf(settings);
  options.tls = [&] { return sources.certificate->current(); };
  options.onAnswer = [&](int status) { metrics.count(Metric::HttpRequests, {std::to_string(status)}); };
  options.onConnections = [&](int change) { metrics.add(Metric::Connections, change); };
  options.onError = [&](std::string_view message) { log.write(Level::Error, message); };
  const auto route = [&](const char* path, admission::Path as) {
    return http::Route{"POST", path, "application/json", [&reviews, as](const http::Request& request) { return reviews.review(as, request); }};
  };
  auto webhook = http::Server::listen(
      std::move(options), http::Router({route("/validate", admission::Path::Validate), route("/mutate", admission::Path::Mutate)}));
  if (!webhook) return refuse(webhook.error());

  // The operator's port.
  HealthInputs healthInputs;
  healthInputs.policies = [&] { return sources.policies.state(); };
  healthInputs.certificateExpiry = [&] { return sources.certificate->expiry(); };
  healthInputs.responsive = [&] { return (*webhook)->responsive(kTurnLimit); };
  healthInputs.maxPolicyAge = settings.maxPolicyAge;
  healthInputs.catalogueDigest = catalogues->view().digest();
  Health health(std::move(healthInputs), clock);
  http::ServerOptions opsOptions;
  opsOptions.listen = settings.opsListen;
  opsOptions.onError = [&](std::string_view message) { log.write(Level::Error, message); };
  auto ops = http::Server::listen(std::move(opsOptions),
                                  http::Router({{"GET", "/livez", "", [&](const http::Request&) { return health.livez(); }},
                                                {"GET", "/readyz", "", [&](const http::Request&) { return health.readyz(); }},
                                                {"GET", "/metrics", "", [&](const http::Request&) { return metricsPage(metrics); }}}));
  if (!ops) return refuse(ops.error());

  (*webhook)->start();
  (*ops)->start();
  out << "listening on https://" << (*webhook)->address() << "\nops on http://" << (*ops)->address() << std::endl;
  log.write(Level::Info, "serving", {{"address", std::string_view((*webhook)->address())}, {"ops", std::string_view((*ops)->address())}});

  watch(signals, sources, log);

  // Kube-apiserver keeps using its connections after the endpoint is gone, so go on answering, with `Connection: close`, before
  // the door is shut. A second signal cuts the wait short.
  health.startDraining();
  (*webhook)->announceClose();
  log.write(Level::Info, "stopping", {{"delaySeconds", static_cast<std::int64_t>(settings.shutdownDelay.count())}});
  const auto end = std::chrono::steady_clock::now() + settings.shutdownDelay;
  for (auto now = std::chrono::steady_clock::now(); now < end; now = std::chrono::steady_clock::now()) {
    if (signals.wait(std::chrono::ceil<std::chrono::milliseconds>(end - now)) == Signals::Event::Stop) break;
  }
  const std::size_t cut = (*webhook)->drain(limits::kDrainTimeout);
  (*ops)->drain(std::chrono::milliseconds{0});
  log.write(Level::Info, "stopped", {{"connectionsCut", static_cast<std::int64_t>(cut)}});
  return 0;
}

}  // namespace rightslice::app
