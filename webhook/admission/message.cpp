#include "admission/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "json/utf8.hpp"

namespace rightslice::admission {
namespace {

using policy::Action;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Short enough for a warning: what a fit finding comes down to. Empty where there is nothing to recommend.
std::string gist(const policy::Judgement& judgement, const policy::Finding& finding) {
  if (finding.code != policy::Code::Oversized && finding.code != policy::Code::Undersized && finding.code != policy::Code::TightFit) return {};
  for (const auto& container : judgement.containers) {
    if (container.name != finding.container || !container.need || !container.requested || !container.requested->usable || !container.recommended) continue;
    const auto& requested = *container.requested;
    // The message says what else to change.
    if (container.recommended->resource == requested.resource || container.recommended->resource.starts_with(workload::kDeviceClassPrefix)) continue;
    return fmt::format("{}: {}: needs {}, {} holds {}; use {}", policy::name(finding.code), finding.container, formatBytes(container.need->bytes),
                       requested.profile.empty() ? requested.resource : requested.profile, formatBytes(*requested.usable),
                       container.recommended->resource);
  }
  return {};
}

std::string page(std::string_view code, const ReviewerOptions& options) {
  if (options.documentationUrl.empty()) return fmt::format("policies/findings/{}.md", code);
  const std::string_view slash = options.documentationUrl.ends_with('/') ? "" : "/";
  return fmt::format("{}{}policies/findings/{}.md", options.documentationUrl, slash, code);
}

std::string money(const policy::Judgement& judgement) {
  std::string text;
  for (const auto& container : judgement.containers)
    if (container.cost && container.cost->wasteCents)
      text += fmt::format("; {}.{:02} {} a month could be saved{}", *container.cost->wasteCents / 100, *container.cost->wasteCents % 100,
                          container.cost->currency, container.cost->defaultBook ? " at list prices" : "");
  return text;
}

}  // namespace

std::string oneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return json::printable(out);  // what is longer than a byte: kubectl prints it to a terminal
}

std::string labelled(const policy::Finding& finding) {
  return finding.container.empty() ? fmt::format("{}: {}", policy::name(finding.code), finding.message)
                                   : fmt::format("{}: container {}: {}", policy::name(finding.code), finding.container, finding.message);
}

std::string cutTo(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  constexpr std::string_view kEllipsis = "...";
  std::size_t end = bytes - kEllipsis.size();
  while (end > 0 && continues(text[end])) --end;
  text.resize(end);
  return text + std::string(kEllipsis);
}

std::string warningText(std::string_view text) {
  std::string line = oneLine(text);
  std::size_t points = 0, keep = 0;  // keep: where the text ends if it must be cut
  constexpr std::size_t kEllipsis = 3;
  for (std::size_t index = 0; index < line.size(); ++index) {
    if (continues(line[index])) continue;
    if (points == limits::kMaxWarningCodePoints - kEllipsis) keep = index;
    if (++points > limits::kMaxWarningCodePoints) {
      line.resize(keep);
      return line + "...";
    }
  }
  return line;
}

std::string denialMessage(const policy::Judgement& judgement, const ReviewerOptions& options) {
  std::string text, pages, policies;
  std::vector<std::string_view> seen;  // codes and policies, each named once
  const auto once = [&](std::string_view word) {
    if (std::find(seen.begin(), seen.end(), word) != seen.end()) return false;
    seen.push_back(word);
    return true;
  };
  for (std::size_t index = 0; index < judgement.findings.size(); ++index) {
    if (judgement.effective[index] != Action::Deny) continue;
    const auto& finding = judgement.findings[index];
    text += (text.empty() ? "" : "; ") + labelled(finding);
    if (once(policy::name(finding.code))) pages += (pages.empty() ? "" : " ") + page(policy::name(finding.code), options);
    if (once(finding.policy)) policies += (policies.empty() ? "" : ", ") + finding.policy;
  }
  const std::string tail = oneLine(fmt::format("{} [policy {}, mode {}; see {}]", money(judgement), policies,
                                               judgement.mode ? policy::name(*judgement.mode) : "enforce", pages));
  const std::string end = cutTo(tail, limits::kMaxMessageBytes / 2);
  return cutTo(oneLine(text), limits::kMaxMessageBytes - end.size()) + end;
}

std::vector<std::string> warnings(const policy::Judgement& judgement, Path path) {
  std::vector<std::string> all;
  if (path == Path::Mutate) {
    // About what was written, or was to be written and could not.
    if (!judgement.patch.empty())
      for (std::size_t index = 0; index < judgement.findings.size(); ++index)
        if (judgement.effective[index] == Action::Rewrite) {
          const auto& finding = judgement.findings[index];
          std::string to;
          for (const auto& container : judgement.containers)
            if (container.name == finding.container && container.recommended && container.requested)
              to = fmt::format("{} rewritten to {}", container.requested->resource, container.recommended->resource);
          all.push_back(fmt::format("{}: container {}: {}", policy::name(finding.code), finding.container, to));
        }
    for (const auto& note : judgement.rewriteNotes) all.push_back("not rewritten: " + note);
  } else {
    // Audit lets pass without warnings (DESIGN 4); also of what could not be read.
    if (judgement.mode != policy::Mode::Audit) all.insert(all.end(), judgement.notes.begin(), judgement.notes.end());
    for (std::size_t index = 0; index < judgement.findings.size(); ++index)
      if (judgement.effective[index] == Action::Warn) {
        const auto& finding = judgement.findings[index];
        auto text = labelled(finding);
        if (text.size() > limits::kMaxWarningCodePoints)
          if (auto brief = gist(judgement, finding); !brief.empty()) text = std::move(brief);
        all.push_back(std::move(text));
      }
  }
  std::vector<std::string> out;
  for (const auto& text : all) {
    if (out.size() == limits::kMaxWarnings) break;
    out.push_back(warningText(text));
  }
  return out;
}

}  // namespace rightslice::admission
