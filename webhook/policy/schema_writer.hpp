// Private to policy/: prints the tree of fields as a schema.
#pragma once
#include "json/writer.hpp"
#include "policy/field.hpp"

namespace rightslice::policy {

/// JSON Schema (draft 2020-12), or the structural OpenAPI v3 schemas of CustomResourceDefinitions, which know fewer words.
class SchemaWriter {
 public:
  enum class Dialect { JsonSchema, OpenApi };
  SchemaWriter(Dialect dialect, DocumentKind kind, json::Writer& out) : dialect_(dialect), kind_(kind), out_(out) {}

  /// A whole schema object.
  void write(const Field& field);
  /// Its members only, between the caller's braces.
  void members(const Field& field);

 private:
  Dialect dialect_;
  DocumentKind kind_;
  json::Writer& out_;

  bool openApi() const { return dialect_ == Dialect::OpenApi; }
  void description(const Field& field);
  void object(const Field& field);
  void array(const Field& field);
  void string(const Field& field);
  void quantity();
};

}  // namespace rightslice::policy
