#include "workload/claim.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "json/document.hpp"
#include "workload/devices.hpp"
#include "workload/surroundings.hpp"
#include "workload/workload.hpp"

using namespace rightslice;
using namespace rightslice::workload;

namespace {

std::vector<Error> malformed;

Claim claimOf(const std::string& devices) {
  malformed.clear();
  const auto document = json::Document::parse(fmt::format(R"({{"devices":{}}})", devices));
  return readClaimSpec(document->root(), "/spec", malformed);
}

/// One strategy where it is for GPUs and slices alike.
std::string shown(const Sharing& sharing) {
  if (sharing.gpu == sharing.mig) return sharing.gpu ? " " + *sharing.gpu : "";
  return (sharing.gpu ? " gpu:" + *sharing.gpu : "") + (sharing.mig ? " mig:" + *sharing.mig : "");
}

std::string shown(const Claim& claim) {
  std::string text;
  for (const auto& request : claim.requests) {
    text += (text.empty() ? "" : "; ") + request.name + ":";
    for (const auto& each : request.alternatives) {
      text += fmt::format(" {} x{}{}{}{}{}", each.deviceClass, each.count, each.all ? " all" : "", each.adminAccess ? " admin" : "", each.sharedCapacity ? " part" : "",
                          each.selectors.empty() ? "" : fmt::format(" ({})", each.selectors.size()));
      text += shown(each.sharing);
    }
  }
  return text;
}

const std::string kSelectors = R"("selectors":[{"cel":{"expression":"device.driver == 'gpu.nvidia.com'"}}])";

}  // namespace

TEST_CASE("every version's form of a request is read") {
  CHECK(shown(claimOf(R"({"requests":[{"name":"a","exactly":{"deviceClassName":"mig.nvidia.com",)" + kSelectors + R"(,"count":2}}]})")) == "a: mig.nvidia.com x2 (1)");
  CHECK(shown(claimOf(R"({"requests":[{"name":"a","deviceClassName":"mig.nvidia.com",)" + kSelectors + R"(,"allocationMode":"ExactCount"}]})")) == "a: mig.nvidia.com x1 (1)");
  CHECK(shown(claimOf(R"({"requests":[{"name":"a","firstAvailable":[{"name":"x","deviceClassName":"one"},{"name":"y","deviceClassName":"two","count":3}]}]})")) ==
        "a: one x1 two x3");
  CHECK(shown(claimOf(R"({"requests":[{"name":"a","exactly":{"deviceClassName":"c","allocationMode":"All","adminAccess":true,"capacity":{"requests":{"memory":"1Gi"}}}},{"name":"b"}]})")) ==
        "a: c x1 all admin part; b:  x1");
  CHECK(malformed.empty());
}

TEST_CASE("a strategy counts for the requests that it names, and only the GPU driver's") {
  const auto config = [](std::string_view driver, std::string_view requests) {
    return fmt::format(R"({{"requests":[{{"name":"a"}},{{"name":"b"}}],"config":[{{{}"opaque":{{"driver":"{}","parameters":{{"sharing":{{"strategy":"MPS"}}}}}}}}]}})", requests, driver);
  };
  CHECK(shown(claimOf(config("gpu.nvidia.com", R"("requests":["b"],)"))) == "a:  x1; b:  x1 MPS");
  CHECK(shown(claimOf(config("gpu.nvidia.com", ""))) == "a:  x1 MPS; b:  x1 MPS");
  CHECK(shown(claimOf(config("dra.net", ""))) == "a:  x1; b:  x1");
}

TEST_CASE("a configuration is of GPUs or of slices, the last of a sort counts, and it may be meant for one entry of firstAvailable") {
  const auto claim = [](std::string_view config) {
    return shown(claimOf(fmt::format(R"({{"requests":[{{"name":"a","firstAvailable":[{{"name":"x","deviceClassName":"c"}},{{"name":"y","deviceClassName":"c"}}]}}],"config":[{}]}})", config)));
  };
  const auto one = [](std::string_view requests, std::string_view kind, std::string_view strategy) {
    return fmt::format(R"({{"requests":[{}],"opaque":{{"driver":"gpu.nvidia.com","parameters":{{"kind":"{}","sharing":{{"strategy":"{}"}}}}}}}})", requests, kind, strategy);
  };
  CHECK(claim(one("", "MigDeviceConfig", "MPS")) == "a: c x1 mig:MPS c x1 mig:MPS");
  CHECK(claim(one("", "MigDeviceConfig", "MPS") + "," + one("", "GpuConfig", "TimeSlicing")) == "a: c x1 gpu:TimeSlicing mig:MPS c x1 gpu:TimeSlicing mig:MPS");
  CHECK(claim(one(R"("a")", "GpuConfig", "MPS") + "," + one(R"("a/y")", "GpuConfig", "TimeSlicing")) == "a: c x1 gpu:MPS c x1 gpu:TimeSlicing");
  CHECK(claim(one(R"("a/z","y")", "GpuConfig", "MPS") + "," + one("", "ImexChannelConfig", "MPS")) == "a: c x1 c x1");
}

TEST_CASE("a class configures what its devices share, in the API and in a file") {
  const auto document = json::Document::parse(R"({"metadata":{"name":"c"},"spec":{"config":[{"opaque":{"driver":"gpu.nvidia.com","parameters":{"kind":"MigDeviceConfig","sharing":{"strategy":"MPS"}}}}]}})");
  malformed.clear();
  CHECK(shown(readDeviceClass(document->root(), malformed).sharing) == " mig:MPS");
  CHECK(malformed.empty());
  const auto read = readSurroundings("deviceClasses: [{name: c, config: [{opaque: {driver: gpu.nvidia.com, parameters: {sharing: {strategy: MPS}}}}]}]", "s.yaml");
  REQUIRE(read);
  CHECK(shown(read->devices.classes->at("c").sharing) == " MPS");
  const auto wrong = readSurroundings("deviceClasses: [{name: c, config: [{opaque: 1}]}]", "s.yaml");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().where.starts_with("s.yaml:1:"));
}

TEST_CASE("what has the wrong type is told with its place, and a selector that is not there does not widen") {
  CHECK(shown(claimOf(R"({"requests":[{"name":1,"exactly":{"deviceClassName":[],"selectors":[{}],"count":-1,"adminAccess":"x"}},7],"config":"x"})")) == ":  x1 (1)");
  std::string places;
  for (const auto& each : malformed) places += each.where + " ";
  CHECK(places == "/spec/devices/requests/1 /spec/devices/requests/0/name /spec/devices/requests/0/exactly/deviceClassName "
                  "/spec/devices/requests/0/exactly/count /spec/devices/requests/0/exactly/adminAccess /spec/devices/config ");
  CHECK(shown(claimOf("[]")).empty());
  CHECK(shown(claimOf("null")).empty());
}

TEST_CASE("claims and templates are objects of their own, in any version of the API") {
  const auto claimOfObject = [](std::string_view apiVersion, std::string_view kind, std::string_view spec) {
    const auto document = json::Document::parse(fmt::format(R"({{"apiVersion":"{}","kind":"{}","metadata":{{"name":"n"}},"spec":{}}})", apiVersion, kind, spec));
    const Workload read = workload::read(document->root());
    return read.kind != nullptr && read.claim ? shown(*read.claim) : std::string("none");
  };
  const std::string spec = R"({"devices":{"requests":[{"name":"a","deviceClassName":"c"}]}})";
  CHECK(claimOfObject("resource.k8s.io/v1", "ResourceClaim", spec) == "a: c x1");
  CHECK(claimOfObject("resource.k8s.io/v1beta1", "ResourceClaimTemplate", fmt::format(R"({{"spec":{}}})", spec)) == "a: c x1");
  CHECK(claimOfObject("example.com/v1", "ResourceClaim", spec) == "none");
  CHECK(claimOfObject("apps/v1", "Deployment", spec) == "none");
}

TEST_CASE("a resource is a class's by its implicit name, or by the name that the class gives it; the younger class wins") {
  Devices devices;
  CHECK(devices.classOfResource("deviceclass.resource.kubernetes.io/mig.nvidia.com")->first == "mig.nvidia.com");
  CHECK(devices.classOfResource("deviceclass.resource.kubernetes.io/mig.nvidia.com")->second == nullptr);
  CHECK_FALSE(devices.classOfResource("example.com/gpu"));
  auto& classes = devices.classes.emplace();
  classes["old"] = {{}, "example.com/gpu", "2026-01-01T00:00:00Z"};
  classes["new"] = {{}, "example.com/gpu", "2026-02-01T00:00:00Z"};
  classes["same"] = {{}, "example.com/gpu", "2026-02-01T00:00:00Z"};
  classes["none"] = {};
  CHECK(devices.classOfResource("example.com/gpu")->first == "new");
  CHECK_FALSE(devices.classOfResource(""));
  CHECK(devices.classOfResource("deviceclass.resource.kubernetes.io/old")->second == &classes["old"]);
}

TEST_CASE("a surroundings file knows classes, claims and devices, and says where it is wrong") {
  const auto read = readSurroundings(R"(nodes: [{name: one, devices: [{type: mig, product: P, profile: 1g.10gb, memory: 9984Mi, count: 7}]}, {name: two}]
deviceClasses: [{name: c, selectors: ["device.driver == 'x'"], extendedResourceName: example.com/c}]
claimTemplates: [{namespace: ns, name: t, spec: {devices: {requests: [{name: a, exactly: {deviceClassName: c}}]}}}]
claims: []
)", "s.yaml");
  REQUIRE(read);
  CHECK(read->nodes->front().devices->front().count == 7);
  CHECK_FALSE(read->nodes->back().devices);
  CHECK(read->devices.classes->at("c").extendedResource == "example.com/c");
  CHECK(shown(read->devices.templates->at("ns/t")) == "a: c x1");
  CHECK(read->devices.claims->empty());
  const auto wrong = [](const std::string& text) {
    const auto bad = readSurroundings(text, "s.yaml");
    return bad ? std::string("fine") : bad.error().where + ": " + bad.error().message;
  };
  CHECK(wrong("deviceClasses: {}") == "s.yaml:1:16: deviceClasses must be a list, not object");
  CHECK(wrong("deviceClasses: [{name: c, selectors: [1]}]") == "s.yaml:1:39: a selector must be CEL text, not number");
  CHECK(wrong("claims: [{namespace: ns, name: t}]") == "s.yaml:1:10: spec must be an object, not nothing");
  CHECK(wrong("claims: [{namespace: ns, name: t, spec: {devices: {requests: 1}}}]") == "s.yaml:1:62: expected an array of objects, found 1");
  CHECK(wrong("claims: [{namespace: ns, name: t, spec: {}, shared: 1}]") == "s.yaml:1:53: shared must be true or false, not number");
  CHECK(readSurroundings("claims: [{namespace: ns, name: t, spec: {}, shared: true}]", "s.yaml")->devices.claims->at("ns/t").shared);
  CHECK(wrong("nodes: [{name: o, devices: [{type: mig, product: P}]}]") == "s.yaml:1:29: the profile of a slice is missing");
  CHECK(wrong("nodes: [{name: o, devices: [{type: vgpu, product: P}]}]") == "s.yaml:1:36: the type of a device is gpu or mig");
  CHECK(wrong("nodes: [{name: o, devices: [{type: gpu, product: P, memory: big}]}]") == "s.yaml:1:61: memory must be a quantity such as 9984Mi");
}

TEST_CASE("the digest knows what claims ask for") {
  Surroundings a, b;
  a.devices.templates.emplace().emplace("ns/t", claimOf(R"({"requests":[{"name":"a","deviceClassName":"c"}]})"));
  b.devices.templates.emplace().emplace("ns/t", claimOf(R"({"requests":[{"name":"a","deviceClassName":"c","count":2}]})"));
  CHECK(digestOf(a) != digestOf(b));
  CHECK(digestOf(a) != digestOf(Surroundings{}));
  b = a;
  b.devices.templates->begin()->second.shared = true;
  CHECK(digestOf(a) != digestOf(b));
  b.devices = a.devices;
  CHECK(digestOf(a) == digestOf(b));
}
