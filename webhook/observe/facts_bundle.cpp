#include "observe/facts_bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.hpp"
#include "base/date.hpp"
#include "json/writer.hpp"
#include "model/engine.hpp"
#include "observe/measured_facts.hpp"

namespace rightslice::observe {
namespace {

using json::Writer;
using model::Confidence;

// Facts that a reader expects of every workload; one that is not there is an error of the bundle.
constexpr std::string_view kRequired[] = {"runtime.engineType", "hardware.gpuType", "hardware.gpuMemoryGB", "hardware.gpuCount", "obs.gpu.utilAvgPct",
                                          "obs.gpu.memUtilAvgPct"};
constexpr std::string_view kRequiredOfVllm[] = {"vllm.dtype", "vllm.maxModelLen", "vllm.maxNumSeqs", "vllm.tensorParallelSize"};

/// Where a value comes from.
struct Origin {
  std::string_view method;   ///< "spec.containers", "node labels"
  std::string ref;           ///< the object
  Confidence confidence = Confidence::High;
};

class Facts {
 public:
  Facts(Writer& out, const std::string& takenAt) : out_(out), takenAt_(takenAt) {}

  void add(std::string_view key, const Origin& from, const std::function<void(Writer&)>& value, std::string_view units = {}) {
    keys.insert(std::string(key));
    out_.key(key).beginObject().key("value");
    value(out_);
    out_.key("source").beginObject().member("type", "k8s_api").member("method", from.method).member("ref", std::string_view(from.ref)).endObject();
    out_.member("dataConfidence", model::name(from.confidence)).member("observedAt", std::string_view(takenAt_));
    if (!units.empty()) out_.member("units", units);
    out_.member("stalenessSec", std::int64_t{0}).endObject();   // of the look itself, at observedAt
  }
  void measured(const MeasuredFact& fact) {
    keys.insert(std::string(fact.key));
    out_.key(fact.key).beginObject().key("value").number(fact.value);
    out_.key("source").beginObject().member("type", fact.type).member("method", std::string_view(fact.method)).member("ref", std::string_view(fact.ref)).endObject();
    out_.member("dataConfidence", model::name(fact.confidence)).member("observedAt", std::string_view(fact.at)).member("units", fact.units);
    out_.member("stalenessSec", fact.stalenessSec).endObject();
  }
  void text(std::string_view key, const Origin& from, const std::string& value) {
    if (!value.empty()) add(key, from, [&](Writer& out) { out.string(value); });
  }
  template <class T>
  void text(std::string_view key, const Origin& from, const std::optional<T>& value) {
    if (value) text(key, from, *value);
  }
  void number(std::string_view key, const Origin& from, std::int64_t value, std::string_view units = {}) {
    add(key, from, [&](Writer& out) { out.integer(value); }, units);
  }
  void number(std::string_view key, const Origin& from, const std::optional<std::int64_t>& value) {
    if (value) number(key, from, *value);
  }

  std::set<std::string, std::less<>> keys;

 private:
  Writer& out_;
  const std::string& takenAt_;
};

struct Missing {
  std::string workload, fact, message;
};

class Bundle {
 public:
  Bundle(const Snapshot& snapshot, const Observation& seen, const std::function<void(std::string_view)>& sink)
      : snapshot_(snapshot), seen_(seen), sink_(sink), now_(secondsOfTimestamp(snapshot.takenAt)) {}

  void write(std::string_view version) {
    Writer head;
    head.beginObject().member("schemaVersion", "piqc-scan.v0.1").member("generatedAt", std::string_view(snapshot_.takenAt));
    head.key("tool").beginObject().member("name", "rightslice").member("version", version).endObject();
    head.key("cluster").beginObject().member("context", std::string_view(snapshot_.source)).endObject();
    head.key("scope").beginObject().key("namespaces").beginArray();
    for (const auto& each : snapshot_.scope) head.string(each);
    head.endArray().endObject().key("clusterFacts").beginObject();
    clusterFacts(head);
    head.endObject().key("objects").beginArray().endArray();
    std::string text = head.take();
    text.pop_back();   // of the array, which is written piece by piece
    sink_(text);
    for (Index i = 0; i < seen_.workloads.size(); ++i) piece([&](Writer& out) { workload(out, i); });
    for (Index i = 0; i < seen_.placement.boards.size(); ++i) piece([&](Writer& out) { node(out, i); });
    Writer tail;
    tail.beginArray();
    for (const Missing& each : missing_) {
      tail.beginObject().member("severity", "warning");
      if (!each.workload.empty()) tail.member("workloadId", std::string_view(each.workload));
      tail.member("fact", std::string_view(each.fact)).member("message", std::string_view(each.message)).endObject();
    }
    tail.endArray();
    sink_(first_ ? "]" : "\n]");
    sink_(",\"factErrors\":" + tail.take());
    Writer notes;
    notes.beginArray();
    for (const auto* each : snapshot_.coverage.unread()) {
      const std::string where = each->ns.empty() ? each->resource : each->resource + " of namespace " + each->ns;
      notes.string(fmt::format("{} not read ({}): unknown is {}", where, name(each->state), unknownWithout(each->resource)));
    }
    notes.endArray();
    sink_(",\"notes\":" + notes.take() + "}\n");
  }

 private:
  void piece(const std::function<void(Writer&)>& write) {
    Writer out;
    write(out);
    sink_(first_ ? "\n" : ",\n");
    sink_(out.text());
    first_ = false;
  }

  void clusterFacts(Writer& out) {
    Facts facts(out, snapshot_.takenAt);
    if (!snapshot_.nodes) {
      missing_.push_back({"", "cluster.totalFreeGpus", "nodes were not read"});
      return;
    }
    if (!snapshot_.heldKnown) {
      missing_.push_back({"", "cluster.totalFreeGpus", "what is held on nodes was not read"});
      return;
    }
    std::int64_t free = 0, largest = 0;
    for (const Board& board : seen_.placement.boards)
      for (const SliceUse& each : board.slices) {
        if (!each.profile.empty() || each.resource != "nvidia.com/gpu" || board.geometry.shares > 1) continue;
        free += each.free();
        largest = std::max(largest, each.free());
      }
    const Origin from{"nodes and pods", "allocatable less held, whole GPUs"};
    facts.number("cluster.totalFreeGpus", from, free);
    facts.number("cluster.largestContiguousBlock", from, largest);
  }

  void workload(Writer& out, Index index) {
    const WorkloadState& state = seen_.workloads[index];
    const Deployed& deployed = seen_.placement.deployed[index];
    const auto& judgement = state.judgement;
    const std::string id = fmt::format("ns/{}/{}/{}", judgement.ns, judgement.kind, judgement.name);
    out.beginObject().member("workloadId", std::string_view(id)).member("kind", std::string_view(judgement.kind)).member("name", std::string_view(judgement.name));
    out.member("namespace", std::string_view(judgement.ns)).key("images").beginArray();
    std::set<std::string> images;
    for (const Index pod : deployed.pods)
      for (const auto& each : snapshot_.pods[pod].containers) images.insert(each.image);
    for (const auto& each : images) out.string(each);
    out.endArray().key("pods").beginArray();
    for (const Index pod : deployed.pods) out.string(snapshot_.pods[pod].name);
    out.endArray().key("facts").beginObject();
    Facts facts(out, snapshot_.takenAt);
    const std::string ref = fmt::format("{}/{}/{}", judgement.kind, judgement.ns, judgement.name);
    for (const auto& each : judgement.containers) {
      if (!each.requested) continue;
      container(facts, each, ref);
      hardware(facts, *each.requested, index, ref);
      for (const auto& fact : measuredFacts(snapshot_, deployed.pods, each.name, each.engine)) facts.measured(fact);
      break;   // the shape has one model for each workload
    }
    kubernetes(facts, index, ref);
    out.endObject().endObject();
    const auto require = [&](std::string_view key) {
      if (facts.keys.contains(key)) return;
      const std::string_view measured = snapshot_.measured ? "insufficient data: metrics say nothing of it" : "no metrics were read";
      missing_.push_back({id, std::string(key), std::string(key.starts_with("obs.") ? measured : "not written in the object, or not known")});
    };
    for (const std::string_view key : kRequired) require(key);
    const bool vllm = std::any_of(judgement.containers.begin(), judgement.containers.end(), [](const auto& each) { return each.requested && each.engine == "vllm"; });
    if (vllm)
      for (const std::string_view key : kRequiredOfVllm) require(key);
    if (state.scaling.state == Scaling::State::Unknown) missing_.push_back({id, "autoscaling.enabled", "autoscalers were not read"});
  }

  static void container(Facts& facts, const policy::ContainerJudgement& container, const std::string& ref) {
    const Origin written{"command, args and env", ref}, recognised{"command, args, env and image", ref, Confidence::Medium};
    facts.text("runtime.engineType", recognised, container.engine);
    facts.text("model.name", recognised, container.model);
    if (!container.settings) return;
    const auto& settings = *container.settings;
    facts.text("runtime.dtype", written, settings.dtype);
    facts.text("model.quantization", written, settings.quantization);
    facts.number("runtime.tensorParallel", written, settings.tensorParallelSize);
    facts.number("model.maxModelLen", written, settings.maxModelLen);
    if (settings.tensorParallelSize && *settings.tensorParallelSize > 1) facts.text("deployment.parallelismStrategy", written, std::string("tensor"));
    else if (settings.pipelineParallelSize && *settings.pipelineParallelSize > 1) facts.text("deployment.parallelismStrategy", written, std::string("pipeline"));
    if (container.engine != "vllm") return;
    facts.text("vllm.dtype", written, settings.dtype);
    facts.number("vllm.maxModelLen", written, settings.maxModelLen);
    facts.number("vllm.maxNumSeqs", written, settings.maxNumSeqs);
    facts.number("vllm.tensorParallelSize", written, settings.tensorParallelSize);
    facts.number("vllm.pipelineParallelSize", written, settings.pipelineParallelSize);
    if (settings.memoryFraction) facts.add("vllm.gpuMemoryUtilization", written, [&](Writer& out) { out.number(*settings.memoryFraction); });
  }

  void hardware(Facts& facts, const policy::Requested& asked, Index index, const std::string& ref) const {
    std::set<std::string> products, nodes;
    for (const Board& board : seen_.placement.boards)
      for (const Hold& each : board.holds) {
        if (each.deployed != index) continue;
        nodes.insert((*snapshot_.nodes)[board.node].facts.name);
        products.insert(board.geometry.product != nullptr ? board.geometry.product->label() : board.geometry.productName);
      }
    if (products.size() == 1 && !products.begin()->empty()) facts.text("hardware.gpuType", {"node labels", "node " + *nodes.begin()}, *products.begin());
    else if (products.empty() && asked.gpus.size() == 1) facts.text("hardware.gpuType", {"node selection and policy", ref, Confidence::Medium}, asked.gpus.front());
    // What one device that is asked for holds: of a slice, not of its GPU.
    if (asked.usable)
      facts.add("hardware.gpuMemoryGB", {"GPU catalogue", asked.resource},
                [&](Writer& out) { out.number(static_cast<double>(*asked.usable * 100 / kGiB) / 100); }, "GiB");
    facts.number("hardware.gpuCount", {"resources.limits", ref}, asked.count);
    facts.text("hardware.resource", {"resources.limits", ref}, asked.resource);
    facts.text("hardware.migProfile", {"resources.limits", ref}, asked.profile);
    if (!nodes.empty()) facts.number("placement.nodeCount", {"spec.nodeName of pods", ref}, static_cast<std::int64_t>(nodes.size()));
  }

  void kubernetes(Facts& facts, Index index, const std::string& ref) const {
    const WorkloadState& state = seen_.workloads[index];
    const Deployed& deployed = seen_.placement.deployed[index];
    if (state.replicas) facts.number("k8s.replicas", {"spec", ref}, *state.replicas);
    if (deployed.object) {
      const auto since = secondsOfTimestamp(snapshot_.objects[*deployed.object].created);
      if (since && now_ && *now_ >= *since) facts.number("k8s.ageHours", {"metadata.creationTimestamp", ref}, (*now_ - *since) / 3600, "h");
    }
    if (state.scaling.state != Scaling::State::Unknown)
      facts.add("autoscaling.enabled", {"autoscalers", state.scaling.by.empty() ? "none names " + ref : state.scaling.by},
                [&](Writer& out) { out.boolean(state.scaling.state == Scaling::State::Scaled); });
    std::int64_t pending = 0;
    std::optional<std::int64_t> longest;
    for (const Hold& each : seen_.placement.waiting) {
      if (each.deployed != index) continue;
      pending += each.count;
      const auto since = secondsOfTimestamp(snapshot_.pods[each.pod].unschedulableSince);
      if (since && now_ && *now_ >= *since) longest = std::max(longest.value_or(0), (*now_ - *since) / 60);
    }
    if (pending > 0) facts.number("job.pendingGpuCount", {"pods without a node", ref}, pending);
    if (longest) facts.number("job.pendingSinceMinutes", {"condition PodScheduled", ref}, *longest, "min");
  }

  void node(Writer& out, Index index) {
    const Board& board = seen_.placement.boards[index];
    const Node& node = (*snapshot_.nodes)[board.node];
    const std::string id = "ns/gpu-pool/node/" + node.facts.name;
    out.beginObject().member("workloadId", std::string_view(id)).member("kind", "node").member("name", std::string_view(node.facts.name)).member("namespace", "gpu-pool");
    out.key("images").beginArray().endArray().key("pods").beginArray().endArray().key("facts").beginObject();
    Facts facts(out, snapshot_.takenAt);
    const std::string ref = "node " + node.facts.name;
    const auto& geometry = board.geometry;
    facts.text("hardware.gpuType", {"node labels", ref}, geometry.product != nullptr ? geometry.product->label() : geometry.productName);
    facts.number("hardware.gpuCount", {"node labels", ref}, geometry.gpus);
    std::int64_t asked = 0, free = 0;
    bool known = geometry.sharing.empty() && geometry.shares == 1;
    for (const SliceUse& each : board.slices) {
      asked += each.asked.value_or(0);
      free += each.free();
      known = known && each.asked.has_value();
    }
    if (known) facts.number("node.allocatedGpuCount", {"pods on the node", ref}, asked, "devices");
    if (known) facts.number("node.unallocatedGpuCount", {"allocatable less held", ref}, free, "devices");
    out.endObject().endObject();
    for (const std::string_view key : {"hardware.gpuType", "hardware.gpuCount", "node.allocatedGpuCount"})
      if (!facts.keys.contains(key)) missing_.push_back({id, std::string(key), "not known"});
  }

  const Snapshot& snapshot_;
  const Observation& seen_;
  const std::function<void(std::string_view)>& sink_;
  const std::optional<std::int64_t> now_;
  std::vector<Missing> missing_;
  bool first_ = true;
};

}  // namespace

void writeFactsBundle(const Snapshot& snapshot, const Observation& seen, std::string_view version, const std::function<void(std::string_view)>& sink) {
  Bundle(snapshot, seen, sink).write(version);
}

}  // namespace rightslice::observe
