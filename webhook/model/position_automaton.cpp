#include "model/position_automaton.hpp"

namespace rightslice::model {

PositionAutomaton::PositionAutomaton(const ModuleRegex& regex) {
  using Node = ModuleRegex::Node;
  std::vector<std::size_t> positionOf(regex.nodes_.size());
  for (std::size_t index = 0; index < regex.nodes_.size(); ++index) {
    if (regex.nodes_[index].kind != Node::Set) continue;
    positionOf[index] = reads.size();
    reads.push_back(regex.nodes_[index].set);
  }
  const std::size_t rest = reads.size();
  reads.push_back(std::bitset<128>().set());
  next.resize(reads.size());
  previous.resize(reads.size());

  std::vector<std::size_t> seen(regex.nodes_.size(), 0);
  std::size_t walk = 0;
  std::vector<std::int32_t> pending;
  // Calls visit with each position that a node leads to without reading.
  const auto reach = [&](std::int32_t from, Node::Kind anchor, auto visit) {
    ++walk;
    pending.assign(1, from);
    while (!pending.empty()) {
      const auto index = static_cast<std::size_t>(pending.back());
      pending.pop_back();
      ++work;
      if (seen[index] == walk) continue;
      seen[index] = walk;
      const Node& node = regex.nodes_[index];
      if (node.kind == Node::Set)
        visit(positionOf[index]);
      else if (node.kind == Node::Match)
        visit(rest);
      else if (node.kind == Node::Split || node.kind == anchor)
        pending.push_back(node.next);
      if (node.kind == Node::Split) pending.push_back(node.other);
    }
  };
  reach(regex.start_, Node::Begin, [&](std::size_t to) { first.set(to); });
  for (std::size_t index = 0; index < regex.nodes_.size(); ++index) {
    const Node& node = regex.nodes_[index];
    if (node.kind != Node::Set) continue;
    const std::size_t position = positionOf[index];
    reach(node.next, Node::Set, [&](std::size_t to) {
      next[position].set(to);
      previous[to].set(position);
    });
    reach(node.next, Node::End, [&](std::size_t to) {
      if (to == rest) last.set(position);
    });
  }
  next[rest].set(rest);
  previous[rest].set(rest);
  last.set(rest);
}

std::uint32_t PositionSets::numberOf(const Set& set) {
  const auto [at, isNew] = numbers_.emplace(set, static_cast<std::uint32_t>(sets_.size()));
  if (isNew) {
    sets_.push_back(set);
    steps_.emplace_back().fill(kUnknown);
  }
  return at->second;
}

std::uint32_t PositionSets::step(std::uint32_t from, char c) {
  const auto character = static_cast<std::size_t>(c);
  if (const std::uint32_t known = steps_[from][character]; known != kUnknown) return known;
  Set to;
  for (std::size_t position = 0; position < reads_.size(); ++position) {
    if (sets_[from][position] && reads_[position][character]) to |= links_[position];
  }
  work_ += reads_.size();
  const std::uint32_t number = numberOf(to);
  return steps_[from][character] = number;
}

}  // namespace rightslice::model
