#include "cli/metrics_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/files.hpp"
#include "base/date.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"
#include "observe/metrics/recorded.hpp"
#include "observe/prometheus_source.hpp"

namespace rightslice::cli {
namespace {

/// "team-a/chat-0=chat.txt" names a pod; "./a/b=c.txt" is a file.
std::pair<std::string, std::string> podAndFile(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string before = text.substr(0, equals);
  const auto named = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '/'; };
  const bool pod = equals != std::string::npos && std::count(before.begin(), before.end(), '/') == 1 && std::all_of(before.begin(), before.end(), named) &&
                   before.front() != '.' && before.front() != '/' && before.back() != '/';
  return pod ? std::pair(before, text.substr(equals + 1)) : std::pair(std::string(), text);
}

std::string withoutLineEnd(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

std::optional<std::int64_t> parseWindow(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::int64_t unit = text.back() == 'm' ? 60 : text.back() == 'h' ? 3600 : text.back() == 'd' ? 86'400 : 0;
  const auto count = parseInteger(text.substr(0, text.size() - 1));
  constexpr std::int64_t kLeast = 600, kMost = 31 * 86'400;
  if (unit == 0 || !count || *count < 1 || *count > kMost / unit || *count * unit < kLeast) return std::nullopt;
  return *count * unit;
}

void MetricsFlags::declare(Flags& flags) {
  const auto text = [&](std::string& target, std::string name, std::string value, std::string help) {
    flags.text(target, std::move(name), std::move(value), std::move(help)).group = "metrics";
  };
  text(prometheus, "--prometheus", "URL", "A Prometheus server (or what answers like one) that scrapes the engines, the DCGM exporter or kube-state-metrics.");
  text(tokenFile, "--prometheus-token-file", "FILE", "A bearer token for it.");
  text(user, "--prometheus-user", "NAME", "A user for it, with --prometheus-password-file.");
  text(passwordFile, "--prometheus-password-file", "FILE", "The user's password.");
  text(authorities, "--prometheus-ca", "FILE", "Who may have signed its certificate, PEM. Without it: those whom the system trusts.");
  text(certificate, "--prometheus-cert", "FILE", "A client certificate for it, PEM, with --prometheus-key.");
  text(key, "--prometheus-key", "FILE", "The key of that certificate, PEM.");
  Flag& recorded = flags.list(files, "--metrics", "[NAMESPACE/POD=]FILE",
                              "What a /metrics endpoint said, as text: of the pod that is named, or with labels that say of which pods (DCGM exporter, "
                              "kube-state-metrics, federation).");
  recorded.group = "metrics";
  Flag back{.name = "--window", .value = "DURATION", .help = "How far back metrics are looked at: 10m to 31d.", .defaultText = "1h", .group = "metrics"};
  back.set = [this](const std::string& given) -> Result<bool> {
    const auto seconds = parseWindow(given);
    if (!seconds) return fail(fmt::format("'{}' is no time from ten minutes to 31 days, such as 30m, 6h or 7d", given));
    window = *seconds;
    return true;
  };
  flags.add(std::move(back));
}

std::string MetricsFlags::wrong() const {
  const bool identity = !tokenFile.empty() || !user.empty() || !passwordFile.empty() || !authorities.empty() || !certificate.empty() || !key.empty();
  if (identity && prometheus.empty()) return "flags that begin with --prometheus- say how to reach a server: name it with --prometheus URL";
  if (user.empty() != passwordFile.empty()) return "--prometheus-user and --prometheus-password-file belong together";
  if (certificate.empty() != key.empty()) return "--prometheus-cert and --prometheus-key belong together";
  if (!user.empty() && !tokenFile.empty()) return "--prometheus-user and --prometheus-token-file are two answers to who asks: give one";
  return {};
}

bool MetricsFlags::ask(observe::metrics::Joiner& joiner, const observe::metrics::Window& window_, observe::Snapshot& snapshot) const {
  const auto failed = [&](const std::string& reason) {
    complain(fmt::format("metrics of {}: {}", prometheus.find('@') == std::string::npos ? prometheus : "the server", reason));
    snapshot.coverage.add({"metrics", "", observe::Seen::State::Failed, reason, 0});
    return false;
  };
  observe::PrometheusAddress address{prometheus, tokenFile, user, {}, authorities, certificate, key};
  if (!passwordFile.empty()) {
    const auto text = app::readFile(passwordFile);
    if (!text) return failed(describe(text.error()));
    address.password = withoutLineEnd(*text);
  }
  if (prometheus.starts_with("http://") && (!tokenFile.empty() || !user.empty()))
    complain("the credentials for --prometheus go over plain HTTP, where everybody on the way can read them: use https");
  auto source = observe::PrometheusSource::open(address);
  if (!source) return failed(describe(source.error()));
  Progress progress(observe::metrics::metricRows().size());
  const auto troubles = source->read(joiner, window_, [&](std::string_view what) { progress.step(what); });
  progress.clear();
  if (!troubles) return failed(describe(troubles.error()));
  for (const auto& each : *troubles) failed(each);
  return troubles->empty();
}

bool MetricsFlags::read(observe::Snapshot& snapshot, const gpu::Catalogue& gpus) const {
  namespace metrics = observe::metrics;
  if (!given()) return true;
  const std::int64_t now = secondsOfTimestamp(snapshot.takenAt).value_or(0) * 1000;
  bool all = true, timed = !prometheus.empty();
  std::vector<metrics::Recorded> recorded;
  for (const std::string& each : files) {
    const auto [pod, file] = podAndFile(each);
    const auto text = app::readFile(file);
    auto made = text ? metrics::readRecorded(*text, file, pod, now) : Result<metrics::Recorded>(tl::unexpected(text.error()));
    if (!made) {
      complain(describe(made.error()));
      snapshot.coverage.add({"metrics", "", observe::Seen::State::Failed, describe(made.error()), 0});
      all = false;
      continue;
    }
    timed |= made->timed;
    recorded.push_back(std::move(*made));
  }
  const metrics::Window back = metrics::windowOf(now, timed ? window : 0);   // one look alone has no window
  metrics::Joiner joiner(snapshot, gpus, back);
  addTo(joiner, std::move(recorded));
  if (!prometheus.empty()) all = ask(joiner, back, snapshot) && all;
  auto measured = joiner.finish();
  for (const auto& each : measured.warnings) complain("metrics: the server warns: " + each);
  const bool seen = measured.series > 0;
  if (all) snapshot.coverage.add({"metrics", "", observe::Seen::State::Read, "", measured.series});
  if (seen && measured.joined == 0)
    complain(fmt::format("metrics: of {} series none is of a pod with a GPU; do they have the labels namespace and pod?", measured.series));
  snapshot.measured = std::make_shared<const metrics::Measurements>(std::move(measured));
  return all;
}

}  // namespace rightslice::cli
