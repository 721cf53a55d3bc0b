#include "cli/metrics_flags.hpp"

#include <fmt/format.h>

#include "cli/terminal.hpp"
#include "observe/metrics/metric.hpp"

namespace rightslice::cli {

std::optional<std::int64_t> parseWindow(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::int64_t unit = text.back() == 'm' ? 60 : text.back() == 'h' ? 3600 : text.back() == 'd' ? 86'400 : 0;
  const auto count = parseInteger(text.substr(0, text.size() - 1));
  constexpr std::int64_t kLeast = 600, kMost = 31 * 86'400;
  if (unit == 0 || !count || *count < 1 || *count > kMost / unit || *count * unit < kLeast) return std::nullopt;
  return *count * unit;
}

void MetricsFlags::declare(Flags& flags) {
  declareServer(flags);
  Flag& recorded = flags.list(places.files, "--metrics", "[NAMESPACE/POD=]FILE",
                              "What a /metrics endpoint said, as text: of the pod that is named, or with labels that say of which pods (DCGM exporter, "
                              "kube-state-metrics, federation).");
  recorded.group = "metrics";
  flags.toggle(scrape, "--scrape", "Without a Prometheus: ask the pods with GPUs that run, and the DCGM exporter's, for their /metrics, through the API server. "
                                   "Needs the right to get pods/proxy.").group = "metrics";
  Flag once{.name = "--scrape-again", .value = "DURATION",
            .help = "Ask them once more so long after, 10s to 10m: then counters say how much they grow.", .group = "metrics"};
  once.set = [this](const std::string& given) -> Result<bool> {
    const std::string number = given.substr(0, given.empty() ? 0 : given.size() - 1);
    const std::int64_t unit = given.ends_with('s') ? 1 : given.ends_with('m') ? 60 : 0;
    const auto count = parseInteger(number);
    if (unit == 0 || !count || *count < 1 || *count > 600 || *count * unit < 10 || *count * unit > 600)
      return fail(fmt::format("'{}' is no time from ten seconds to ten minutes, such as 30s or 2m", given));
    again = *count * unit;
    return true;
  };
  flags.add(std::move(once));
}

void MetricsFlags::declareServer(Flags& flags) {
  const auto text = [&](std::string& target, std::string name, std::string value, std::string help) {
    flags.text(target, std::move(name), std::move(value), std::move(help)).group = "metrics";
  };
  text(places.prometheus.url, "--prometheus", "URL", "A Prometheus server (or what answers like one) that scrapes the engines, the DCGM exporter or kube-state-metrics.");
  text(places.prometheus.tokenFile, "--prometheus-token-file", "FILE", "A bearer token for it.");
  text(places.prometheus.user, "--prometheus-user", "NAME", "A user for it, with --prometheus-password-file.");
  text(places.passwordFile, "--prometheus-password-file", "FILE", "The user's password.");
  text(places.prometheus.authorities, "--prometheus-ca", "FILE", "Who may have signed its certificate, PEM. Without it: those whom the system trusts.");
  text(places.prometheus.certificate, "--prometheus-cert", "FILE", "A client certificate for it, PEM, with --prometheus-key.");
  text(places.prometheus.key, "--prometheus-key", "FILE", "The key of that certificate, PEM.");
  Flag back{.name = "--window", .value = "DURATION", .help = "How far back metrics are looked at: 10m to 31d.", .defaultText = "1h", .group = "metrics"};
  back.set = [this](const std::string& given) -> Result<bool> {
    const auto seconds = parseWindow(given);
    if (!seconds) return fail(fmt::format("'{}' is no time from ten minutes to 31 days, such as 30m, 6h or 7d", given));
    places.window = *seconds;
    return true;
  };
  flags.add(std::move(back));
}

std::string MetricsFlags::wrong() const {
  const auto& server = places.prometheus;
  const bool identity = !server.tokenFile.empty() || !server.user.empty() || !places.passwordFile.empty() || !server.authorities.empty() ||
                        !server.certificate.empty() || !server.key.empty();
  if (identity && server.url.empty()) return "flags that begin with --prometheus- say how to reach a server: name it with --prometheus URL";
  if (server.user.empty() != places.passwordFile.empty()) return "--prometheus-user and --prometheus-password-file belong together";
  if (server.certificate.empty() != server.key.empty()) return "--prometheus-cert and --prometheus-key belong together";
  if (!server.user.empty() && !server.tokenFile.empty()) return "--prometheus-user and --prometheus-token-file are two answers to who asks: give one";
  if (again > 0 && !scrape) return "--scrape-again says when pods are asked once more: ask them with --scrape";
  return {};
}

std::string MetricsFlags::caution() const {
  const auto& server = places.prometheus;
  if (!server.url.starts_with("http://") || (server.tokenFile.empty() && server.user.empty())) return {};
  return "the credentials for --prometheus go over plain HTTP, where everybody on the way can read them: use https";
}

std::optional<observe::ScrapeOptions> MetricsFlags::scraping() const {
  if (!scrape) return std::nullopt;
  observe::ScrapeOptions out;
  out.again = std::chrono::seconds(again);
  return out;
}

bool MetricsFlags::read(observe::Snapshot& snapshot, const gpu::Catalogue& gpus, std::optional<observe::metrics::Scraped> scraped) const {
  if (const std::string text = caution(); !text.empty()) complain(text);
  Progress progress(observe::metrics::metricRows().size());
  const auto read = observe::readMetrics(snapshot, gpus, places, std::move(scraped), [&](std::string_view what) { progress.step(what); });
  progress.clear();
  for (const auto& each : read.told) complain(each);
  return read.all;
}

}  // namespace rightslice::cli
