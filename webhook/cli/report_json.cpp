#include <algorithm>

#include "cli/report.hpp"

namespace rightslice::cli {

void Summary::count(const policy::Judgement& judgement) {
  switch (judgement.decision) {
    case policy::Action::Allow: ++allowed; break;
    case policy::Action::Warn: ++warned; break;
    case policy::Action::Rewrite: ++rewritten; break;
    case policy::Action::Deny: ++denied; break;
  }
  const auto& findings = judgement.findings;
  if (std::any_of(findings.begin(), findings.end(),
                  [](const auto& finding) { return finding.code == policy::Code::NotJudged; }))
    ++notJudged;
}

namespace {

/// Written result by result, so that a large input does not pile up.
class JsonReport : public Report {
 public:
  explicit JsonReport(Sink sink) : sink_(std::move(sink)) {}
  void begin() override { sink_("{\"results\":["); }
  void add(const Judged& judged) override {
    json::Writer out;
    admission::writeResult(out, judged.judgement, judged.origin());
    sink_(first_ ? "\n" : ",\n");
    sink_(out.text());
    first_ = false;
  }
  void end(const Summary& summary) override {
    json::Writer out;
    out.beginObject();
    out.member("allowed", summary.allowed).member("warned", summary.warned).member("denied", summary.denied);
    out.member("rewritten", summary.rewritten).member("notJudged", summary.notJudged).endObject();
    sink_(first_ ? "],\"summary\":" : "\n],\"summary\":");
    sink_(out.text());
    sink_("}\n");
  }

 private:
  Sink sink_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<Report> jsonReport(Sink sink) { return std::make_unique<JsonReport>(std::move(sink)); }

}  // namespace rightslice::cli
