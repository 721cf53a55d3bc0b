#include "cli/fix.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/patch.hpp"
#include "policy/flag_edit.hpp"
#include "workload/workload.hpp"

namespace rightslice::cli {

namespace {

using policy::Code;

bool canBeMended(const policy::Finding& finding) {
  return (finding.code == Code::Undersized || finding.code == Code::TightFit || finding.code == Code::Oversized ||
          finding.code == Code::EngineCannotStart) &&
         finding.action != policy::Action::Allow;
}

std::string lastToken(std::string_view pointer) {
  std::string result;
  const std::string_view token = pointer.substr(pointer.rfind('/') + 1);
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    result += escape ? (token[i + 1] == '1' ? '/' : '~') : token[i];
    if (escape) ++i;
  }
  return result;
}

/// Why the recommendation is no renaming of a key; empty if it is one.
std::string obstacleOf(const policy::ContainerJudgement& container) {
  const auto& recommended = *container.recommended;
  if (recommended.count)
    return fmt::format("ask for {} x {} and set the parallelism of the engine to it by hand", recommended.resource,
                       *recommended.count);
  if (recommended.resource.starts_with(workload::kDeviceClassPrefix))
    return fmt::format("it asks by a claim, which is another object: write profile {} there by hand", recommended.profile);
  if (recommended.resource == container.requested->resource)
    return fmt::format("{} means a slice here: choose {} by the label or the pool of the nodes", recommended.resource,
                       recommended.profile);
  return {};
}

/// "nvidia.com/mig-1g.10gb and --gpu-memory-utilization 0.86"
std::string wanted(const Fix& fix) {
  return fmt::format("{}{}{}", fix.to, fix.to.empty() || fix.flagsText.empty() ? "" : " and ", fix.flagsText);
}

/// What was judged of the container, if it is clear: of several with its name, all that ask for the resource must agree.
const policy::ContainerJudgement* judgementOf(const policy::Judgement& judgement, const workload::Container& container,
                                              const std::string& resource) {
  const policy::ContainerJudgement* result = nullptr;
  for (const auto& candidate : judgement.containers) {
    if (candidate.name != container.name || !candidate.requested || candidate.requested->resource != resource) continue;
    const auto advised = [](const policy::ContainerJudgement& one) {
      return one.recommended ? std::pair(one.recommended->resource, one.recommended->flags)
                             : std::pair(std::string(), one.remedy);
    };
    if (result != nullptr && advised(*result) != advised(candidate)) return nullptr;
    result = &candidate;
  }
  return result;
}

/// What the documents should be after these fixes.
bool isExactly(const InputFile& file, const std::string& edited, const std::vector<const Fix*>& applied) {
  const json::YamlStream stream = json::parseYaml(edited);
  if (stream.documents.size() != file.stream.documents.size() || stream.broken.size() != file.stream.broken.size())
    return false;
  for (std::size_t i = 0; i < stream.documents.size(); ++i) {
    const auto& before = file.stream.documents[i];
    json::Patch patch;
    for (const Fix* fix : applied) {
      if (fix->document != &before) continue;
      for (const auto& key : fix->keys)
        patch.push_back(
            {json::PatchOperation::Op::Move, key.substr(0, key.rfind('/') + 1) + json::escapeToken(fix->to), key, {}});
    }
    for (const Fix* fix : applied) {
      if (fix->document != &before) continue;
      for (const auto& operation : fix->flags)
        if (operation.op != json::PatchOperation::Op::Test) patch.push_back(operation);
    }
    const auto expected = json::apply(before.document, patch);
    if (!expected || !expected->root().equals(stream.documents[i].document.root())) return false;
  }
  return true;
}

std::string withEdits(const InputFile& file, const std::vector<const Fix*>& applied) {
  std::vector<TextEdit> edits;
  for (const Fix* fix : applied) edits.insert(edits.end(), fix->edits.begin(), fix->edits.end());
  return applyEdits(file.text, std::move(edits));
}

}  // namespace

namespace {

void changeSlice(Fix& fix, const InputObject& object, const workload::Container& container,
                 const policy::ContainerJudgement& judgement) {
  fix.from = judgement.requested->resource;
  fix.to = judgement.recommended->resource;
  for (const std::string_view list : {"limits", "requests"}) {
    const std::string pointer = fmt::format("{}/resources/{}/{}", container.pointer, list, json::escapeToken(fix.from));
    if (object.view().find(pointer).exists()) fix.keys.push_back(object.prefix + pointer);
  }
  if (!fix.obstacle.empty()) return;
  for (const auto& key : fix.keys)
    if (auto edit = renameKey(object.file->text, object.document->marks, key, fix.to)) fix.edits.push_back(std::move(*edit));
  if (fix.edits.size() != fix.keys.size() || fix.keys.empty())
    fix.obstacle = fmt::format("the key is written in a way that cannot be edited here: write {} by hand", fix.to);
}

void changeFlags(Fix& fix, const InputObject& object, const workload::Container& container, const model::FlagList& flags) {
  if (flags.empty() || !fix.obstacle.empty()) return;
  fix.flagsText = model::flagsText(flags);
  auto edit = policy::editFlags(container, flags);
  for (auto& operation : edit.patch) operation.path.insert(0, object.prefix);
  const auto edits = edit.obstacle.empty() ? editsFor(edit.patch, object.file->text, *object.document) : std::nullopt;
  if (!edits) {
    fix.obstacle = fmt::format("{}: write {} by hand",
                               edit.obstacle.empty() ? "the command line is written in a way that cannot be edited here"
                                                     : edit.obstacle,
                               wanted(fix));
    return;
  }
  fix.flags = std::move(edit.patch);
  fix.edits.insert(fix.edits.end(), edits->begin(), edits->end());
}

}  // namespace

std::vector<Fix> fixes(const Judged& judged) {
  std::vector<Fix> result;
  const InputObject& object = *judged.object;
  const workload::Workload workload = workload::read(object.view());
  const auto& findings = judged.judgement.findings;
  for (const auto& part : workload.templates)
    for (const auto& container : part.containers) {
      // By place, not by name: two templates of one object may have containers of the same name.
      const auto finding = std::find_if(findings.begin(), findings.end(), [&](const auto& candidate) {
        return canBeMended(candidate) &&
               (candidate.path.starts_with(container.pointer + "/") || (!container.requestPointer.empty() && candidate.path == container.requestPointer));
      });
      if (finding == findings.end()) continue;
      const std::string asked = container.requestPointer.empty() || container.limits.empty() ? lastToken(finding->path) : container.limits.front().first;
      const auto* judgement = judgementOf(judged.judgement, container, asked);
      if (judgement == nullptr || (!judgement->recommended && judgement->remedy.empty())) continue;
      Fix fix;
      fix.document = object.document;
      fix.name = container.name;
      fix.container = fmt::format("{} {}/{}, container {}", judged.judgement.kind, judged.judgement.ns,
                                  judged.judgement.name, container.name);
      fix.where = fmt::format("{}:{}", object.file->name, object.place(finding->path).key.line);
      if (judgement->recommended) {
        fix.obstacle = obstacleOf(*judgement);
        if (fix.obstacle.empty()) fix.obstacle = part.neverRewrite;
        changeSlice(fix, object, container, *judgement);
      }
      changeFlags(fix, object, container, judgement->recommended ? judgement->recommended->flags : judgement->remedy);
      if (!fix.obstacle.empty()) fix.edits.clear();
      result.push_back(std::move(fix));
    }
  return result;
}

std::string changeText(const Fix& fix) {
  std::string text = fix.to.empty() ? "" : fmt::format("{} -> {}", fix.from, fix.to);
  if (!fix.flagsText.empty()) text += (text.empty() ? "" : ", ") + fix.flagsText;
  return text;
}

std::string applyFixes(const InputFile& file, std::vector<Fix>& all) {
  std::vector<const Fix*> possible;
  for (const Fix& fix : all)
    if (fix.obstacle.empty()) possible.push_back(&fix);
  if (possible.empty()) return file.text;
  if (std::string edited = withEdits(file, possible); isExactly(file, edited, possible)) return edited;
  // Something is shared: take what can be done one by one.
  std::vector<const Fix*> applied;
  for (Fix& fix : all) {
    if (!fix.obstacle.empty()) continue;
    applied.push_back(&fix);
    if (isExactly(file, withEdits(file, applied), applied)) continue;
    applied.pop_back();
    fix.obstacle = fmt::format("an anchor shares {} with something that must stay: write {} by hand",
                               fix.to.empty() ? "the command line" : "the key", wanted(fix));
  }
  return withEdits(file, applied);
}

}  // namespace rightslice::cli
