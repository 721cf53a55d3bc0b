// Drift between what is declared and what an engine says of itself in its metrics.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

using policy::ContainerJudgement;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// The name that is served stands somewhere in what is declared (--served-model-name, a path, an adapter), or is the model's own.
bool isDeclared(std::string_view served, const ContainerJudgement& judged, const std::string& text) {
  const std::string name = lower(served), model = lower(judged.model);
  const auto tail = [](std::string_view path) { return path.substr(path.find_last_of('/') + 1); };
  return name == model || tail(name) == tail(model) || lower(text).find(name) != std::string::npos || lower(text).find(tail(name)) != std::string::npos;
}

std::optional<double> numberOf(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(out) ? std::optional(out) : std::nullopt;
}

}  // namespace

std::vector<Finding> findObservedDrift(const Scene& scene, Index index) {
  const Object* object = scene.objectOf(index);
  std::vector<Finding> out;
  const auto add = [&](std::string_view aspect, const Pod& pod, const std::string& container, std::string_view declared, std::string_view observed,
                       std::string_view metric, model::Confidence confidence) {
    // It runs what it was started with, and that is another template: Drift between declared and running says so.
    if (object != nullptr && pod.text && pod.text->find(observed) != std::string::npos) return;
    for (const Finding& each : out)
      if (each.aspect == aspect && each.container == container) return;   // one pod stands for all
    Finding finding;
    finding.code = Code::Drift;
    finding.aspect = std::string(aspect);
    finding.container = container;
    finding.pod = pod.name;
    finding.message = fmt::format("{}: {} of pod {} says that it runs {}, and {} is declared", aspect, container, pod.name, observed, declared);
    finding.remedy = "look at what the container is really started with (an entrypoint, a ConfigMap, a variable that is not seen here), and declare that";
    finding.confidence = confidence;
    finding.evidence = {{"observed", std::string(observed), fmt::format("{} of pod {}/{}", metric, pod.ns, pod.name)}, {"declared", std::string(declared), "the object"}};
    out.push_back(std::move(finding));
  };
  for (const Index at : scene.deployed(index).pods) {
    const Pod& pod = scene.snapshot.pods[at];
    const std::string& text = object != nullptr && object->text ? *object->text : *pod.text;
    if (pod.deleting) continue;
    for (const auto& measured : scene.measuredOf(at)) {
      const auto& containers = scene.seen.workloads[index].judgement.containers;
      const auto judged = std::find_if(containers.begin(), containers.end(), [&](const auto& each) { return each.name == measured.container; });
      if (judged == containers.end()) continue;
      // Of a model that is told by something that is not read here nobody knows what it should be called.
      if (!judged->model.empty() && !measured.models.empty() && text.find("envFrom") == std::string::npos && text.find("valueFrom") == std::string::npos &&
          std::none_of(measured.models.begin(), measured.models.end(), [&](const std::string& each) { return isDeclared(each, *judged, text); }))
        add("model", pod, measured.container, judged->model, measured.models.front(), "model_name", model::Confidence::Medium);
      if (!judged->settings) continue;
      const auto fraction = numberOf(metrics::labelOf(measured.settings, "gpu_memory_utilization"));
      if (fraction && judged->settings->memoryFraction && std::abs(*fraction - *judged->settings->memoryFraction) > 0.001)
        add("memory fraction", pod, measured.container, fmt::format("{}", *judged->settings->memoryFraction), fmt::format("{}", *fraction),
            "vllm:cache_config_info", model::Confidence::High);
      const auto cache = metrics::labelOf(measured.settings, "cache_dtype");
      const auto& declared = judged->settings->kvCacheDtype;
      // An engine may put the type that it chose in place of "auto".
      if (!cache.empty() && declared && *declared != "auto" && lower(cache) != lower(*declared) && !lower(cache).starts_with(lower(*declared)))
        add("precision", pod, measured.container, *declared, cache, "vllm:cache_config_info", model::Confidence::Medium);
    }
  }
  return out;
}

}  // namespace rightslice::observe
