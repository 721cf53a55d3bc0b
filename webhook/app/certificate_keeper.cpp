#include "app/certificate_keeper.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "app/certificate_leader.hpp"
#include "app/certificate_switch.hpp"
#include "base/describe.hpp"
#include "base/limits.hpp"
#include "tls/certificate_source.hpp"

namespace rightslice::app {
namespace {

using host::Level;
using host::Metric;
using std::chrono::milliseconds;

constexpr milliseconds kTurn{200}, kLastCall{6'000};   // a call of CertificateLeader
constexpr milliseconds kLongestSettle{30'000};
constexpr std::chrono::seconds kUnready{60};   // until one that is not ready is called by nobody: its probe, endpoints, kube-proxy

/// With lifetimes of days half a minute; with those of tests a sixth of them.
milliseconds settleOf(std::chrono::seconds lifetime) { return std::min<milliseconds>(kLongestSettle, milliseconds(lifetime) / 6); }

std::string orNothingYet(const std::string& trouble) { return trouble.empty() ? "no answer yet" : trouble; }

}  // namespace

struct CertificateKeeper::Parts {
  Parts(KeeperSettings s, kube::Config config, host::Metrics& m, host::Log& g, kube::Pace pace, host::Published<ssl_ctx_st>& c)
      : settings(std::move(s)),
        names(settings.certificates),
        metrics(m),
        log(g),
        context(c),
        watch(names, std::move(config), tells(), pace),
        lease(leasing(), [this](kube::Request request) { return watch.call(std::move(request)); }),
        chooser(settleOf(names.certLifetime)),
        troubles(log, "certificates"),
        leader(names, [this](kube::Request request) { return watch.call(std::move(request)); }, [this] { return lease.held() && !interrupted(); }, host::systemClock(),
               metrics, log) {}

  ClusterTells tells() {
    ClusterTells out;   // trouble is told with what it means
    out.onRestart = [this](std::string_view resource, std::string_view reason) { metrics.count(Metric::WatchRestarts, {resource, reason}); };
    return out;
  }

  kube::LeaseOptions leasing() {
    kube::LeaseOptions out;
    out.ns = names.secret.ns;
    out.name = names.secret.name;
    out.identity = kube::leaseIdentity();
    out.onChange = [this](bool leads, std::string_view holder) {
      metrics.set(Metric::Leads, leads ? 1 : 0, {"certificates"});
      log.write(Level::Info, leads ? "this replica keeps the certificates" : "this replica keeps the certificates no longer",
                {{"lease", std::string_view(lease.name())}, {"holder", holder}});
    };
    return out;   // trouble is asked for
  }

  void turn() {
    const milliseconds now = kube::uptime();
    if (const std::uint64_t version = watch.version(); version != seenVersion || now >= nextLook) {
      seenVersion = version;
      nextLook = now + milliseconds(limits::kFilePollInterval);
      look();
      readClientCa();
    }
    follow(now);
    if (const std::string wrong = lease.trouble(); wrong.empty()) troubles.clear("lease");
    else troubles.set("lease", fmt::format("the Lease {} cannot be had or renewed: {}", lease.name(), wrong));
    if (lease.held()) leader.turn({&objects, contents ? &*contents : nullptr, remembered ? &*remembered : nullptr, oldMayGo(now)}, now);
    else leader.rest();
    tell();
  }

  void look() {
    objects = watch.objects();
    if (!objects.secret) {
      if (objects.secretKnown) contents.reset();
      contentsVersion.clear();
    } else if (objects.secret->version != contentsVersion) {
      contentsVersion = objects.secret->version;
      contents = readSecretContents(*objects.secret, names);
      if (objects.secret->ours && contents->authority && contents->serving) remembered = contents;
    }
    const std::string secret = "Secret " + names.secret.text();
    if (!objects.secretKnown) {
      troubles.set("secret", fmt::format("{} is not read: {}", secret, orNothingYet(objects.secretTrouble)), !objects.secretTrouble.empty());
    } else if (objects.secret && !objects.secret->ours) {
      troubles.set("secret", fmt::format("{} is not of this program, as it lacks the label {}={}, and is left as it is; "
                                         "name another one in --cert-secret, or delete it", secret, kManagedLabel, kManagedValue));
    } else if (contents && !contents->fault.empty()) {
      troubles.set("secret", fmt::format("{}: {}; the replica that leads replaces what is wrong", secret, contents->fault));
    } else {
      troubles.clear("secret");
    }
    const std::string& why = objects.configurationsTrouble;
    if (objects.configurationsKnown) troubles.clear("configurations");
    else troubles.set("configurations", "the webhook configurations are not read: " + orNothingYet(why), !why.empty());
  }

  /// Takes what the Secret holds, when it is time.
  void follow(milliseconds now) {
    const bool usable = objects.secret && objects.secret->ours && contents && contents->authority && contents->serving;
    if (!usable) {
      waiting = !objects.secretKnown ? "the Secret is not read yet"
                : objects.secret     ? "the Secret holds no certificate to serve"
                                     : "there is no Secret yet";
      return;
    }
    CertificateSwitch::Offer offer;
    offer.serving = served ? &*served->serving : nullptr;
    offer.servingAuthority = served ? &*served->authority : nullptr;
    offer.offered = &*contents->serving;
    offer.offeredAuthority = &*contents->authority;
    offer.trust = trustIn(*contents->authority, objects.configurations);
    offer.trust.known = objects.configurationsKnown;
    auto decision = chooser.decide(offer, host::systemClock().now(), now);
    waiting = std::move(decision.waiting);
    if (decision.take) adopt(*contents);
  }

  /// A CA of before is not needed when every replica that is ready serves a certificate of the new one. One that has not heard of it is
  /// unready after --max-policy-age; and what the old CA signed expires.
  bool oldMayGo(milliseconds now) const {
    const bool newest = served && contents && contents->serving && *served->serving == *contents->serving;
    const auto heard = std::min<milliseconds>(settings.maxPolicyAge + kUnready, names.certLifetime);
    return newest && chooser.trustedFor(now) >= settleOf(names.certLifetime) + heard;
  }

  void adopt(const SecretContents& from) {
    const auto made = tls::serverContext(from.servingPair.certificate, from.servingPair.key, clientCa);
    if (!made) {
      waiting = describe(made.error());
      if (waiting == lastAdoptError) return;
      lastAdoptError = waiting;
      metrics.count(Metric::CertificateReloads, {"error"});
      log.write(Level::Error, "certificate not loaded; the last good one stays", {{"error", std::string_view(waiting)}});
      return;
    }
    lastAdoptError.clear();
    served = from;
    context.set(*made);
    metrics.count(Metric::CertificateReloads, {"success"});
    log.write(Level::Info, "certificate loaded", {{"expires", std::string_view(host::timestamp(from.serving->notAfter))},
                                                  {"fingerprint", std::string_view(from.serving->fingerprint)},
                                                  {"authority", std::string_view(from.authority->fingerprint)}});
  }

  void readClientCa() {
    if (settings.clientCa.empty()) return;
    auto text = tls::readPem("--client-ca", settings.clientCa);
    if (!text) return troubles.set("client-ca", describe(text.error()));
    if (*text == clientCa) return troubles.clear("client-ca");
    if (served) {
      const auto made = tls::serverContext(served->servingPair.certificate, served->servingPair.key, *text,
                                           {.certificate = {}, .key = {}, .clientCa = "--client-ca " + settings.clientCa});
      if (!made) return troubles.set("client-ca", describe(made.error()));
      context.set(*made);
    }
    clientCa = std::move(*text);
    troubles.clear("client-ca");
    log.write(Level::Info, "client CA loaded", {{"file", std::string_view(settings.clientCa)}});
  }

  void tell() {
    CertificateReport out;
    if (served) out.expires = served->serving->notAfter;
    out.waiting = waiting;
    out.trouble = troubles.text();
    if (const std::string more = leader.troubles().text(); !more.empty()) out.trouble += (out.trouble.empty() ? "" : "; ") + more;
    if (out.expires) metrics.set(Metric::CertificateExpiry, host::unixSeconds(*out.expires));
    if (contents && contents->authority) metrics.set(Metric::AuthorityExpiry, host::unixSeconds(contents->authority->notAfter));
    const std::lock_guard lock(mutex);
    report = std::move(out);
  }

  bool interrupted() const {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      lock.unlock();
      turn();
      lock.lock();
      stop.wait_for(lock, kTurn, [this] { return stopping; });
    }
    ended = true;
    stop.notify_all();
  }

  const KeeperSettings settings;
  const CertificateSettings& names;
  host::Metrics& metrics;
  host::Log& log;
  host::Published<ssl_ctx_st>& context;
  CertificateWatch watch;
  kube::Lease lease;

  // The thread's own.
  CertificateSwitch chooser;
  Troubles troubles;
  CertificateLeader leader;
  CertificateObjects objects;
  std::optional<SecretContents> contents, remembered, served;   // in the Secret now; the last that was whole; in use
  std::string contentsVersion, clientCa, lastAdoptError, waiting;
  std::uint64_t seenVersion = 0;
  milliseconds nextLook{0};

  mutable std::mutex mutex;
  std::condition_variable stop;
  bool stopping = false, ended = true;
  CertificateReport report;
  std::thread thread;
};

CertificateKeeper::CertificateKeeper(KeeperSettings settings, kube::Config config, host::Metrics& metrics, host::Log& log, kube::Pace pace)
    : parts_(std::make_unique<Parts>(std::move(settings), std::move(config), metrics, log, pace, context_)) {}

CertificateKeeper::~CertificateKeeper() { stop(); }

Result<bool> CertificateKeeper::open() {
  if (parts_->settings.clientCa.empty()) return true;
  auto text = tls::readPem("--client-ca", parts_->settings.clientCa);
  if (!text) return tl::unexpected(text.error());
  parts_->clientCa = std::move(*text);
  return true;
}

void CertificateKeeper::start() {
  parts_->watch.start();
  parts_->metrics.set(Metric::Leads, 0, {"certificates"});
  parts_->lease.start();
  parts_->ended = false;
  parts_->thread = std::thread([this] { parts_->run(); });
}

void CertificateKeeper::interrupt() {
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopping = true;
  }
  parts_->stop.notify_all();
  parts_->lease.interrupt();
}

void CertificateKeeper::stop() {
  interrupt();
  bool ended = false;
  {
    std::unique_lock lock(parts_->mutex);
    ended = parts_->stop.wait_for(lock, kLastCall, [this] { return parts_->ended; });
  }
  if (!ended) parts_->watch.stop();   // another call follows: it fails now, and nothing can be given back any more
  if (parts_->thread.joinable()) parts_->thread.join();
  parts_->lease.stop();   // given back while there is a way to
  parts_->watch.stop();
}

CertificateReport CertificateKeeper::report() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->report;
}

std::vector<WatchReport> CertificateKeeper::watches() const { return parts_->watch.reports(); }

}  // namespace rightslice::app
