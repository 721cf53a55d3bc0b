#include "cli/store_flags.hpp"

#include "app/files.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

void StoreFlags::declare(Flags& flags, std::string help) {
  flags.text(store, "--store", "FILE|URL", std::move(help)).group = "history";
  flags.text(storeFile, "--store-file", "FILE", "A file that holds what --store would be, such as a mounted Secret: who lists processes sees no password then.")
      .group = "history";
}

void StoreFlags::declareKeep(Flags& flags) {
  Flag keep{.name = "--keep",
            .value = "DAYS",
            .help = "How long the history keeps what ended: 1d to 3650d. What was spent is kept for three years, by namespace.",
            .defaultText = "90d",
            .group = "history"};
  keep.set = [this](const std::string& given) -> Result<bool> {
    const auto days = given.ends_with('d') ? parseInteger(std::string_view(given).substr(0, given.size() - 1)) : std::nullopt;
    if (!days || *days < 1 || *days > 3650) return fail("'" + given + "' is no number of days from 1d to 3650d, such as 90d");
    keepDays = *days;
    return true;
  };
  flags.add(std::move(keep));
}

std::unique_ptr<observe::history::Store> StoreFlags::open(observe::history::Opening opening) const {
  const auto refuse = [](const std::string& message) {
    complain(message);
    return nullptr;
  };
  if (!store.empty() && !storeFile.empty()) return refuse("--store and --store-file are two answers to where the history is: give one");
  std::string url = store;
  if (!storeFile.empty()) {
    auto text = app::readFile(storeFile);
    if (!text) return refuse(describe(text.error()));
    url = std::move(*text);
    while (url.ends_with('\n') || url.ends_with('\r')) url.pop_back();
  }
  auto made = observe::history::openStore(url, opening);
  if (!made) return refuse(describe(made.error()));
  return std::move(*made);
}

}  // namespace rightslice::cli
