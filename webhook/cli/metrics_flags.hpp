// The flags that say where metrics of what runs are, and reading them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cli/flags.hpp"
#include "gpu/catalogue.hpp"
#include "observe/metrics/joiner.hpp"

namespace rightslice::cli {

struct MetricsFlags {
  std::string prometheus, tokenFile, user, passwordFile, authorities, certificate, key;
  std::vector<std::string> files;      ///< [NAMESPACE/POD=]FILE
  std::int64_t window = 3600;          ///< seconds

  void declare(Flags& flags);
  bool given() const { return !prometheus.empty() || !files.empty(); }
  /// What is wrong with them together; empty: nothing.
  std::string wrong() const;
  /// Fills snapshot.measured and its coverage. False where something could not be read: it was said on stderr.
  bool read(observe::Snapshot& snapshot, const gpu::Catalogue& gpus) const;

 private:
  bool ask(observe::metrics::Joiner& joiner, const observe::metrics::Window& window, observe::Snapshot& snapshot) const;
};

/// "10m", "6h", "7d": from ten minutes to 31 days, in seconds.
std::optional<std::int64_t> parseWindow(std::string_view text);

}  // namespace rightslice::cli
