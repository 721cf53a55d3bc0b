#include "policy/schema_writer.hpp"

#include <fmt/format.h>

namespace rightslice::policy {

void SchemaWriter::write(const Field& field) {
  out_.beginObject();
  members(field);
  out_.endObject();
}

void SchemaWriter::members(const Field& field) {
  description(field);
  switch (field.type) {
    case Field::Type::Object: object(field); break;
    case Field::Type::Array: array(field); break;
    case Field::Type::Map:
      out_.member("type", "object").key("additionalProperties");
      write(field.element());
      break;
    case Field::Type::String: string(field); break;
    case Field::Type::Quantity: quantity(); break;
    case Field::Type::Integer:
      out_.member("type", "integer");
      if (openApi()) out_.member("format", "int64");
      out_.member("minimum", field.minimum).member("maximum", field.maximum);
      break;
    case Field::Type::Number:
      out_.member("type", "number");
      // OpenAPI v3.0 has the older form of an exclusive bound.
      if (openApi()) {
        out_.member("minimum", std::int64_t{0}).memberBool("exclusiveMinimum", true);
      } else {
        out_.member("exclusiveMinimum", std::int64_t{0});
      }
      break;
    case Field::Type::Boolean: out_.member("type", "boolean"); break;
    case Field::Type::Anything: break;
  }
  // The API server would write a default into the object, where it would count as written by its author.
  const std::string& standard = openApi() ? field.kubernetesDefault : field.standard;
  if (!standard.empty()) out_.key("default").raw(standard);
}

void SchemaWriter::description(const Field& field) {
  if (field.meaning.empty()) return;
  std::string text = field.meaning;
  if (openApi() && !field.standard.empty()) {
    std::string_view shown = field.standard;
    if (shown.starts_with('"')) shown = shown.substr(1, shown.size() - 2);
    text += fmt::format(" Default: {}.", shown);
  }
  out_.member("description", text);
}

void SchemaWriter::object(const Field& field) {
  out_.member("type", "object");
  bool anyRequired = false;
  for (const Field& each : field.fields) anyRequired = anyRequired || (each.isRequired && each.isFor(kind_));
  if (anyRequired) {
    out_.key("required").beginArray();
    for (const Field& each : field.fields) {
      if (each.isRequired && each.isFor(kind_)) out_.string(each.name);
    }
    out_.endArray();
  }
  if (openApi() && !field.rules.empty()) {
    out_.key("x-kubernetes-validations").beginArray();
    for (const Field::Rule& each : field.rules) {
      out_.beginObject().member("rule", std::string_view(each.cel)).member("message", std::string_view(each.message)).endObject();
    }
    out_.endArray();
  } else if (!field.oneOf.empty()) {
    out_.key("oneOf").raw(field.oneOf);
  }
  out_.key("properties").beginObject();
  for (const Field& each : field.fields) {
    if (!each.isFor(kind_)) continue;
    out_.key(each.name);
    write(each);
  }
  // What a kind may not have at all, in an object that is open otherwise: the namespace of a cluster-wide policy.
  for (const Field& each : field.fields) {
    if (field.isOpen && !each.isFor(kind_) && !openApi()) out_.key(each.name).boolean(false);
  }
  out_.endObject();
  if (!field.isOpen && !openApi()) out_.memberBool("additionalProperties", false);
}

void SchemaWriter::array(const Field& field) {
  out_.member("type", "array");
  if (field.minItems > 0) out_.member("minItems", static_cast<std::int64_t>(field.minItems));
  if (openApi() && !field.listKeys.empty()) {
    out_.member("x-kubernetes-list-type", "map").key("x-kubernetes-list-map-keys").beginArray();
    for (const std::string& key : field.listKeys) out_.string(key);
    out_.endArray();
  } else if (openApi()) {
    out_.member("x-kubernetes-list-type", "atomic");
  }
  out_.key("items");
  write(field.element());
}

void SchemaWriter::string(const Field& field) {
  out_.member("type", "string");
  if (!field.values.empty()) {
    out_.key("enum").beginArray();
    for (const std::string& each : field.values) out_.string(each);
    out_.endArray();
    return;
  }
  if (!field.form->pattern.empty()) out_.member("pattern", field.form->pattern);
  if (field.form->maxLength > 0) out_.member("maxLength", field.form->maxLength);
}

void SchemaWriter::quantity() {
  if (openApi()) {
    out_.key("anyOf").raw(R"([{"type":"integer"},{"type":"string"}])").memberBool("x-kubernetes-int-or-string", true);
  } else {
    out_.key("type").raw(R"(["string","integer"])").member("exclusiveMinimum", std::int64_t{0});
  }
  out_.member("pattern", form::kQuantity.pattern);
}

}  // namespace rightslice::policy
