#include "workload/surroundings.hpp"

#include <fmt/format.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::workload;

namespace {

Surroundings good(std::string_view text) {
  auto read = readSurroundings(text, "s.yaml");
  REQUIRE_MESSAGE(read, std::string(text) << ": " << read.error().where << ": " << read.error().message);
  return std::move(*read);
}

std::string errorOf(std::string_view text) {
  const auto read = readSurroundings(text, "s.yaml");
  return read ? std::string("(no error)") : read.error().where + ": " + read.error().message;
}

constexpr std::string_view kWhole = R"(nodes:
- name: a
  labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, zone: "1"}
  allocatable: {nvidia.com/mig-1g.10gb: "7", nvidia.com/gpu: 1k, cpu: 31850m, memory: 8Gi}
  requested: {nvidia.com/mig-1g.10gb: 2000m}
- name: b
namespaces:
- {name: team-a, labels: {tier: inference}}
- {name: team-b}
prices:
  currency: EUR
  date: "2026-05-31"
  gpuHour: {NVIDIA-H100-80GB-HBM3: 2.1, A100 80GB: 1, B200: 0.000001}
)";

}  // namespace

TEST_CASE("nodes, namespaces and prices are read") {
  const Surroundings read = good(kWhole);
  REQUIRE(read.nodes);
  REQUIRE(read.nodes->size() == 2);
  const Node& a = read.nodes->front();
  CHECK(a.name == "a");
  CHECK(a.labels.at("zone") == "1");
  CHECK(a.allocatable.size() == 2);
  CHECK(a.allocatable.at("nvidia.com/mig-1g.10gb") == 7);
  CHECK(a.allocatable.at("nvidia.com/gpu") == 1000);
  CHECK(a.requested.at("nvidia.com/mig-1g.10gb") == 2);
  CHECK(read.nodes->back().labels.empty());
  REQUIRE(read.namespaceLabels("team-a") != nullptr);
  CHECK(read.namespaceLabels("team-a")->at("tier") == "inference");
  CHECK(read.namespaceLabels("team-b")->at("kubernetes.io/metadata.name") == "team-b");
  CHECK(read.namespaceLabels("team-c") == nullptr);
  REQUIRE(read.prices);
  CHECK(read.prices->currency == "EUR");
  CHECK(read.prices->date == "2026-05-31");
  CHECK(!read.prices->isDefault);
  CHECK(read.prices->gpuHourMicros.at("NVIDIA-H100-80GB-HBM3") == 2'100'000);
  CHECK(read.prices->gpuHourMicros.at("A100 80GB") == 1'000'000);
  CHECK(read.prices->gpuHourMicros.at("B200") == 1);
}

TEST_CASE("an absent key is unknown, an empty list is known to be none") {
  const Surroundings unknown = good("{}");
  CHECK(!unknown.nodes);
  CHECK(!unknown.namespaces);
  CHECK(!unknown.prices);
  CHECK(unknown.namespaceLabels("default") == nullptr);
  const Surroundings none = good(R"({"nodes": [], "namespaces": []})");
  REQUIRE(none.nodes);
  CHECK(none.nodes->empty());
  REQUIRE(none.namespaces);
  CHECK(none.namespaces->empty());
  CHECK(none.digest != unknown.digest);
}

TEST_CASE("what scan prints is read: its further keys are allowed") {
  CHECK(good(R"({"scan":{},"nodes":[{"name":"a","gpus":8,"slices":[{"free":1}],"holds":[],"findings":[],"ready":true}]})").nodes->size() == 1);
  CHECK(good(R"({"nodes":[],"results":[{"kind":"Pod"}],"summary":{},"money":{"total":1},"coverage":null})").nodes);
}

TEST_CASE("the digest is of what is said, not of how it is written") {
  const std::string digest = good(R"({"nodes":[{"name":"a","labels":{"p":"1","q":"2"}},{"name":"b"}]})").digest;
  CHECK(digest == good("nodes:\n- name: b\n- labels: {q: '2', p: '1'}\n  name: a\n").digest);
  for (const char* other : {R"({"nodes":[{"name":"a","labels":{"p":"1","q":"3"}},{"name":"b"}]})",
                            R"({"nodes":[{"name":"a","labels":{"p":"1","q":"2"}}]})", "{}", R"({"nodes":[]})", R"({"namespaces":[]})",
                            R"({"nodes":[{"name":"a","labels":{"p":"1","q":"2"}},{"name":"b","allocatable":{"nvidia.com/gpu":1}}]})",
                            R"({"nodes":[{"name":"a","labels":{"p":"1","q":"2"}},{"name":"b","requested":{"nvidia.com/gpu":1}}]})"}) {
    CAPTURE(other);
    CHECK(digest != good(other).digest);
  }
}

TEST_CASE("what is wrong in surroundings is an error with its place") {
  struct Row {
    const char* text;
    const char* error;
  };
  for (const Row& row : {
           Row{"node: []\n", "s.yaml:1:1: a surroundings file has no key 'node'; did you mean 'nodes'?"},
           Row{"[]", "s.yaml:1:1: a surroundings file must be an object, not array"},
           Row{"nodes:\n- name: a\n  lables: {}\n", "s.yaml:3:3: a node has no key 'lables'; did you mean 'labels'?"},
           Row{"nodes:\n- name: a\n  xyz: {}\n", "s.yaml:3:3: a node has no key 'xyz'; its keys are name, labels, allocatable, requested, devices"},
           Row{"nodes: {a: 1}\n", "s.yaml:1:8: nodes must be a list, not object"},
           Row{"nodes:\n- a\n", "s.yaml:2:3: a node must be an object, not string"},
           Row{"nodes:\n- labels: {}\n", "s.yaml:2:3: the name of a node is missing"},
           Row{"nodes:\n- name: ''\n", "s.yaml:2:9: the name of a node must be a string that is not empty"},
           Row{"nodes:\n- name: a\n- name: a\n", "s.yaml:3:9: node 'a' is there already"},
           Row{"nodes:\n- name: a\n  labels: {gpus: 8}\n", "s.yaml:3:18: label 'gpus' must be a string (in quotes), not number"},
           Row{"nodes:\n- name: a\n  labels: [x]\n", "s.yaml:3:11: labels must be an object, not array"},
           Row{"nodes:\n- name: a\n  allocatable: {nvidia.com/gpu: 1500m}\n",
               "s.yaml:3:33: allocatable of 'nvidia.com/gpu' must be a whole number of 0 or more, not 1500m"},
           Row{"nodes:\n- name: a\n  requested: {nvidia.com/gpu: -1}\n",
               "s.yaml:3:31: requested of 'nvidia.com/gpu' must be a whole number of 0 or more, not -1"},
           Row{"nodes:\n- name: a\n  requested: {nvidia.com/gpu: [1]}\n",
               "s.yaml:3:31: requested of 'nvidia.com/gpu' must be a whole number of 0 or more, not [1]"},
           Row{"namespaces:\n- {name: a}\n- {name: a}\n", "s.yaml:3:10: namespace 'a' is there already"},
           Row{"namespaces:\n- {name: a, label: {}}\n", "s.yaml:2:13: a namespace has no key 'label'; did you mean 'labels'?"},
           Row{"prices: 3\n", "s.yaml:1:9: prices must be an object, not number"},
           Row{"prices: {currency: usd, gpuHour: {}}\n", "s.yaml:1:20: prices.currency must be three capital letters such as USD, not 'usd'"},
           Row{"prices: {gpuHour: {}}\n", "s.yaml:1:9: prices.currency is missing"},
           Row{"prices: {currency: USD}\n", "s.yaml:1:9: prices.gpuHour is missing: the price of an hour by product"},
           Row{"prices: {currency: USD, date: 2026-02-30, gpuHour: {}}\n",
               "s.yaml:1:31: prices.date must be a day such as 2026-05-31, not '2026-02-30'"},
           Row{"prices: {currency: USD, gpuHour: {B200: '3'}}\n", "s.yaml:1:41: the price of 'B200' must be a number without quotes, not string"},
           Row{"prices: {currency: USD, gpuHour: {B200: 0}}\n",
               "s.yaml:1:41: the price of 'B200' must be above 0 and at most 1000000, not 0; leave out a product without a price"},
           Row{"prices: {currency: USD, gpuHour: {B200: -1}}\n",
               "s.yaml:1:41: the price of 'B200' must be above 0 and at most 1000000, not -1; leave out a product without a price"},
           Row{"prices: {currency: USD, gpuHour: {B200: 1000000.5}}\n",
               "s.yaml:1:41: the price of 'B200' must be above 0 and at most 1000000, not 1000000.5; leave out a product without a price"},
           Row{"prices: {currency: USD, gpuHour: {B200: 1.1234567}}\n", "s.yaml:1:41: the price of 'B200' has more than six decimals: 1.1234567"},
           Row{"prices: {currency: USD, gpuHour: {NVIDIA B200: 1, nvidia-b200: 2}}\n",
               "s.yaml:1:51: 'NVIDIA B200' and 'nvidia-b200' are the same product; keep one price"},
           Row{"prices: {currency: USD, gpuhour: {B200: 1}}\n", "s.yaml:1:25: prices has no key 'gpuhour'; did you mean 'gpuHour'?"},
           // The first in the file is the one that is told.
           Row{"namespaces: 1\nnodes: 2\n", "s.yaml:1:13: namespaces must be a list, not number"},
           Row{"", "s.yaml:1:1: is empty; expected one YAML or JSON document"},
           Row{"{}\n---\nnodes: []\n", "s.yaml:3:1: holds 2 documents; expected one"},
       }) {
    CAPTURE(row.text);
    CHECK(errorOf(row.text) == std::string(row.error));
  }
  CHECK(errorOf("nodes:\n").ends_with(": nodes is null; write [] if there are none, or leave the key out if they are not known"));
  CHECK(errorOf("nodes: [\n").starts_with("s.yaml:"));
}

TEST_CASE("maps of a node may be null, as kubectl prints empty ones") {
  const Surroundings read = good("nodes:\n- name: a\n  labels:\n  allocatable: null\n");
  CHECK(read.nodes->front().labels.empty());
  CHECK(read.nodes->front().allocatable.empty());
}

TEST_CASE("a Namespace object gives its name and labels") {
  const auto read = readNamespace(parsed(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team-a","labels":{"tier":"x","bad":1}}})").root());
  REQUIRE(read);
  CHECK(read->first == "team-a");
  CHECK(read->second == StringMap{{"kubernetes.io/metadata.name", "team-a"}, {"tier", "x"}});
  for (const char* other : {R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}})", R"({"apiVersion":"x/v1","kind":"Namespace","metadata":{"name":"a"}})",
                            R"({"apiVersion":"v1","kind":"Namespace","metadata":{}})", R"({"apiVersion":"v1","kind":"Namespace","metadata":"a"})", "7"}) {
    CAPTURE(other);
    CHECK(!readNamespace(parsed(other).root()));
  }
}

TEST_CASE("nodes that are alike in what they offer are one sort") {
  workload::Surroundings around;
  around.nodes.emplace();
  for (int i = 0; i < 100; ++i) {
    workload::Node node;
    node.name = "gpu-" + std::to_string(i);
    node.labels = {{"kubernetes.io/hostname", node.name}, {"nvidia.com/gpu.product", i < 50 ? "NVIDIA-H100-80GB-HBM3" : "NVIDIA-L4"}};
    node.allocatable = {{"nvidia.com/gpu", i % 3}, {"nvidia.com/mig-1g.10gb", i < 10 ? 7 : 0}};
    around.nodes->push_back(std::move(node));
  }
  around.sort();
  CHECK(around.sorts.size() == 6);
  for (const auto& each : around.sorts) CHECK(each.node.labels.size() == 1);
  around.nodes->clear();
  around.sort();
  CHECK(around.sorts.empty());
}

TEST_CASE("what is requested on nodes is known, or it is not; a sort adds up what its nodes have") {
  const auto read = [](std::string_view requested) {
    return readSurroundings(fmt::format("nodes:\n- {{name: a, labels: {{pool: east}}, allocatable: {{nvidia.com/mig-1g.10gb: 7}}{0}}}\n"
                                        "- {{name: b, labels: {{pool: west}}, allocatable: {{nvidia.com/mig-1g.10gb: 4}}, requested: {{nvidia.com/mig-1g.10gb: 9}}}}\n",
                                        requested),
                            "s.yaml")
        .value();
  };
  const auto known = read(", requested: {nvidia.com/mig-1g.10gb: 3, nvidia.com/gpu: 1}"), none = read(", requested: {}"), unknown = read("");
  REQUIRE(known.sorts.size() == 1);
  const NodeSort& both = known.sorts.front();
  CHECK(both.members == std::vector<std::uint32_t>{0, 1});
  CHECK(both.node.allocatable.at("nvidia.com/mig-1g.10gb") == 11);
  CHECK(both.node.requested.at("nvidia.com/mig-1g.10gb") == 7);  // no node has more taken than it has
  CHECK(both.node.requestedKnown);
  CHECK(both.mayHave("pool", "east"));
  CHECK(both.mayHave("pool", "west"));
  CHECK_FALSE(both.mayHave("pool", "north"));
  CHECK(none.sorts.front().node.requestedKnown);
  CHECK_FALSE(unknown.sorts.front().node.requestedKnown);
  CHECK(none.digest != unknown.digest);
}
