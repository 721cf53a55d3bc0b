#include "policy/served.hpp"

#include "json/document.hpp"
#include "json/writer.hpp"
#include "json/yaml.hpp"
#include "policy/field.hpp"

namespace rightslice::policy {

std::string servedText(json::View object, std::string_view kind) {
  json::Writer out;
  out.beginObject();
  out.member("apiVersion", object["apiVersion"].stringOr(kApiVersion)).member("kind", object["kind"].stringOr(kind));
  out.key("metadata").beginObject();
  for (const std::string_view key : {"name", "namespace", "creationTimestamp"}) {
    const json::View value = object["metadata"][key];
    if (value.exists()) out.key(key).value(value);
  }
  out.endObject();
  if (object["spec"].exists()) out.key("spec").value(object["spec"]);
  out.endObject();
  const auto document = json::Document::parse(out.text());
  return document ? json::yamlText(document->root()) : std::string();  // nested one level too deep, if at all
}

}  // namespace rightslice::policy
