// The one schema of the policy language: the loader checks against it, and the JSON Schema, the CRDs and the reference page
// are printed from it.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/yaml.hpp"
#include "policy/diagnostic.hpp"

namespace rightslice::policy {

enum class DocumentKind { SlicePolicy, ClusterSlicePolicy, SliceException };

/// Checks the shape of one document: unknown fields (with a suggestion), types, enumerations, bounds, required fields.
/// Appends what is wrong; returns true if nothing is.
bool checkShape(DocumentKind kind, json::View root, const json::Marks& marks, std::string_view file, std::string_view source,
                std::vector<Diagnostic>& out);

/// JSON Schema (draft 2020-12) of one kind, for editors; pretty-printed.
std::string jsonSchema(DocumentKind kind);
/// The CustomResourceDefinition of one kind with the structural OpenAPI v3 schema, as YAML.
std::string crd(DocumentKind kind);
/// A reference of all fields as Markdown.
std::string reference();

}  // namespace rightslice::policy
