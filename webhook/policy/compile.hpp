// Private to policy/: from a document to a Policy or Exception, checking what the schema cannot say.
#pragma once
#include "policy/field.hpp"
#include "policy/load.hpp"
#include "policy/site.hpp"

namespace rightslice::policy {

/// Reads whatever has the right type and reports what is wrong in meaning; of use only if `site` has no error afterwards.
Policy compilePolicy(DocumentKind kind, json::View root, Site& site, const LoadOptions& options);
Exception compileException(json::View root, Site& site, const LoadOptions& options);

/// A label selector at `path`.
Selector compileSelector(json::View selector, const Path& path, Site& site);

/// spec.models, at `path`.
std::vector<DeclaredModel> compileModels(json::View list, const Path& path, Site& site);

/// spec.budget, at `path`.
Budget compileBudget(json::View budget, const Path& path, Site& site);

/// The strings of a list; elements of another type are left out.
std::vector<std::string> stringsOf(json::View list);

/// metadata.namespace, or "default".
std::string namespaceOf(json::View root);

/// Sets where a Policy or Exception was read.
template <class T>
void setPlace(T& read, const Site& site) {
  const Path root;
  const Path kind(root, "kind"), metadata(root, "metadata"), name(metadata, "name");
  const json::Mark at = site.mark(name, Site::At::Value);
  read.file = std::string(site.file());
  read.line = site.mark(kind, Site::At::Key).line;
  read.namePlace = {at.line, at.column, site.line(at)};
}

}  // namespace rightslice::policy
