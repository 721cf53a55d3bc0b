#include "policy/rewrite.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/writer.hpp"
#include "policy/flag_edit.hpp"

namespace rightslice::policy {
namespace {

using Op = json::PatchOperation::Op;

void removeKey(json::Patch& patch, const std::string& container, const AskEntry& entry) {
  for (const auto& [list, value] : {std::pair{"limits", &entry.limitJson}, std::pair{"requests", &entry.requestJson}}) {
    if (value->empty()) continue;
    const auto path = fmt::format("{}/resources/{}/{}", container, list, json::escapeToken(entry.resource));
    patch.push_back({Op::Test, path, "", *value});
    patch.push_back({Op::Remove, path, "", ""});
  }
}

void addKey(json::Patch& patch, const std::string& container, const AskEntry& like, const std::string& resource) {
  for (const auto& [list, value] : {std::pair{"limits", &like.limitJson}, std::pair{"requests", &like.requestJson}})
    if (!value->empty())
      patch.push_back({Op::Add, fmt::format("{}/resources/{}/{}", container, list, json::escapeToken(resource)), "", *value});
}

/// The record as it shall be; nothing if it stays.
void writeRecord(json::Patch& patch, const workload::PodTemplate& pod, const std::vector<OriginalRequest>& entries) {
  const auto* before = pod.annotation(kOriginalRequest);
  const auto text = formatOriginalRequests(entries);
  const auto key = fmt::format("{}/annotations/{}", pod.metadataPointer, json::escapeToken(kOriginalRequest));
  if (entries.empty()) {
    if (before != nullptr) patch.push_back({Op::Remove, key, "", ""});
    return;
  }
  if (before != nullptr && *before == text) return;
  const auto object = fmt::format("{{{}:{}}}", json::quoted(kOriginalRequest), json::quoted(text));
  if (!pod.metadataExists)
    patch.push_back({Op::Add, pod.metadataPointer, "", fmt::format("{{\"annotations\":{}}}", object)});
  else if (!pod.annotationsExist)
    patch.push_back({Op::Add, pod.metadataPointer + "/annotations", "", object});
  else
    patch.push_back({before != nullptr ? Op::Replace : Op::Add, key, "", json::quoted(text)});
}

}  // namespace

std::string flagObstacle(const ContainerOutcome& outcome, const RewritePlan& plan) {
  return plan.flags.empty() ? std::string() : editFlags(*outcome.container, plan.flags).obstacle;
}

json::Patch rewritePatch(const workload::PodTemplate& pod, const std::vector<ContainerRewrite>& containers) {
  json::Patch patch;
  if (pod.metadataPointer.empty()) return patch;
  std::vector<OriginalRequest> record;
  if (const auto* text = pod.annotation(kOriginalRequest))
    record = parseOriginalRequests(*text).value_or(std::vector<OriginalRequest>{});
  std::vector<OriginalRequest> kept;
  for (const auto& [outcome, plan] : containers) {
    const auto& container = *outcome->container;
    const auto& ask = outcome->ask;
    const auto old = std::find_if(record.begin(), record.end(), [&](const auto& entry) { return entry.container == container.name; });
    if (plan != nullptr) {
      const AskEntry& asked = ask.entries.front();
      removeKey(patch, container.pointer, asked);
      if (ask.ours && ask.ours->resource != plan->resource) removeKey(patch, container.pointer, *ask.ours);
      if (!ask.ours || ask.ours->resource != plan->resource) addKey(patch, container.pointer, asked, plan->resource);
      for (auto& operation : editFlags(container, plan->flags).patch) patch.push_back(std::move(operation));
      kept.push_back({container.name, asked.resource, plan->resource, *asked.count});
      continue;
    }
    if (ask.ours) {
      removeKey(patch, container.pointer, *ask.ours);
      continue;  // asks for what was asked before: the entry goes
    }
    if (old == record.end()) continue;
    const bool stillWritten = std::any_of(ask.entries.begin(), ask.entries.end(),
                                          [&](const AskEntry& entry) { return entry.resource == old->written; });
    if (stillWritten) kept.push_back(*old);
  }
  writeRecord(patch, pod, kept);
  return patch;
}

}  // namespace rightslice::policy
