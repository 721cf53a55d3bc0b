// Manifests in Git, and what is recommended to workloads that they declare.
#pragma once
#include <string>
#include <vector>

#include "cli/observed.hpp"
#include "cli/text_edit.hpp"
#include "observe/plan/advice.hpp"

namespace rightslice::cli {

/// A file that should read otherwise.
struct ChangedManifest {
  std::string file, before, after;
  std::vector<TextEdit> edits;              ///< what makes `after` of `before`
};

struct ManifestChanges {
  std::vector<ChangedManifest> files;       ///< in the order of the paths
  int unreadable = 0;                       ///< said on stderr
};

/// Finds the document of each advised workload by kind, group, namespace and name (one without a namespace stands for any), judges it as
/// what runs was judged, and writes the change where both say the same; fills in Advice::manifest. Nothing is written to files.
ManifestChanges changeManifests(const std::vector<std::string>& paths, const Observed& observed, std::vector<observe::plan::Advice>& advice);

}  // namespace rightslice::cli
