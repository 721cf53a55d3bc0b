#include <fmt/format.h>

#include "policy/schema_writer.hpp"

namespace rightslice::policy {
namespace {

/// What a kind is called in a cluster, and what `kubectl get` shows of it.
struct Resource {
  std::string_view plural, singular, shortName, scope, columns, status;
};

constexpr std::string_view kPolicyColumns =
    R"([{"name":"Mode","type":"string","jsonPath":".spec.mode"},)"
    R"({"name":"Accepted","type":"string","jsonPath":".status.conditions[?(@.type==\"Accepted\")].status"},)"
    R"({"name":"Reason","type":"string","priority":1,"jsonPath":".status.conditions[?(@.type==\"Accepted\")].reason"},)"
    R"({"name":"Workloads","type":"integer","jsonPath":".status.matchedWorkloads"},)"
    R"({"name":"Would-Deny","type":"integer","jsonPath":".status.wouldDeny"},)"
    R"({"name":"Findings","type":"string","jsonPath":".status.summary"},)"
    R"({"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}])";
constexpr std::string_view kExceptionColumns =
    R"([{"name":"Findings","type":"string","jsonPath":".spec.findings"},)"
    R"({"name":"Accepted","type":"string","jsonPath":".status.conditions[?(@.type==\"Accepted\")].status"},)"
    R"({"name":"State","type":"string","jsonPath":".status.state"},{"name":"Used-By","type":"integer","jsonPath":".status.usedBy"},)"
    R"({"name":"Owner","type":"string","jsonPath":".spec.owner"},{"name":"Expires","type":"string","jsonPath":".spec.expires"},)"
    R"({"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}])";

// Of what runs, as the program last judged it; absent where it may not read what runs.
constexpr std::string_view kPolicyStatus = R"(
  "matchedWorkloads": {"type": "integer", "format": "int64", "description": "Workloads that run now and that this policy judges."},
  "wouldDeny": {"type": "integer", "format": "int64", "description": "Of these, those that it would deny in mode enforce if they were applied today."},
  "wouldRewrite": {"type": "integer", "format": "int64", "description": "Of the others, those that it would rewrite."},
  "findings": {
    "description": "How many of the workloads have each finding, without those that an exception lifts.",
    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["code"],
    "items": {"type": "object", "required": ["code", "workloads"],
      "properties": {"code": {"type": "string", "maxLength": 64}, "workloads": {"type": "integer", "format": "int64"}}}},
  "summary": {"type": "string", "description": "The findings in one line."},)";
constexpr std::string_view kExceptionStatus = R"(
  "state": {"type": "string", "enum": ["active", "expiring", "expired"], "description": "expiring: less than 14 days left, findings warn again."},
  "daysLeft": {"type": "integer", "format": "int64", "description": "To its last day; negative once it has expired."},
  "usedBy": {"type": "integer", "format": "int64", "description": "Workloads that run now with a finding that it covers."},)";

constexpr Resource kResources[] = {
    {"slicepolicies", "slicepolicy", "slp", "Namespaced", kPolicyColumns, kPolicyStatus},
    {"clusterslicepolicies", "clusterslicepolicy", "cslp", "Cluster", kPolicyColumns, kPolicyStatus},
    {"sliceexceptions", "sliceexception", "slx", "Namespaced", kExceptionColumns, kExceptionStatus},
};

// Conditions as k8s.io/apimachinery/pkg/apis/meta/v1.Condition. Fields beside these are pruned: a structural schema
// keeps no unknown ones unless it says so.
constexpr std::string_view kStatus = R"({{
"description": "Written by the program.", "type": "object",
"properties": {{
  "observedGeneration": {{"type": "integer", "format": "int64"}},{}
  "lastAccepted": {{
    "description": "The version that was last accepted: what a start of the program goes by while a bad one stands in the spec.",
    "type": "object", "required": ["generation", "text"],
    "properties": {{"generation": {{"type": "integer", "format": "int64"}}, "text": {{"type": "string", "maxLength": 65536}}}}}},
  "lastEvaluationTime": {{"type": "string", "format": "date-time", "description": "When the numbers were last found to be others."}},
  "conditions": {{
    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
    "items": {{
      "type": "object", "required": ["type", "status", "lastTransitionTime", "reason", "message"],
      "properties": {{
        "type": {{"type": "string", "maxLength": 316}},
        "status": {{"type": "string", "enum": ["True", "False", "Unknown"]}},
        "observedGeneration": {{"type": "integer", "format": "int64", "minimum": 0}},
        "lastTransitionTime": {{"type": "string", "format": "date-time"}},
        "reason": {{"type": "string", "minLength": 1, "maxLength": 1024}},
        "message": {{"type": "string", "maxLength": 32768}}}}}}}}}}}})";

void names(DocumentKind kind, const Resource& resource, json::Writer& out) {
  out.key("names").beginObject();
  out.member("kind", name(kind)).member("listKind", fmt::format("{}List", name(kind)));
  out.member("plural", resource.plural).member("singular", resource.singular);
  out.key("shortNames").beginArray().string(resource.shortName).endArray();
  out.key("categories").beginArray().string("rightslice").endArray();
  out.endObject();
}

/// Kubernetes itself checks apiVersion, kind and metadata; a structural schema may hardly speak of them.
void document(DocumentKind kind, json::Writer& out) {
  out.beginObject().member("type", "object");
  out.key("required").beginArray().string("spec").endArray();
  out.key("properties").beginObject();
  out.key("apiVersion").beginObject().member("type", "string").endObject();
  out.key("kind").beginObject().member("type", "string").endObject();
  out.key("metadata").beginObject().member("type", "object").endObject();
  out.key("spec");
  SchemaWriter(SchemaWriter::Dialect::OpenApi, kind, out).write(*documentField().find("spec", kind));
  out.key("status").raw(fmt::format(kStatus, kResources[static_cast<std::size_t>(kind)].status));
  out.endObject().endObject();
}

}  // namespace

std::string crd(DocumentKind kind) {
  const Resource& resource = kResources[static_cast<std::size_t>(kind)];
  json::Writer out;
  out.beginObject();
  out.member("apiVersion", "apiextensions.k8s.io/v1").member("kind", "CustomResourceDefinition");
  out.key("metadata").beginObject().member("name", fmt::format("{}.{}", resource.plural, kGroup)).endObject();
  out.key("spec").beginObject();
  out.member("group", kGroup).member("scope", resource.scope);
  names(kind, resource, out);
  out.key("versions").beginArray().beginObject();
  out.member("name", kApiVersion.substr(kGroup.size() + 1)).memberBool("served", true).memberBool("storage", true);
  out.key("subresources").beginObject().key("status").beginObject().endObject().endObject();
  out.key("additionalPrinterColumns").raw(resource.columns);
  out.key("schema").beginObject().key("openAPIV3Schema");
  document(kind, out);
  out.endObject().endObject().endArray().endObject().endObject();
  const Result<json::Document> parsed = json::Document::parse(out.text());
  return parsed ? json::yamlText(parsed->root()) : std::string();
}

}  // namespace rightslice::policy
