#include "workload/pod_template.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "gpu/resource_name.hpp"
#include "json/pointer.hpp"
#include "workload/read_pod.hpp"
#include "workload/serve_config.hpp"

namespace rightslice::workload {
namespace {

/// "spec", "replicatedJobs", "*" of "/spec/replicatedJobs/*", still escaped.
std::vector<std::string_view> tokensOf(std::string_view pattern) {
  std::vector<std::string_view> tokens;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    tokens.push_back(pattern.substr(0, end));
    pattern.remove_prefix(end);
  }
  return tokens;
}

std::string unescaped(std::string_view token) {
  const auto tokens = json::pointerTokens("/" + std::string(token));
  return tokens ? tokens->front() : std::string(token);
}

std::string_view lastToken(std::string_view pointer) { return pointer.substr(pointer.rfind('/') + 1); }

/// The value at a filled-in pointer; parents of the wrong type are reported by the part that needs them.
Part partAt(const Part& root, std::string_view pointer) {
  Part at = root;
  for (const std::string_view token : tokensOf(pointer)) {
    if (at.view().isArray()) {
      const std::vector<Part> elements = at.children();
      const auto index = json::arrayIndex(token);
      at = index && *index < elements.size() ? elements[*index] : at.absent();
    } else {
      at = at.asObject().member(unescaped(token));
    }
  }
  return at;
}

constexpr std::string_view kScaled = "/spec/replicas";  // specReplicasPath of every kind of the table that has the subresource scale

void readReplicas(const Part& object, const Kind& kind, std::string_view rest, const std::vector<std::string>& stars,
                  PodTemplate& out) {
  bool scaled = false;
  std::int64_t others = 1;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view pointer = rest.substr(0, end);
    const std::int64_t count = partAt(object, fillIn(pointer, stars)).asCount().value_or(1);
    out.replicas = timesBytes(out.replicas, count);
    if (pointer == kScaled) scaled = true;
    else others = timesBytes(others, count);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!kind.replicasAtMost.empty()) {
    const auto most = partAt(object, fillIn(kind.replicasAtMost, stars)).asCount();
    out.replicas = std::min(out.replicas, most.value_or(out.replicas));
  }
  out.replicasKnown = kind.replicasKnown;
  out.podsPerReplica = scaled ? others : 0;
}

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

PodTemplate readPodTemplate(const Part& podSpec, const Part& metadata) {
  PodTemplate out;
  out.pointer = podSpec.pointer();
  out.metadataExists = metadata.exists();
  out.annotationsExist = metadata.member("annotations").view().isObject();
  out.annotations = metadata.stringMap("annotations");
  out.sharingSystem = sharingSystemOf(out.annotations, metadata.stringMap("labels"));

  HostPaths volumes;
  for (const Part& volume : podSpec.objects("volumes")) {
    if (const auto path = volume.object("hostPath").string("path")) {
      out.hostPaths.emplace_back(*path);
      volumes.insert_or_assign(std::string(volume.string("name").value_or("")), std::string(*path));
    }
  }
  for (const Part& each : podSpec.objects("containers")) out.containers.push_back(readContainer(each, volumes));
  readInitContainers(podSpec, volumes, out.containers);

  out.nodes = readNodeSelection(podSpec);
  out.nvidiaRuntimeClass = podSpec.string("runtimeClassName").value_or("").find("nvidia") != std::string_view::npos;
  for (const Part& claim : podSpec.objects("resourceClaims")) {
    const auto text = [&](std::string_view key) { return std::string(claim.string(key).value_or("")); };
    out.claims.push_back({text("name"), text("resourceClaimTemplateName"), text("resourceClaimName")});
  }
  return out;
}

std::vector<Place> placesOf(const Part& root, std::string_view pattern) {
  std::vector<Place> places{{root, {}}};
  for (const std::string_view token : tokensOf(pattern)) {
    std::vector<Place> next;
    for (Place& place : places) {
      if (token != "*") {
        next.push_back({place.part.asObject().member(unescaped(token)), std::move(place.stars)});
        continue;
      }
      if (place.part.exists() && !place.part.view().isArray() && !place.part.view().isObject()) place.part.report("an array");
      for (Part& child : place.part.children()) {
        std::vector<std::string> stars = place.stars;
        stars.emplace_back(lastToken(child.pointer()));
        next.push_back({std::move(child), std::move(stars)});
      }
    }
    places = std::move(next);
  }
  std::erase_if(places, [](const Place& place) { return !place.part.asObject().exists(); });
  return places;
}

std::string fillIn(std::string_view pattern, const std::vector<std::string>& stars) {
  std::string out;
  std::size_t next = 0;
  for (const std::string_view token : tokensOf(pattern)) {
    out += '/';
    out += token == "*" && next < stars.size() ? std::string_view(stars[next++]) : token;
  }
  return out;
}

std::vector<PodTemplate> readTemplates(const Part& object, const Kind& kind) {
  std::vector<PodTemplate> out;
  if (kind.podSpec.empty()) return out;
  const auto read = [&](const PodPlace& from) {
    for (const Place& place : placesOf(object, from.podSpec)) {
      const std::string metadata = fillIn(from.metadata, place.stars);
      PodTemplate pod = readPodTemplate(place.part, (metadata.empty() ? object.absent() : partAt(object, metadata)).asObject());
      pod.metadataPointer = metadata;
      pod.multiPodGroup = kind.multiPodGroup;
      readReplicas(object, kind, from.replicas, place.stars, pod);
      out.push_back(std::move(pod));
    }
  };
  read({kind.podSpec, kind.metadata, kind.replicas});
  for (const PodPlace& place : kind.more) read(place);
  if (!kind.serveConfig.empty()) attachServeConfig(partAt(object, kind.serveConfig), out);
  return out;
}

}  // namespace rightslice::workload
