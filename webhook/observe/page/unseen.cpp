#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "observe/page/summary.hpp"

namespace rightslice::observe::page {
namespace {

/// Resources on which much hangs, one line each, also where files lack them.
constexpr std::string_view kMain[] = {"nodes", "pods", "namespaces", "deployments.apps", "replicasets.apps", "horizontalpodautoscalers.autoscaling"};

std::string point(const std::string& what, const std::string& why) { return fmt::format("<li><b>{}</b> {}</li>\n", what, why); }

std::string reasonOf(const Seen& each) {
  if (each.state == Seen::State::NotGiven) return "not in the files";
  return each.reason.empty() ? std::string(name(each.state)) : fmt::format("{}: {}", name(each.state), each.reason);
}

std::string resources(const Snapshot& snapshot) {
  std::map<std::string, std::vector<const Seen*>> groups;
  std::vector<std::string> notGiven;   // files seldom hold everything: what matters less stands in one line
  for (const Seen* each : snapshot.coverage.unread()) {
    const bool minor = each->state == Seen::State::NotGiven && std::find(std::begin(kMain), std::end(kMain), each->resource) == std::end(kMain);
    if (minor) notGiven.push_back(each->resource);
    else groups[std::string(unknownWithout(each->resource))].push_back(each);
  }
  std::string out;
  for (const auto& [unknown, list] : groups) {
    std::vector<std::string> all;
    std::set<std::string> why;
    for (const Seen* each : list) {
      all.push_back(each->ns.empty() ? each->resource : fmt::format("{} in {}", each->resource, each->ns));
      why.insert(reasonOf(*each));
    }
    const std::string others = why.size() > 1 ? fmt::format(", and {}", counted(std::ssize(why) - 1, "other reason")) : "";
    out += point("Unknown: " + escaped(unknown) + ".", fmt::format("Not read: {} <small>({}{})</small>", named(all), escaped(*why.begin()), others));
  }
  if (!notGiven.empty()) out += point("Unknown: what other resources would tell.", fmt::format("Not in the files: {}.", named(notGiven)));
  return out;
}

std::string measures(const Snapshot& snapshot) {
  if (!snapshot.measured) {
    const auto unread = snapshot.coverage.unread();
    if (std::any_of(unread.begin(), unread.end(), [](const Seen* each) { return each->resource == "metrics"; })) return "";   // said above, with the reason
    return point("Unknown: how full what runs is, and whether it works.",
                 "No metrics were asked for; without them nobody knows what is idle or near its ceiling.");
  }
  std::set<std::size_t> pods;
  for (const auto& each : snapshot.measured->containers) pods.insert(each.pod);
  if (pods.size() >= snapshot.pods.size()) return "";
  return point("Measured in part.", fmt::format("Metrics say something of {} of {}.", number(std::ssize(pods)), counted(std::ssize(snapshot.pods), "pod")));
}

std::string nodes(const Report& report) {
  const Snapshot& snapshot = report.snapshot;
  const Money& money = report.money.money;
  std::map<std::string, std::vector<std::string>> unpriced, untold;
  for (Index i = 0; i < money.boards.size(); ++i) {
    const std::string& node = (*snapshot.nodes)[report.seen.placement.boards[i].node].facts.name;
    if (!money.boards[i].price) unpriced[money.boards[i].why].push_back(node);
    if (!money.boards[i].unknown.empty()) untold[money.boards[i].unknown].push_back(node);
  }
  std::string out;
  for (const auto& [why, list] : untold) out += point("Unknown: what GPUs do.", fmt::format("On {}: {}.", named(list), escaped(why)));
  for (const auto& [why, list] : unpriced) out += point("Not in the spend.", fmt::format("{}: {}.", named(list), escaped(why)));
  const auto& lost = report.seen.placement.lost;
  if (lost.empty() || !snapshot.nodes) return out;
  std::set<std::string> on;
  for (const Index each : lost) on.insert(snapshot.pods[each].node);
  return out + point("Pods on nodes that were not seen.", fmt::format("{} on {}.", counted(std::ssize(lost), "pod"), named({on.begin(), on.end()})));
}

}  // namespace

std::string unseen(const Report& report) {
  const std::string points = resources(report.snapshot) + measures(report.snapshot) + nodes(report);
  const auto count = std::count(points.begin(), points.end(), '\n');
  if (count == 0)
    return "<aside id=\"unseen\" class=\"seen\" aria-label=\"What was not seen\"><p>Everything that this look asks for was seen.</p></aside>\n";
  return fmt::format("<aside id=\"unseen\" aria-labelledby=\"unseen-title\">\n<h2 id=\"unseen-title\">Not seen</h2>\n"
                     "<p>{}. What hangs on {} is unknown, which does not mean that it is fine.</p>\n<ul>\n{}</ul>\n</aside>\n",
                     count == 1 ? "One thing could not be seen" : fmt::format("{} things could not be seen", count), count == 1 ? "it" : "them", points);
}

}  // namespace rightslice::observe::page
