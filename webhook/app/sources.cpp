#include "app/sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/limits.hpp"
#include "host/regular_file.hpp"

namespace rightslice::embedded {
std::string_view starter_yaml();
}

namespace rightslice::app {

namespace fs = std::filesystem;

namespace {

bool exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Collects files in order, each once: a folder and a file in it, both named, are no duplicate.
class Collector {
 public:
  std::optional<Error> add(const std::string& path) {
    Listing listing;
    if (isFolder(path)) listing = filesUnder(path, {"tests", "catalogue", "schema"});
    else if (exists(path)) listing.files.push_back(path);
    else return Error{"no such file or folder", path};
    for (auto& file : listing.files) {
      std::error_code ignored;
      const fs::path canonical = fs::weakly_canonical(file, ignored);
      if (seen_.insert(canonical.empty() ? fs::path(file) : canonical).second) files.push_back(std::move(file));
    }
    if (!listing.errors.empty()) return listing.errors.front();
    return std::nullopt;
  }
  std::vector<std::string> files;

 private:
  std::set<fs::path> seen_;
};

policy::Loaded unreadable(const Error& error) {
  policy::Loaded loaded;
  policy::Diagnostic diagnostic;
  diagnostic.code = "UnreadableFile";
  diagnostic.file = error.where;
  diagnostic.message = error.message;
  loaded.diagnostics.push_back(std::move(diagnostic));
  return loaded;
}

}  // namespace

Result<std::vector<std::string>> policyFiles(const std::vector<std::string>& paths) {
  Collector collector;
  for (const auto& path : paths)
    if (auto error = collector.add(path)) return tl::unexpected(std::move(*error));
  return std::move(collector.files);
}

Result<Catalogues> loadCatalogues(const std::string& directory) {
  Catalogues result;
  // The built-in catalogues live as long as the program: pointers to them own nothing.
  result.gpus = std::shared_ptr<const gpu::Catalogue>(&gpu::Catalogue::builtIn(), [](const gpu::Catalogue*) {});
  result.models = std::shared_ptr<const model::Catalogue>(&model::Catalogue::builtIn(), [](const model::Catalogue*) {});
  result.prices = std::make_shared<const workload::PriceBook>(workload::defaultPriceBook());
  if (directory.empty()) return result;
  if (!isFolder(directory)) return fail("no such folder; --catalogue names a folder", directory);

  int found = 0;
  const auto with = [&](const char* name, auto&& use) -> std::optional<Error> {
    const std::string file = (fs::path(directory) / name).string();
    if (!exists(file)) return std::nullopt;
    ++found;
    const auto text = host::readRegularFile(file, limits::kMaxFileBytes);
    return text ? use(*text, file) : std::optional(text.error());
  };
  if (const auto error =
          with("gpus.json", [&](const std::string& text, const std::string& file) -> std::optional<Error> {
            auto loaded = gpu::Catalogue::load(text, file, &gpu::Catalogue::builtIn());
            if (!loaded) return loaded.error();
            result.gpus = std::make_shared<const gpu::Catalogue>(std::move(*loaded));
            return std::nullopt;
          }))
    return tl::unexpected(*error);
  if (const auto error =
          with("models.json", [&](const std::string& text, const std::string& file) -> std::optional<Error> {
            auto loaded = model::Catalogue::load(text, file, &model::Catalogue::builtIn());
            if (!loaded) return loaded.error();
            result.models = std::make_shared<const model::Catalogue>(std::move(*loaded));
            return std::nullopt;
          }))
    return tl::unexpected(*error);
  if (const auto error =
          with("prices.yaml", [&](const std::string& text, const std::string& file) -> std::optional<Error> {
            auto loaded = workload::readPriceBook(text, file);
            if (!loaded) return loaded.error();
            result.prices = std::make_shared<const workload::PriceBook>(std::move(*loaded));
            return std::nullopt;
          }))
    return tl::unexpected(*error);
  if (found == 0) return fail("holds none of gpus.json, models.json and prices.yaml", directory);
  return result;
}

std::vector<PolicyText> readPolicies(const std::vector<std::string>& paths, const FileReader& reader) {
  std::vector<PolicyText> out;
  Collector collector;
  for (const auto& path : paths)
    if (auto error = collector.add(path)) out.push_back({error->where, tl::unexpected(std::move(*error))});
  for (const auto& file : collector.files) out.push_back({file, reader(file)});
  return out;
}

policy::Loaded loadPolicies(const std::vector<PolicyText>& texts, const policy::LoadOptions& options) {
  std::vector<policy::Loaded> parts;
  for (const auto& each : texts) parts.push_back(each.text ? policy::load(*each.text, each.file, options) : unreadable(each.text.error()));
  return policy::merge(std::move(parts));
}

policy::Loaded loadPolicies(const std::vector<std::string>& paths, const policy::LoadOptions& options) {
  return loadPolicies(readPolicies(paths, readFile), options);
}

std::string_view starterPolicy() { return embedded::starter_yaml(); }

}  // namespace rightslice::app
