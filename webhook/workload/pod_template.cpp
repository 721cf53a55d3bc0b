#include "workload/pod_template.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "gpu/resource_name.hpp"
#include "json/pointer.hpp"
#include "workload/download.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload {
namespace {

/// Takes "/spec" off the front of "/spec/replicatedJobs/*" and gives what stands behind the slash, still escaped; nothing at the end.
std::optional<std::string_view> nextToken(std::string_view& pattern) {
  if (pattern.empty()) return std::nullopt;
  const std::size_t end = std::min(pattern.find('/', 1), pattern.size());
  const std::string_view token = pattern.substr(1, end - 1);
  pattern.remove_prefix(end);
  return token;
}

Part memberAt(const Part& object, std::string_view token) {
  if (token.find('~') == std::string_view::npos) return object.member(token);
  const auto tokens = json::pointerTokens("/" + std::string(token));
  return object.member(tokens ? std::string_view(tokens->front()) : token);
}

/// Takes the text up to the separator off the front.
std::string_view cut(std::string_view& rest, std::string_view separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view first = rest.substr(0, end);
  rest.remove_prefix(std::min(end + separator.size(), rest.size()));
  return first;
}

constexpr std::string_view kScaled = "/spec/replicas";  // specReplicasPath of kinds with the subresource scale, but where readers know better

/// By the grammar of PodPlace::replicas.
void readReplicas(const Part& object, std::string_view factors, const std::vector<std::string>& stars, PodTemplate& out) {
  bool scaled = false;
  std::int64_t others = 1;
  while (!factors.empty()) {
    std::string_view factor = cut(factors, " ");
    std::string_view alternatives = cut(factor, "<=");
    std::string_view chosen;
    std::optional<std::int64_t> count;
    while (!count && !alternatives.empty()) {
      chosen = cut(alternatives, "|");
      count = partAt(object, fillIn(chosen, stars)).asCount();
    }
    const auto most = factor.empty() ? std::nullopt : partAt(object, fillIn(factor, stars)).asCount();
    const std::int64_t number = std::min(count.value_or(1), most.value_or(count.value_or(1)));
    out.replicas = timesBytes(out.replicas, number);
    if (chosen == kScaled) scaled = true;
    else others = timesBytes(others, number);
  }
  out.podsPerReplica = scaled ? others : 0;
}

/// Labels that operators give to the pods of a group, so that it is known also where the group's own object is not at hand.
/// kubernetes-sigs/lws api/leaderworkerset/v1 (GroupIndexLabelKey), volcano-sh/apis batch/v1alpha1/labels.go, kubernetes-sigs/jobset
/// api/jobset/v1alpha2 (JobSetNameKey), ray-project/kuberay utils/constant.go.
constexpr std::string_view kGroupLabels[] = {"leaderworkerset.sigs.k8s.io/name", "volcano.sh/job-name", "jobset.sigs.k8s.io/jobset-name",
                                             "ray.io/cluster"};

std::string sharingSystemOf(const StringPairs& annotations, const StringPairs& labels) {
  std::string_view system;
  for (const StringPairs* pairs : {&annotations, &labels}) {
    for (const auto& [key, value] : *pairs) {
      if (gpu::isSharingAnnotation(key, &system)) return std::string(system);
    }
  }
  return {};
}

void readInitContainers(const Part& podSpec, const HostPaths& volumes, std::vector<Container>& out) {
  for (const Part& each : podSpec.objects("initContainers")) {
    Container container = readContainer(each, volumes);
    container.sidecar = each.string("restartPolicy").value_or("") == "Always";
    container.init = !container.sidecar;
    out.push_back(std::move(container));
  }
}

}  // namespace

const std::string* PodTemplate::annotation(std::string_view key) const { return findIn(annotations, key); }

Part partAt(const Part& root, std::string_view pointer) {
  Part at = root;
  while (const auto token = nextToken(pointer)) at = at.view().isArray() ? at.element(*token) : memberAt(at.asObject(), *token);
  return at;
}

HostPaths readHostPaths(const Part& podSpec) {
  HostPaths volumes;
  for (const Part& volume : podSpec.objects("volumes")) {
    if (const auto path = volume.object("hostPath").string("path"))
      volumes.insert_or_assign(std::string(volume.string("name").value_or("")), std::string(*path));
  }
  return volumes;
}

PodTemplate readPodFrame(const Part& podSpec, const Part& metadata) {
  PodTemplate out;
  out.pointer = podSpec.pointer();
  out.metadataExists = metadata.exists();
  out.annotationsExist = metadata.member("annotations").view().isObject();
  out.annotations = metadata.stringMap("annotations");
  const StringPairs labels = metadata.stringMap("labels");
  out.sharingSystem = sharingSystemOf(out.annotations, labels);
  out.multiPodGroup = std::any_of(std::begin(kGroupLabels), std::end(kGroupLabels),
                                  [&](std::string_view label) { return findIn(labels, label) != nullptr; });
  for (const auto& [name, path] : readHostPaths(podSpec)) out.hostPaths.push_back(path);
  out.nodes = readNodeSelection(podSpec);
  out.nvidiaRuntimeClass = podSpec.string("runtimeClassName").value_or("").find("nvidia") != std::string_view::npos;
  for (const Part& claim : podSpec.objects("resourceClaims")) {
    const auto text = [&](std::string_view key) { return std::string(claim.string(key).value_or("")); };
    out.claims.push_back({text("name"), text("resourceClaimTemplateName"), text("resourceClaimName")});
  }
  return out;
}

PodTemplate readPodTemplate(const Part& podSpec, const Part& metadata) {
  PodTemplate out = readPodFrame(podSpec, metadata);
  const HostPaths volumes = readHostPaths(podSpec);
  for (const Part& each : podSpec.objects("containers")) out.containers.push_back(readContainer(each, volumes));
  readInitContainers(podSpec, volumes, out.containers);
  attachDownloads(out);
  return out;
}

std::vector<Place> placesOf(const Part& root, std::string_view pattern) {
  std::vector<Place> places{{root, {}}};
  while (const auto token = nextToken(pattern)) {
    if (token != "*") {
      for (Place& place : places) place.part = memberAt(place.part.asObject(), *token);
      continue;
    }
    std::vector<Place> next;
    for (const Place& place : places) {
      if (place.part.exists() && !place.part.view().isArray() && !place.part.view().isObject()) place.part.report("an array");
      for (const Part& child : place.part.children()) {
        std::vector<std::string> stars = place.stars;
        stars.push_back(child.token());
        next.push_back({child, std::move(stars)});
      }
    }
    places = std::move(next);
  }
  std::erase_if(places, [](const Place& place) { return !place.part.asObject().exists(); });
  return places;
}

std::string fillIn(std::string_view pattern, const std::vector<std::string>& stars) {
  if (stars.empty()) return std::string(pattern);
  std::string out;
  std::size_t next = 0;
  while (const auto token = nextToken(pattern)) {
    out += '/';
    out += token == "*" && next < stars.size() ? std::string_view(stars[next++]) : *token;
  }
  return out;
}

std::vector<PodTemplate> readTemplates(const Part& object, const Kind& kind) {
  std::vector<PodTemplate> out;
  if (kind.read != nullptr) out = kind.read(object);
  for (const PodPlace& from : kind.places) {
    for (const Place& place : placesOf(object, from.podSpec)) {
      const std::string metadata = fillIn(from.metadata, place.stars);
      PodTemplate pod = readPodTemplate(place.part, (metadata.empty() ? object.absent() : partAt(object, metadata)).asObject());
      pod.metadataPointer = metadata;
      readReplicas(object, from.replicas, place.stars, pod);
      pod.replicasKnown = kind.replicasKnown;
      out.push_back(std::move(pod));
    }
  }
  for (PodTemplate& pod : out) {
    pod.multiPodGroup = pod.multiPodGroup || kind.multiPodGroup;
    pod.pattern = kind.pattern;
    if (kind.pattern) pod.replicas = 0;
    if (pod.neverRewrite.empty()) pod.neverRewrite = kind.neverRewrite;
  }
  if (kind.complete != nullptr) kind.complete(object, out);
  return out;
}

}  // namespace rightslice::workload
