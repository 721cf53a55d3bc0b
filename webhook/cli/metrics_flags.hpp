// The flags that say where metrics of what runs are, and reading them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/flags.hpp"
#include "gpu/catalogue.hpp"
#include "observe/metrics_source.hpp"
#include "observe/scrape_fetch.hpp"

namespace rightslice::cli {

struct MetricsFlags {
  observe::MetricsPlaces places;
  bool scrape = false;
  std::int64_t again = 0;               ///< seconds

  std::optional<observe::ScrapeOptions> scraping() const;
  void declare(Flags& flags);
  void declareServer(Flags& flags);   ///< those of a Prometheus server alone
  /// What is wrong with them together; empty: nothing.
  std::string wrong() const;
  /// What a person should know of them; empty: nothing.
  std::string caution() const;
  /// observe::readMetrics(), with its progress and what it tells on stderr. False where something could not be read.
  bool read(observe::Snapshot& snapshot, const gpu::Catalogue& gpus, std::optional<observe::metrics::Scraped> scraped) const;
};

/// "10m", "6h", "7d": from ten minutes to 31 days, in seconds.
std::optional<std::int64_t> parseWindow(std::string_view text);

}  // namespace rightslice::cli
