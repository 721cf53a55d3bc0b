#include "workload/container.hpp"
#include "written.hpp"

using namespace rightslice::workload;

TEST_CASE("quantities keep their text and their JSON, in document order") {
  const Container container = containerOf(R"({"name":"c","resources":{"limits":{"nvidia.com/gpu":1,"memory":"8Gi","nvidia.com/mig-1g.5gb":1.5,
      "x":[1],"y":true,"z":null,"w":1000},"requests":{"nvidia.com/gpu":"1"}}})");
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(container.limits == Pairs{{"nvidia.com/gpu", "1"}, {"memory", "8Gi"}, {"nvidia.com/mig-1g.5gb", "1.5"}, {"x", "[1]"}, {"y", "true"},
                                  {"z", "null"}, {"w", "1000"}});
  CHECK(container.limitsJson == std::vector<std::string>{"1", "\"8Gi\"", "1.5", "[1]", "true", "null", "1000"});
  CHECK(container.requestsJson == std::vector<std::string>{"\"1\""});
  REQUIRE(container.limit("memory") != nullptr);
  CHECK(*container.limit("memory") == "8Gi");
  CHECK(container.limit("cpu") == nullptr);
  REQUIRE(container.request("nvidia.com/gpu") != nullptr);
  CHECK(*container.request("nvidia.com/gpu") == "1");
}

TEST_CASE("an env entry has a value exactly when the manifest tells it") {
  struct Row {
    const char* entry;
    std::optional<std::string> value;
  };
  const std::optional<std::string> unknown;
  for (const Row& row : {Row{R"("value":"v")", "v"}, Row{R"("value":"")", ""}, Row{R"("name":"E")", ""}, Row{R"("value":null)", ""},
                         Row{R"("valueFrom":{"fieldRef":{}})", unknown}, Row{R"("value":"","valueFrom":{"fieldRef":{}})", unknown},
                         Row{R"("value":null,"valueFrom":{"secretKeyRef":{}})", unknown}, Row{R"("value":8)", unknown}}) {
    CAPTURE(row.entry);
    const std::string entry = std::string(row.entry).starts_with("\"name\"") ? row.entry : R"("name":"E",)" + std::string(row.entry);
    const auto env = containerOf(R"({"name":"c","env":[{)" + entry + "}]}").invocation.env;
    REQUIRE(env.size() == 1);
    CHECK(env[0].name == "E");
    CHECK(env[0].value == row.value);
  }
}

TEST_CASE("envFrom leaves the environment open") {
  CHECK(containerOf(R"({"name":"c","envFrom":[{"configMapRef":{"name":"m"}}]})").invocation.envIncomplete);
  CHECK(containerOf(R"({"name":"c","envFrom":[{"secretRef":{"name":"s","optional":true}}]})").invocation.envIncomplete);
  CHECK(!containerOf(R"({"name":"c","envFrom":[]})").invocation.envIncomplete);
  CHECK(!containerOf(R"({"name":"c"})").invocation.envIncomplete);
}

TEST_CASE("words of a command line keep their places, and what is no string is reported") {
  const Workload pod = podOf(R"({"containers":[{"name":"c","image":"i","args":["--max-model-len",8192,true,null,{"a":1},"x"]}]})");
  CHECK(pod.templates.at(0).containers.at(0).invocation.args == std::vector<std::string>{"--max-model-len", "8192", "true", "", "", "x"});
  CHECK(malformedText(pod) ==
        "/spec/containers/0/args/1: expected a string, found 8192\n"
        "/spec/containers/0/args/2: expected a string, found boolean\n"
        "/spec/containers/0/args/3: expected a string, found null\n"
        "/spec/containers/0/args/4: expected a string, found object\n");
}
