#include "app/applied.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "json/writer.hpp"

namespace rightslice::app {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/// Lists that are merged, by the member that holds them, and what tells their elements apart.
constexpr std::pair<std::string_view, std::string_view> kMergeKeys[] = {
    {"containers", "name"}, {"initContainers", "name"}, {"ephemeralContainers", "name"}, {"env", "name"}, {"volumes", "name"},
    {"volumeDevices", "devicePath"}, {"volumeMounts", "mountPath"}, {"ports", "containerPort"}, {"imagePullSecrets", "name"},
    {"hostAliases", "ip"}, {"topologySpreadConstraints", "topologyKey"}, {"ownerReferences", "uid"}, {"resourceClaims", "name"}};

std::string_view mergeKeyOf(std::string_view member) {
  for (const auto& [name, key] : kMergeKeys) {
    if (name == member) return key;
  }
  return {};
}

class Merge {
 public:
  explicit Merge(bool lists) : lists_(lists) {}

  void value(std::string_view member, json::View live, json::View next, json::View last) {
    if (live.isObject() && next.isObject()) return object(live, next, last);
    const std::string_view key = lists_ ? mergeKeyOf(member) : std::string_view();
    if (live.isArray() && next.isArray() && !key.empty() && isKeyed(live, key) && isKeyed(next, key)) return list(key, live, next, last);
    out_.value(next);
  }
  std::string take() { return out_.take(); }

 private:
  void object(json::View live, json::View next, json::View last) {
    out_.beginObject();
    for (const auto each : live.members()) {
      const json::View now = next[each.key];
      if (!now.exists() && last[each.key].exists()) continue;  // its author took it out
      if (now.isNull()) continue;
      out_.key(each.key);
      if (now.exists()) value(each.key, each.value, now, last[each.key]);
      else out_.value(each.value);
    }
    for (const auto each : next.members()) {
      if (!live[each.key].exists() && !each.value.isNull()) out_.key(each.key).value(each.value);
    }
    out_.endObject();
  }

  /// In the order of the manifest; what only the live object has stands behind.
  void list(std::string_view key, json::View live, json::View next, json::View last) {
    out_.beginArray();
    for (const json::View each : next.elements()) {
      const json::View old = find(live, key, each[key]);
      if (old.exists()) value({}, old, each, find(last, key, each[key]));
      else out_.value(each);
    }
    for (const json::View each : live.elements()) {
      if (!find(next, key, each[key]).exists() && !find(last, key, each[key]).exists()) out_.value(each);
    }
    out_.endArray();
  }

  static bool isKeyed(json::View list, std::string_view key) {
    const auto elements = list.elements();
    return std::all_of(elements.begin(), elements.end(), [&](json::View each) { return each[key].exists(); });
  }

  static json::View find(json::View list, std::string_view key, json::View wanted) {
    for (const json::View each : list.elements()) {
      if (each[key].exists() && each[key].equals(wanted)) return each;
    }
    return {};
  }

  bool lists_;
  json::Writer out_;
};

/// Kinds of Kubernetes itself are of the core or of a group without a dot, or under k8s.io.
bool isOfKubernetes(std::string_view apiVersion) {
  const std::string_view group = apiVersion.substr(0, std::min(apiVersion.find('/'), apiVersion.size()));
  return group.find('.') == std::string_view::npos || group == apiVersion;
}

}  // namespace

json::Document applied(json::View live, json::View manifest) {
  json::Document last;
  if (const auto text = live["metadata"]["annotations"][kLastApplied].string()) {
    if (auto parsed = json::Document::parse(*text)) last = std::move(*parsed);
  }
  Merge merge(isOfKubernetes(manifest["apiVersion"].stringOr("")));
  merge.value({}, live, manifest, last.root());
  auto document = json::Document::parse(merge.take());
  return document ? std::move(*document) : json::Document();  // nested a level too deep, which neither was
}

}  // namespace rightslice::app
