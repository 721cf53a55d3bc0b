// Files -> catalogue, policies, surroundings: what serve, check, review and test start from.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admission/verdict.hpp"
#include "app/files.hpp"
#include "policy/load.hpp"

namespace rightslice::app {

/// The files of --policies arguments: a file itself; of a folder every *.yaml, *.yml and *.json, recursively, sorted,
/// without hidden entries (so a mounted ConfigMap's ..data and ..2026_* folders are skipped and its links are read),
/// and without folders named "tests", "catalogue" or "schema" (they hold no policies). A missing path is an error.
Result<std::vector<std::string>> policyFiles(const std::vector<std::string>& paths);

/// Owns catalogues that were loaded with --catalogue DIR (gpus.json, models.json, prices.yaml in it, each optional).
struct Catalogues {
  std::shared_ptr<const gpu::Catalogue> gpus;
  std::shared_ptr<const model::Catalogue> models;
  std::shared_ptr<const workload::PriceBook> prices;  ///< of the folder, else the shipped default book
  policy::Catalogue view() const { return {gpus.get(), models.get()}; }
};
Result<Catalogues> loadCatalogues(const std::string& directory);  ///< "" : the built-in ones

/// One file of policies, or a path at which none can be read (then `file` is that path).
struct PolicyText {
  std::string file;
  Result<std::string> text;
};
using FileReader = std::function<Result<std::string>(const std::string& path)>;
/// What policyFiles() names, read once, each file once; a path that is missing does not hide the others.
std::vector<PolicyText> readPolicies(const std::vector<std::string>& paths, const FileReader& reader);
/// All policies of the texts, merged; what cannot be read is a diagnostic.
policy::Loaded loadPolicies(const std::vector<PolicyText>& texts, const policy::LoadOptions& options);
/// Both at once, for commands that read once: also from pipes.
policy::Loaded loadPolicies(const std::vector<std::string>& paths, const policy::LoadOptions& options);

/// The starter policy of policies/starter, compiled in, for commands without --policies.
std::string_view starterPolicy();

}  // namespace rightslice::app
