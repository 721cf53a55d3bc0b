#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.hpp"
#include "cli/scan_report.hpp"
#include "json/utf8.hpp"
#include "observe/observation_json.hpp"

namespace rightslice::cli {
namespace {

using observe::Board;
using observe::Finding;
using observe::Index;
using observe::Observation;
using observe::Snapshot;

std::string plain(std::string_view text) { return json::printable(text); }

std::string sliceText(const observe::SliceUse& slice) {
  const std::string name = !slice.profile.empty() ? slice.profile : slice.resource == "nvidia.com/gpu" ? "whole" : slice.resource;
  return fmt::format("{} {}/{}", name, slice.asked ? std::to_string(*slice.asked) : "?", slice.offered);
}

/// Codes of findings, each once.
std::string codesOf(const std::vector<Finding>& findings, const policy::Judgement* judgement = nullptr) {
  std::vector<std::string_view> codes;
  const auto add = [&](std::string_view code) {
    if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
  };
  for (const Finding& each : findings) add(name(each.code));
  if (judgement != nullptr)
    for (const auto& each : judgement->findings)
      if (each.action != policy::Action::Allow) add(name(each.code));
  return fmt::format("{}", fmt::join(codes, ", "));
}

/// Model and slice of the containers that ask for GPUs.
struct Shown {
  std::string model, slice, need, better;
};

Shown shownOf(const policy::Judgement& judgement) {
  Shown out;
  const auto add = [](std::string& to, const std::string& text) {
    if (!text.empty()) to += (to.empty() ? "" : ", ") + text;
  };
  for (const auto& each : judgement.containers) {
    if (!each.requested) continue;
    std::string model = each.model.empty() ? each.engine : each.model;
    add(out.model, plain(model));
    const auto& asked = *each.requested;
    std::string slice = !asked.profile.empty() ? asked.profile : asked.resource == "nvidia.com/gpu" ? "whole GPU" : asked.resource;
    if (asked.count != 1) slice += fmt::format(" x {}", asked.count);
    add(out.slice, plain(slice));
    if (each.need) add(out.need, formatBytes(each.need->bytes) + (asked.usable ? " of " + formatBytes(*asked.usable) : ""));
    if (each.recommended) {
      const auto& better = *each.recommended;
      add(out.better, (better.profile.empty() ? better.resource : better.profile) + (better.count ? fmt::format(" x {}", *better.count) : ""));
    }
  }
  return out;
}

class Text {
 public:
  Text(const Snapshot& snapshot, const Observation& seen, const Style& style, const Print& print)
      : snapshot_(snapshot), seen_(seen), style_(style), print_(print), totals_(totalsOf(snapshot, seen)) {}

  void run() {
    head();
    nodes();
    workloads();
    findings();
    coverage();
    summary();
  }

 private:
  void head() {
    print_(fmt::format("{} at {}\n", plain(snapshot_.source), snapshot_.takenAt));
    if (!snapshot_.scope.empty()) print_(fmt::format("namespaces {}\n", fmt::join(snapshot_.scope, ", ")));
  }

  void nodes() {
    if (!snapshot_.nodes) {
      print_("\nnodes unknown: which GPUs there are, what is free and what is stranded cannot be told\n");
      return;
    }
    std::vector<std::vector<std::string>> rows{{"node", "product", "gpus", "slices (asked/offered)", "findings"}};
    for (Index i = 0; i < seen_.placement.boards.size(); ++i) {
      const Board& board = seen_.placement.boards[i];
      const auto& node = (*snapshot_.nodes)[board.node];
      std::string slices;
      for (const auto& each : board.slices) slices += (slices.empty() ? "" : ", ") + sliceText(each);
      std::string findings = codesOf(seen_.nodes[i]);
      if (!node.ready) findings += (findings.empty() ? "" : ", ") + std::string("(not ready)");
      if (node.cordoned) findings += (findings.empty() ? "" : ", ") + std::string("(cordoned)");
      const auto& geometry = board.geometry;
      rows.push_back({plain(node.facts.name), plain(geometry.product != nullptr ? geometry.product->label() : geometry.productName.empty() ? "?" : geometry.productName),
                      geometry.gpus ? std::to_string(*geometry.gpus) : "?", plain(slices), std::move(findings)});
    }
    if (rows.size() > 1) print_("\n" + table(rows, {2}));
  }

  void workloads() {
    std::vector<std::vector<std::string>> rows{{"namespace", "workload", "model", "slice", "pods", "need", "better", "findings"}};
    for (Index i = 0; i < seen_.workloads.size(); ++i) {
      const auto& state = seen_.workloads[i];
      const auto& deployed = seen_.placement.deployed[i];
      const Shown shown = shownOf(state.judgement);
      const auto running = std::count_if(deployed.pods.begin(), deployed.pods.end(), [&](Index pod) { return snapshot_.pods[pod].ready; });
      std::string name = fmt::format("{} {}", state.judgement.kind, state.judgement.name);
      if (deployed.owner) name += fmt::format(" ({} {})", deployed.owner->kind, deployed.owner->name);
      rows.push_back({plain(state.judgement.ns), plain(name), shown.model.empty() ? "?" : shown.model, shown.slice.empty() ? "?" : shown.slice,
                      fmt::format("{}/{}", running, state.replicas ? std::to_string(*state.replicas) : "?"), shown.need.empty() ? "?" : shown.need, plain(shown.better),
                      codesOf(state.findings, &state.judgement)});
    }
    if (rows.size() > 1) print_("\n" + table(rows));
  }

  void finding(const std::string& where, const Finding& each) {
    print_(fmt::format("\n{} {}\n", style_.paint(Colour::Yellow, name(each.code)), style_.paint(Colour::Bold, plain(where))));
    print_(wrap(plain(each.message), style_.width, "    ", "    "));
    print_(wrap(fmt::format("{}; {} confidence", plain(each.remedy), model::name(each.confidence)), style_.width, "    fix: ", "         "));
  }

  void findings() {
    for (Index i = 0; i < seen_.workloads.size(); ++i) {
      const auto& judgement = seen_.workloads[i].judgement;
      const std::string where = fmt::format("{} {}/{}", judgement.kind, judgement.ns, judgement.name);
      const auto& own = seen_.workloads[i].findings;
      for (const Finding& each : own) finding(where, each);
      // What else judging says of it; Oversized and Undersized are told above, with what they rest on.
      for (const auto& each : judgement.findings) {
        const auto same = [&](const Finding& other) { return name(other.code) == name(each.code); };
        if (each.action == policy::Action::Allow || std::any_of(own.begin(), own.end(), same)) continue;
        print_(fmt::format("\n{} {}\n", style_.paint(Colour::Yellow, name(each.code)), style_.paint(Colour::Bold, plain(where))));
        print_(wrap(plain((each.container.empty() ? "" : "container " + each.container + ": ") + each.message), style_.width, "    ", "    "));
      }
    }
    for (Index i = 0; i < seen_.nodes.size(); ++i)
      for (const Finding& each : seen_.nodes[i]) finding("node " + (*snapshot_.nodes)[seen_.placement.boards[i].node].facts.name, each);
  }

  void coverage() {
    int others = 0;
    std::map<std::pair<observe::Seen::State, std::string>, std::vector<const observe::Seen*>> groups;
    for (const auto* each : snapshot_.coverage.unread()) {
      // Of files only what most hangs on is named.
      const bool given = each->state != observe::Seen::State::NotGiven;
      if (!given && !counts(*each)) ++others;
      else groups[{each->state, std::string(observe::unknownWithout(each->resource))}].push_back(each);
    }
    if (groups.empty() && others == 0) return;
    print_("\n" + style_.paint(Colour::Bold, "not seen") + "\n");
    for (const auto& [key, list] : groups) {
      std::string names;
      for (std::size_t i = 0; i < list.size() && i < 3; ++i) {
        names += (i == 0 ? "" : ", ") + list[i]->resource;
        if (!list[i]->ns.empty()) names += " of namespace " + list[i]->ns;
      }
      if (list.size() > 3) names += fmt::format(" and {} more", list.size() - 3);
      const std::string_view why = key.first == observe::Seen::State::Forbidden ? "forbidden" : key.first == observe::Seen::State::Failed ? "failed" : "not given";
      std::string text = fmt::format("{} ({}): unknown is {}", names, why, key.second);
      if (!list.front()->reason.empty()) text += fmt::format(" [{}]", plain(list.front()->reason));
      print_(wrap(text, style_.width, "    ", "      "));
    }
    if (others > 0) print_(wrap(fmt::format("{} further resources (not given); -o json names them", others), style_.width, "    ", "      "));
  }

  /// Is it of interest for a cluster that is known by a few files?
  static bool counts(const observe::Seen& each) {
    constexpr std::string_view kMain[] = {"nodes", "pods", "namespaces", "deployments.apps", "replicasets.apps", "horizontalpodautoscalers.autoscaling"};
    return std::find(std::begin(kMain), std::end(kMain), each.resource) != std::end(kMain);
  }

  void summary() {
    std::string text = fmt::format("\n{} workloads, {} pods with GPUs", totals_.workloads, totals_.pods);
    if (snapshot_.nodes) text += fmt::format(", {} nodes with {} GPUs", totals_.nodes, totals_.gpus);
    if (totals_.gpusUnknown > 0) text += fmt::format(" and those of {} of which it is unknown", totals_.gpusUnknown);
    std::string findings;
    for (const auto& [code, count] : totals_.findings) findings += fmt::format("{}{} {}", findings.empty() ? ": " : ", ", name(code), count);
    print_(text + findings + "\n");
  }

  const Snapshot& snapshot_;
  const Observation& seen_;
  const Style& style_;
  const Print& print_;
  observe::Totals totals_;
};

}  // namespace

void writeScanText(const Snapshot& snapshot, const Observation& seen, const Style& style, const Print& print) { Text(snapshot, seen, style, print).run(); }

}  // namespace rightslice::cli
