#include "admission/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"

namespace rightslice::admission {
namespace {

using policy::Action;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string oneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return out;
}

std::string labelled(const policy::Finding& finding) {
  return finding.container.empty() ? fmt::format("{}: {}", policy::name(finding.code), finding.message)
                                   : fmt::format("{}: container {} {}", policy::name(finding.code), finding.container, finding.message);
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
  std::string text, codes, policies;
  std::vector<std::string_view> seen;
  for (std::size_t index = 0; index < judgement.findings.size(); ++index) {
    if (judgement.effective[index] != Action::Deny) continue;
    const auto& finding = judgement.findings[index];
    text += fmt::format("{}{}", text.empty() ? "" : "; ", labelled(finding));
    const auto code = policy::name(finding.code);
    if (codes.find(code) == std::string::npos) codes += fmt::format("{}{}", codes.empty() ? "" : ", ", code);
    if (std::find(seen.begin(), seen.end(), finding.policy) == seen.end()) {
      seen.push_back(finding.policy);
      policies += fmt::format("{}{}", policies.empty() ? "" : ", ", finding.policy);
    }
  }
  std::string tail = fmt::format(" [policy {}, mode {}; {}: {}]", policies, judgement.mode ? policy::name(*judgement.mode) : "enforce",
                                 codes.find(',') == std::string::npos ? "see" : "see pages", options.documentationUrl.empty() ? "policies/findings/" + codes + ".md" : fmt::format("{}/{}", options.documentationUrl, codes));
  tail = money(judgement) + tail;
  return cutTo(oneLine(text), limits::kMaxMessageBytes - std::min(tail.size(), limits::kMaxMessageBytes / 2)) + oneLine(tail);
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
    for (const auto& note : judgement.notes) all.push_back(note);
    for (std::size_t index = 0; index < judgement.findings.size(); ++index)
      if (judgement.effective[index] == Action::Warn) all.push_back(labelled(judgement.findings[index]));
  }
  std::vector<std::string> out;
  for (const auto& text : all) {
    if (out.size() == limits::kMaxWarnings) break;
    out.push_back(warningText(text));
  }
  return out;
}

}  // namespace rightslice::admission
