#include "cli/survey.hpp"

#include <fmt/format.h>

#include <set>

namespace rightslice::cli {

using workload::groupOf;

void Survey::look(Input& input) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    const auto file = input.open(i);
    if (file) forEachObject(**file, [&](const InputObject& object) { note(object, i); }, [](const Error&) {});
  }
  if (!wanted_.empty()) collectOwners(input);
  autoscalers_ = workload::Autoscalers(std::move(scaling_));
}

void Survey::note(const InputObject& object, std::size_t file) {
  const json::View view = object.view();
  const std::string kind(view["kind"].stringOr("")), name(view["metadata"]["name"].stringOr(""));
  const std::string_view apiVersion = view["apiVersion"].stringOr("");
  if (auto space = workload::readNamespace(view)) {
    namespaces_.insert_or_assign(std::move(space->first), std::move(space->second));
    return;
  }
  if (workload::isAutoscaler(apiVersion, kind)) {
    if (auto scaling = workload::readAutoscaler(view, kind, defaultNamespace_)) scaling_.push_back(std::move(*scaling));
    return;
  }
  if (groupOf(apiVersion) == "rightslice.io") {
    if (kind == "SliceException") {
      std::vector<policy::Loaded> parts;
      parts.push_back(std::move(exceptions_));
      parts.push_back(policy::loadObject(object.document->document.root().find(object.prefix), object.document->marks,
                                         object.file->name, object.file->text, options_, object.prefix));
      exceptions_ = policy::merge(std::move(parts));
    } else if (kind == "SlicePolicy" || kind == "ClusterSlicePolicy") {
      policiesSeen_.push_back(fmt::format("{}: {} {}", object.where("/kind"), kind, name));
    }
    return;
  }
  std::string ns(view["metadata"]["namespace"].stringOr(""));
  if (ns.empty()) ns = defaultNamespace_;
  workload::note(view, ns, devices_);
  if (workload::findKind(apiVersion, kind) != nullptr) workloadNamespaces_.insert(ns);
  auto& files = places_[{kind, ns, name}];
  if (files.empty() || files.back() != file) files.push_back(file);
  for (const json::View owner : view["metadata"]["ownerReferences"].elements())
    if (owner["controller"].boolean().value_or(false))
      ++wanted_[{std::string(owner["kind"].stringOr("")), ns, std::string(owner["name"].stringOr(""))}];
}

void Survey::collectOwners(Input& input) {
  std::set<std::size_t> files;
  for (const auto& [key, count] : wanted_)
    if (const auto place = places_.find(key); place != places_.end())
      files.insert(place->second.begin(), place->second.end());
  for (const std::size_t index : files) {
    const auto file = input.open(index);
    if (!file) continue;
    forEachObject(
        **file,
        [&](const InputObject& object) {
          workload::Workload workload = workload::read(object.view(), defaultNamespace_);
          Key key{workload.kindName, workload.ns, workload.name};
          if (wanted_.contains(key)) owners_.emplace(std::move(key), std::move(workload));
        },
        [](const Error&) {});
  }
}

const workload::Workload* Survey::ownerOf(const workload::Workload& child) const {
  if (!child.controller) return nullptr;
  const auto& reference = *child.controller;
  const auto [first, last] = owners_.equal_range(Key{reference.kind, child.ns, reference.name});
  for (auto it = first; it != last; ++it) {
    const workload::Workload& owner = it->second;
    if (!reference.apiVersion.empty() && groupOf(reference.apiVersion) != groupOf(owner.apiVersion)) continue;
    if (!reference.uid.empty() && !owner.uid.empty() && reference.uid != owner.uid) continue;
    return &owner;
  }
  return nullptr;
}

}  // namespace rightslice::cli
