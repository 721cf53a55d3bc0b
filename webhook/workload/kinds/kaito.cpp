// KAITO: a Workspace has no spec; a template of one's own stands under inference, a preset has none. An InferenceSet makes Workspaces:
// kaito-project/kaito api/v1beta1/{workspace,inferenceset}_types.go.
#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

/// The pods of a preset, of which the operator alone has the template; a partition of the GPU is what it asks for then.
PodTemplate readPreset(const Part& body, const Part& inference, std::string_view name) {
  const Part preset = inference.object("preset"), partition = body.object("resource").object("partition");
  PodTemplate pod = readPodFrame(preset, preset.absent());
  pod.nodes = readNodeSelection(body.object("resource").object("labelSelector"), "matchLabels", body.absent());
  pod.neverRewrite = "KAITO makes the request from resource.partition.profile: change it there";
  Container container;
  container.name = name;
  container.pointer = preset.pointer();
  if (const auto profile = partition.string("profile"); profile && !profile->empty()) {
    const std::string_view bare = profile->starts_with("mig-") ? profile->substr(4) : *profile;
    setRequest(container, fmt::format("nvidia.com/mig-{}", bare), partition.member("count"), partition.pointer() + "/profile");
  }
  Told told;
  told.from = preset.pointer().substr(1) + "/name";
  std::replace(told.from.begin(), told.from.end(), '/', '.');
  told.engine = "vllm";  // but for models that vLLM does not know and the annotation kaito.sh/runtime
  told.model = preset.string("name").value_or("");
  told.adapters = !inference.objects("adapters").empty();
  told.unread.push_back(fmt::format("KAITO's preset {}", told.model));
  if (const auto config = inference.string("config"); config && !config->empty()) told.unread.push_back(fmt::format("ConfigMap {}", *config));
  container.invocation.told = {told};
  pod.containers.push_back(std::move(container));
  return pod;
}

std::vector<PodTemplate> readBody(const Part& body, std::string_view name, std::int64_t replicas) {
  std::vector<PodTemplate> out;
  const Part inference = body.object("inference");
  if (const Part own = inference.object("template").object("spec"); own.exists()) {
    out.push_back(readPodTemplate(own, inference.object("template").object("metadata")));
    out.back().metadataPointer = inference.object("template").pointer() + "/metadata";
  } else if (inference.object("preset").exists()) {
    out.push_back(readPreset(body, inference, name));
  }
  for (PodTemplate& pod : out) {
    const std::int64_t nodes = std::max<std::int64_t>(1, countAt(body, "/resource/count").value_or(1));
    pod.replicas = timesBytes(replicas, nodes);
    pod.podsPerReplica = body.pointer().empty() ? 0 : nodes;  // an InferenceSet has the subresource scale
    pod.multiPodGroup = countAt(body, "/resource/count").value_or(1) > 1;
  }
  return out;
}

std::string_view nameOf(const Part& object) { return object.object("metadata").string("name").value_or(""); }

std::vector<PodTemplate> readWorkspace(const Part& object) { return readBody(object, nameOf(object), 1); }

std::vector<PodTemplate> readInferenceSet(const Part& object) {
  const Part spec = object.object("spec");
  return readBody(spec.object("template"), nameOf(object), countAt(spec, "/replicas").value_or(1));
}

constexpr std::string_view kModel = "`inference.preset.name`, or the containers of `inference.template`";
constexpr std::string_view kUnread = "what a preset starts, on which GPUs of `resource.instanceType`, and the ConfigMap of `inference.config`";
constexpr std::string_view kController = "system:serviceaccount:kaito-workspace:kaito-workspace-sa";

constexpr Kind kRows[] = {
    {.group = "kaito.sh", .kind = "Workspace", .read = readWorkspace, .holds = Holds::Part, .version = "v1beta1 v1alpha1",
     .plural = "workspaces", .custom = true, .model = kModel, .unread = kUnread, .controller = kController,
     .source = "kaito-project/kaito api/v1beta1/workspace_types.go"},
    {.group = "kaito.sh", .kind = "InferenceSet", .read = readInferenceSet, .holds = Holds::Part, .version = "v1beta1 v1alpha1",
     .plural = "inferencesets", .custom = true, .model = kModel, .unread = kUnread, .controller = kController,
     .source = "kaito-project/kaito api/v1beta1/inferenceset_types.go"},
};

}  // namespace

std::span<const Kind> kaito() { return kRows; }

}  // namespace rightslice::workload::rows
