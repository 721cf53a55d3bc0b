#include "observe/prometheus_source.hpp"

#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "app/cluster_options.hpp"
#include "kube/cluster.hpp"
#include "observe/metrics/prometheus_answer.hpp"

namespace rightslice::observe {
namespace {

constexpr std::chrono::seconds kPatience{30};     // of one query; Prometheus itself ends one after two minutes (--query.timeout)
constexpr std::int64_t kLeastRange = 120;         // seconds: two scrapes of the usual minute

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || std::string_view("-_.~").find(c) != std::string_view::npos;
    if (plain) out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string timeOf(std::int64_t milliseconds) { return fmt::format("{}.{:03}", milliseconds / 1000, milliseconds % 1000); }

}  // namespace

std::string queryOf(const metrics::MetricRow& row, const metrics::Window& window) {
  const metrics::MeasureRow& measure = metrics::rowOf(row.measure);
  const std::string_view over = measure.sort != metrics::Sort::Gauge ? "last_over_time" : measure.lowest ? "min_over_time" : "max_over_time";
  const std::string only = row.label.empty() ? "" : fmt::format("{{{}=\"{}\"}}", row.label, row.value);
  return fmt::format("{}({}{}[{}s])", over, row.name, only, std::max(window.step, kLeastRange));
}

struct PrometheusSource::Parts {
  explicit Parts(kube::ClusterOptions options) : cluster(std::move(options)) {}
  kube::Cluster cluster;
  std::string url;
};

PrometheusSource::PrometheusSource(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PrometheusSource::PrometheusSource(PrometheusSource&&) noexcept = default;
PrometheusSource::~PrometheusSource() = default;

Result<PrometheusSource> PrometheusSource::open(const PrometheusAddress& address) {
  if (address.url.find('@') != std::string::npos) return fail("a user and a password do not belong into the address");
  const auto url = kube::parseUrl(address.url);
  if (!url) return tl::unexpected(url.error());
  kube::ClusterOptions options = app::clusterOptions({});
  options.config.source = url->text();
  options.config.server = *url;
  options.config.token.file = address.tokenFile;
  options.config.username = address.user;
  options.config.password = address.password;
  options.config.authorities.file = address.authorities;
  options.config.certificate.file = address.certificate;
  options.config.key.file = address.key;
  options.pace.answer = kPatience;
  auto parts = std::make_unique<Parts>(std::move(options));
  parts->url = url->text();
  parts->cluster.start();
  return PrometheusSource(std::move(parts));
}

void PrometheusSource::interrupt() { parts_->cluster.stop(); }

Result<std::vector<std::string>> PrometheusSource::read(metrics::Joiner& to, const metrics::Window& window, const Progress& progress) {
  std::vector<std::string> troubles;
  to.asked(parts_->url);
  std::optional<metrics::Measure> batch;
  for (const metrics::MetricRow& row : metrics::metricRows()) {
    if (batch && *batch != metrics::batchOf(row.measure)) to.settle();
    batch = metrics::batchOf(row.measure);
    if (progress) progress(row.name);
    const std::int64_t step = window.step * 1000;
    kube::Request request;
    request.path = fmt::format("/api/v1/query_range?query={}&start={}&end={}&step={}s", escaped(queryOf(row, window)),
                               timeOf(window.end - window.seconds * 1000 + step), timeOf(window.end), window.step);
    request.patience = kPatience;
    const auto answer = parts_->cluster.call(std::move(request));
    if (!answer && answer.error().message != kube::kAnswerTooLarge) return tl::unexpected(answer.error());
    if (!answer) {
      troubles.push_back(fmt::format("{}: {}", row.name, answer.error().message));
      continue;
    }
    if (answer->status == 401 || answer->status == 403) return fail(fmt::format("the server refuses us with status {}", answer->status));
    const auto read = metrics::readAnswer(answer->body, row.name, metrics::Joiner::keeps, [&](metrics::Series&& series) { to.add(row, std::move(series), parts_->url); });
    if (!read && answer->status == 404) return fail("there is no Prometheus at this address: /api/v1/query_range is not found");
    // Not even an error of Prometheus: a proxy's page, or a server that is not ready. The other queries would say the same.
    if (!read && read.error().message.starts_with("the answer is")) return fail(fmt::format("status {}, {}", answer->status, read.error().message));
    if (!read) troubles.push_back(fmt::format("{}: status {}, {}", row.name, answer->status, read.error().message));
    else
      for (const auto& each : read->warnings) to.warned(each);
  }
  to.settle();
  return troubles;
}

}  // namespace rightslice::observe
