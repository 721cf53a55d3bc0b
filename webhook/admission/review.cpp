#include "admission/review.hpp"

#include <fmt/format.h>

namespace rightslice::admission {
namespace {

tl::unexpected<Error> wrong(std::string_view pointer, std::string_view expected, json::View found) {
  return fail(fmt::format("{} must be {}, not {}", pointer.empty() ? "the body" : pointer, expected, found.typeName()), std::string(pointer));
}

/// An optional member that must be a string where it is there and not null.
Result<std::string> text(json::View parent, std::string_view key, std::string_view pointer) {
  const auto value = parent[key];
  if (!value.exists() || value.isNull()) return std::string();
  if (const auto string = value.string()) return std::string(*string);
  return wrong(fmt::format("{}/{}", pointer, key), "a string", value);
}

}  // namespace

Result<Review> Review::parse(std::string_view body) {
  auto document = json::Document::parse(body, json::Leave::ManagedFields);
  if (!document)
    return fail(fmt::format("the body is no JSON: {}{}{}", document.error().message, document.error().where.empty() ? "" : " at ",
                            document.error().where));
  Review out;
  out.body = std::move(*document);
  out.bytes = body.size();
  const auto root = out.body.root();
  if (!root.isObject()) return wrong("", "an AdmissionReview object", root);
  if (root["kind"].stringOr("") != "AdmissionReview")
    return fail(fmt::format("the body is no AdmissionReview: its kind is '{}'", root["kind"].stringOr("")), "/kind");
  if (root["apiVersion"].stringOr("") != "admission.k8s.io/v1")
    return fail(fmt::format("apiVersion '{}' is not served; list v1 first in admissionReviewVersions", root["apiVersion"].stringOr("")),
                "/apiVersion");
  const auto request = root["request"];
  if (!request.isObject()) return wrong("/request", "an object", request);

  const auto read = [&](json::View parent, std::string_view key, std::string_view pointer, std::string& to) -> Result<bool> {
    auto value = text(parent, key, pointer);
    if (!value) return tl::unexpected<Error>(value.error());
    to = std::move(*value);
    return true;
  };
  struct Field {
    json::View parent;
    std::string_view key, pointer;
    std::string* to;
  };
  const Field fields[] = {{request, "uid", "/request", &out.uid},
                          {request["kind"], "kind", "/request/kind", &out.kind},
                          {request["kind"], "group", "/request/kind", &out.kindGroup},
                          {request["resource"], "resource", "/request/resource", &out.resource},
                          {request["resource"], "group", "/request/resource", &out.resourceGroup},
                          {request, "subResource", "/request", &out.subResource},
                          {request, "namespace", "/request", &out.ns},
                          {request, "name", "/request", &out.name},
                          {request, "operation", "/request", &out.operation},
                          {request["userInfo"], "username", "/request/userInfo", &out.user}};
  for (const auto& field : fields)
    if (const auto done = read(field.parent, field.key, field.pointer, *field.to); !done) return tl::unexpected<Error>(done.error());
  if (out.uid.empty()) return fail("request.uid is missing", "/request/uid");
  if (out.operation != "CREATE" && out.operation != "UPDATE" && out.operation != "DELETE" && out.operation != "CONNECT")
    return fail(fmt::format("request.operation '{}' is none of CREATE, UPDATE, DELETE, CONNECT", out.operation), "/request/operation");
  for (const auto group : request["userInfo"]["groups"].elements())
    if (const auto name = group.string()) out.groups.emplace_back(*name);
  const auto dryRun = request["dryRun"];
  if (dryRun.exists() && !dryRun.isNull() && !dryRun.isBool()) return wrong("/request/dryRun", "a boolean", dryRun);
  out.dryRun = dryRun.boolean().value_or(false);

  out.object = request["object"];
  out.oldObject = request["oldObject"];
  const bool needsObject = (out.operation == "CREATE" || out.operation == "UPDATE") && out.subResource.empty();
  if (needsObject && !out.object.isObject()) return wrong("/request/object", "an object", out.object);
  if (out.oldObject.exists() && !out.oldObject.isNull() && !out.oldObject.isObject()) return wrong("/request/oldObject", "an object", out.oldObject);
  return out;
}

}  // namespace rightslice::admission
