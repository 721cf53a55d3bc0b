// Pending: a slice is asked for that no node has free; and where one could be had.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "json/document.hpp"
#include "observe/claimed.hpp"
#include "observe/missing.hpp"
#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

struct Ask {
  std::string resource, container;
  std::int64_t count = 0;               // of one pod
  std::vector<const Pod*> pods;
  std::int64_t missing = 0;             // pods that are declared and not there
  std::int64_t all() const { return static_cast<std::int64_t>(pods.size()) + missing; }
};

std::vector<Ask> asksOf(const Scene& scene, Index index) {
  std::vector<Ask> out;
  for (const Hold& each : scene.seen.placement.waiting) {
    const Pod& pod = scene.snapshot.pods[each.pod];
    if (each.deployed != index || pod.unschedulable.empty() || pod.deleting) continue;
    const auto same = std::find_if(out.begin(), out.end(), [&](const Ask& ask) { return ask.resource == each.resource && ask.container == each.container; });
    if (same == out.end()) out.push_back({each.resource, each.container, each.count, {&pod}});
    else same->pods.push_back(&pod);
  }
  const std::int64_t missing = scene.seen.workloads[index].missing;
  if (missing == 0) return out;
  for (const Hold& each : asksOfMissing(*scene.objectOf(index), index)) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const Ask& ask) { return ask.resource == each.resource && ask.container == each.container; });
    if (same == out.end()) out.push_back({each.resource, each.container, each.count, {}, missing});
    else same->missing = missing;
  }
  return out;
}

/// Products that the container may run on, as labels; empty: any.
const std::vector<std::string>& productsOf(const Scene& scene, Index index, const std::string& container) {
  static const std::vector<std::string> kAny;
  for (const auto& each : scene.seen.workloads[index].judgement.containers)
    if (each.name == container && each.requested) return each.requested->gpus;
  return kAny;
}

bool suits(const Board& board, const std::vector<std::string>& products) {
  if (!board.geometry.sharing.empty()) return false;   // what is free is known to that system alone
  return products.empty() || (board.geometry.product != nullptr &&
                              std::find(products.begin(), products.end(), board.geometry.product->label()) != products.end());
}

struct Way {
  std::string text;
  model::Confidence confidence = model::Confidence::Low;
};

/// A node of which free slices, put together, have room for so many of the profile.
std::optional<Way> byCutting(const Scene& scene, const std::vector<std::string>& products, const std::string& profileName, std::int64_t count) {
  std::optional<Way> best;
  std::int64_t leastSlices = 0;
  for (Index i = 0; i < scene.seen.placement.boards.size(); ++i) {
    const Board& board = scene.board(i);
    const auto* profile = board.geometry.product != nullptr ? board.geometry.product->profile(profileName) : nullptr;
    if (profile == nullptr || !profile->memorySlices || !suits(board, products) || !scene.node(i).takesPods()) continue;
    std::int64_t compute = 0, memory = 0, slices = 0;
    std::string parts;
    for (const SliceUse& each : board.slices) {
      const bool whole = each.profile.empty() && each.resource == "nvidia.com/gpu" && board.geometry.shares == 1;
      const auto* own = each.profile.empty() ? nullptr : board.geometry.product->profile(each.profile);
      if (each.free() == 0 || (!whole && (own == nullptr || !own->memorySlices))) continue;
      compute += each.free() * (whole ? board.geometry.product->computeSlices.value_or(0) : own->computeSlices);
      memory += each.free() * (whole ? board.geometry.product->memorySlices.value_or(0) : *own->memorySlices);
      slices += each.free();
      parts += fmt::format("{}{} free {}", parts.empty() ? "" : ", ", each.free(), sliceName(each));
    }
    if (compute < timesBytes(count, profile->computeSlices) || memory < timesBytes(count, *profile->memorySlices)) continue;
    if (best && slices >= leastSlices) continue;
    leastSlices = slices;
    const bool one = board.geometry.gpus == 1;
    best = Way{fmt::format("node {} could be cut for it: it has {}{}", scene.node(i).facts.name, parts,
                           one ? "" : ", if they are on one GPU, which cannot be told from here"),
               one ? model::Confidence::Medium : model::Confidence::Low};
  }
  return best;
}

/// A node with as many free slices of another name that hold as much.
std::optional<Way> byAnother(const Scene& scene, const std::vector<std::string>& products, const Ask& ask, const std::string& profileName) {
  std::optional<Way> best;
  int least = 0;
  for (Index i = 0; i < scene.seen.placement.boards.size(); ++i) {
    const Board& board = scene.board(i);
    const auto* profile = board.geometry.product != nullptr ? board.geometry.product->profile(profileName) : nullptr;
    if (profile == nullptr || !profile->memorySlices || !suits(board, products) || !scene.node(i).takesPods()) continue;
    for (const SliceUse& each : board.slices) {
      const auto* other = each.profile.empty() ? nullptr : board.geometry.product->profile(each.profile);
      if (each.resource == ask.resource || each.free() < std::max<std::int64_t>(1, ask.count) || other == nullptr || !other->memorySlices ||
          *other->memorySlices < *profile->memorySlices || other->computeSlices < profile->computeSlices)
        continue;
      if (best && *other->memorySlices >= least) continue;
      least = *other->memorySlices;
      const std::string as = other != profile ? "" : byClaim(each.resource) ? " for claims" : " as " + each.resource;
      best = Way{fmt::format("node {} has {} free {}{}, which {} as much", scene.node(i).facts.name, each.free(), each.profile, as,
                             each.free() == 1 ? "holds" : "hold"),
                 model::Confidence::High};
    }
  }
  return best;
}

/// Does every claim of the pod's own ask for one sort of device alone? Of alternatives nobody knows which it waits for.
bool asksPlainly(const Scene& scene, const Pod& pod) {
  const auto document = json::Document::parse(*pod.text);
  if (!document || !scene.snapshot.devices.templates) return false;
  for (const json::View each : document->root()["spec"]["resourceClaims"].elements()) {
    const auto at = scene.snapshot.devices.templates->find(fmt::format("{}/{}", pod.ns, each["resourceClaimTemplateName"].stringOr("")));
    if (at == scene.snapshot.devices.templates->end()) return false;
    for (const auto& request : at->second.requests)
      if (request.alternatives.size() != 1 || request.alternatives.front().all || request.alternatives.front().adminAccess) return false;
  }
  return true;
}

/// How many devices of the profile claims could be given, on nodes of these products; nothing where something of it is not known.
std::optional<std::int64_t> givable(const Scene& scene, const std::vector<std::string>& products, std::string_view profile) {
  if (!scene.snapshot.allocationsKnown) return std::nullopt;
  std::int64_t out = 0;
  for (Index i = 0; i < scene.seen.placement.boards.size(); ++i) {
    const Node& node = scene.node(i);
    if (!node.pools) return std::nullopt;
    if (!node.byClaims() || !suits(scene.board(i), products)) continue;
    if (!scene.board(i).unseen.empty()) return std::nullopt;
    if (node.ready && !node.cordoned) out += claimable(scene.snapshot, node, profile);
  }
  return out;
}

/// Pods that wait for a slice by a claim.
void findPendingClaims(const Scene& scene, Index index, std::vector<Finding>& out) {
  std::vector<const Pod*> pods;
  for (const Index at : scene.deployed(index).pods) {
    const Pod& pod = scene.snapshot.pods[at];
    if (pod.asksByClaim && !pod.placed() && !pod.deleting && !pod.unschedulable.empty()) pods.push_back(&pod);
  }
  if (pods.empty() || !asksPlainly(scene, *pods.front())) return;
  for (const auto& each : scene.seen.workloads[index].judgement.containers) {
    if (!each.requested || !each.requested->resource.starts_with(workload::kDeviceClassPrefix)) continue;
    if (each.requested->profile.empty() || each.requested->count <= 0) continue;
    const auto room = givable(scene, each.requested->gpus, each.requested->profile);
    if (!room || *room / each.requested->count >= static_cast<std::int64_t>(pods.size())) continue;
    const Pod& first = *pods.front();
    Finding finding;
    finding.code = Code::Pending;
    finding.container = each.name;
    finding.pod = first.name;
    finding.message = fmt::format("{} {} for {}{} by a claim, and {} can be given", counted(static_cast<std::int64_t>(pods.size()), "pod"),
                                  pods.size() == 1 ? "waits" : "wait", each.requested->profile,
                                  each.requested->count > 1 ? fmt::format(" x {}", each.requested->count) : "", *room == 0 ? "none" : std::to_string(*room));
    finding.remedy = "free one, add a node that offers it, or ask for another slice";
    finding.evidence.push_back({"scheduler", first.unschedulable, sourceOf(first), first.unschedulableSince});
    finding.evidence.push_back({"free", std::to_string(*room), "ResourceSlices and ResourceClaims"});
    out.push_back(std::move(finding));
  }
}

/// What is offered of a resource, and what of it a pod can get.
struct Room {
  std::int64_t offered = 0, free = 0, pods = 0;   ///< pods: that find as many as they ask for on one node
  std::vector<std::string> holders;
  struct Away {
    std::string node, why;
    std::int64_t free = 0;
  };
  std::vector<Away> away;                         ///< free slices of nodes that take no pods
};

Room roomFor(const Scene& scene, const std::vector<std::string>& products, const Ask& ask) {
  Room out;
  for (Index i = 0; i < scene.seen.placement.boards.size(); ++i) {
    const Board& board = scene.board(i);
    const Node& node = scene.node(i);
    if (!suits(board, products)) continue;
    for (const SliceUse& each : board.slices) {
      if (each.resource != ask.resource) continue;
      out.offered += each.offered;
      if (each.offered > 0) out.holders.push_back(node.facts.name);
      if (!node.takesPods()) {
        if (each.free() > 0) out.away.push_back({node.facts.name, node.ready ? "cordoned" : "not ready", each.free()});
        continue;
      }
      out.free += each.free();
      out.pods += each.free() / ask.count;
    }
  }
  return out;
}

constexpr std::size_t kMostAway = 3;   // nodes that a sentence names

/// "and 1 of the 4 that are offered is free; 2 are free on h1, which is not ready".
std::string freeText(const Room& room, const Ask& ask) {
  if (room.offered == 0) return "which no node offers";
  std::string out = fmt::format("and {} of the {} that are offered {} free", room.free, room.offered, room.free == 1 ? "is" : "are");
  if (ask.count > 1 && room.free >= ask.count)
    out += room.pods == 0 ? fmt::format(", not {} of them on one node", ask.count) : fmt::format(", enough for {}", counted(room.pods, "pod"));
  std::int64_t more = 0;
  for (std::size_t i = 0; i < room.away.size(); ++i) {
    const auto& each = room.away[i];
    if (i < kMostAway) out += fmt::format("; {} {} free on {}, which is {}", each.free, each.free == 1 ? "is" : "are", each.node, each.why);
    else more += each.free;
  }
  if (more == 0) return out;
  const auto nodes = static_cast<std::int64_t>(room.away.size() - kMostAway);
  return fmt::format("{}; {} more on {} that {} not ready or cordoned", out, more, counted(nodes, "node"), nodes == 1 ? "is" : "are");
}

/// What would bring enough slices back that are there; empty: nothing would.
std::string backText(const Room& room, const Ask& ask) {
  for (const auto& each : room.away)
    if (each.free >= ask.count) return each.why == "cordoned" ? fmt::format("uncordon node {}", each.node) : fmt::format("find out why node {} is not ready", each.node);
  return {};
}

}  // namespace

std::vector<Finding> findPending(const Scene& scene, Index index) {
  std::vector<Finding> out;
  if (!scene.snapshot.nodes || !scene.snapshot.heldKnown) return out;   // what is free is not known
  findPendingClaims(scene, index, out);
  for (const Ask& ask : asksOf(scene, index)) {
    const auto& products = productsOf(scene, index, ask.container);
    const Room room = roomFor(scene, products, ask);
    if (room.pods >= ask.all()) continue;   // something else keeps them waiting
    const auto name = profileOn({}, ask.resource);
    auto way = byAnother(scene, products, ask, name);
    if (!way) way = byCutting(scene, products, name, ask.count);
    Finding finding;
    finding.code = Code::Pending;
    finding.container = ask.container;
    if (!ask.pods.empty()) finding.pod = ask.pods.front()->name;
    std::string who = ask.pods.empty() ? "" : fmt::format("{} {}", counted(static_cast<std::int64_t>(ask.pods.size()), "pod"), ask.pods.size() == 1 ? "waits" : "wait");
    if (ask.missing > 0)
      who += fmt::format("{}{} declared and not made {}", who.empty() ? "" : ", and ", ask.pods.empty() ? counted(ask.missing, "pod") : std::to_string(ask.missing),
                         ask.missing == 1 ? "waits" : "wait");
    finding.message = fmt::format("{} for {}{}, {}", who, ask.resource, ask.count > 1 ? fmt::format(" x {}", ask.count) : "", freeText(room, ask));
    const std::string back = backText(room, ask);
    if (back.empty()) finding.remedy = way ? way->text : "no node that was seen can hold it: add one, or ask for another slice";
    else finding.remedy = back + (way ? "; or: " + way->text : ", add a node, or ask for another slice");
    finding.confidence = way ? way->confidence : model::Confidence::Medium;
    if (!ask.pods.empty()) {
      const Pod& first = *ask.pods.front();
      finding.evidence.push_back({"scheduler", first.unschedulable, sourceOf(first), first.unschedulableSince});
    }
    if (ask.missing > 0) {
      const Object& object = *scene.objectOf(index);
      finding.evidence.push_back({"missing", std::to_string(ask.missing), fmt::format("{} {}/{}", object.kind, object.ns, object.name), object.rollout.failureSince});
    }
    finding.evidence.push_back({"offered", std::to_string(room.offered), room.holders.empty() ? "nodes" : fmt::format("nodes {}", fmt::join(room.holders, ", "))});
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace rightslice::observe
