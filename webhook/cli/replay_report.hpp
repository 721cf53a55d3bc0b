// How the results of replay are shown.
#pragma once
#include <cstdint>
#include <memory>

#include "app/audit_replay.hpp"
#include "cli/report.hpp"

namespace rightslice::cli {

/// What became of the lines of the log.
struct ReplayCounts {
  Summary summary;
  std::int64_t lines = 0, events = 0, replayed = 0, newlyDenied = 0, newlyRewritten = 0, newlyWarned = 0, noLongerDenied = 0, withoutDecision = 0;
  std::int64_t noGpu = 0, otherStage = 0, otherRequest = 0, dryRun = 0, refused = 0, levelTooLow = 0, truncated = 0, patchOnly = 0, unseenScale = 0;
  void count(const app::Replayed& one);
  void count(app::AuditEvent::Use use);
};

class ReplayReport {
 public:
  virtual ~ReplayReport() = default;
  virtual void begin() = 0;
  virtual void add(const app::Replayed& replayed, const std::string& file, std::size_t line) = 0;
  virtual void end(const ReplayCounts& counts) = 0;
};
std::unique_ptr<ReplayReport> textReplayReport(Sink sink, Style style);
std::unique_ptr<ReplayReport> jsonReplayReport(Sink sink);

}  // namespace rightslice::cli
