#include "policy/schema_writer.hpp"

#include <functional>
#include <set>

#include <doctest/doctest.h>

#include "policy/schema.hpp"

using namespace rightslice;
using namespace rightslice::policy;

namespace {

json::Document schemaOf(DocumentKind kind) {
  auto parsed = json::Document::parse(jsonSchema(kind));
  REQUIRE(parsed);
  return std::move(*parsed);
}

/// The schema that a custom resource definition has for one kind.
json::YamlStream crdOf(DocumentKind kind) {
  json::YamlStream stream = json::parseYaml(crd(kind));
  REQUIRE(stream.broken.empty());
  REQUIRE(stream.documents.size() == 1);
  return stream;
}

constexpr std::string_view kOpenApi = "/spec/versions/0/schema/openAPIV3Schema";

/// Calls `visit` with each field of the kind and the pointer of its schema below the whole.
void visitFields(const Field& field, DocumentKind kind, const std::string& pointer,
                 const std::function<void(const Field&, const std::string&)>& visit) {
  for (const Field& each : field.fields) {
    if (!each.isFor(kind)) continue;
    const std::string step = field.type == Field::Type::Array ? "/items"
                             : field.type == Field::Type::Map ? "/additionalProperties"
                                                              : "/properties/" + json::escapeToken(each.name);
    visit(each, pointer + step);
    visitFields(each, kind, pointer + step, visit);
  }
}

/// Calls `visit` with every schema object within a structural schema.
void visitSchemas(json::View schema, const std::function<void(json::View)>& visit) {
  visit(schema);
  for (const auto [name, property] : schema["properties"].members()) visitSchemas(property, visit);
  if (schema["items"].exists()) visitSchemas(schema["items"], visit);
  if (schema["additionalProperties"].isObject()) visitSchemas(schema["additionalProperties"], visit);
}

}  // namespace

TEST_CASE("every field of a kind stands in its JSON Schema, with its type, its values and its bounds") {
  for (const DocumentKind kind : kDocumentKinds) {
    const json::Document schema = schemaOf(kind);
    int fields = 0;
    visitFields(documentField(), kind, "", [&](const Field& field, const std::string& pointer) {
      CAPTURE(pointer);
      const json::View found = schema.root().find(pointer);
      REQUIRE(found.isObject());
      CHECK(found["type"].exists() == (field.type != Field::Type::Anything));
      CHECK(found["enum"].size() == field.values.size());
      CHECK(found["default"].exists() == !field.standard.empty());
      CHECK(found["description"].stringOr("") == field.meaning);
      if (field.type == Field::Type::Integer) CHECK(found["minimum"].integer() == field.minimum);
      if (field.type == Field::Type::Object) CHECK(found["additionalProperties"].exists() == !field.isOpen);
      ++fields;
    });
    CHECK(fields > 10);
  }
}

TEST_CASE("every field of spec stands in the custom resource definition, and none of another kind") {
  for (const DocumentKind kind : kDocumentKinds) {
    const json::YamlStream stream = crdOf(kind);
    const json::View schema = stream.documents[0].document.root().find(kOpenApi);
    REQUIRE(schema.isObject());
    const Field& spec = *documentField().find("spec", kind);
    visitFields(spec, kind, "/properties/spec", [&](const Field& field, const std::string& pointer) {
      CAPTURE(pointer);
      const json::View found = schema.find(pointer);
      REQUIRE(found.isObject());
      CHECK(found["enum"].size() == field.values.size());
      if (field.type == Field::Type::Object) {
        std::size_t own = 0;
        for (const Field& each : field.fields) own += each.isFor(kind) ? 1U : 0U;
        CHECK(found["properties"].size() == own);
      }
    });
    CHECK(schema.find("/properties/spec/properties/namespaces").exists() == (kind == DocumentKind::ClusterSlicePolicy));
    CHECK(schema.find("/properties/status/properties/conditions/items/properties/type").exists());
  }
}

// What kube-apiserver asks of structural schemas (k8s.io/apiextensions-apiserver/pkg/apiserver/schema).
TEST_CASE("a custom resource definition is structural") {
  for (const DocumentKind kind : kDocumentKinds) {
    const json::YamlStream stream = crdOf(kind);
    visitSchemas(stream.documents[0].document.root().find(kOpenApi), [&](json::View schema) {
      CAPTURE(schema.text());
      CHECK(schema["type"].exists() != schema["x-kubernetes-int-or-string"].exists());
      CHECK((schema["type"].stringOr("") == "object") == (schema["properties"].exists() || schema["additionalProperties"].exists() ||
                                                          schema.text() == R"({"type":"object"})"));
      CHECK_FALSE(schema["additionalProperties"].isBool());
      CHECK_FALSE(schema["x-kubernetes-preserve-unknown-fields"].exists());  // false is refused, and is what holds anyway
      CHECK_FALSE(schema["$ref"].exists());
      for (const json::View key : schema["x-kubernetes-list-map-keys"].elements()) {
        const std::string_view name = key.stringOr("");
        bool required = false;
        for (const json::View each : schema["items"]["required"].elements()) required = required || each.stringOr("") == name;
        CHECK((required || schema["items"]["properties"][name]["default"].exists()));
      }
    });
  }
}

TEST_CASE("the API server writes no default that would count as written by the author") {
  for (const DocumentKind kind : kDocumentKinds) {
    const json::YamlStream stream = crdOf(kind);
    visitSchemas(stream.documents[0].document.root().find(kOpenApi), [](json::View schema) {
      if (schema["default"].exists()) CHECK(schema["default"].text() == "\"\"");
    });
  }
}

TEST_CASE("a custom resource definition says names, scope and columns") {
  struct Row { DocumentKind kind; std::string_view name, scope, shortName; };
  const Row rows[] = {{DocumentKind::SlicePolicy, "slicepolicies.rightslice.io", "Namespaced", "slp"},
                      {DocumentKind::ClusterSlicePolicy, "clusterslicepolicies.rightslice.io", "Cluster", "cslp"},
                      {DocumentKind::SliceException, "sliceexceptions.rightslice.io", "Namespaced", "slx"}};
  for (const Row& row : rows) {
    const json::YamlStream stream = crdOf(row.kind);
    const json::View root = stream.documents[0].document.root();
    CHECK(root["metadata"]["name"].stringOr("") == row.name);
    CHECK(root["spec"]["scope"].stringOr("") == row.scope);
    CHECK(root["spec"]["names"]["shortNames"].at(0).stringOr("") == row.shortName);
    CHECK(root["spec"]["names"]["kind"].stringOr("") == name(row.kind));
    CHECK(root.find("/spec/versions/0/name").stringOr("") == "v1alpha1");
    CHECK(root.find("/spec/versions/0/subresources/status").isObject());
    CHECK(root.find("/spec/versions/0/additionalPrinterColumns").size() >= 2);
  }
}

TEST_CASE("a cluster-wide policy may have no namespace in its JSON Schema either") {
  CHECK(schemaOf(DocumentKind::ClusterSlicePolicy).root().find("/properties/metadata/properties/namespace").boolean() == false);
  CHECK(schemaOf(DocumentKind::SlicePolicy).root().find("/properties/metadata/properties/namespace").isObject());
}

TEST_CASE("every field has a row of its own in the reference, with its meaning") {
  const std::string page = reference();
  const std::function<void(const Field&, const std::string&)> look = [&](const Field& parent, const std::string& path) {
    for (const Field& field : parent.fields) {
      const std::string full = field.name.empty() ? path : path.empty() ? field.name : path + "." + field.name;
      CAPTURE(full);
      if (!field.name.empty()) {
        const std::size_t row = page.find("| `" + full + "` |");
        REQUIRE(row != std::string::npos);
        CHECK_FALSE(field.meaning.empty());
        CHECK(page.find(field.meaning) != std::string::npos);
      }
      look(field, full + (field.type == Field::Type::Array ? "[]" : ""));
    }
  };
  look(documentField(), "");
}
