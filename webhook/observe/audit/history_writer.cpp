#include "observe/audit/history_writer.hpp"

#include <fmt/format.h>

#include "base/describe.hpp"

namespace rightslice::observe::audit {

Kept HistoryWriter::keep(const Report& report, const policy::Catalogue& catalogue) {
  if (!store_) {
    auto opened = history::openStore(place_.url, history::Opening::Create);
    if (!opened) return {"failed", "the history cannot be opened: " + describe(opened.error())};
    store_ = std::move(*opened);
  }
  const auto record = history::recordOf(report, catalogue);
  if (!record) return {"failed", "the look cannot be kept: " + describe(record.error())};
  const auto appended = store_->append(*record);
  if (!appended) return {"failed", "the look cannot be kept: " + describe(appended.error())};
  // Another replica may have been a moment faster. What is further ahead keeps everything else out.
  if (appended->what == history::Appended::What::Outdated && appended->last > record->takenAt + history::kMostAhead)
    return {"failed", fmt::format("the look cannot be kept: {} keeps a look of {}, later than this one; if that time is wrong, begin another history", store_->name(),
                                  metrics::timeText(appended->last * 1000))};
  Kept out{appended->what == history::Appended::What::Written ? "written" : "already", {}};
  out.opened = appended->difference.opened.size();
  out.closed = appended->difference.closed.size();
  const auto pruned = store_->prune(record->takenAt, place_.retention);
  if (!pruned) out.trouble = "old looks cannot be deleted from the history: " + describe(pruned.error());
  return out;
}

}  // namespace rightslice::observe::audit
