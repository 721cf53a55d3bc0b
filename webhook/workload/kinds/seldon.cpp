// Seldon Core 1: SeldonDeployment, operator/apis/machinelearning.seldon.io/v1/seldondeployment_types.go; the model of a container stands
// in the node of the graph with its name. Seldon Core 2: Server, operator/apis/mlops/v1alpha1/server_types.go; models are placed on it.
#include <map>

#include <fmt/format.h>

#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

constexpr PodPlace kComponents[] = {
    {"/spec/predictors/*/componentSpecs/*/spec", "/spec/predictors/*/componentSpecs/*/metadata",
     "/spec/predictors/*/componentSpecs/*/hpaSpec/maxReplicas|/spec/predictors/*/componentSpecs/*/kedaSpec/maxReplicaCount|"
     "/spec/predictors/*/componentSpecs/*/replicas|/spec/predictors/*/replicas|/spec/replicas"}};

constexpr std::size_t kMostNodes = 256;

using Nodes = std::map<std::string_view, Part>;

/// The nodes of a graph by their names; of one named twice the first. Without recursion: graphs come from outside.
Nodes nodesOf(const Part& graph) {
  Nodes out;
  std::vector<Part> open{graph};
  for (std::size_t at = 0; at < open.size() && at < kMostNodes; ++at) {
    const Part node = open[at];
    out.emplace(node.string("name").value_or(""), node);
    if (open.size() < kMostNodes)
      for (const Part& child : node.objects("children")) open.push_back(child);
  }
  return out;
}

void completeDeployment(const Part& object, std::vector<PodTemplate>& templates) {
  std::map<std::string, Nodes> graphs;  // by the predictor
  for (PodTemplate& pod : templates) {
    const std::string predictor = pod.pointer.substr(0, pod.pointer.find("/componentSpecs/"));
    const auto [graph, isNew] = graphs.try_emplace(predictor);
    if (isNew) {
      const Part root = partAt(object, predictor + "/graph").asObject();
      if (root.exists()) graph->second = nodesOf(root);
    }
    for (Container& container : pod.containers) {
      const auto found = graph->second.find(container.name);
      if (found == graph->second.end()) continue;
      const Part& node = found->second;
      Told told;
      told.from = "spec.predictors.graph.modelUri";
      told.model = node.string("modelUri").value_or("");
      told.mountPath = "/mnt/models";
      if (const auto server = node.string("implementation"); server && *server != "UNKNOWN_IMPLEMENTATION" && !server->empty()) {
        if (*server == "TRITON_SERVER") told.engine = "triton";
        told.unread.push_back(fmt::format("Seldon's server {}", *server));
        pod.neverRewrite = fmt::format("{} may ask for a GPU of its own, and both would be asked for: change the request by hand", told.unread.front());
      }
      if (!told.model.empty() || !told.unread.empty()) container.invocation.told = {told};
    }
  }
}

constexpr PodPlace kServer[] = {{"/spec/podSpec", "", "/spec/maxReplicas|/spec/replicas"}};

void completeServer(const Part& object, std::vector<PodTemplate>& templates) {
  const auto config = object.object("spec").string("serverConfig").value_or("");
  for (PodTemplate& pod : templates) {
    pod.neverRewrite = fmt::format("ServerConfig {} may ask for a GPU of its own: change the request by hand", config);
    for (Container& container : pod.containers) {
      Told told;
      told.from = "spec.serverConfig";
      told.unread.push_back(fmt::format("ServerConfig {}", config));
      container.invocation.told = {told};
    }
  }
}

constexpr Kind kRows[] = {
    {.group = "machinelearning.seldon.io", .kind = "SeldonDeployment", .places = kComponents, .complete = completeDeployment,
     .holds = Holds::Part, .version = "v1 v1alpha3 v1alpha2", .plural = "seldondeployments", .custom = true,
     .model = "`modelUri` of the graph's node with the container's name, the containers themselves",
     .unread = "prepackaged servers (`implementation`): their image, flags and requests",
     .controller = "system:serviceaccount:seldon-system:seldon-manager",
     .source = "SeldonIO/seldon-core operator/apis/machinelearning.seldon.io/v1/seldondeployment_types.go"},
    {.group = "mlops.seldon.io", .kind = "Server", .places = kServer, .complete = completeServer, .holds = Holds::Part, .version = "v1alpha1",
     .plural = "servers", .custom = true, .unread = "the ServerConfig, and the Models that are placed on it",
     .controller = "system:serviceaccount:seldon-mesh:v2-controller-manager",
     .source = "SeldonIO/seldon-core operator/apis/mlops/v1alpha1/server_types.go"},
};

}  // namespace

std::span<const Kind> seldon() { return kRows; }

}  // namespace rightslice::workload::rows
