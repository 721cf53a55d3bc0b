#include "cli/fix.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/patch.hpp"
#include "workload/workload.hpp"

namespace rightslice::cli {

namespace {

using policy::Code;

bool asksForAnotherSlice(const policy::Finding& finding) {
  return (finding.code == Code::Undersized || finding.code == Code::TightFit || finding.code == Code::Oversized) &&
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
  if (recommended.resource == container.requested->resource)
    return fmt::format("{} means a slice here: choose {} by the label or the pool of the nodes", recommended.resource,
                       recommended.profile);
  if (!recommended.flags.empty()) {
    std::string flags;
    for (const auto& [flag, value] : recommended.flags)
      flags += fmt::format("{}{} {}", flags.empty() ? "" : ", ", flag, value);
    return fmt::format("{} also needs other engine flags ({}): change both by hand", recommended.resource, flags);
  }
  return {};
}

/// What was judged of the container, if it is clear: of several with its name, all that ask for the resource must agree.
const policy::ContainerJudgement* judgementOf(const policy::Judgement& judgement, const workload::Container& container,
                                              const std::string& resource) {
  const policy::ContainerJudgement* result = nullptr;
  for (const auto& candidate : judgement.containers) {
    if (candidate.name != container.name || !candidate.requested || candidate.requested->resource != resource) continue;
    const auto recommended = [](const policy::ContainerJudgement& one) {
      return one.recommended ? one.recommended->resource : std::string();
    };
    if (result != nullptr && recommended(*result) != recommended(candidate)) return nullptr;
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

std::optional<TextEdit> renameKey(const std::string& text, const json::Marks& marks, std::string_view pointer,
                                  std::string_view to) {
  const std::string from = lastToken(pointer);
  const json::Mark at = marks.find(pointer).key;
  for (const std::string_view quote : {"", "\"", "'"}) {
    const std::string token = std::string(quote) + from + std::string(quote);
    if (text.compare(at.offset, token.size(), token) != 0) continue;
    const std::size_t colon = text.find_first_not_of(" \t", at.offset + token.size());
    if (colon == std::string::npos || text[colon] != ':') continue;
    json::Mark place = at;
    place.offset += quote.size();
    place.column += static_cast<int>(quote.size());
    return TextEdit{place, from.size(), std::string(to)};
  }
  return std::nullopt;
}

std::vector<Fix> fixes(const Judged& judged) {
  std::vector<Fix> result;
  const InputObject& object = *judged.object;
  const workload::Workload workload = workload::read(object.view());
  const auto& findings = judged.judgement.findings;
  for (const auto& part : workload.templates)
    for (const auto& container : part.containers) {
      // By place, not by name: two templates of one object may have containers of the same name.
      const auto finding = std::find_if(findings.begin(), findings.end(), [&](const auto& candidate) {
        return asksForAnotherSlice(candidate) && candidate.path.starts_with(container.pointer + "/");
      });
      if (finding == findings.end()) continue;
      const auto* judgement = judgementOf(judged.judgement, container, lastToken(finding->path));
      if (judgement == nullptr || !judgement->recommended) continue;
      Fix fix;
      fix.document = object.document;
      fix.container = fmt::format("{} {}/{}, container {}", judged.judgement.kind, judged.judgement.ns,
                                  judged.judgement.name, container.name);
      fix.where = fmt::format("{}:{}", object.file->name, object.place(finding->path).key.line);
      fix.from = judgement->requested->resource;
      fix.to = judgement->recommended->resource;
      for (const std::string_view list : {"limits", "requests"}) {
        const std::string pointer =
            fmt::format("{}/resources/{}/{}", container.pointer, list, json::escapeToken(fix.from));
        if (object.view().find(pointer).exists()) fix.keys.push_back(object.prefix + pointer);
      }
      fix.obstacle = obstacleOf(*judgement);
      if (fix.obstacle.empty()) {
        for (const auto& key : fix.keys)
          if (auto edit = renameKey(object.file->text, object.document->marks, key, fix.to))
            fix.edits.push_back(std::move(*edit));
        if (fix.edits.size() != fix.keys.size() || fix.keys.empty()) {
          fix.edits.clear();
          fix.obstacle = fmt::format("the key is written in a way that cannot be edited here: write {} by hand", fix.to);
        }
      }
      result.push_back(std::move(fix));
    }
  return result;
}

std::string applyEdits(const std::string& text, std::vector<TextEdit> edits) {
  std::sort(edits.begin(), edits.end(), [](const auto& a, const auto& b) { return a.at.offset < b.at.offset; });
  edits.erase(std::unique(edits.begin(), edits.end()), edits.end());
  std::string result;
  std::size_t position = 0;
  for (const auto& edit : edits) {
    if (edit.at.offset < position) continue;  // overlaps: the comparison afterwards finds it
    result.append(text, position, edit.at.offset - position);
    result += edit.replacement;
    position = edit.at.offset + edit.length;
  }
  return result.append(text, position);
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
    fix.obstacle = fmt::format("an anchor shares the key with something that must stay: write {} by hand", fix.to);
  }
  return withEdits(file, applied);
}

}  // namespace rightslice::cli
