#include "observe/observation_json.hpp"

#include <algorithm>

#include "admission/result_json.hpp"
#include "observe/metrics/measured_json.hpp"

namespace rightslice::observe {
namespace {

using json::Writer;

void text(Writer& out, std::string_view key, const std::string& value) {
  if (!value.empty()) out.member(key, std::string_view(value));
}

void writeCounts(Writer& out, std::string_view key, const workload::Counts& counts) {
  out.key(key).beginObject();
  for (const auto& [resource, count] : counts) out.member(resource, count);
  out.endObject();
}

void writeLabels(Writer& out, const workload::StringMap& labels) {
  out.key("labels").beginObject();
  for (const auto& [key, value] : labels) out.member(key, std::string_view(value));
  out.endObject();
}

void writeFindings(Writer& out, std::string_view key, const std::vector<Finding>& findings) {
  out.key(key).beginArray();
  for (const Finding& each : findings) writeFinding(out, each);
  out.endArray();
}

void writePod(Writer& out, const Pod& pod) {
  out.beginObject().member("name", std::string_view(pod.name));
  text(out, "node", pod.node);
  out.member("phase", std::string_view(pod.phase)).memberBool("ready", pod.ready);
  if (pod.deleting) out.memberBool("deleting", true);
  text(out, "created", pod.created);
  writeCounts(out, "holds", pod.counts);
  if (pod.asksByClaim) {
    out.key("claims").beginArray();
    for (const auto& each : pod.claims) out.string(each.object);
    out.endArray();
  }
  text(out, "unschedulable", pod.unschedulable);
  out.key("containers").beginArray();
  for (const RunningContainer& each : pod.containers) {
    out.beginObject().member("name", std::string_view(each.name)).member("image", std::string_view(each.image));
    text(out, "imageId", each.imageId);
    out.memberBool("running", each.running).member("restarts", each.restarts);
    text(out, "waiting", each.waiting);
    if (each.last) {
      out.key("ended").beginObject().member("reason", std::string_view(each.last->reason)).member("exitCode", each.last->exitCode);
      text(out, "at", each.last->finishedAt);
      out.endObject();
    }
    out.endObject();
  }
  out.endArray().endObject();
}

void writeWorkload(Writer& out, const Snapshot& snapshot, const Deployed& deployed, const WorkloadState& state) {
  admission::writeResult(out, state.judgement, {}, [&](Writer& more) {
    if (deployed.object) text(more, "uid", snapshot.objects[*deployed.object].uid);
    if (deployed.owner)
      more.key("owner").beginObject().member("kind", std::string_view(deployed.owner->kind)).member("name", std::string_view(deployed.owner->name)).endObject();
    if (!deployed.object) more.memberBool("byItsPods", true);
    if (state.replicas) more.member("replicas", *state.replicas);
    if (state.missing > 0) more.member("missing", state.missing);
    more.key("scaling").beginObject().member("state", name(state.scaling.state));
    if (state.scaling.state == Scaling::State::Scaled) more.member("by", std::string_view(state.scaling.by)).member("maxReplicas", state.scaling.most);
    more.endObject();
    more.key("pods").beginArray();
    for (const Index each : deployed.pods) writePod(more, snapshot.pods[each]);
    more.endArray();
    writeFindings(more, "observed", state.findings);
    if (snapshot.measured) {
      more.key("measured").beginArray();
      for (const Index each : deployed.pods)
        for (const auto& container : metrics::measuredOf(*snapshot.measured, each)) metrics::writeMeasured(more, container, snapshot.pods[each].name);
      more.endArray();
    }
  });
}

void writeDevices(Writer& out, const std::vector<workload::DeviceSort>& devices) {
  out.key("devices").beginArray();
  for (const auto& each : devices) {
    out.beginObject().member("type", std::string_view(each.type)).member("product", std::string_view(each.product));
    text(out, "profile", each.profile);
    if (each.memory > 0) out.member("memory", each.memory);
    out.member("count", each.count).endObject();
  }
  out.endArray();
}

/// Under the strict names of a file of surroundings first, then what else is known.
void writeNode(Writer& out, const Node& node, const Board& board, const std::vector<Finding>& findings, const Snapshot& snapshot, const Placement& placement) {
  out.beginObject().member("name", std::string_view(node.facts.name));
  writeLabels(out, node.facts.labels);
  writeCounts(out, "allocatable", node.facts.allocatable);
  if (node.facts.requestedKnown) writeCounts(out, "requested", node.facts.requested);
  if (node.facts.devices) writeDevices(out, *node.facts.devices);
  const Geometry& geometry = board.geometry;
  if (geometry.product != nullptr) out.member("product", std::string_view(geometry.product->label()));
  if (geometry.gpus) out.member("gpus", *geometry.gpus);
  text(out, "strategy", geometry.strategy);
  text(out, "config", geometry.config);
  text(out, "configState", geometry.configState);
  text(out, "sharing", geometry.sharing);
  if (geometry.shares > 1) out.member("shares", geometry.shares);
  out.memberBool("ready", node.ready).memberBool("cordoned", node.cordoned);
  out.key("taints").beginArray();
  for (const auto& each : node.taints) out.string(each);
  out.endArray();
  out.key("slices").beginArray();
  for (const SliceUse& each : board.slices) {
    out.beginObject().member("resource", std::string_view(each.resource));
    text(out, "profile", each.profile);
    out.member("capacity", each.capacity).member("offered", each.offered);
    if (each.asked) out.member("asked", *each.asked).member("free", each.free());
    out.member("running", each.running).endObject();
  }
  out.endArray().key("holds").beginArray();
  for (const Hold& each : board.holds) {
    const Pod& pod = snapshot.pods[each.pod];
    const Deployed& deployed = placement.deployed[each.deployed];
    out.beginObject().member("namespace", std::string_view(pod.ns)).member("pod", std::string_view(pod.name));
    if (deployed.object) {
      const Object& object = snapshot.objects[*deployed.object];
      out.member("kind", std::string_view(object.kind)).member("name", std::string_view(object.name));
    }
    out.member("container", std::string_view(each.container)).member("resource", std::string_view(each.resource));
    text(out, "profile", each.profile);
    out.member("count", each.count).memberBool("running", each.running).endObject();
  }
  out.endArray();
  writeFindings(out, "findings", findings);
  out.endObject();
}

void writeCoverage(Writer& out, const Coverage& coverage) {
  out.beginArray();
  for (const Seen& each : coverage.entries()) {
    out.beginObject().member("resource", std::string_view(each.resource));
    text(out, "namespace", each.ns);
    out.member("state", name(each.state));
    if (each.state == Seen::State::Read) out.member("objects", each.objects);
    text(out, "reason", each.reason);
    if (!each.known()) out.member("unknown", unknownWithout(each.resource));
    out.endObject();
  }
  out.endArray();
}

void writeHead(Writer& out, const Snapshot& snapshot, const Totals& totals) {
  out.beginObject().member("source", std::string_view(snapshot.source)).member("takenAt", std::string_view(snapshot.takenAt));
  if (!snapshot.selector.empty()) out.member("selector", std::string_view(snapshot.selector));
  if (!snapshot.scope.empty()) {
    out.key("namespaces").beginArray();
    for (const auto& each : snapshot.scope) out.string(each);
    out.endArray();
  }
  out.member("workloads", totals.workloads).member("pods", totals.pods);
  if (snapshot.nodes) out.member("nodes", totals.nodes).member("gpus", totals.gpus);
  if (totals.gpusUnknown > 0) out.member("nodesWithUnknownGpus", totals.gpusUnknown);
  out.key("findings").beginObject();
  for (const auto& [code, count] : totals.findings) out.member(name(code), count);
  out.endObject().endObject();
}

/// An array, element by element.
template <class List, class Write>
void stream(const std::function<void(std::string_view)>& sink, const List& list, const Write& write) {
  bool first = true;
  sink("[");
  for (const auto& each : list) {
    Writer out;
    write(out, each);
    sink(first ? "\n" : ",\n");
    sink(out.text());
    first = false;
  }
  sink(first ? "]" : "\n]");
}

}  // namespace

void writeFinding(Writer& out, const Finding& finding) {
  out.beginObject().member("code", name(finding.code)).member("action", "warn");
  text(out, "aspect", finding.aspect);
  text(out, "container", finding.container);
  text(out, "pod", finding.pod);
  text(out, "path", finding.path);
  out.member("message", std::string_view(finding.message)).member("confidence", model::name(finding.confidence)).member("remedy", std::string_view(finding.remedy));
  out.key("evidence").beginArray();
  for (const Evidence& each : finding.evidence) {
    out.beginObject().member("name", std::string_view(each.name)).member("value", std::string_view(each.value)).member("source", std::string_view(each.source));
    text(out, "at", each.at);
    out.endObject();
  }
  out.endArray().endObject();
}

void writeJson(const Snapshot& snapshot, const Observation& seen, const std::function<void(std::string_view)>& sink, const std::vector<Member>& further) {
  const Totals totals = totalsOf(snapshot, seen);
  const auto member = [&](std::string_view key, const std::function<void(Writer&)>& write) {
    Writer out;
    write(out);
    sink(",\n");
    sink(json::quoted(key));
    sink(":");
    sink(out.text());
  };
  Writer head;
  writeHead(head, snapshot, totals);
  sink("{\"scan\":");
  sink(head.text());
  sink(",\n\"results\":");
  std::vector<Index> all(seen.workloads.size());
  for (Index i = 0; i < all.size(); ++i) all[i] = i;
  stream(sink, all, [&](Writer& out, Index i) { writeWorkload(out, snapshot, seen.placement.deployed[i], seen.workloads[i]); });
  member("summary", [&](Writer& out) {
    out.beginObject().member("allowed", totals.allowed).member("warned", totals.warned).member("denied", totals.denied);
    out.member("rewritten", totals.rewritten).member("notJudged", totals.notJudged).endObject();
  });
  if (snapshot.nodes) {
    sink(",\n\"nodes\":");
    stream(sink, seen.placement.boards, [&](Writer& out, const Board& board) {
      const auto index = static_cast<Index>(&board - seen.placement.boards.data());
      writeNode(out, (*snapshot.nodes)[board.node], board, seen.nodes[index], snapshot, seen.placement);
    });
  }
  if (snapshot.namespaces) {
    sink(",\n\"namespaces\":");
    stream(sink, *snapshot.namespaces, [](Writer& out, const auto& each) {
      out.beginObject().member("name", std::string_view(each.first));
      writeLabels(out, each.second);
      out.endObject();
    });
  }
  const auto raw = [&](std::string_view key, bool known, const std::vector<std::string>& texts) {
    if (!known) return;
    sink(",\n" + json::quoted(key) + ":");
    stream(sink, texts, [](Writer& out, const std::string& each) { out.raw(each); });
  };
  raw("deviceClasses", snapshot.devices.classes.has_value(), snapshot.deviceClasses);
  raw("claimTemplates", snapshot.devices.templates.has_value(), snapshot.claimTemplates);
  raw("claims", snapshot.devices.claims.has_value(), snapshot.claims);
  for (const Member& each : further) {
    sink(",\n" + json::quoted(each.key) + ":");
    sink(each.json);
  }
  if (snapshot.measured) member("metrics", [&](Writer& out) { metrics::writeSources(out, *snapshot.measured); });
  member("coverage", [&](Writer& out) { writeCoverage(out, snapshot.coverage); });
  sink("}\n");
}

}  // namespace rightslice::observe
