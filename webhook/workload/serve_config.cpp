// Forms: Ray's docs of Serve LLM (applications[].args.llm_configs with build_openai_app), and the examples of KubeRay in which
// an application of one's own takes vLLM's arguments.
#include "workload/serve_config.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gpu/resource_name.hpp"
#include "json/yaml.hpp"

namespace rightslice::workload {
namespace {

using Told = model::Invocation::Told;

constexpr std::size_t kMostModels = 64;

Told servedModel(std::string_view model) {
  Told told;
  told.from = "serveConfigV2";
  told.engine = "ray";
  told.engineIsSure = true;
  told.model = model;
  return told;
}

void addArguments(json::View arguments, Told& out) {
  for (const auto& [name, value] : arguments.members()) {
    if (value.isNull()) continue;
    out.words.push_back(fmt::format("--{}={}", name, value.scalarText().value_or(value.text())));
  }
}

/// One LLMConfig.
void addConfig(json::View config, std::vector<Told>& out) {
  if (!config.isObject() || out.size() >= kMostModels) return;
  const json::View loading = config["model_loading_config"];
  Told told = servedModel(loading["model_source"].string().value_or(loading["model_id"].stringOr("")));
  addArguments(config["engine_kwargs"], told);
  told.adapters = config["lora_config"].isObject();
  out.push_back(std::move(told));
}

void addArgumentsOf(json::View arguments, std::vector<Told>& out) {
  for (const json::View config : arguments["llm_configs"].elements()) addConfig(config, out);
  addConfig(arguments["llm_config"], out);
  if (arguments["model_loading_config"].isObject()) addConfig(arguments, out);
  if (const auto model = arguments["model"].string(); model && !model->empty() && out.size() < kMostModels) {
    Told told = servedModel(*model);
    addArguments(arguments, told);
    out.push_back(std::move(told));
  }
}

bool asksForGpu(const Container& container) {
  for (const StringPairs* pairs : {&container.limits, &container.requests}) {
    for (const auto& [name, quantity] : *pairs) {
      if (gpu::ResourceName::parse(name).asksForGpu()) return true;
    }
  }
  return false;
}

}  // namespace

void attachServeConfig(const Part& text, std::vector<PodTemplate>& templates) {
  if (!text.exists()) return;
  const auto written = text.view().string();
  if (!written) {
    text.report("a string");
    return;
  }
  const json::YamlStream stream = json::parseYaml(*written);
  if (!stream.broken.empty() || stream.documents.size() != 1) {
    text.report("a text with one YAML document");
    return;
  }
  std::vector<Told> told;
  for (const json::View application : stream.documents.front().document.root()["applications"].elements()) {
    addArgumentsOf(application["args"], told);
    for (const json::View deployment : application["deployments"].elements()) addArgumentsOf(deployment["user_config"], told);
  }
  for (PodTemplate& pod : templates) {
    for (Container& container : pod.containers) {
      if (asksForGpu(container)) container.invocation.told = told;
    }
  }
}

}  // namespace rightslice::workload
