#include "observe/metrics_source.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/files.hpp"
#include "base/date.hpp"
#include "base/describe.hpp"
#include "observe/metrics/recorded.hpp"

namespace rightslice::observe {
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

class Reading {
 public:
  Reading(Snapshot& snapshot, const MetricsPlaces& places, const PrometheusSource::Progress& progress, host::Interruption* interruption)
      : snapshot_(snapshot), places_(places), progress_(progress), interruption_(interruption) {}

  void files(std::vector<metrics::Recorded>& recorded, std::int64_t now) {
    for (const std::string& each : places_.files) {
      const auto [pod, file] = podAndFile(each);
      const auto text = app::readFile(file);
      auto made = text ? metrics::readRecorded(*text, file, pod, now) : Result<metrics::Recorded>(tl::unexpected(text.error()));
      if (made) recorded.push_back(std::move(*made));
      else failed(describe(made.error()), describe(made.error()));
    }
  }

  void ask(metrics::Joiner& joiner, const metrics::Window& window) {
    const std::string& url = places_.prometheus.url;
    const std::string of = fmt::format("metrics of {}: ", url.find('@') == std::string::npos ? url : "the server");
    const auto because = [&](const std::string& reason) { failed(of + reason, reason); };
    PrometheusAddress address = places_.prometheus;
    if (!places_.passwordFile.empty()) {
      const auto text = app::readFile(places_.passwordFile);
      if (!text) return because(describe(text.error()));
      address.password = withoutLineEnd(*text);
    }
    auto source = PrometheusSource::open(address);
    if (!source) return because(describe(source.error()));
    std::optional<host::Interruption::Waiting> waiting;
    if (interruption_ != nullptr) waiting.emplace(*interruption_, [&source] { source->interrupt(); });
    const auto troubles = source->read(joiner, window, progress_);
    if (!troubles) return because(describe(troubles.error()));
    for (const auto& each : *troubles) because(each);
  }

  void tell(std::string text) { out.told.push_back(std::move(text)); }

  MetricsRead out;

 private:
  void failed(std::string text, const std::string& reason) {
    tell(std::move(text));
    snapshot_.coverage.add({"metrics", "", Seen::State::Failed, reason, 0});
    out.all = false;
  }

  Snapshot& snapshot_;
  const MetricsPlaces& places_;
  const PrometheusSource::Progress& progress_;
  host::Interruption* interruption_;
};

}  // namespace

MetricsRead readMetrics(Snapshot& snapshot, const gpu::Catalogue& gpus, const MetricsPlaces& places, std::optional<metrics::Scraped> scraped,
                        const PrometheusSource::Progress& progress, host::Interruption* interruption) {
  if (places.prometheus.url.empty() && places.files.empty() && !scraped) return {};
  const std::int64_t now = scraped ? scraped->end : secondsOfTimestamp(snapshot.takenAt).value_or(0) * 1000;
  Reading reading(snapshot, places, progress, interruption);
  std::vector<metrics::Recorded> recorded;
  reading.files(recorded, now);
  const bool server = !places.prometheus.url.empty();
  const bool timed = server || std::any_of(recorded.begin(), recorded.end(), [](const auto& each) { return each.timed; });
  const metrics::Window back = !timed && scraped ? scraped->window() : metrics::windowOf(now, timed ? places.window : 0);   // one look alone has no window
  metrics::Joiner joiner(snapshot, gpus, back);
  if (scraped) {
    joiner.asked("pods, through the API server");
    for (auto& each : scraped->untold) joiner.untold(each.pod, each.container, std::move(each.why));
    for (auto& each : scraped->recorded) recorded.push_back(std::move(each));
    scraped->recorded.clear();
  }
  addTo(joiner, std::move(recorded));
  if (server) reading.ask(joiner, back);
  auto measured = joiner.finish();
  for (const auto& each : measured.warnings) reading.tell("metrics: the server warns: " + each);
  if (reading.out.all) snapshot.coverage.add({"metrics", "", Seen::State::Read, "", measured.series});
  if (measured.series > 0 && measured.joined == 0 && !scraped)
    reading.tell(fmt::format("metrics: of {} series none is of a pod with a GPU; do they have the labels namespace and pod?", measured.series));
  snapshot.measured = std::make_shared<const metrics::Measurements>(std::move(measured));
  return std::move(reading.out);
}

}  // namespace rightslice::observe
