#include <fmt/format.h>

#include <algorithm>

#include "cli/fix.hpp"
#include "cli/report.hpp"
#include "cli/version.hpp"

namespace rightslice::cli {

namespace {

using policy::Action;

// Levels of SARIF 2.1.0, section 3.27.10.
std::string_view level(Action action) {
  switch (action) {
    case Action::Deny: return "error";
    case Action::Allow: return "note";
    case Action::Warn:
    case Action::Rewrite: break;
  }
  return "warning";
}

/// A relative reference or a file URI, percent-encoded (RFC 3986).
std::string uri(std::string_view path) {
  std::string result = path.starts_with('/') ? "file://" : "";
  while (path.starts_with("./")) path.remove_prefix(2);
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    result += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

void location(json::Writer& out, const std::string& file) {
  out.key("artifactLocation").beginObject().member("uri", file == "-" ? "stdin" : uri(file)).endObject();
}

class SarifReport : public Report {
 public:
  explicit SarifReport(Sink sink) : sink_(std::move(sink)) {
    results_.beginArray();
    notifications_.beginArray();
  }

  void add(const Judged& judged) override {
    const auto& judgement = judged.judgement;
    const auto all = fixes(judged);
    for (const auto& finding : judgement.findings) {
      results_.beginObject()
          .member("ruleId", name(finding.code))
          .member("ruleIndex", static_cast<std::int64_t>(finding.code));
      results_.member("level", level(finding.action));
      const std::string subject = fmt::format("{} {}/{}{}: ", judgement.kind, judgement.ns, judgement.name,
                                              finding.container.empty() ? "" : ", container " + finding.container);
      results_.key("message").beginObject().member("text", subject + finding.message).endObject();
      results_.key("locations").beginArray().beginObject().key("physicalLocation").beginObject();
      location(results_, judged.object->file->name);
      const json::Mark at = judged.object->place(finding.path).key;
      results_.key("region")
          .beginObject()
          .member("startLine", std::max(at.line, 1))
          .member("startColumn", std::max(at.column, 1))
          .endObject();
      results_.endObject().endObject().endArray();
      for (const auto& fix : all)
        if (fix.obstacle.empty() &&
            std::find(fix.keys.begin(), fix.keys.end(), judged.object->prefix + finding.path) != fix.keys.end())
          replacement(judged.object->file->name, fix);
      results_.endObject();
    }
  }

  void unreadable(const Error& error) override {
    notifications_.beginObject().member("level", "error");
    notifications_.key("message").beginObject().member(
        "text", error.where.empty() ? error.message : error.where + ": " + error.message);
    notifications_.endObject().endObject();
  }

  void end(const Summary& summary) override {
    results_.endArray();
    notifications_.endArray();
    json::Writer out;
    out.beginObject().member("$schema", "https://json.schemastore.org/sarif-2.1.0.json").member("version", "2.1.0");
    out.key("runs").beginArray().beginObject().key("tool").beginObject().key("driver").beginObject();
    out.member("name", "rightslice").member("version", version()).key("rules").beginArray();
    for (const auto& row : policy::codes()) {
      out.beginObject()
          .member("id", row.name)
          .key("shortDescription")
          .beginObject()
          .member("text", row.summary)
          .endObject();
      out.key("defaultConfiguration").beginObject().member("level", level(row.defaultAction)).endObject().endObject();
    }
    out.endArray().endObject().endObject();
    out.member("columnKind", "utf16CodeUnits");
    out.key("invocations").beginArray().beginObject().memberBool("executionSuccessful", summary.unreadable == 0);
    out.key("toolExecutionNotifications").raw(notifications_.text()).endObject().endArray();
    out.key("results").raw(results_.text()).endObject().endArray().endObject();
    sink_(out.text());
    sink_("\n");
  }

 private:
  void replacement(const std::string& file, const Fix& fix) {
    results_.key("fixes").beginArray().beginObject().key("description").beginObject();
    results_.member("text", fmt::format("ask for {} instead of {}", fix.to, fix.from)).endObject();
    results_.key("artifactChanges").beginArray().beginObject();
    location(results_, file);
    results_.key("replacements").beginArray();
    for (const auto& edit : fix.edits) {
      results_.beginObject()
          .key("deletedRegion")
          .beginObject()
          .member("startLine", edit.at.line)
          .member("startColumn", edit.at.column);
      results_.member("endLine", edit.at.line)
          .member("endColumn", edit.at.column + static_cast<std::int64_t>(edit.length))
          .endObject();
      results_.key("insertedContent").beginObject().member("text", edit.replacement).endObject().endObject();
    }
    results_.endArray().endObject().endArray().endObject().endArray();
  }

  Sink sink_;
  json::Writer results_, notifications_;
};

}  // namespace

std::unique_ptr<Report> sarifReport(Sink sink) { return std::make_unique<SarifReport>(std::move(sink)); }

}  // namespace rightslice::cli
