#include "app/certificate_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "host/clock.hpp"

namespace rightslice::app {
namespace {

using What = CertificatePlan::What;
using std::chrono::seconds;

constexpr std::chrono::minutes kEarlier{5};     // valid a little before now: that forgives clocks that are a little behind
constexpr std::chrono::minutes kLonger{10};     // longer than asked for by so much is no rounding

/// Why it is time; empty: it is not.
std::string due(const tls::Certificate& certificate, seconds lifetime, tls::Time now, const char* what) {
  const std::string until = host::timestamp(certificate.notAfter);
  if (certificate.expired(now)) return fmt::format("{} has expired at {}", what, until);
  if (now < certificate.notBefore) return fmt::format("{} is not valid before {}", what, host::timestamp(certificate.notBefore));
  const auto left = certificate.notAfter - now;
  if (left < lifetime / 3) return fmt::format("{} has lived two thirds of its life: it expires at {}", what, until);
  if (left > lifetime + kLonger) return fmt::format("{} lasts longer than it should: to {}", what, until);
  return "";
}

tls::Validity from(tls::Time now, seconds lifetime) { return {now - kEarlier, now + lifetime}; }

/// `more`, without what is expired, listed already, or the CA of now.
void remember(SecretContents& contents, const std::vector<tls::Certificate>& more, tls::Time now) {
  for (const tls::Certificate& each : more) {
    const bool listed = std::find(contents.before.begin(), contents.before.end(), each) != contents.before.end();
    if (!listed && !each.expired(now) && !(contents.authority && each == *contents.authority)) contents.before.push_back(each);
  }
}

}  // namespace

CertificatePlan planCertificates(const SecretContents* contents, tls::Time now, const CertificateSettings& settings, bool oldMayGo) {
  if (contents == nullptr) return {What::Authority, "there is no Secret"};
  if (!contents->authority || !contents->signs) return {What::Authority, contents->fault};
  if (std::string why = due(*contents->authority, settings.caLifetime, now, "the CA"); !why.empty()) return {What::Authority, std::move(why)};
  if (contents->authority->notAfter < now + settings.certLifetime) return {What::Authority, "the CA would expire before a new certificate"};
  if (!contents->serving) return {What::Serving, contents->fault};
  if (std::string why = due(*contents->serving, settings.certLifetime, now, "the certificate"); !why.empty()) return {What::Serving, std::move(why)};
  if (!contents->before.empty() && oldMayGo) return {What::Forget, "nothing of the CAs before is served any more"};
  return {};
}

Result<SecretContents> carryOut(const CertificatePlan& plan, const SecretContents* contents, const SecretContents* remembered, tls::Time now,
                                const CertificateSettings& settings) {
  SecretContents out;
  if (plan.what == What::Authority) {
    auto authority = tls::makeAuthority(fmt::format("rightslice CA {}", host::timestamp(now)), from(now, settings.caLifetime));
    if (!authority) return tl::unexpected(authority.error());
    out.authorityPair = std::move(*authority);
  } else {
    out.authorityPair = contents->authorityPair;
    out.servingPair = contents->servingPair;
  }
  auto read = tls::readCertificate(out.authorityPair.certificate);
  if (!read) return tl::unexpected(read.error());
  out.authority = std::move(*read);
  out.signs = true;
  for (const SecretContents* each : {contents, remembered}) {
    if (each == nullptr || plan.what == What::Forget) continue;
    if (each->authority) remember(out, {*each->authority}, now);
    remember(out, each->before, now);
  }
  if (plan.what != What::Forget) {
    auto serving = tls::makeServing(out.authorityPair, settings.dnsNames(), "rightslice webhook", from(now, settings.certLifetime));
    if (!serving) return tl::unexpected(serving.error());
    out.servingPair = std::move(*serving);
  }
  auto leaf = tls::readCertificate(out.servingPair.certificate);
  if (!leaf) return tl::unexpected(leaf.error());
  out.serving = std::move(*leaf);
  return out;
}

}  // namespace rightslice::app
