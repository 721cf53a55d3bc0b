#include "observe/audit/history_writer.hpp"

namespace rightslice::observe::audit {
namespace {

std::string placed(const Error& error) { return error.where.empty() ? error.message : error.where + ": " + error.message; }

}  // namespace

Kept HistoryWriter::keep(const Report& report, const policy::Catalogue& catalogue) {
  if (!store_) {
    auto opened = history::openStore(place_.url, history::Opening::Create);
    if (!opened) return {"failed", "the history cannot be opened: " + placed(opened.error())};
    store_ = std::move(*opened);
  }
  const auto record = history::recordOf(report, catalogue);
  if (!record) return {"failed", "the look cannot be kept: " + placed(record.error())};
  const auto appended = store_->append(*record);
  if (!appended) return {"failed", "the look cannot be kept: " + placed(appended.error())};
  Kept out{appended->what == history::Appended::What::Written ? "written" : "already", {}};
  out.opened = appended->difference.opened.size();
  out.closed = appended->difference.closed.size();
  const auto pruned = store_->prune(record->takenAt, place_.retention);
  if (!pruned) out.trouble = "old looks cannot be deleted from the history: " + placed(pruned.error());
  return out;
}

}  // namespace rightslice::observe::audit
