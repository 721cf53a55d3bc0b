#include "observe/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>

#include "json/document.hpp"
#include "model/engine.hpp"
#include "workload/workload.hpp"

namespace rightslice::observe {
namespace {

using Words = std::span<const std::string_view>;

/// Where an engine publishes, and what moves it.
struct EngineRow {
  std::string_view engine;
  std::int64_t port;
  std::string_view flag;           ///< without dashes, with hyphens
  Words variables;
  Words paths;
};

constexpr std::string_view kMetrics[] = {"/metrics"}, kNimPaths[] = {"/v1/metrics", "/metrics"}, kTrtPaths[] = {"/prometheus/metrics"};
constexpr std::string_view kPort[] = {"PORT"}, kLlama[] = {"LLAMA_ARG_PORT"}, kNim[] = {"NIM_SERVER_PORT"}, kDynamo[] = {"DYN_SYSTEM_PORT"};

// Sources. vLLM: entrypoints/openai/cli_args.py. SGLang: srt/server_args.py. TGI and TEI: the images' Dockerfile (PORT=80; their routers serve
// /metrics beside the API). Triton: docs/user_guide/metrics.md. trtllm-serve: "Prometheus Metrics" (/metrics itself is JSON there). NIM for
// LLMs: "Observability" (/v1/metrics since 1.1, /metrics before). llama.cpp: tools/server/README.md. LMDeploy: cli/serve.py. KServe:
// python/kserve/kserve/model_server.py. Dynamo: docs, "Metrics" (off unless the variable says otherwise). Ollama, ComfyUI: none.
constexpr EngineRow kEngines[] = {
    {"vllm", 8000, "port", {}, kMetrics},
    {"sglang", 30000, "port", {}, kMetrics},
    {"tgi", 80, "port", kPort, kMetrics},
    {"tei", 80, "port", kPort, kMetrics},
    {"triton", 8002, "metrics-port", {}, kMetrics},
    {"tensorrt-llm", 8000, "port", {}, kTrtPaths},
    {"nim", 8000, {}, kNim, kNimPaths},
    {"llama.cpp", 8080, "port", kLlama, kMetrics},
    {"lmdeploy", 23333, "server-port", {}, kMetrics},
    {"kserve-huggingface", 8080, "http-port", {}, kMetrics},
    {"dynamo", 8081, {}, kDynamo, kMetrics},
};

// What people and charts annotate pods with: kubernetes-pods of Prometheus' example configuration; KServe's runtimes.
constexpr std::string_view kAnnotations[] = {"prometheus.io/", "prometheus.kserve.io/"};
constexpr std::string_view kPortNames[] = {"metrics", "prometheus", "prom"};
constexpr std::string_view kNameLabels[] = {"app.kubernetes.io/name", "app", "k8s-app"};
constexpr std::string_view kExporterName = "dcgm-exporter";   // gke-managed-dcgm-exporter, nvidia-dcgm-exporter
constexpr std::int64_t kExporterPort = 9400;                  // dcgm-exporter, pkg/cmd/app.go

std::optional<std::int64_t> portOf(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out > 0 && out < 65536 ? std::optional(out) : std::nullopt;
}

std::string_view annotationOf(json::View metadata, std::string_view name) {
  for (const std::string_view prefix : kAnnotations)
    if (const auto value = metadata["annotations"][std::string(prefix) + std::string(name)].string()) return *value;
  return {};
}

/// A path, as it may stand in an address: from "/" on, without what would be another part of it.
std::string pathOf(std::string_view text) {
  const bool plain = text.starts_with('/') && text.size() <= 200 && text.find("..") == std::string_view::npos &&
                     std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || std::string_view("/-_.~").find(c) != std::string_view::npos;
                     });
  return plain ? std::string(text) : std::string();
}

/// Of a flag in the words of a command line, also within the one string of a shell: "--port 80", "--port=80"; the last counts.
std::optional<std::int64_t> flagPort(const std::vector<std::string>& words, std::string_view flag) {
  if (flag.empty()) return std::nullopt;
  std::string all;
  for (const auto& each : words) all += each + " ";
  std::replace(all.begin(), all.end(), '_', '-');   // argparse and clap of these engines take both
  const std::string wanted = "--" + std::string(flag);
  std::optional<std::int64_t> out;
  for (std::size_t at = all.find(wanted); at != std::string::npos; at = all.find(wanted, at + 1)) {
    std::size_t value = at + wanted.size();
    if ((at > 0 && all[at - 1] != ' ' && all[at - 1] != '\n') || value >= all.size() || (all[value] != ' ' && all[value] != '=')) continue;
    value = all.find_first_not_of(" =\"'", value);
    if (value == std::string::npos) break;
    const std::size_t end = std::min(all.find_first_not_of("0123456789", value), all.size());
    if (const auto port = portOf(std::string_view(all).substr(value, end - value))) out = port;
  }
  return out;
}

bool isTcp(json::View port) { return port["protocol"].stringOr("TCP") == "TCP"; }

bool isMetricsName(std::string_view name) {
  return std::any_of(std::begin(kPortNames), std::end(kPortNames), [&](std::string_view each) { return name.find(each) != std::string_view::npos; });
}

/// Ports that a container declares, in order.
std::vector<std::pair<std::int64_t, std::string_view>> portsOf(json::View container) {
  std::vector<std::pair<std::int64_t, std::string_view>> out;
  for (const json::View each : container["ports"].elements()) {
    const auto port = each["containerPort"].integer();
    if (port && *port > 0 && *port < 65536 && isTcp(each)) out.emplace_back(*port, each["name"].stringOr(""));
  }
  return out;
}

json::View containerOf(json::View spec, std::string_view name) {
  for (const std::string_view list : {"containers", "initContainers"})
    for (const json::View each : spec[list].elements())
      if (each["name"].stringOr("") == name) return each;
  return {};
}

class Finder {
 public:
  Finder(json::View pod, std::size_t serving) : pod_(pod), serving_(serving) {
    const json::View metadata = pod["metadata"];
    annotated_ = portOf(annotationOf(metadata, "port"));
    path_ = pathOf(annotationOf(metadata, "path"));
    https_ = annotationOf(metadata, "scheme") == "https";
  }

  Published of(const RunningContainer& container, const model::EngineRun& run, const workload::Container& words) {
    Published out{container.name, {}, {}};
    const auto ports = portsOf(containerOf(pod_["spec"], container.name));
    const auto declares = [&](std::int64_t port) { return std::any_of(ports.begin(), ports.end(), [&](const auto& each) { return each.first == port; }); };
    const auto add = [&](std::int64_t port, Words paths) {
      for (const std::string_view path : paths) {
        Endpoint made{https_, port, path_.empty() ? std::string(path) : path_, container.name};
        if (out.endpoints.size() < kMostEndpoints && std::find(out.endpoints.begin(), out.endpoints.end(), made) == out.endpoints.end())
          out.endpoints.push_back(std::move(made));
      }
    };
    const auto row = std::find_if(std::begin(kEngines), std::end(kEngines),
                                  [&](const EngineRow& each) { return run.engine != nullptr && each.engine == run.engine->name; });
    const bool known = row != std::end(kEngines);
    const Words paths = known ? row->paths : Words(kMetrics);
    // Of several containers with GPUs the one that has the port; a port that none of them has is a sidecar's, and speaks for the only one.
    if (annotated_ && (declares(*annotated_) || serving_ == 1)) add(*annotated_, kMetrics);
    std::optional<std::int64_t> written;
    if (known) {
      std::vector<std::string> all = words.invocation.command;
      all.insert(all.end(), words.invocation.args.begin(), words.invocation.args.end());
      written = flagPort(all, row->flag);
      for (const std::string_view variable : row->variables)
        for (const auto& each : words.invocation.env)
          if (!written && each.name == variable && each.value) written = portOf(*each.value);
      if (written) add(*written, paths);
    }
    for (const auto& [port, name] : ports)
      if (isMetricsName(name)) add(port, paths);
    if (known && !written && (ports.empty() || declares(row->port))) add(row->port, paths);
    if (known && ports.size() == 1) add(ports.front().first, paths);
    if (out.endpoints.empty()) out.why = "it is not known at which port it publishes metrics: the annotation prometheus.io/port tells it";
    return out;
  }

 private:
  json::View pod_;
  std::size_t serving_;
  std::optional<std::int64_t> annotated_;
  std::string path_;
  bool https_ = false;
};

}  // namespace

std::string Endpoint::text() const { return fmt::format("{}port {}{}", https ? "https " : "", port, path == "/metrics" ? "" : ", " + path); }

std::vector<Published> publishedBy(const Pod& pod) {
  std::vector<Published> out;
  const auto document = pod.text ? json::Document::parse(*pod.text) : Result<json::Document>(json::Document());
  if (!document) return out;
  const auto serving = std::count_if(pod.containers.begin(), pod.containers.end(), [](const auto& each) { return !each.init; });
  const bool declines = annotationOf(document->root()["metadata"], "scrape") == "false";
  const workload::Workload read = workload::read(document->root(), pod.ns);
  Finder finder(document->root(), static_cast<std::size_t>(serving));
  for (const RunningContainer& each : pod.containers) {
    if (each.init) continue;
    if (declines) {
      out.push_back({each.name, {}, "the pod wants not to be asked: prometheus.io/scrape is false"});
      continue;
    }
    for (const auto& pods : read.templates)
      for (const auto& container : pods.containers)
        if (container.name == each.name) out.push_back(finder.of(each, model::readInvocation(container.invocation), container));
  }
  return out;
}

std::optional<Exporter> readExporter(json::View pod) {
  const json::View metadata = pod["metadata"];
  const json::View labels = metadata["labels"];
  const bool named = std::any_of(std::begin(kNameLabels), std::end(kNameLabels), [&](std::string_view key) { return labels[key].stringOr("").ends_with(kExporterName); });
  if (!named || pod["status"]["phase"].stringOr("") != "Running" || metadata["deletionTimestamp"].exists()) return std::nullopt;
  const auto owner = readOwner(metadata);
  if (!owner || owner->kind != "DaemonSet") return std::nullopt;
  Exporter out{std::string(metadata["namespace"].stringOr("default")), std::string(metadata["name"].stringOr("")), std::string(pod["spec"]["nodeName"].stringOr("")), {}};
  if (out.name.empty() || out.node.empty()) return std::nullopt;
  out.endpoint.https = annotationOf(metadata, "scheme") == "https";
  const auto annotated = portOf(annotationOf(metadata, "port"));
  std::optional<std::int64_t> declared, first;
  for (const json::View each : pod["spec"]["containers"].elements())
    for (const auto& [port, name] : portsOf(each)) {
      if (!declared && isMetricsName(name)) declared = port;
      if (!first) first = port;
    }
  out.endpoint.port = annotated ? *annotated : declared ? *declared : first.value_or(kExporterPort);
  if (const auto path = pathOf(annotationOf(metadata, "path")); !path.empty()) out.endpoint.path = path;
  return out;
}

}  // namespace rightslice::observe
