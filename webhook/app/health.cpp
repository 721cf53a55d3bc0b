#include "app/health.hpp"

#include <fmt/format.h>

#include "json/writer.hpp"

namespace rightslice::app {
namespace {

std::int64_t secondsBetween(host::Clock::Time from, host::Clock::Time to) {
  return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

void writeList(json::Writer& out, std::string_view key, const std::vector<std::string>& items) {
  out.key(key).beginArray();
  for (const std::string& item : items) out.string(item);
  out.endArray();
}

}  // namespace

http::Response Health::livez() const {
  const bool live = inputs_.responsive();
  http::Response response;
  response.status = live ? 200 : 503;
  response.body = live ? "{\"live\":true}\n" : "{\"live\":false,\"reason\":\"an event loop does not turn\"}\n";
  return response;
}

Standing Health::standingOf(const PolicyState* policies, const std::vector<WatchReport>& watches, const CertificateReport& certificate,
                            host::Clock::Time now) const {
  std::vector<std::string> out;
  std::size_t waits = 0;  // of them those that every start has
  const auto wait = [&](bool trouble, std::string reason) {
    out.push_back(std::move(reason));
    if (!trouble) ++waits;
  };
  if (draining_) out.emplace_back("shutting down");
  if (policies == nullptr) {
    wait(false, "no policies are loaded yet");
  } else if (const auto age = secondsBetween(policies->lastRead, now); age > inputs_.maxPolicyAge.count()) {
    out.push_back(fmt::format("the policies could not be read for {} s, more than --max-policy-age {} s", age, inputs_.maxPolicyAge.count()));
  }
  for (const WatchReport& each : watches) {
    if (!each.settled) {
      wait(!each.trouble.empty(), fmt::format("{} is not read yet{}{}", each.resource, each.trouble.empty() ? "" : ": ", each.trouble));
    } else if (each.decides && each.age > inputs_.maxPolicyAge) {
      out.push_back(fmt::format("no word from the API server about {} for {} s, more than --max-policy-age {} s", each.resource, each.age.count(),
                                inputs_.maxPolicyAge.count()));
    }
  }
  if (out.empty() && inputs_.counted && !inputs_.counted()) wait(false, "what runs in the cluster is not counted yet");
  if (!certificate.expires) {
    wait(!certificate.trouble.empty(),
         fmt::format("no serving certificate yet: {}{}{}", certificate.waiting, certificate.trouble.empty() ? "" : "; ", certificate.trouble));
  } else if (*certificate.expires <= now) {
    out.emplace_back("the serving certificate has expired");
  }
  const auto readiness = out.empty() ? Readiness::Ready : waits == out.size() ? Readiness::Starting : Readiness::Unready;
  return {readiness, std::move(out)};
}

Standing Health::standing() const {
  const auto policies = inputs_.policies();
  return standingOf(policies.get(), watches(), inputs_.certificate(), clock_.now());
}

http::Response Health::readyz() const {
  const auto now = clock_.now();
  const auto policies = inputs_.policies();
  const auto followed = watches();
  const CertificateReport certificate = inputs_.certificate();
  const auto why = standingOf(policies.get(), followed, certificate, now).reasons;
  json::Writer out;
  out.beginObject().memberBool("ready", why.empty());
  writeList(out, "reasons", why);
  if (policies) {
    out.key("policies").beginObject();
    out.member("digest", std::string_view(policies->digest));
    out.member("count", static_cast<std::int64_t>(policies->policies));
    out.member("exceptions", static_cast<std::int64_t>(policies->exceptions));
    out.member("loaded", std::string_view(host::timestamp(policies->loaded)));
    out.member("ageSeconds", secondsBetween(policies->loaded, now));
    out.member("lastReadSeconds", secondsBetween(policies->lastRead, now));
    writeList(out, "badFiles", policies->badFiles);
    writeList(out, "keptFromBefore", policies->kept);
    out.endObject();
  }
  if (inputs_.watches) {
    out.key("cluster").beginObject().member("source", std::string_view(inputs_.cluster));
    out.key("watches").beginArray();
    for (const WatchReport& each : followed) {
      out.beginObject().member("resource", std::string_view(each.resource)).member("phase", each.phase);
      out.member("ageSeconds", std::int64_t{each.age.count()});
      if (each.unread > 0) out.member("unread", static_cast<std::int64_t>(each.unread));
      if (!each.trouble.empty()) out.member("trouble", std::string_view(each.trouble));
      out.endObject();
    }
    out.endArray().endObject();
  }
  out.key("catalogue").beginObject().member("digest", std::string_view(inputs_.catalogueDigest)).endObject();
  out.key("certificate").beginObject();
  if (certificate.expires) out.member("expires", std::string_view(host::timestamp(*certificate.expires)));
  if (!certificate.waiting.empty()) out.member("waiting", std::string_view(certificate.waiting));
  if (!certificate.trouble.empty()) out.member("trouble", std::string_view(certificate.trouble));
  out.endObject();
  if (inputs_.partReport) out.key(inputs_.part).raw(inputs_.partReport());
  out.endObject();
  http::Response response;
  response.status = why.empty() ? 200 : 503;
  response.body = out.take() + "\n";
  return response;
}

}  // namespace rightslice::app
