#include "cli/plan_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "json/utf8.hpp"

namespace rightslice::cli {
namespace {

using namespace observe::plan;
using observe::Index;
using observe::Observation;
using observe::Snapshot;

std::string plain(std::string_view text) { return json::printable(text); }

std::string money(std::int64_t cents) { return fmt::format("{}.{:02}", cents / 100, cents % 100); }

std::string fewestText(const PoolTarget& pool) {
  return pool.needed == pool.atLeast ? std::to_string(pool.needed) : fmt::format("{} (at least {})", pool.needed, pool.atLeast);
}

/// "2 x 7 1g.10gb, 1 x whole".
std::string cutsText(const std::vector<Cut>& cuts) {
  std::string out;
  for (std::size_t from = 0; from < cuts.size();) {
    std::size_t to = from;
    while (to < cuts.size() && cuts[to] == cuts[from]) ++to;
    out += fmt::format("{}{} x [{}]", out.empty() ? "" : " ", to - from, text(cuts[from]));
    from = to;
  }
  return out;
}

class Text {
 public:
  Text(const Snapshot& snapshot, const Observation& seen, const Plan& plan, const Worth& worth, const Style& style, const Print& print)
      : snapshot_(snapshot), seen_(seen), plan_(plan), worth_(worth), style_(style), print_(print) {}

  void run() {
    print_(fmt::format("{} at {}\n", plain(snapshot_.source), snapshot_.takenAt));
    advice();
    if (!snapshot_.nodes) {
      print_("\nnodes unknown: how GPUs should be cut cannot be told\n");
      return;
    }
    pools();
    worth();
    cuts();
    steps();
    unplaced();
  }

 private:
  void title(std::string_view text) { print_("\n" + style_.paint(Colour::Bold, text) + "\n"); }
  void line(const std::string& text, std::string_view indent = "    ", std::string_view next = "    ") { print_(wrap(plain(text), style_.width, indent, next)); }

  void advice() {
    if (plan_.advice.empty()) return;
    title("other slices and flags");
    for (const Advice& each : plan_.advice) {
      print_(fmt::format("\n{}\n", style_.paint(Colour::Bold, plain(workloadTitle(seen_, each.deployed)))));
      for (std::size_t i = 0; i < each.changes.size(); ++i) {
        change(each.changes[i]);
        if (each.manifest) manifest(*each.manifest, each.manifest->changes[i]);
      }
      if (!each.managedBy.empty())
        line(fmt::format("change it in what makes it, {}: what is changed here is taken back with its next rollout", each.managedBy), "    where: ",
             "           ");
      // One line, so that it can be copied.
      if (!each.command.empty()) print_("    " + plain(each.command) + "\n");
      if (!each.command.empty() && !each.afterwards.empty()) line(each.afterwards, "    then: ", "          ");
    }
  }

  void change(const Change& one) {
    std::string text = fmt::format("container {}: ", one.container);
    if (one.toCount) text += fmt::format("{} x {} -> {} x {}", one.fromCount, one.from, *one.toCount, one.to);
    else if (!one.toProfile.empty()) text += fmt::format("{} -> {} of {}", one.from, one.to, one.toProfile);
    else if (!one.to.empty()) text += fmt::format("{} -> {}", one.from, one.to);
    if (!one.flags.empty()) text += fmt::format("{}{}", one.to.empty() ? "" : ", ", model::flagsText(one.flags));
    line(text);
    line(fmt::format("{}; {} confidence", one.why, model::name(one.confidence)), "    why: ", "         ");
    if (one.cost && one.cost->recommendedCents)
      line(fmt::format("{} {} -> {} a month for each pod at list prices{}; nothing is saved until the rest of the GPU is used", one.cost->currency,
                       money(one.cost->requestedCents), money(*one.cost->recommendedCents),
                       one.cost->defaultBook ? fmt::format(" (defaults of {})", one.cost->bookDate) : ""),
           "    cost: ", "          ");
    if (!one.obstacle.empty()) line(one.obstacle, "    by hand: ", "             ");
  }

  void manifest(const Manifest& manifest, const Manifest::Outcome& outcome) {
    const std::string where = manifest.file.empty() ? "" : fmt::format("{}:{}: ", manifest.file, manifest.line);
    const std::string what = outcome.state == Manifest::State::Changed   ? "-o patch shows the change, --write writes it"
                             : outcome.state == Manifest::State::Written ? "written"
                                                                         : outcome.why;
    line(fmt::format("{}{}{}", where, manifestStateText(outcome.state), what), "    in Git: ", "            ");
  }

  void pools() {
    std::vector<std::vector<std::string>> rows{{"product", "nodes", "gpus", "fewest as asked", "fewest as planned"}};
    for (std::size_t i = 0; i < plan_.fleet.pools.size(); ++i) {
      const Pool& pool = plan_.fleet.pools[i];
      std::string nodes = plan_.fleet.nodes[pool.nodes.front()].name;
      if (pool.nodes.size() > 1) nodes += fmt::format(" and {} more", pool.nodes.size() - 1);
      rows.push_back({plain(pool.cutting.product().label()), plain(nodes), std::to_string(pool.gpus), fewestText(plan_.asAsked[i]),
                      fewestText(plan_.target.pools[i])});
    }
    title("GPUs that hold what is needed");
    if (rows.size() > 1) print_(table(rows, {2}));
    for (std::size_t i = 0; i < plan_.fleet.pools.size(); ++i)
      if (!plan_.target.pools[i].impossible.empty())
        line(fmt::format("{} with {} stay as they are: {}", plan_.fleet.pools[i].cutting.product().label(),
                         plan_.fleet.nodes[plan_.fleet.pools[i].nodes.front()].name, plan_.target.pools[i].impossible));
    for (const FleetNode& each : plan_.fleet.nodes)
      if (!each.left.empty()) line(fmt::format("node {} is not planned for: {}", each.name, each.left));
  }

  void worth() {
    const bool smaller = plan_.recommended && worth_.listCents > 0;
    if (!worth_.anyPrice || (!smaller && worth_.spareGpus == 0)) return;
    const std::string date = worth_.bookDate.empty() ? "" : " of " + worth_.bookDate;
    title(fmt::format("What that is worth, in {} for a month of 730 hours, at {}prices{}", worth_.currency, worth_.defaultBook ? "list " : "", date));
    if (smaller) {
      const std::string known = worth_.realisableKnown ? "" : ", as far as it is known";
      line(fmt::format("smaller slices save {} of {} by list; once all of this is done {} of it comes free for use{} (node by node, as scan says: {})",
                       money(worth_.listCents), money(worth_.spendCents), money(worth_.realisableCents), known, money(worth_.byNodeCents)),
           "", "  ");
    }
    if (worth_.spareGpus == 0) return;
    std::string text = fmt::format("{} of {} are spent on {} GPU{} not needed then", money(worth_.spareCents), money(worth_.spendCents), worth_.spareGpus,
                                   worth_.spareGpus == 1 ? " that is" : "s that are");
    if (worth_.spareUnpriced > 0) text += fmt::format(" ({} of them without a price)", worth_.spareUnpriced);
    if (!worth_.emptyNodes.empty()) {
      std::string names;
      for (std::size_t i = 0; i < worth_.emptyNodes.size() && i < 5; ++i) names += (i == 0 ? "" : ", ") + plan_.fleet.nodes[worth_.emptyNodes[i]].name;
      if (worth_.emptyNodes.size() > 5) names += fmt::format(" and {} more", worth_.emptyNodes.size() - 5);
      text += fmt::format("; {} of it on nodes that are empty then: {}", money(worth_.emptyCents), names);
    }
    line(text, "", "  ");
  }

  void cuts() {
    std::vector<std::vector<std::string>> rows{{"node", "now", "then", ""}};
    for (std::size_t i = 0; i < plan_.fleet.nodes.size(); ++i) {
      const NodeTarget& target = plan_.target.nodes[i];
      std::vector<Cut> now, then;
      std::int64_t spare = 0;
      for (const GpuTarget& each : target.gpus) {
        now.push_back(each.now);
        then.push_back(each.then);
        spare += each.fate == GpuTarget::Fate::Spare ? 1 : 0;
      }
      if (target.gpus.empty()) continue;
      const std::string free = spare > 0 ? fmt::format("{} not needed", spare) : "";
      rows.push_back({plain(plan_.fleet.nodes[i].name), cutsText(now), target.recut() ? cutsText(then) : "as it is", free});
    }
    if (rows.size() == 1) return;
    print_("\n" + table(rows));
    if (plan_.configs.empty()) return;
    title("for mig-parted: config.yaml of the ConfigMap that migManager.config.name of the GPU operator names");
    print_(migPartedYaml(plan_));
  }

  std::string configOf(std::size_t node) const {
    for (const MigConfig& each : plan_.configs)
      if (std::find(each.nodes.begin(), each.nodes.end(), node) != each.nodes.end()) return each.name;
    return {};
  }

  std::string names(const std::vector<std::size_t>& needs) const {
    std::string out;
    for (std::size_t i = 0; i < needs.size() && i < 5; ++i) out += (i == 0 ? "" : ", ") + needTitle(snapshot_, seen_, plan_.fleet.needs[needs[i]]);
    if (needs.size() > 5) out += fmt::format(" and {} more", needs.size() - 5);
    return out;
  }

  std::string names(const std::vector<Step::Move>& moves) const {
    std::vector<std::size_t> needs;
    for (const auto& each : moves) needs.push_back(each.need);
    return names(needs);
  }

  void moves(const std::vector<Step::Move>& moves, std::string_view what) {
    std::map<std::string, std::int64_t> to;
    for (const auto& each : moves) ++to[plan_.fleet.nodes[each.to].name];
    std::string text;
    for (const auto& [node, count] : to) text += fmt::format("{}{} on {}", text.empty() ? "" : ", ", count, node);
    if (!text.empty()) line(fmt::format("{}: {}", what, text), "   ", "   ");
  }

  void steps() {
    if (!plan_.migration.fitting.empty()) {
      print_("\n");
      line(fmt::format("there is room today for {}: it is something else that they wait for", names(plan_.migration.fitting)), "", "");
    }
    withoutGain();
    if (plan_.migration.steps.empty()) {
      print_("\nnothing is to be cut anew\n");
      return;
    }
    title("steps");
    int number = 0;
    for (const Step& each : plan_.migration.steps) {
      ++number;
      if (each.kind == Step::Kind::Change) changeStep(each, number);
      else if (each.kind == Step::Kind::Replace) replaceStep(each, number);
      else if (each.kind == Step::Kind::Recut) recutStep(each, number);
      else releaseStep(each, number);
      const char* found = each.starts.size() == 1 ? "pod that waited finds" : "pods that waited find";
      if (!each.starts.empty()) line(fmt::format("now {} {} room: {}", each.starts.size(), found, names(each.starts)), "   ", "   ");
    }
    if (!snapshot_.budgets) line("PodDisruptionBudgets were not read: a drain may wait for one", "", "");
  }

  void withoutGain() {
    if (plan_.withoutGain.empty()) return;
    std::string names;
    for (const Index each : plan_.withoutGain) names += (names.empty() ? "" : ", ") + workloadTitle(seen_, each);
    print_("\n");
    line(fmt::format("no GPU comes free by these changes, and nothing that waits finds room, so nothing is cut for them: {}", names), "", "");
  }

  std::string afterwardsOf(Index deployed) const {
    for (const Advice& each : plan_.advice)
      if (each.deployed == deployed) return each.afterwards;
    return {};
  }

  void changeStep(const Step& step, int number) {
    line(fmt::format("{}. change {} to what is recommended above", number, workloadTitle(seen_, *step.deployed)), "", "   ");
    if (const std::string more = afterwardsOf(*step.deployed); !more.empty()) {
      line(more, "   ", "   ");
      moves(step.moves, "then there is room");
    } else if (plan_.fleet.recreated.contains(*step.deployed)) {
      line("its strategy is Recreate: all of its pods stop before new ones start", "   ", "   ");
      moves(step.moves, "then there is room");
    } else {
      if (step.oldFirst) line("nothing is free beside its pods: delete the old ones, one at a time", "   ", "   ");
      moves(step.moves, step.oldFirst ? "then there is room" : "its new pods find room");
    }
    noRoomYet(step);
    if (!step.stays.empty())
      line(fmt::format("there is no room yet for new pods in place of {}, {} as before", names(step.stays),
                       step.stays.size() == 1 ? "which runs" : "which run"),
           "   ", "   ");
  }

  void replaceStep(const Step& step, int number) {
    line(fmt::format("{}. delete the pods of {} that run as before: nothing is free beside them", number, workloadTitle(seen_, *step.deployed)), "", "   ");
    moves(step.moves, "then there is room");
    noRoomYet(step);
  }

  void noRoomYet(const Step& step) {
    if (!step.stops.empty()) line(fmt::format("nothing has room yet for {}", names(step.stops)), "   ", "   ");
  }

  /// Before the commands, so that nobody pastes them without it.
  void warnOfForce(const Step& step) {
    if (!step.alone.empty())
      line(fmt::format("nothing makes these anew, and --force deletes them, as it does others of their kind without GPUs: keep their manifests first: {}",
                       names(step.alone)),
           "   ", "   ");
  }

  void drain(const Step& step, std::string_view end) {
    print_(fmt::format("   kubectl drain {} --ignore-daemonsets --delete-emptydir-data{}{}\n", plain(plan_.fleet.nodes[step.node].name),
                       step.alone.empty() ? "" : " --force", end));
  }

  void recutStep(const Step& step, int number) {
    const std::string& node = plan_.fleet.nodes[step.node].name;
    const auto pods = step.moves.size() + step.stops.size();
    if (pods == 0) line(fmt::format("{}. no pod with GPUs is on {}: cut it anew", number, node), "", "   ");
    else line(fmt::format("{}. drain {} of its {} pod{} with GPUs, and cut it anew", number, node, pods, pods == 1 ? "" : "s"), "", "   ");
    warnOfForce(step);
    // One command to the shell: what fails ends it, before a label cuts GPUs under pods that are still there.
    print_(fmt::format("   kubectl cordon {} &&\n", plain(node)));
    if (pods > 0) drain(step, " &&");
    // The state too: else it is "success" of the cut before until mig-manager has seen the label, and nobody waits.
    print_(fmt::format("   kubectl label node {} nvidia.com/mig.config={} nvidia.com/mig.config.state=pending --overwrite &&\n", plain(node), configOf(step.node)));
    print_(fmt::format("   kubectl wait --for=jsonpath='{{.metadata.labels.nvidia\\.com/mig\\.config\\.state}}'=success node/{} --timeout=30m &&\n", plain(node)));
    print_(fmt::format("   kubectl uncordon {}\n", plain(node)));
    for (const auto& each : notesOn(seen_, plan_, step.node)) line(each, "   ", "   ");
    moves(step.moves, "there is room");
    if (!step.stops.empty())
      line(fmt::format("for {} of them there is no room until later, so they stop: {}; a spare GPU would spare them that", step.stops.size(),
                       names(step.stops)),
           "   ", "   ");
    inTheWay(step);
  }

  void releaseStep(const Step& step, int number) {
    const std::string& node = plan_.fleet.nodes[step.node].name;
    line(fmt::format("{}. no GPU of {} is needed any more: drain it", number, node), "", "   ");
    warnOfForce(step);
    drain(step, "");
    moves(step.moves, "there is room");
    inTheWay(step);
  }

  void inTheWay(const Step& step) {
    for (const auto& each : step.budgets)
      line(each.allowed == 0 ? fmt::format("PodDisruptionBudget {}/{} lets none of its {} pods go now: the drain waits until it does", each.ns, each.name, each.pods)
                             : fmt::format("PodDisruptionBudget {}/{} lets {} of {} pods go at a time", each.ns, each.name, each.allowed, each.pods),
           "   ", "   ");
  }

  void unplaced() {
    if (plan_.fleet.outside.empty() && plan_.migration.left.empty()) return;
    title("not planned for");
    for (const auto& each : plan_.fleet.outside) {
      const Need& need = plan_.fleet.needs[each.need];
      line(fmt::format("{} ({}): {}", needTitle(snapshot_, seen_, need), asksText(need.wanted, need.wholeWanted), each.why));
    }
    for (const std::size_t each : plan_.migration.left)
      line(fmt::format("{}: what is free is in pieces on several nodes; move a pod that is on one of them", needTitle(snapshot_, seen_, plan_.fleet.needs[each])));
  }

  const Snapshot& snapshot_;
  const Observation& seen_;
  const Plan& plan_;
  const Worth& worth_;
  const Style& style_;
  const Print& print_;
};

}  // namespace

std::string_view manifestStateText(Manifest::State state) {
  switch (state) {
    case Manifest::State::Changed:
    case Manifest::State::Written:
    case Manifest::State::Missing: return "";
    case Manifest::State::Done: return "there already: ";
    case Manifest::State::Drift: return "Drift: ";
    case Manifest::State::ByHand: return "by hand: ";
    case Manifest::State::Ambiguous: return "ambiguous: ";
  }
  return "";
}

void writePlanText(const Snapshot& snapshot, const Observation& seen, const Plan& plan, const Worth& worth, const Style& style,
                   const Print& print) {
  Text(snapshot, seen, plan, worth, style, print).run();
}

}  // namespace rightslice::cli
