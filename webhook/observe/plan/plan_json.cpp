#include "json/writer.hpp"
#include "observe/plan/worth.hpp"

namespace rightslice::observe::plan {
namespace {

using json::Writer;

class Json {
 public:
  Json(const Snapshot& snapshot, const Observation& seen, const Plan& plan, const Worth& worth) : snapshot_(snapshot), seen_(seen), plan_(plan), worth_(worth) {}

  void head(Writer& out) const {
    out.beginObject().member("source", std::string_view(snapshot_.source)).member("takenAt", std::string_view(snapshot_.takenAt));
    if (!snapshot_.selector.empty()) out.member("selector", std::string_view(snapshot_.selector));
    out.memberBool("budgetsKnown", snapshot_.budgets.has_value()).memberBool("nodesKnown", snapshot_.nodes.has_value()).endObject();
  }

  void advice(Writer& out) const {
    out.beginArray();
    for (const Advice& each : plan_.advice) {
      out.beginObject();
      workload(out, each.deployed);
      if (!each.managedBy.empty()) out.member("managedBy", std::string_view(each.managedBy));
      if (plan_.withoutGain.contains(each.deployed)) out.memberBool("withoutGain", true);
      out.key("changes").beginArray();
      for (const Change& one : each.changes) change(out, one);
      out.endArray().key("patch").raw(json::patchText(each.patch));
      if (!each.command.empty()) out.member("command", std::string_view(each.command));
      if (!each.afterwards.empty()) out.member("afterwards", std::string_view(each.afterwards));
      if (each.manifest) manifest(out, each);
      out.endObject();
    }
    out.endArray();
  }

  void pools(Writer& out) const {
    out.beginArray();
    for (std::size_t i = 0; i < plan_.fleet.pools.size(); ++i) {
      const Pool& pool = plan_.fleet.pools[i];
      out.beginObject().member("product", std::string_view(pool.cutting.product().label())).member("gpus", pool.gpus).key("nodes").beginArray();
      for (const std::size_t each : pool.nodes) out.string(plan_.fleet.nodes[each].name);
      out.endArray();
      out.key("asAsked");
      fewest(out, plan_.asAsked[i]);
      out.key("planned");
      fewest(out, plan_.target.pools[i]);
      ofPool(out, worth_.pools[i]);
      out.endObject();
    }
    out.endArray();
  }

  /// Amounts stand where something has a price.
  Writer& cents(Writer& out, std::string_view key, std::int64_t value) const { return worth_.anyPrice ? out.key(key).hundredths(value) : out; }

  void ofPool(Writer& out, const PoolWorth& pool) const {
    out.key("savings").beginObject();
    if (plan_.recommended) {
      cents(out, "list", pool.listCents);
      if (pool.realisableCents) cents(out, "realisable", *pool.realisableCents);
      out.member("fewerGpus", pool.fewerGpus);
    }
    out.key("notNeeded").beginObject().member("gpus", pool.spareGpus);
    cents(out, "amount", pool.spareCents).endObject();
    if (!pool.why.empty()) out.member("why", std::string_view(pool.why));
    out.endObject();
  }

  void savings(Writer& out) const {
    out.beginObject().member("currency", std::string_view(worth_.currency)).member("per", "month").key("book").beginObject();
    if (!worth_.bookDate.empty()) out.member("date", std::string_view(worth_.bookDate));
    out.memberBool("default", worth_.defaultBook).endObject();
    cents(out, "spend", worth_.spendCents);
    if (plan_.recommended) {
      cents(out, "list", worth_.listCents);
      cents(out, "realisable", worth_.realisableCents);
      cents(out, "realisableNodeByNode", worth_.byNodeCents);
      if (!worth_.realisableKnown) out.memberBool("realisableOfAllNodes", false);
    }
    out.key("notNeeded").beginObject().member("gpus", worth_.spareGpus);
    cents(out, "amount", worth_.spareCents).member("gpusWithoutPrice", worth_.spareUnpriced).key("emptyNodes").beginArray();
    for (const std::size_t each : worth_.emptyNodes) out.string(plan_.fleet.nodes[each].name);
    cents(out.endArray(), "emptyNodesAmount", worth_.emptyCents).endObject().endObject();
  }

  void nodes(Writer& out) const {
    out.beginArray();
    for (std::size_t i = 0; i < plan_.fleet.nodes.size(); ++i) {
      out.beginObject().member("name", std::string_view(plan_.fleet.nodes[i].name));
      if (!plan_.fleet.nodes[i].left.empty()) out.member("leftBecause", std::string_view(plan_.fleet.nodes[i].left));
      out.key("gpus").beginArray();
      for (const GpuTarget& each : plan_.target.nodes[i].gpus) {
        out.beginObject().member("fate", name(each.fate)).key("now");
        cut(out, each.now);
        out.key("then");
        cut(out, each.then);
        out.endObject();
      }
      out.endArray().key("notes").beginArray();
      for (const auto& each : notesOn(seen_, plan_, i)) out.string(each);
      out.endArray().endObject();
    }
    out.endArray();
  }

  void configs(Writer& out) const {
    out.beginObject().member("version", "v1").key("mig-configs").beginObject();
    for (const MigConfig& each : plan_.configs) {
      out.key(each.name).beginArray();
      for (std::size_t i = 0; i < each.gpus.size(); ++i) {
        out.beginObject().key("devices").beginArray().integer(static_cast<std::int64_t>(i)).endArray().memberBool("mig-enabled", !each.gpus[i].whole);
        if (!each.gpus[i].whole) {
          out.key("mig-devices");
          slices(out, each.gpus[i].slices);
        }
        out.endObject();
      }
      out.endArray();
    }
    out.endObject().endObject();
  }

  void fitting(Writer& out) const { moves(out, plan_.migration.fitting); }

  void steps(Writer& out) const {
    out.beginArray();
    for (const Step& each : plan_.migration.steps) step(out, each);
    out.endArray();
  }

  void unplaced(Writer& out) const {
    out.beginArray();
    for (const auto& each : plan_.fleet.outside) {
      out.beginObject();
      need(out, plan_.fleet.needs[each.need]);
      out.member("why", std::string_view(each.why)).endObject();
    }
    for (const std::size_t each : plan_.migration.left) {
      out.beginObject();
      need(out, plan_.fleet.needs[each]);
      out.member("why", "what is free is in pieces on several nodes: move a pod that is on one of them").endObject();
    }
    out.endArray();
  }

 private:
  void workload(Writer& out, Index deployed) const {
    const auto& judgement = seen_.workloads[deployed].judgement;
    out.member("kind", std::string_view(judgement.kind)).member("namespace", std::string_view(judgement.ns)).member("name", std::string_view(judgement.name));
  }

  static void slices(Writer& out, const Slices& slices) {
    out.beginObject();
    for (const auto& [profile, count] : slices) out.member(profile, static_cast<std::int64_t>(count));
    out.endObject();
  }

  static void cut(Writer& out, const Cut& cut) {
    out.beginObject().memberBool("migEnabled", !cut.whole).key("slices");
    slices(out, cut.slices);
    out.endObject();
  }

  static void fewest(Writer& out, const PoolTarget& pool) {
    out.beginObject().member("gpus", pool.needed).member("atLeast", pool.atLeast).memberBool("proven", pool.needed == pool.atLeast);
    if (!pool.impossible.empty()) out.member("impossible", std::string_view(pool.impossible));
    out.endObject();
  }

  static void change(Writer& out, const Change& change) {
    out.beginObject().member("container", std::string_view(change.container)).member("from", std::string_view(change.from));
    if (!change.to.empty()) out.member("to", std::string_view(change.to));
    if (change.toCount) out.member("fromCount", change.fromCount).member("toCount", *change.toCount);
    if (!change.toProfile.empty()) out.member("toProfile", std::string_view(change.toProfile));
    out.key("flags").beginArray();
    for (const auto& [flag, value] : change.flags) {
      out.beginObject().member("flag", std::string_view(flag)).member("value", std::string_view(value)).endObject();
    }
    out.endArray().member("confidence", model::name(change.confidence)).member("why", std::string_view(change.why));
    if (change.cost && change.cost->recommendedCents) {
      out.key("listPricePerPod").beginObject().member("currency", std::string_view(change.cost->currency));
      out.key("now").hundredths(change.cost->requestedCents).key("then").hundredths(*change.cost->recommendedCents).endObject();
    }
    if (!change.obstacle.empty()) out.member("byHand", std::string_view(change.obstacle));
    out.endObject();
  }

  static void manifest(Writer& out, const Advice& advice) {
    const Manifest& manifest = *advice.manifest;
    out.key("manifest").beginObject();
    if (!manifest.file.empty()) {
      out.member("file", std::string_view(manifest.file)).member("document", static_cast<std::int64_t>(manifest.document));
      if (manifest.item > 0) out.member("item", static_cast<std::int64_t>(manifest.item));
      out.member("line", static_cast<std::int64_t>(manifest.line));
    }
    out.key("changes").beginArray();
    for (std::size_t i = 0; i < manifest.changes.size(); ++i) {
      out.beginObject().member("container", std::string_view(advice.changes[i].container)).member("state", name(manifest.changes[i].state));
      if (!manifest.changes[i].why.empty()) out.member("why", std::string_view(manifest.changes[i].why));
      out.endObject();
    }
    out.endArray().endObject();
  }

  void need(Writer& out, const Need& need) const {
    workload(out, need.deployed);
    if (need.pod) out.member("pod", std::string_view(snapshot_.pods[*need.pod].name));
    out.key("slices");
    slices(out, need.wanted);
    if (need.wholeWanted > 0) out.member("wholeGpus", need.wholeWanted);
  }

  void needs(Writer& out, std::string_view key, const std::vector<std::size_t>& list) const {
    out.key(key).beginArray();
    for (const std::size_t each : list) {
      out.beginObject();
      need(out, plan_.fleet.needs[each]);
      out.endObject();
    }
    out.endArray();
  }

  void moves(Writer& out, const std::vector<Step::Move>& list) const {
    out.beginArray();
    for (const auto& each : list) {
      out.beginObject();
      need(out, plan_.fleet.needs[each.need]);
      out.member("roomOn", std::string_view(plan_.fleet.nodes[each.to].name)).endObject();
    }
    out.endArray();
  }

  void step(Writer& out, const Step& step) const {
    out.beginObject().member("step", name(step.kind));
    if (step.deployed) workload(out, *step.deployed);
    if (step.kind == Step::Kind::Recut || step.kind == Step::Kind::Release) {
      out.member("node", std::string_view(plan_.fleet.nodes[step.node].name));
      for (const MigConfig& each : plan_.configs)
        for (const std::size_t node : each.nodes)
          if (node == step.node) out.member("migConfig", std::string_view(each.name));
    }
    moves(out.key("moves"), step.moves);
    needs(out, "stops", step.stops);
    needs(out, "stays", step.stays);
    if (step.oldFirst) out.memberBool("oldPodsFirst", true);
    moves(out.key("starts"), step.starts);
    needs(out, "notMadeAnew", step.alone);
    out.key("budgets").beginArray();
    for (const Blocking& each : step.budgets) {
      out.beginObject().member("namespace", std::string_view(each.ns)).member("name", std::string_view(each.name));
      out.member("allowed", each.allowed).member("pods", each.pods).endObject();
    }
    out.endArray().endObject();
  }

  const Snapshot& snapshot_;
  const Observation& seen_;
  const Plan& plan_;
  const Worth& worth_;
};

}  // namespace

void writeJson(const Snapshot& snapshot, const Observation& seen, const Plan& plan, const Worth& worth,
               const std::function<void(std::string_view)>& sink) {
  const Json json(snapshot, seen, plan, worth);
  const std::pair<std::string_view, void (Json::*)(Writer&) const> members[] = {
      {"plan", &Json::head},   {"recommendations", &Json::advice}, {"pools", &Json::pools}, {"savings", &Json::savings}, {"nodes", &Json::nodes},
      {"migParted", &Json::configs}, {"fittingToday", &Json::fitting}, {"steps", &Json::steps}, {"unplaced", &Json::unplaced}};
  bool first = true;
  for (const auto& [key, write] : members) {
    Writer out;
    (json.*write)(out);
    sink(first ? "{" : ",\n");
    sink(json::quoted(key));
    sink(":");
    sink(out.text());
    first = false;
  }
  sink("}\n");
}

}  // namespace rightslice::observe::plan
