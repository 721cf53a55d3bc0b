// Laws of reading objects: any JSON is read, and nothing of the wrong type is lost without a word.
#include <set>

#include <rapidcheck.h>

#include "json/writer.hpp"
#include "workload/expansion.hpp"
#include "workload/list.hpp"
#include "workload/surroundings.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::workload;

namespace {

const std::vector<std::string> kKeys = {
    "apiVersion", "kind", "metadata", "spec", "template", "jobTemplate", "containers", "initContainers", "resources", "limits", "requests",
    "nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "name", "env", "envFrom", "value", "valueFrom", "args", "command", "image", "affinity", "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", "matchExpressions", "key", "operator", "values", "nodeSelector", "labels",
    "annotations", "ownerReferences", "controller", "volumes", "hostPath", "path", "volumeMounts", "securityContext", "privileged", "claims",
    "resourceClaims", "replicas", "parallelism", "completions", "runtimeClassName", "restartPolicy", "items", "a/b~c", ""};

/// Any value, with keys that are looked for.
void writeAny(json::Writer& out, int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 8 : 5);
  switch (kind) {
    case 0: out.null(); return;
    case 1: out.boolean(*rc::gen::arbitrary<bool>()); return;
    case 2: out.integer(*rc::gen::inRange(-3, 100)); return;
    case 3: out.number(1.5); return;
    case 4: out.string(*rc::gen::element<std::string>("", "x", "v1", "Pod", "apps/v1", "Deployment", "List", "In", "$(A)", "Always", "1Gi")); return;
    case 5: {
      out.beginArray();
      const int size = *rc::gen::inRange(0, 4);
      for (int i = 0; i < size; ++i) writeAny(out, depth - 1);
      out.endArray();
      return;
    }
    default: {
      out.beginObject();
      std::set<std::string> keys;
      const int size = *rc::gen::inRange(0, 6);
      for (int i = 0; i < size; ++i) keys.insert(*rc::gen::elementOf(kKeys));
      for (const std::string& key : keys) writeAny(out.key(key), depth - 1);
      out.endObject();
    }
  }
}

/// A full object in which every part that is read is there.
constexpr std::string_view kFull = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"n","namespace":"ns","uid":"u","labels":{"l":"v"},
  "annotations":{"a":"v"},"ownerReferences":[{"apiVersion":"v","kind":"k","name":"n","uid":"u","controller":true}],"deletionTimestamp":"t"},
  "spec":{"replicas":2,"template":{"metadata":{"labels":{"l":"v"},"annotations":{"a":"v"}},"spec":{"runtimeClassName":"nvidia",
  "nodeSelector":{"n":"v"},"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[
  {"key":"nvidia.com/gpu.product","operator":"In","values":["A","B"]}]}]}}},"volumes":[{"name":"v","hostPath":{"path":"/dev/nvidia0"}}],
  "resourceClaims":[{"name":"r"}],"initContainers":[{"name":"i","restartPolicy":"Always"}],"containers":[{"name":"c","image":"i","command":["x"],
  "args":["y","z"],"env":[{"name":"e","value":"v"}],"envFrom":[{"secretRef":{"name":"s"}}],"resources":{"limits":{"nvidia.com/gpu":1},"requests":
  {"nvidia.com/gpu":1},"claims":[{"name":"r"}]},"volumeMounts":[{"name":"v"}],"securityContext":{"privileged":true}}]}}}})";

/// Parts whose type does not matter: not read, or (quantities) judged by their text.
bool isFree(std::string_view pointer) {
  return pointer.find("/limits/") != std::string_view::npos || pointer.find("/requests/") != std::string_view::npos ||
         pointer.find("/secretRef") != std::string_view::npos;
}

void collectPointers(json::View view, const std::string& pointer, std::vector<std::string>& out) {
  // Without apiVersion and kind it is another object.
  if (!isFree(pointer) && pointer != "" && pointer != "/apiVersion" && pointer != "/kind") out.push_back(pointer);
  for (const auto each : view.members()) collectPointers(each.value, pointer + "/" + json::escapeToken(each.key), out);
  std::size_t index = 0;
  for (const json::View each : view.elements()) collectPointers(each, pointer + "/" + std::to_string(index++), out);
}

/// The text of `view` with the value at `target` replaced.
void writeWith(json::Writer& out, json::View view, const std::string& pointer, const std::string& target, const std::string& value) {
  if (pointer == target) {
    out.raw(value);
  } else if (view.isObject()) {
    out.beginObject();
    for (const auto each : view.members()) writeWith(out.key(each.key), each.value, pointer + "/" + json::escapeToken(each.key), target, value);
    out.endObject();
  } else if (view.isArray()) {
    out.beginArray();
    std::size_t index = 0;
    for (const json::View each : view.elements()) writeWith(out, each, pointer + "/" + std::to_string(index++), target, value);
    out.endArray();
  } else {
    out.value(view);
  }
}

/// What is reported is there, once, and null only where Kubernetes does not allow it: as an element. What was read is there.
void checkLaws(json::View object) {
  const Workload read = workload::read(object);
  std::set<std::string> places;
  for (const Error& each : read.malformed) {
    const json::View part = object.find(each.where);
    RC_ASSERT(part.exists());
    RC_ASSERT(places.insert(each.where).second);
    if (part.isNull()) RC_ASSERT(object.find(each.where.substr(0, each.where.rfind('/'))).isArray());
  }
  if (!read.gpuKeyPointer.empty()) RC_ASSERT(object.find(read.gpuKeyPointer).exists());
  for (const PodTemplate& pod : read.templates) {
    RC_ASSERT(object.find(pod.pointer).isObject());
    RC_ASSERT(pod.metadataExists == object.find(pod.metadataPointer).isObject());
    RC_ASSERT(pod.annotationsExist == object.find(pod.metadataPointer + "/annotations").isObject());
    for (const Container& each : pod.containers) {
      RC_ASSERT(object.find(each.pointer).isObject());
      RC_ASSERT(each.limits.size() == each.limitsJson.size());
      const json::View args = object.find(each.pointer + "/args");
      RC_ASSERT(each.invocation.args.size() == (args.isArray() ? args.size() : 0U));
    }
  }
}

}  // namespace

TEST_CASE("any JSON is read: as a workload, as a list, as a namespace") {
  CHECK(rc::check([] {
    json::Writer out;
    writeAny(out, 7);
    const auto document = json::Document::parse(out.text());
    RC_ASSERT(document.has_value());
    checkLaws(document->root());
    int number = 0;
    for (const auto& [view, item] : items(document->root())) RC_ASSERT(item == (isList(document->root()) ? ++number : 0));
    readNamespace(document->root());
  }));
}

TEST_CASE("a Deployment with anything in some of its places is read") {
  CHECK(rc::check([] {
    json::Document document = parsed(kFull);
    const int changes = *rc::gen::inRange(1, 5);
    for (int i = 0; i < changes; ++i) {
      std::vector<std::string> pointers;
      collectPointers(document.root(), "", pointers);
      if (pointers.empty()) break;
      json::Writer value, out;
      writeAny(value, 4);
      writeWith(out, document.root(), "", *rc::gen::elementOf(pointers), value.text());
      document = parsed(out.text());
    }
    checkLaws(document.root());
  }));
}

TEST_CASE("any part of a known kind is malformed, and reported, in any wrong type") {
  const json::Document full = parsed(kFull);
  REQUIRE(malformedText(read(full.root())) == "");
  std::vector<std::string> pointers;
  collectPointers(full.root(), "", pointers);
  REQUIRE(pointers.size() > 60);
  struct Wrong {
    const char* value;
    const char* type;
  };
  for (const std::string& pointer : pointers) {
    CAPTURE(pointer);
    for (const Wrong& wrong : {Wrong{"\"s\"", "string"}, Wrong{"-7.5", "number"}, Wrong{"false", "boolean"}, Wrong{"[]", "array"}, Wrong{"{}", "object"}}) {
      if (full.root().find(pointer).typeName() == wrong.type && wrong.type != std::string_view("number")) continue;
      json::Writer out;
      writeWith(out, full.root(), "", pointer, wrong.value);
      const Workload workload = readText(out.text());
      CAPTURE(wrong.type);
      REQUIRE(workload.malformed.size() == 1);
      CHECK(workload.malformed[0].where == pointer);
    }
  }
}

TEST_CASE("a text without a dollar stays as it is, and doubled dollars are one") {
  CHECK(rc::check([] {
    const auto nothing = [](std::string_view) -> const std::string* { return nullptr; };
    const std::string text = *rc::gen::container<std::string>(rc::gen::element('a', '$', '(', ')', ' ', '{', '\xff'));
    std::string doubled;
    for (const char c : text) doubled += c == '$' ? "$$" : std::string(1, c);
    RC_ASSERT(expand(doubled, nothing) == text);
    expand(text, nothing);
  }));
}
