#include "app/live_sources.hpp"

#include <algorithm>
#include <climits>
#include <ostream>

#include <unistd.h>

#include <fmt/format.h>

#include "base/describe.hpp"
#include "host/memory.hpp"

namespace rightslice::app {
namespace {

using host::Level;
using host::Metric;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kClusterPollInterval{100};  // a glance at two numbers
constexpr std::chrono::milliseconds kLongestStep{200};
constexpr int kShareOfTime = 10;  // what is made anew with each pod that comes or goes takes a tenth of the time at most

/// When it is time again for what began at `begun` and has just ended.
SteadyClock::time_point later(SteadyClock::time_point begun) {
  const auto now = SteadyClock::now();
  return now + kShareOfTime * (now - begun);
}

constexpr std::size_t kMostPolicySeries = 200;
constexpr std::chrono::milliseconds kTallyPause{500};  // for people: nobody looks more often
constexpr std::string_view kLeaseName = "rightslice";

/// "NAMESPACE/NAME" of --lease, or what stands for it where it is not given.
kube::LeaseOptions leaseOptions(const std::string& given, const std::string& ns) {
  kube::LeaseOptions out;
  const std::size_t slash = given.find('/');
  out.ns = given.empty() ? ns : given.substr(0, slash);
  out.name = given.empty() ? std::string(kLeaseName) : given.substr(slash + 1);
  out.identity = kube::leaseIdentity();
  return out;
}

/// In a pod, the name of the pod.
std::string hostName() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

LiveSources::LiveSources(const ServeSettings& settings, const Catalogues& catalogues, std::optional<kube::Config> config, host::Metrics& metrics,
                         host::Log& log)
    : policies(settings.policies, catalogues.gpus.get(), settings.maxExceptionDays),
      surroundings(settings.surroundings, *catalogues.prices, config.has_value()),
      settings_(settings),
      catalogue_(catalogues.view()),
      metrics_(metrics),
      log_(log) {
  if (!config) return;
  ClusterTells tells;
  tells.onRestart = [this](std::string_view resource, std::string_view reason) { metrics_.count(Metric::WatchRestarts, {resource, reason}); };
  tells.onTrouble = [this](std::string_view resource, std::string_view message) {
    log_.write(Level::Warn, "the cluster cannot be followed; what is known stays", {{"resource", resource}, {"error", message}});
  };
  tells.onRecovery = [this](std::string_view resource) { log_.write(Level::Info, "the cluster is followed again", {{"resource", resource}}); };
  tells.onUnread = [this](std::string_view resource, std::string_view object, std::string_view reason) {
    log_.write(Level::Warn, "an object of the cluster cannot be read; what hangs on it is unknown",
               {{"resource", resource}, {"object", object}, {"error", reason}});
  };
  kube::Pace pace;
  // A watch is silent for a minute between bookmarks. Where less than two are allowed to pass, it is asked anew more often.
  pace.silence = std::clamp<std::chrono::milliseconds>(settings.maxPolicyAge / 2, std::chrono::seconds(5), pace.silence);
  kube::LeaseOptions leading = leaseOptions(settings.lease, config->ns);
  leading.onChange = [this](bool leads, std::string_view holder) {
    metrics_.set(Metric::Leads, leads ? 1 : 0, {"cluster"});
    log_.write(Level::Info, leads ? "this replica leads" : "this replica leads no longer", {{"lease", std::string_view(lease->name())}, {"holder", holder}});
  };
  leading.onTrouble = [this](std::string_view message) {
    if (message.empty()) log_.write(Level::Info, "the lease can be had again", {{"lease", std::string_view(lease->name())}});
    else log_.write(Level::Warn, "the lease cannot be had or renewed", {{"lease", std::string_view(lease->name())}, {"error", message}});
  };
  if (!settings.certSecret.empty()) {
    KeeperSettings certificates;
    certificates.certificates = {objectName(settings.certSecret), objectName(settings.service), settings.webhookConfigurations, settings.certLifetime,
                                 settings.caLifetime};
    certificates.clientCa = settings.clientCa;
    certificates.maxPolicyAge = settings.maxPolicyAge;
    keeper_ = std::make_unique<CertificateKeeper>(std::move(certificates), *config, metrics, log, pace);
  }
  cluster = std::make_unique<ClusterSource>(std::move(*config), !settings.policies.empty(), std::move(tells), pace);
  lease = std::make_unique<kube::Lease>(std::move(leading), [this](kube::Request request) { return cluster->call(std::move(request)); });
  StatusWriter::Options statuses;
  // Without a Lease that can be had each writes, after a moment of its own: a status that nobody writes misleads more.
  statuses.leads = [this] { return lease->held() || !lease->trouble().empty(); };
  if (settings.events) {
    EventWriter::Options options;
    options.instance = hostName();
    events = std::make_unique<EventWriter>([this](kube::Request request) { return cluster->call(std::move(request)); }, std::move(options), metrics_, log_,
                                           host::systemClock());
    statuses.tell = [this](admission::Event event) { events->tell(std::move(event)); };
  }
  status_ = std::make_unique<StatusWriter>(*cluster, log_, std::move(statuses));
}

LiveSources::~LiveSources() {
  if (!cluster) return;
  // All hear of it before any is waited for. Leases are given back while there is a way to; then whoever still waits for an answer of the
  // API server gets none, so that a slow one does not hold up the end.
  status_->interrupt();
  if (events) events->interrupt();
  if (keeper_) keeper_->interrupt();
  lease->stop();
  if (keeper_) keeper_->stop();
  cluster->stop();
  status_->stop();
  if (events) events->stop();
}

bool LiveSources::open(std::ostream& errors) {
  const auto refuse = [&](const Error& error) {
    errors << "rightslice: " << describe(error) << '\n';
    return false;
  };
  if (keeper_) {
    if (const auto opened = keeper_->open(); !opened) return refuse(opened.error());
  } else {
    auto opened = tls::CertificateSource::open({settings_.cert, settings_.key, settings_.clientCa});
    if (!opened) return refuse(opened.error());
    certificate_ = std::move(*opened);
    metrics_.set(Metric::CertificateExpiry, host::unixSeconds(certificate_->expiry()));
  }
  if (const auto read = surroundings.read(); !read) return refuse(read.error());
  filesRead_ = SteadyClock::now();
  if (cluster) {
    cluster->start();
    metrics_.set(Metric::Leads, 0, {"cluster"});
    lease->start();
    status_->start();
    if (events) events->start();
    if (keeper_) keeper_->start();
    log_.write(Level::Info, "following a cluster", {{"source", std::string_view(cluster->name())}});
    return true;
  }
  const auto read = policies.read(host::systemClock().now());
  for (const auto& diagnostic : read.diagnostics) errors << diagnostic.text() << '\n';
  if (read.outcome == PolicySource::Outcome::Failed) return refuse({"no valid policy in --policies; the webhook does not start without one", ""});
  tellPolicies(read);
  tellState();
  return true;
}

std::chrono::milliseconds LiveSources::pollInterval() const {
  return cluster ? kClusterPollInterval : std::chrono::milliseconds(limits::kFilePollInterval);
}

tls::Context LiveSources::context() const { return keeper_ ? keeper_->current() : certificate_->current(); }

CertificateReport LiveSources::certificateReport() const { return keeper_ ? keeper_->report() : CertificateReport{certificate_->expiry()}; }

std::vector<WatchReport> LiveSources::watches() const {
  auto out = cluster->watches();
  if (!keeper_) return out;
  for (WatchReport& each : keeper_->watches()) out.push_back(std::move(each));
  return out;
}

std::uint64_t LiveSources::changes() const {
  // Each grows, mostly; together they are another number whenever one of them is.
  constexpr std::uint64_t kApart = 1'000'003;
  return (cluster->policiesVersion() * kApart + cluster->basisVersion()) * kApart + cluster->runningVersion();
}

bool LiveSources::poll(bool files) {
  bool anew = false;
  const auto now = SteadyClock::now();
  files = files || now - filesRead_ >= limits::kFilePollInterval || !cluster;
  const bool changed = cluster && cluster->policiesVersion() != policiesVersion_;
  if (files || changed) pollPolicies();
  if (cluster && cluster->factsVersion() != factsVersion_ && now >= nextFacts_) {
    anew = pollFacts();
    nextFacts_ = later(now);
  }
  if (cluster && now >= nextInventory_) {
    const auto begun = SteadyClock::now();
    anew = pollInventory() || anew;
    if (inventory.current()) nextInventory_ = later(begun);
  }
  if (cluster && now >= nextTally_) {
    const auto begun = SteadyClock::now();
    anew = pollTally() || anew;
    nextTally_ = std::max(later(begun), begun + kTallyPause);
  }
  if (!files) return anew;
  filesRead_ = now;
  pollFiles();
  if (certificate_) pollCertificate();
  tellState();
  tellWatches();
  return anew;
}

void LiveSources::pollPolicies() {
  const auto now = host::systemClock().now();
  if (!cluster) return tellPolicies(policies.read(now));
  policiesVersion_ = cluster->policiesVersion();  // before the objects: a change between the two is read again
  const ClusterPolicies objects = cluster->policies(now);
  tellPolicies(policies.read(now, &objects));
  if (objects.known) wantStatuses(objects);
}

Date LiveSources::today() const { return settings_.now ? *settings_.now : host::systemClock().today(); }

void LiveSources::wantStatuses(const ClusterPolicies& objects) {
  const auto set = policies.set();
  const auto counts = tally.current();
  if (!set) return;
  std::map<std::string_view, const policy::Exception*> exceptions;
  std::vector<std::string> ids;
  std::map<std::string, PolicyStatus> statuses;
  for (const policy::Exception& each : set->allExceptions()) ids.push_back(each.ns + "/" + each.name);
  for (std::size_t i = 0; i < ids.size(); ++i) exceptions.emplace(ids[i], &set->allExceptions()[i]);
  for (const PolicyObject& object : objects.objects) {
    const std::string place = object.place();
    const auto verdict = policies.verdicts().find(place);
    if (verdict == policies.verdicts().end()) continue;
    PolicyStatus& status = statuses[place];
    status.verdict = verdict->second;
    const std::string id = object.ns.empty() ? object.name : object.ns + "/" + object.name;
    if (object.kind == "SliceException") {
      const auto at = exceptions.find(id);
      if (at != exceptions.end()) status.counted = countedText(standingOf(*at->second, today(), counts.get()));
    } else if (counts) {
      const auto at = counts->policies.find(id);
      if (at != counts->policies.end()) status.counted = countedText(at->second);
    }
  }
  statusDay_ = today();
  status_->want(objects.objects, statuses);
}

bool LiveSources::pollTally() {
  const auto set = policies.set();
  const auto around = surroundings.current();
  if (!set || !around) return false;
  const std::string basis = fmt::format("{}/{}/{}", set->digest(), surroundings.basis(), today().text());
  const std::string version = fmt::format("{}/{}", basis, cluster->runningVersion());
  if (version == tallyVersion_) return false;
  const auto before = tally.current();
  const auto running = cluster->running();
  if (running) {
    if (!tally.take(*running, {set.get(), catalogue_, around.get(), today(), nullptr}, basis, kLongestStep)) return true;
    tallyVersion_ = version;
    if (tally.current() != before) tellTally(*tally.current());
  }
  if (tally.current() != before || statusDay_.days != today().days) {
    const ClusterPolicies objects = cluster->policies(host::systemClock().now());
    if (objects.known) wantStatuses(objects);
  }
  return true;
}

bool LiveSources::pollFacts() {
  const std::uint64_t version = cluster->factsVersion();
  auto facts = cluster->facts();
  if (!facts) return false;
  factsVersion_ = version;
  const bool first = !surroundings.current();
  if (first) {
    log_.write(Level::Info, "cluster read", {{"namespaces", static_cast<std::int64_t>(facts->namespaces ? facts->namespaces->size() : 0)},
                                            {"gpuNodes", static_cast<std::int64_t>(facts->nodes ? facts->nodes->size() : 0)},
                                            {"namespacesKnown", facts->namespaces.has_value()}, {"nodesKnown", facts->nodes.has_value()}});
  }
  surroundings.take(std::move(*facts));
  return true;
}

bool LiveSources::pollInventory() {
  const auto set = policies.set();
  const auto around = surroundings.current();
  if (!set || !around) return false;
  const std::string basis = fmt::format("{}/{}", set->digest(), surroundings.basis());
  const std::string version = fmt::format("{}/{}", basis, cluster->runningVersion());
  if (version == inventoryVersion_) return false;
  const auto running = cluster->running();
  if (!running) return false;
  const bool first = !inventory.current();
  // In steps: the thread that does this also waits for signals.
  if (!inventory.take(*running, {set.get(), catalogue_, around.get(), host::systemClock().today()}, basis, cluster->autoscalers(), kLongestStep)) return true;
  inventoryVersion_ = version;
  if (first) log_.write(Level::Info, "workloads read", {{"objects", static_cast<std::int64_t>(inventory.current()->size())}});
  return true;
}

void LiveSources::pollFiles() {
  if (const auto read = surroundings.read(); !read) {
    const std::string message = describe(read.error());
    if (message != lastSurroundingsError_) log_.write(Level::Error, "surroundings not read; the last good ones stay", {{"error", std::string_view(message)}});
    lastSurroundingsError_ = message;
  } else {
    lastSurroundingsError_.clear();
    const auto current = surroundings.current();
    if (*read && current) log_.write(Level::Info, "surroundings loaded", {{"digest", std::string_view(current->digest)}});
  }
}

void LiveSources::pollCertificate() {
  std::string error;
  switch (certificate_->poll(error)) {
    case tls::CertificateSource::Poll::Unchanged: return;
    case tls::CertificateSource::Poll::Changed:
      metrics_.count(Metric::CertificateReloads, {"success"});
      log_.write(Level::Info, "certificate loaded", {{"expires", std::string_view(host::timestamp(certificate_->expiry()))}});
      return;
    case tls::CertificateSource::Poll::Failed:
      metrics_.count(Metric::CertificateReloads, {"error"});
      log_.write(Level::Error, "certificate not loaded; the last good one stays", {{"error", std::string_view(error)}});
      return;
  }
}

void LiveSources::tellPolicies(const PolicySource::Read& read) {
  if (read.sourceError != lastSourceError_ && !read.sourceError.empty()) {
    log_.write(Level::Error, "policies cannot be read", {{"error", std::string_view(read.sourceError)}});
    metrics_.count(Metric::PolicyReloads, {"error"});
  }
  lastSourceError_ = read.sourceError;
  if (read.outcome == PolicySource::Outcome::Unchanged || read.outcome == PolicySource::Outcome::Waiting) return;
  for (const auto& diagnostic : read.diagnostics) {
    log_.write(diagnostic.warning ? Level::Warn : Level::Error, "policy file",
               {{"code", std::string_view(diagnostic.code)}, {"file", std::string_view(diagnostic.file)},
                {"line", std::int64_t{diagnostic.line}}, {"column", std::int64_t{diagnostic.column}},
                {"error", std::string_view(diagnostic.message)}});
  }
  const auto state = policies.state();
  if (!state) return;
  const bool whole = read.outcome == PolicySource::Outcome::Changed;
  host::releaseFreedMemory();
  // The reload is counted last: who sees it counted sees the state that it led to.
  tellState();
  metrics_.count(Metric::PolicyReloads, {whole ? "success" : "partial"});
  log_.write(whole ? Level::Info : Level::Warn, whole ? "policies loaded" : "policies loaded; bad ones keep their last good version",
             {{"digest", std::string_view(state->digest)}, {"policies", static_cast<std::int64_t>(state->policies)},
              {"exceptions", static_cast<std::int64_t>(state->exceptions)}, {"badFiles", static_cast<std::int64_t>(state->badFiles.size())},
              {"kept", static_cast<std::int64_t>(state->kept.size())}});
}

void LiveSources::tellState() {
  if (certificate_) metrics_.set(Metric::CertificateExpiry, host::unixSeconds(certificate_->expiry()));
  const auto state = policies.state();
  const auto set = policies.set();
  if (!state || !set) return;
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
    const auto ceiling = exception.ceiling(today());
    double& state3 = !ceiling ? expired : *ceiling == policy::Action::Allow ? active : expiring;
    state3 += 1;
  }
  metrics_.set(Metric::Exceptions, active, {"active"});
  metrics_.set(Metric::Exceptions, expiring, {"expiring"});
  metrics_.set(Metric::Exceptions, expired, {"expired"});
}

void LiveSources::tellTally(const Tally& counts) {
  std::vector<host::Metrics::Series> workloads, wouldDeny, findings;
  PolicyTally others;  // a cluster with thousands of policies does not get thousands of series
  const auto tell = [&](const std::string& id, const PolicyTally& own) {
    workloads.push_back({{id}, static_cast<double>(own.matched)});
    wouldDeny.push_back({{id}, static_cast<double>(own.wouldDeny)});
    for (const policy::CodeRow& row : policy::codes()) {
      const std::int64_t count = own.findings[static_cast<std::size_t>(row.code)];
      if (count > 0) findings.push_back({{id, std::string(row.name)}, static_cast<double>(count)});
    }
  };
  for (const auto& [id, own] : counts.policies) {
    if (workloads.size() < kMostPolicySeries) tell(id, own);
    else others += own;
  }
  if (counts.policies.size() > kMostPolicySeries) tell("others", others);
  metrics_.replace(Metric::PolicyWorkloads, workloads);
  metrics_.replace(Metric::PolicyWouldDeny, wouldDeny);
  metrics_.replace(Metric::PolicyFindings, findings);
}

void LiveSources::tellWatches() {
  if (!cluster) return;
  for (const WatchReport& each : watches()) {
    metrics_.set(Metric::WatchAge, static_cast<double>(each.age.count()), {each.resource});
    metrics_.set(Metric::WatchUnread, static_cast<double>(each.unread), {each.resource});
  }
}

}  // namespace rightslice::app
