#include "app/device_objects.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include "json/document.hpp"

using namespace rightslice;
using app::DevicesByNode;
using app::readResourceSlice;

namespace {

std::optional<app::PublishedDevices> slice(const std::string& spec) {
  const auto document = json::Document::parse(fmt::format(R"({{"metadata":{{"name":"s"}},"spec":{}}})", spec));
  return readResourceSlice(document->root());
}

std::string device(std::string_view attributes, std::string_view capacity = R"("memory":{"value":"9984Mi"})", std::string_view more = "") {
  return fmt::format(R"({{"name":"d","attributes":{{{}}},"capacity":{{{}}}{}}})", attributes, capacity, more);
}
std::string mig(std::string_view profile) {
  return fmt::format(R"("type":{{"string":"mig"}},"productName":{{"string":"NVIDIA H100 80GB HBM3"}},"profile":{{"string":"{}"}})", profile);
}
std::string spec(std::string_view node, int generation, std::initializer_list<std::string> devices, std::string_view pool = "p") {
  std::string list;
  for (const auto& each : devices) list += (list.empty() ? "" : ",") + each;
  return fmt::format(R"({{"driver":"gpu.nvidia.com","nodeName":"{}","pool":{{"name":"{}","generation":{},"resourceSliceCount":1}},"devices":[{}]}})", node, pool,
                     generation, list);
}

std::string shown(const std::vector<workload::Node>& nodes) {
  std::string text;
  for (const auto& node : nodes) {
    text += node.name + ":";
    if (!node.devices) text += " unknown";
    else
      for (const auto& each : *node.devices) text += fmt::format(" {} {} x{} {}", each.type, each.profile, each.count, each.memory / kMiB);
    text += "\n";
  }
  return text;
}

std::string given(std::initializer_list<std::string> slices, std::vector<workload::Node> nodes = {}) {
  DevicesByNode byNode;
  for (const auto& each : slices)
    if (const auto read = slice(each)) byNode.add(*read);
  byNode.giveTo(nodes);
  return shown(nodes);
}

}  // namespace

TEST_CASE("devices of a node are counted by sort") {
  CHECK(given({spec("n", 1, {device(mig("1g.10gb")), device(mig("1g.10gb")), device(mig("3g.40gb"), R"("memory":{"value":"40448Mi"})")})}) ==
        "n: mig 1g.10gb x2 9984 mig 3g.40gb x1 40448\n");
  CHECK(slice(spec("n", 1, {}))->nodes.empty());
  CHECK_FALSE(slice(R"({"driver":"dra.net","nodeName":"n","devices":[{"name":"nic"}]})"));
}

TEST_CASE("v1beta1 and v1alpha3 keep attributes in `basic`, names may be qualified, and v1alpha3 has bare quantities") {
  CHECK(given({spec("n", 1, {fmt::format(R"({{"name":"d","basic":{}}})", device(mig("1g.10gb")))})}) == "n: mig 1g.10gb x1 9984\n");
  CHECK(given({spec("n", 1, {device(R"("gpu.nvidia.com/type":{"string":"gpu"},"gpu.nvidia.com/productName":{"string":"X"})", R"("memory":"79Gi")")})}) ==
        "n: gpu  x1 80896\n");
}

TEST_CASE("what is kept back, of another type, or of no one node is not offered") {
  CHECK(given({spec("n", 1, {device(mig("1g.10gb"), "", R"(,"taints":[{"key":"bad","effect":"NoSchedule"}])"), device(R"("type":{"string":"vfio"})"), device(mig("2g.20gb"), "")})}) ==
        "n: mig 2g.20gb x1 0\n");
  CHECK(given({spec("", 1, {device(mig("1g.10gb")), device(mig("1g.10gb"), "", R"(,"nodeName":"m")")})}) == "m: mig 1g.10gb x1 0\n");
}

TEST_CASE("of a pool the newest generation counts, whatever the order") {
  const auto old = spec("n", 1, {device(mig("7g.80gb"))}), one = spec("n", 2, {device(mig("1g.10gb"))}), two = spec("n", 2, {device(mig("1g.10gb"))});
  CHECK(given({old, one, two}) == "n: mig 1g.10gb x2 9984\n");
  CHECK(given({two, old, one}) == "n: mig 1g.10gb x2 9984\n");
  CHECK(given({old, spec("n", 9, {device(mig("2g.20gb"))}, "other")}) == "n: mig 2g.20gb x1 9984 mig 7g.80gb x1 9984\n");
}

TEST_CASE("a node without devices has none, and one that is known by its devices alone is there too") {
  workload::Node plain, gpu;
  plain.name = "a";
  gpu.name = "b";
  CHECK(given({spec("b", 1, {device(mig("1g.10gb"))}), spec("c", 1, {device(mig("1g.10gb"))}, "q")}, {plain, gpu}) ==
        "a:\nb: mig 1g.10gb x1 9984\nc: mig 1g.10gb x1 9984\n");
}

TEST_CASE("claims that a controller made for a pod are nobody's to name") {
  const auto read = [](const std::string& metadata) {
    const auto document = json::Document::parse(fmt::format(
        R"({{"metadata":{},"spec":{{"devices":{{"requests":[{{"name":"r","exactly":{{"deviceClassName":"mig.nvidia.com"}}}}]}}}}}})", metadata));
    return app::readClaimObject(document->root());
  };
  CHECK(read("{}")->requests.front().alternatives.front().deviceClass == "mig.nvidia.com");
  CHECK_FALSE(read(R"({"ownerReferences":[{"controller":true,"kind":"Pod"}]})"));
}
