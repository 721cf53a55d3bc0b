// How the results of check are shown: one report per output format.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admission/result_json.hpp"
#include "cli/input.hpp"
#include "cli/terminal.hpp"
#include "policy/judgement.hpp"

namespace rightslice::cli {

/// One object and what was said about it; valid during the call that it is given to.
struct Judged {
  policy::Judgement judgement;
  const InputObject* object = nullptr;
  bool failed = false;  ///< counts for the exit status, at the level of --fail-on

  admission::Origin origin() const { return {object->file->name, object->document->index, object->item}; }
};

struct Summary {
  int allowed = 0, warned = 0, denied = 0, rewritten = 0, notJudged = 0, unreadable = 0;
  void count(const policy::Judgement& judgement);
  int objects() const { return allowed + warned + denied + rewritten; }
};

using Sink = std::function<void(std::string_view)>;

class Report {
 public:
  virtual ~Report() = default;
  virtual void begin() {}
  virtual void add(const Judged& judged) = 0;
  /// Something that could not be read; it is also on stderr.
  virtual void unreadable(const Error& error) { static_cast<void>(error); }
  virtual void end(const Summary& summary) = 0;
};

std::unique_ptr<Report> textReport(Sink sink, Style style);
std::unique_ptr<Report> jsonReport(Sink sink);
/// SARIF 2.1.0 (OASIS), for code scanning.
std::unique_ptr<Report> sarifReport(Sink sink);
/// JUnit XML: a test case per object.
std::unique_ptr<Report> junitReport(Sink sink);

/// Text for XML: the five entities, and U+FFFD for characters that XML 1.0 does not allow.
std::string escapeXml(std::string_view text);

}  // namespace rightslice::cli
