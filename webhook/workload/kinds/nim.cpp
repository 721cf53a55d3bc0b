// NVIDIA NIM operator: a NIMService is flat, image and resources of its one container stand under spec: NVIDIA/k8s-nim-operator
// api/apps/v1alpha1/nimservice_types.go. Its operator asks for nvidia.com/gpu of its own beside what is written (DESIGN 3.7).
#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

std::string imageOf(const Part& image) {
  const auto repository = image.string("repository").value_or(""), tag = image.string("tag").value_or("");
  return tag.empty() ? std::string(repository) : fmt::format("{}:{}", repository, tag);
}

std::vector<PodTemplate> readNimService(const Part& object) {
  const Part spec = object.object("spec");
  if (!spec.exists()) return {};
  PodTemplate pod = readPodFrame(spec, spec);
  pod.metadataPointer = spec.pointer();
  Container container = readContainer(spec, {}, imageOf(spec.object("image")));
  container.name = fmt::format("{}-ctr", object.object("metadata").string("name").value_or(""));  // GetContainerName
  for (const Part& claim : spec.objects("draResources")) {
    // The operator names them itself; here the reference serves as the name.
    const std::string made(claim.string("resourceClaimTemplateName").value_or("")), own(claim.string("resourceClaimName").value_or(""));
    const std::string name = !made.empty() ? made : own.empty() ? "of spec.draResources" : own;
    pod.claims.push_back({name, made, own});
    container.claims.push_back({name, "", claim.pointer()});
  }
  if (const auto cache = spec.object("storage").object("nimCache").string("name"); cache && !cache->empty()) {
    Told told;
    told.from = "spec.storage.nimCache";
    told.unread.push_back(fmt::format("NIMCache {}", *cache));
    container.invocation.told = {told};
  }
  const Part scale = spec.object("scale");
  pod.replicas = scale.boolean("enabled").value_or(false) ? mostReplicas(scale, "/hpa/minReplicas", "/hpa/maxReplicas")
                                                          : countAt(spec, "/replicas").value_or(1);
  if (const Part nodes = spec.object("multiNode"); nodes.exists()) {
    // Older operators have the size itself, newer ones the stages of the pipeline, one for each node.
    auto size = countAt(nodes, "/size");
    if (!size) size = countAt(nodes, "/parallelism/pipeline");
    pod.multiPodGroup = true;
    pod.replicasKnown = size.has_value();
    pod.replicas = timesBytes(pod.replicas, std::max<std::int64_t>(1, size.value_or(1)));
  }
  pod.containers.push_back(std::move(container));
  std::vector<PodTemplate> out;
  out.push_back(std::move(pod));
  return out;
}

constexpr Kind kRows[] = {
    {.group = "apps.nvidia.com", .kind = "NIMService", .read = readNimService,
     .neverRewrite = "the NIM operator adds an nvidia.com/gpu of its own to spec.resources, so that both would be asked for: change spec.resources "
                     "by hand and look at the pod, or use spec.draResources",
     .version = "v1alpha1", .plural = "nimservices", .custom = true,
     .model = "`spec.image.repository`, `spec.env` (`NIM_*`)",
     .unread = "the NIMCache of `spec.storage.nimCache`: which model and profile it holds",
     .controller = "system:serviceaccount:nim-operator:k8s-nim-operator",
     .source = "NVIDIA/k8s-nim-operator api/apps/v1alpha1/nimservice_types.go"},
};

}  // namespace

std::span<const Kind> nim() { return kRows; }

}  // namespace rightslice::workload::rows
