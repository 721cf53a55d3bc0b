// The look of commands that show what runs: at a cluster or at recorded objects, judged under the policies of both.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/cluster_flags.hpp"
#include "cli/sources.hpp"
#include "observe/look_source.hpp"

namespace rightslice::cli {

struct Observed {
  Sources sources;
  observe::Snapshot snapshot;
  observe::Observation seen;
  std::optional<observe::metrics::Scraped> scraped;   ///< what pods said of themselves, where they were asked
  int unreadable = 0;                     ///< files and parts of them
};

/// What a command adds to the look; all may be empty.
struct LookHooks {
  std::function<bool(Sources&)> prepare{};   ///< before it: changes what is judged with; false: it wrote an error on stderr
  std::optional<observe::ScrapeOptions> scraping{};   ///< pods are asked for their metrics
  std::function<void(Observed&)> more{};     ///< after it, before anything is judged: adds what the look does not read
};

struct ObservedFlags {
  void declare(Flags& flags);
  /// Nothing after the error was written on stderr.
  std::unique_ptr<Observed> look(const LookHooks& hooks = {}) const;

  SourceFlags sources;
  ClusterFlags cluster;
  std::vector<std::string> namespaces, from;
  std::string at, selector;

 private:
  std::optional<observe::ClusterLook> lookAtCluster(const std::optional<observe::ScrapeOptions>& scraping) const;
  std::optional<observe::ClusterLook> readFiles(int& unreadable) const;
};

}  // namespace rightslice::cli
