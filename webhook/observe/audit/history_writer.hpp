// Keeps each look in the history.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "observe/history/store.hpp"
#include "observe/report.hpp"

namespace rightslice::observe::audit {

struct HistoryPlace {
  std::string url;                    ///< as history::openStore() has it; empty: none
  history::Retention retention{};
};

struct Kept {
  std::string_view outcome;           ///< "written", "already" (or a later one is there), "failed"
  std::string trouble;                ///< of "failed", and where old looks could not be deleted; a sentence, without passwords
  std::size_t opened = 0, closed = 0; ///< findings that are new with this look, or gone
};

/// For one thread. Opens the store when it is needed first, and again after it could not be opened.
class HistoryWriter {
 public:
  explicit HistoryWriter(HistoryPlace place) : place_(std::move(place)) {}
  bool wanted() const { return !place_.url.empty(); }
  /// Writes the look, and deletes a part of what is older than it should be when the look was taken.
  /// `catalogue`: what the report was judged with.
  Kept keep(const Report& report, const policy::Catalogue& catalogue);

 private:
  const HistoryPlace place_;
  std::unique_ptr<history::Store> store_;
};

}  // namespace rightslice::observe::audit
