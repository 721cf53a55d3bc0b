#include "cli/store_flags.hpp"

#include <fmt/format.h>

#include "app/files.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

void StoreFlags::declare(Flags& flags, std::string help, const std::string& before, std::string group) {
  prefix = before;
  flags.text(store, prefix + "store", "FILE|URL", std::move(help)).group = group;
  flags.text(storeFile, prefix + "store-file", "FILE",
             "A file that holds what " + prefix + "store would be, such as a mounted Secret: who lists processes sees no password then.")
      .group = std::move(group);
}

void StoreFlags::declareKeep(Flags& flags, const std::string& before, std::string group) {
  Flag keep{.name = before + "keep",
            .value = "DAYS",
            .help = "How long the history keeps what ended: 1d to 3650d. What was spent is kept for three years, by namespace.",
            .defaultText = "90d",
            .group = std::move(group)};
  keep.set = [this](const std::string& given) -> Result<bool> {
    const auto days = given.ends_with('d') ? parseInteger(std::string_view(given).substr(0, given.size() - 1)) : std::nullopt;
    if (!days || *days < 1 || *days > 3650) return fail("'" + given + "' is no number of days from 1d to 3650d, such as 90d");
    keepDays = *days;
    keepGiven = true;
    return true;
  };
  flags.add(std::move(keep));
}

std::string StoreFlags::wrong() const {
  if (!keepGiven || given()) return {};
  return fmt::format("{0}keep says how long a history keeps what ended: name the history with {0}store or {0}store-file", prefix);
}

Result<std::string> StoreFlags::address() const {
  if (storeFile.empty()) return store;
  if (!store.empty()) return fail(fmt::format("{0}store and {0}store-file are two answers to where the history is: give one", prefix));
  auto url = app::readFile(storeFile);
  if (!url) return url;
  while (url->ends_with('\n') || url->ends_with('\r')) url->pop_back();
  if (url->empty()) return fail("the file is empty: it holds no address of a history", storeFile);
  return url;
}

std::unique_ptr<observe::history::Store> StoreFlags::open(observe::history::Opening opening) const {
  auto url = address();
  auto made = url ? observe::history::openStore(*url, opening) : tl::unexpected(url.error());
  if (!made) {
    complain(describe(made.error()));
    return nullptr;
  }
  return std::move(*made);
}

}  // namespace rightslice::cli
