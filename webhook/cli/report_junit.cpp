#include <fmt/format.h>

#include "cli/report.hpp"

namespace rightslice::cli {

std::string escapeXml(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&apos;"; break;
      case '\n': result += "&#10;"; break;
      case '\t': result += "&#9;"; break;
      default:
        if (c >= 0 && c < 0x20) result += "\xEF\xBF\xBD";
        else result += c;
    }
  }
  return result;
}

namespace {

class JunitReport : public Report {
 public:
  explicit JunitReport(Sink sink) : sink_(std::move(sink)) {}

  void add(const Judged& judged) override {
    const auto& judgement = judged.judgement;
    std::string findings;
    for (const auto& finding : judgement.findings) {
      const json::Mark at = judged.object->place(finding.path).key;
      findings += fmt::format("{}:{}:{}: {} {}: {}\n", judged.object->file->name, at.line, at.column,
                              name(finding.action), name(finding.code), finding.message);
    }
    ++cases_;
    body_ += fmt::format("    <testcase classname=\"{}\" name=\"{} {}/{}\"", escapeXml(judged.object->file->name),
                         escapeXml(judgement.kind), escapeXml(judgement.ns), escapeXml(judgement.name));
    if (judged.failed) {
      ++failures_;
      body_ += fmt::format(">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                           name(judgement.decision),
                           escapeXml(judgement.findings.empty() ? std::string(name(judgement.decision))
                                                                : judgement.findings.front().message),
                           escapeXml(findings));
    } else if (!findings.empty()) {
      body_ += fmt::format(">\n      <system-out>{}</system-out>\n    </testcase>\n", escapeXml(findings));
    } else {
      body_ += "/>\n";
    }
  }

  void unreadable(const Error& error) override {
    ++cases_;
    ++errors_;
    body_ += fmt::format(
        "    <testcase classname=\"{0}\" name=\"readable\">\n      <error type=\"unreadable\" message=\"{1}\">{0}: {1}"
        "</error>\n    </testcase>\n",
        escapeXml(error.where), escapeXml(error.message));
  }

  void end(const Summary&) override {
    const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\"", cases_, failures_, errors_);
    sink_(
        fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rightslice check\" {0}>\n"
                    "  <testsuite name=\"rightslice check\" {0}>\n",
                    counts));
    sink_(body_);
    sink_("  </testsuite>\n</testsuites>\n");
  }

 private:
  Sink sink_;
  std::string body_;
  int cases_ = 0, failures_ = 0, errors_ = 0;
};

}  // namespace

std::unique_ptr<Report> junitReport(Sink sink) { return std::make_unique<JunitReport>(std::move(sink)); }

}  // namespace rightslice::cli
