#include "workload/extent.hpp"

#include <doctest/doctest.h>

#include "base/limits.hpp"
#include "json/document.hpp"

using namespace rightslice;

namespace {

std::string repeated(std::size_t count, const std::string& before, const std::string& after) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? "," : "") + before + std::to_string(i) + after;
  return text;
}

std::optional<std::string> excessOf(const std::string& metadata, const std::string& spec) {
  const auto object = json::Document::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{)" + metadata + R"(},"spec":{)" + spec + "}}");
  REQUIRE(object);
  return workload::excessOf(workload::read(object->root()));
}

}  // namespace

TEST_CASE("an object with more GPUs, annotations or products than any cluster knows is too much to be judged") {
  const std::size_t most = limits::kMaxAsks;
  const auto containers = [](std::size_t count) {
    return R"("containers":[)" + repeated(count, R"({"name":"c)", R"(","resources":{"limits":{"cpu":"1","nvidia.com/gpu":"1"}}})") + "]";
  };
  CHECK_FALSE(excessOf("", containers(most)));
  CHECK(excessOf("", containers(most + 1)) == "the object has 2001 requests for GPUs; at most 2000 are judged");

  const auto annotations = [](std::size_t count) { return R"("annotations":{)" + repeated(count, R"("rightslice.io/x)", R"(":"1")") + "}"; };
  CHECK_FALSE(excessOf(annotations(most), ""));  // those of a Pod are those of its template, and count once
  CHECK(excessOf(annotations(most + 1), "") == "the object has 2001 annotations of rightslice.io; at most 2000 are judged");
  CHECK_FALSE(excessOf(R"("annotations":{)" + repeated(most + 1, R"("other/x)", R"(":"1")") + "}", ""));

  const auto affinity = [](std::size_t count) {
    return R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[)"
           R"({"key":"nvidia.com/gpu.product","operator":"In","values":[)" + repeated(count, "\"P", "\"") + "]}]}]}}}";
  };
  CHECK_FALSE(excessOf("", affinity(limits::kMaxSelected - 1)));
  CHECK(excessOf("", affinity(limits::kMaxSelected)).value().find("GPU products") != std::string::npos);

  CHECK_FALSE(excessOf("", R"("containers":[)" + repeated(5 * most, R"({"name":"c)", R"("})") + "]"));  // who asks for nothing costs little
}

TEST_CASE("containers are counted before any is read") {
  const auto excess = [](const std::string& spec) {
    const std::string text = R"({"apiVersion":"example.com/v1","kind":"Any","spec":{)" + spec + "}}";
    const auto object = json::Document::parse(text);
    REQUIRE(object);
    return workload::excessOf(object->root(), text.size());
  };
  const auto list = [](const std::string& key, std::size_t count) { return "\"" + key + "\":[" + repeated(count, R"({"name":"c)", R"("})") + "]"; };
  const std::size_t most = limits::kMaxContainers;
  CHECK_FALSE(excess(list("containers", most)));
  CHECK(excess(list("containers", most + 1)) == "the object has 10001 containers; at most 10000 are judged");
  CHECK(excess(R"("groups":[{"template":{"spec":{)" + list("containers", most) + "," + list("initContainers", 1) + "}}}]"));
  CHECK_FALSE(excess(list("items", 3 * most)));
  std::string shortest = "\"containers\":[1";   // no shorter text holds so many
  for (std::size_t i = 1; i < most; ++i) shortest += ",1";
  CHECK_FALSE(excess(shortest + "]"));
  CHECK(excess(shortest + ",1]"));
  const auto words = [](const std::string& key, std::size_t count) { return "\"" + key + "\":[" + repeated(count, "\"a", "\"") + "]"; };
  const std::size_t mostWords = limits::kMaxWords;
  CHECK_FALSE(excess(words("args", mostWords)));
  CHECK(excess(words("args", mostWords + 1)) == "the object has 50001 words of command lines and variables of environments; at most 50000 are judged");
  CHECK(excess(R"("containers":[{"name":"c",)" + words("command", mostWords) + R"(,"env":[{"name":"A"}]}])"));
  CHECK_FALSE(excess(words("items", 2 * mostWords)));
}
