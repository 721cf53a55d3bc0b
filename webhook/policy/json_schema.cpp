#include <fmt/format.h>

#include "policy/schema_writer.hpp"

namespace rightslice::policy {

std::string jsonSchema(DocumentKind kind) {
  json::Writer out(2);
  out.beginObject();
  out.member("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.member("title", fmt::format("{} ({})", name(kind), kApiVersion));
  SchemaWriter(SchemaWriter::Dialect::JsonSchema, kind, out).members(documentField());
  out.endObject();
  return out.take() + "\n";
}

}  // namespace rightslice::policy
