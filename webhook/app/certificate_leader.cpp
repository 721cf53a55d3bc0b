#include "app/certificate_leader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "http/date.hpp"
#include "json/document.hpp"

namespace rightslice::app {
namespace {

using host::Level;
using host::Metric;
using std::chrono::milliseconds;
using What = CertificatePlan::What;

constexpr milliseconds kPatience{5'000}, kFirstBackOff{1'000}, kLastBackOff{30'000}, kBetween{500};
constexpr std::chrono::minutes kAskTheTime{5};
constexpr std::chrono::seconds kApart{60};   // of two clocks; less is ordinary, and certificates begin five minutes earlier

/// A message of the API server about a Secret must not show what is in it. "LS0t..." is the base64 of "-----BEGIN".
std::string withoutKeys(std::string message) {
  const bool shows = message.find("LS0tLS1CRUdJT") != std::string::npos || message.find("PRIVATE KEY") != std::string::npos;
  return shows ? "the answer repeats what was sent, and is not shown" : message;
}

std::string textOf(const Result<kube::Answer>& answer) {
  return answer ? fmt::format("HTTP {}: {}", answer->status, withoutKeys(kube::statusMessage(answer->body))) : answer.error().message;
}

const char* told(What what) {
  switch (what) {
    case What::Nothing: return "";
    case What::Serving: return "new certificate";
    case What::Authority: return "new CA and certificate";
    case What::Forget: return "CAs of before dropped";
  }
  return "";
}

}  // namespace

void CertificateLeader::Retry::went(bool well, milliseconds now) {
  backOff = well ? milliseconds(0) : std::clamp(backOff * 2, kFirstBackOff, kLastBackOff);
  next = now + std::max(backOff, kBetween);
}

CertificateLeader::CertificateLeader(const CertificateSettings& settings, kube::Lease::Call call, std::function<bool()> leads, const host::Clock& clock,
                                     host::Metrics& metrics, host::Log& log)
    : settings_(settings), call_(std::move(call)), leads_(std::move(leads)), clock_(clock), metrics_(metrics), log_(log), troubles_(log, "certificates") {}

void CertificateLeader::rest() {
  merger_.forget();
  troubles_.clear();
}

void CertificateLeader::turn(const Situation& situation, milliseconds uptime) {
  const CertificateObjects& objects = *situation.objects;
  if (!objects.secretKnown || (objects.secret && !objects.secret->ours)) return;
  if (uptime >= nextClock_) {
    nextClock_ = uptime + kAskTheTime;
    (void)read();
    if (!leads_()) return;   // it may have taken a while
  }
  if (uptime >= secretRetry_.next && planCertificates(situation.contents, now(), settings_, situation.oldMayGo).what != What::Nothing) {
    secretRetry_.went(issue(situation), uptime);
  }
  if (situation.contents == nullptr || !situation.contents->authority || !objects.configurationsKnown) return;
  for (const HookConfiguration& each : objects.configurations) keepBundle(each, *situation.contents, uptime);
}

Result<CertificateLeader::Stored> CertificateLeader::read() {
  kube::Request get;
  get.path = kube::path(secretResource(settings_), settings_.secret.ns, settings_.secret.name);
  const auto answer = call(std::move(get));
  if (answer && answer->status == 404) return Stored{};
  if (!answer || answer->status != 200) return fail(textOf(answer));
  const auto document = json::Document::parse(answer->body);
  if (!document) return fail("the answer is no JSON");
  const SecretObject object = readSecretObject(document->root());
  return Stored{object.version, readSecretContents(object, settings_), object.ours, object.immutable};
}

/// Looks at the Secret itself, and at the API server's clock, before it writes. False: it did not work.
bool CertificateLeader::issue(const Situation& situation) {
  const auto stored = read();
  if (!stored) return failed("Secret", secretName(), "be read", stored.error().message);
  if (!stored->ours) return true;   // the watch will say so
  const SecretContents* contents = stored->contents ? &*stored->contents : nullptr;
  const CertificatePlan plan = planCertificates(contents, now(), settings_, situation.oldMayGo);
  if (plan.what == What::Nothing) {
    troubles_.clear(secretName());
    return true;
  }
  if (stored->immutable) return failed("Secret", secretName(), "be written", "it is immutable; delete it, and it is made again");
  // A CA that the Secret has lost may still have signed what is served.
  const auto made = carryOut(plan, contents, plan.what == What::Authority ? situation.remembered : nullptr, now(), settings_);
  if (!made) return failed("certificate", settings_.service.text(), "be made", made.error().message);
  if (!write(plan, *made, stored->version)) return false;
  if (plan.what == What::Forget) merger_.drop(contents->before);
  return true;
}

bool CertificateLeader::write(const CertificatePlan& plan, const SecretContents& made, const std::string& version) {
  const bool create = version.empty();
  kube::Request put;
  put.method = create ? "POST" : "PATCH";
  put.path = kube::path(secretResource(settings_), settings_.secret.ns, create ? "" : settings_.secret.name);
  put.contentType = create ? "application/json" : "application/merge-patch+json";
  put.body = secretText(settings_, made, version);
  if (!leads_()) return true;
  const auto answer = call(std::move(put));
  const bool overtaken = answer && answer->status == 409;   // the watch brings what is there
  if (!overtaken && (!answer || answer->status >= 300)) return failed("Secret", secretName(), "be written", textOf(answer));
  troubles_.clear(secretName());
  if (overtaken) return true;
  if (plan.what != What::Forget) metrics_.count(Metric::CertificatesIssued, {plan.what == What::Authority ? "authority" : "serving"});
  log_.write(Level::Info, told(plan.what),
             {{"secret", std::string_view(secretName())}, {"why", std::string_view(plan.why)},
              {"expires", std::string_view(host::timestamp(made.serving->notAfter))},
              {"authorityExpires", std::string_view(host::timestamp(made.authority->notAfter))}});
  return true;
}

void CertificateLeader::keepBundle(const HookConfiguration& configuration, const SecretContents& contents, milliseconds uptime) {
  const std::string what = configuration.plural + "/" + configuration.name;
  Retry& retry = bundleRetry_[what];
  if (uptime < retry.next) return;
  if (!configuration.keeper.empty()) {
    return troubles_.set(what, fmt::format("{} has the annotation {}: somebody else keeps its caBundle; take the annotation away, or serve with "
                                           "--cert and --key", what, configuration.keeper));
  }
  if (configuration.hooks.empty()) {
    return troubles_.set(what, fmt::format("no webhook of {} calls the Service {} (--service)", what, settings_.service.text()));
  }
  std::vector<tls::Certificate> ours{*contents.authority};
  ours.insert(ours.end(), contents.before.begin(), contents.before.end());
  std::map<std::string, std::string> bundles;
  for (const auto& hook : configuration.hooks) {
    std::string wanted = merger_.merged(hook.trusted, ours, now(), uptime);
    if (wanted != hook.bundle) bundles.emplace(hook.name, std::move(wanted));
  }
  if (bundles.empty()) return troubles_.clear(what);
  kube::Request patch;
  patch.method = "PATCH";
  patch.path = kube::path(configurationResource(configuration.plural), "", configuration.name);
  patch.contentType = "application/strategic-merge-patch+json";
  patch.body = bundlePatch(configuration, bundles);
  if (!leads_()) return;
  const auto answer = call(std::move(patch));
  const bool overtaken = answer && (answer->status == 409 || answer->status == 404);   // what is there now comes by the watch
  const bool well = overtaken || (answer && answer->status < 300);
  retry.went(well, uptime);
  if (!well) {
    failed("caBundle", what, "be written", textOf(answer));
    return;
  }
  troubles_.clear(what);
  if (overtaken) return;
  metrics_.count(Metric::CaBundleWrites);
  log_.write(Level::Info, "caBundle written",
             {{"configuration", std::string_view(what)}, {"webhooks", static_cast<std::int64_t>(bundles.size())},
              {"authorities", static_cast<std::int64_t>(tls::readCertificates(bundles.begin()->second).list.size())}});
}

Result<kube::Answer> CertificateLeader::call(kube::Request request) {
  request.patience = kPatience;
  auto answer = call_(std::move(request));
  const auto seconds = answer ? http::secondsOfDate(answer->date) : std::nullopt;
  if (!seconds) return answer;
  const auto apart = std::chrono::system_clock::from_time_t(*seconds) - clock_.now();
  const bool wrong = std::chrono::abs(apart) > kApart, before = apart_ != apart_.zero();
  if (wrong != before) {
    log_.write(wrong ? Level::Warn : Level::Info,
               wrong ? "this machine's clock is not that of the API server, which is believed" : "this machine's clock is that of the API server again",
               {{"seconds", static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(apart).count())}});
  }
  apart_ = wrong ? apart : apart_.zero();
  return answer;
}

bool CertificateLeader::failed(const char* what, const std::string& name, const char* doing, const std::string& why) {
  metrics_.count(Metric::CertificateErrors, {what});
  troubles_.set(name, fmt::format("{} {} cannot {}: {}", what, name, doing, why));
  return false;
}

}  // namespace rightslice::app
