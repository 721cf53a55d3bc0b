#include "kube/resource.hpp"

#include <fmt/format.h>

#include "json/document.hpp"
#include "json/utf8.hpp"

namespace rightslice::kube {
namespace {

constexpr std::size_t kMostShown = 300;

void add(std::string& query, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  query += fmt::format("{}{}={}", query.empty() ? "?" : "&", key, escape(value));
}

void addSelectors(std::string& query, const Resource& resource) {
  add(query, "labelSelector", resource.labelSelector);
  add(query, "fieldSelector", resource.fieldSelector);
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string path(const Resource& resource, std::string_view ns, std::string_view name, std::string_view subresource) {
  std::string out = resource.group.empty() ? fmt::format("/api/{}", escape(resource.version))
                                           : fmt::format("/apis/{}/{}", escape(resource.group), escape(resource.version));
  if (!ns.empty()) out += "/namespaces/" + escape(ns);
  out += "/" + escape(resource.plural);
  for (const std::string_view part : {name, subresource}) {
    if (!part.empty()) out += "/" + escape(part);
  }
  return out;
}

std::string discoveryPath(const Resource& resource, std::string_view version) {
  return fmt::format("/apis/{}/{}", escape(resource.group), escape(version));
}

bool isListed(json::View resources, const Resource& resource) {
  for (const json::View each : resources["resources"].elements()) {
    if (each["name"].stringOr("") == resource.plural) return true;
  }
  return false;
}

std::string listQuery(const Resource& resource, int limit, std::string_view next) {
  std::string query;
  addSelectors(query, resource);
  add(query, "limit", std::to_string(limit));
  add(query, "continue", next);
  return query;
}

std::string watchQuery(const Resource& resource, std::string_view version, std::int64_t seconds) {
  std::string query = "?watch=1&allowWatchBookmarks=true";
  addSelectors(query, resource);
  add(query, "resourceVersion", version);
  add(query, "timeoutSeconds", std::to_string(seconds));
  return query;
}

std::string_view accepts(const Resource& resource, bool watch) {
  if (!resource.metadataOnly) return "application/json";
  return watch ? "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
               : "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
}

std::string statusMessage(std::string_view body) {
  std::string text(body);
  if (const auto document = json::Document::parse(body)) {
    if (const auto message = document->root()["message"].string()) text = *message;
  }
  text = json::printable(text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (text.size() > kMostShown) {
    text.resize(json::validUtf8Prefix(std::string_view(text).substr(0, kMostShown)));
    text += "...";
  }
  return text;
}

}  // namespace rightslice::kube
