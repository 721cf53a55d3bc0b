#include "policy/annotations.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

Annotations read(const std::string& onTemplate, const std::string& onObject = "", std::string_view container = "main") {
  Manifest manifest;
  manifest.annotations = onTemplate;
  manifest.objectAnnotations = onObject;
  const auto workload = workloadOf(manifest);
  return OwnAnnotations(workload, workload.templates.at(0)).of(container);
}

std::vector<AnnotationFault> faults(const std::string& onTemplate, const std::string& onObject = "") {
  Manifest manifest;
  manifest.annotations = onTemplate;
  manifest.objectAnnotations = onObject;
  return annotationFaults(workloadOf(manifest));
}

}  // namespace

TEST_CASE("each annotation has its grammar, and what breaks it is said once and counts as absent") {
  struct Row {
    std::string_view key;
    std::vector<std::string> good, bad;
  };
  const Row rows[] = {
      {"model", {"Qwen/Qwen2.5-7B-Instruct", "x"}, {"", "a b", "a\\tb"}},
      {"footprint", {"7Gi", "1", "1e3", "0.5Gi", "1500m"}, {"0", "-1Gi", "7GiB", "", "seven"}},
      {"concurrency", {"1", "8", "1000000000"}, {"0", "-1", "1.5", "1e1", "8 ", "", "1000000001"}},
      {"context", {"1", "4096"}, {"0", "4k", "+1", "99999999999999999999"}},
      {"quantization", {"none", "fp8", "awq", "gptq-int8", "mxfp4"}, {"", "int3", "four bits"}},
      {"kv-cache-dtype", {"auto", "fp8", "fp8_e5m2"}, {"", "fp7"}},
      {"min-compute-slices", {"1", "8"}, {"0", "9", "-1", "two"}},
      {"original-request", {"main=nvidia.com/gpu:1>nvidia.com/mig-1g.10gb"}, {"", "main", "main=nvidia.com/gpu>x"}},
  };
  for (const auto& row : rows) {
    for (const auto& value : row.good) {
      CAPTURE(row.key);
      CAPTURE(value);
      CHECK(faults(fmt::format(R"("rightslice.io/{}":"{}")", row.key, value)).empty());
    }
    for (const auto& value : row.bad) {
      CAPTURE(row.key);
      CAPTURE(value);
      const auto found = faults(fmt::format(R"("rightslice.io/{}":"{}")", row.key, value));
      REQUIRE(found.size() == 1);
      CHECK(found[0].path == fmt::format("/spec/template/metadata/annotations/rightslice.io~1{}", row.key));
      CHECK(found[0].container.empty());
      CHECK(contains(found[0].message, row.key));
    }
  }
  CHECK(!read(R"("rightslice.io/footprint":"0")").footprint);
  CHECK(!read(R"("rightslice.io/concurrency":"1.5")").concurrency);
  CHECK(read(R"("rightslice.io/min-compute-slices":"9")").minComputeSlices == 0);
}

TEST_CASE("what is written well is read") {
  const auto all = read(R"("rightslice.io/model":"acme/x","rightslice.io/footprint":"1.5Ki","rightslice.io/concurrency":"2",
    "rightslice.io/context":"100","rightslice.io/quantization":"awq","rightslice.io/kv-cache-dtype":"fp8","rightslice.io/min-compute-slices":"3")");
  CHECK(all.model == "acme/x");
  CHECK(all.footprint == 1536);
  CHECK(all.footprintPath == "/spec/template/metadata/annotations/rightslice.io~1footprint");
  CHECK(all.concurrency == 2);
  CHECK(all.context == 100);
  CHECK(all.quantization == "awq");
  CHECK(all.kvCacheDtype == "fp8");
  CHECK(all.minComputeSlices == 3);
}

TEST_CASE("the prefixed key comes first, and of each the template before the object, key by key") {
  const std::string plain = R"("rightslice.io/footprint":"1Gi")", prefixed = R"("main.rightslice.io/footprint":"2Gi")";
  const std::string otherPlain = R"("rightslice.io/footprint":"3Gi")", otherPrefixed = R"("main.rightslice.io/footprint":"4Gi")";
  struct Row {
    std::string_view rule;
    std::string onTemplate, onObject;
    Bytes footprint;
  };
  const Row rows[] = {
      {"prefixed before plain", plain + "," + prefixed, "", 2 * kGiB},
      {"prefixed of the object before plain of the template", plain, otherPrefixed, 4 * kGiB},
      {"template before object, prefixed", prefixed, otherPrefixed, 2 * kGiB},
      {"template before object, plain", plain, otherPlain, 1 * kGiB},
      {"the object alone", "", otherPlain, 3 * kGiB},
      {"a malformed value counts as absent, so the next is asked", R"("main.rightslice.io/footprint":"much")", otherPlain, 3 * kGiB},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CHECK(read(row.onTemplate, row.onObject).footprint == row.footprint);
  }
  const auto mixed = read(R"("main.rightslice.io/footprint":"2Gi","rightslice.io/concurrency":"3")");
  CHECK(mixed.footprint == 2 * kGiB);
  CHECK(mixed.concurrency == 3);
  CHECK(!read(prefixed, "", "other").footprint);
  CHECK(read(plain, "", "other").footprint == 1 * kGiB);
}

TEST_CASE("unknown keys and prefixes that name no container are faults; other domains are not ours") {
  auto found = faults(R"("rightslice.io/footprnt":"7Gi")");
  REQUIRE(found.size() == 1);
  CHECK(contains(found[0].message, "did you mean 'footprint'"));
  found = faults(R"("rightslice.io/zzzzzzzzzzzzzz":"7Gi")");
  REQUIRE(found.size() == 1);
  CHECK(contains(found[0].message, "known keys are model, footprint"));
  found = faults(R"("side.rightslice.io/footprint":"7Gi")");
  REQUIRE(found.size() == 1);
  CHECK(found[0].container.empty());
  CHECK(contains(found[0].message, "no container is named 'side'"));
  found = faults(R"("main.rightslice.io/footprint":"much")");
  REQUIRE(found.size() == 1);
  CHECK(found[0].container == "main");
  CHECK(faults(R"("example.com/footprint":"much","rightslice.io.example.com/x":"1","notrightslice.io/x":"1","rightslice.io":"1")").empty());
}

TEST_CASE("faults of the template and of the object are both said, and of a Pod once") {
  const auto both = faults(R"("rightslice.io/concurrency":"x")", R"("rightslice.io/context":"y")");
  REQUIRE(both.size() == 2);
  CHECK(both[0].path == "/spec/template/metadata/annotations/rightslice.io~1concurrency");
  CHECK(both[1].path == "/metadata/annotations/rightslice.io~1context");
  Manifest pod;
  pod.kind = "Pod";
  pod.annotations = R"("rightslice.io/concurrency":"x")";
  const auto once = annotationFaults(workloadOf(pod));
  REQUIRE(once.size() == 1);
  CHECK(once[0].path == "/metadata/annotations/rightslice.io~1concurrency");
}

TEST_CASE("original-request follows container=asked:count>written, comma separated") {
  const auto two = parseOriginalRequests("a=nvidia.com/gpu:1>nvidia.com/mig-1g.10gb,b=nvidia.com/mig-3g.40gb:2>nvidia.com/mig-2g.20gb");
  REQUIRE(two);
  CHECK(*two == std::vector<OriginalRequest>{{"a", "nvidia.com/gpu", "nvidia.com/mig-1g.10gb", 1}, {"b", "nvidia.com/mig-3g.40gb", "nvidia.com/mig-2g.20gb", 2}});
  for (const std::string bad : {"", ",", "a=x:1>y,", ",a=x:1>y", "a=x:0>y", "a=x:-1>y", "a=x:1.5>y", "a=x:>y", "a=x>y", "a=x:1", "=x:1>y", "a=:1>y", "a=x:1>", "a:1>y", "a>x=y:1", "x"}) {
    CAPTURE(bad);
    CHECK(!parseOriginalRequests(bad));
  }
}

TEST_CASE("original-request is written sorted by container, and reads back") {
  const std::vector<OriginalRequest> entries{{"b", "x", "y", 1}, {"a", "nvidia.com/gpu", "nvidia.com/mig-1g.10gb", 3}};
  const auto text = formatOriginalRequests(entries);
  CHECK(text == "a=nvidia.com/gpu:3>nvidia.com/mig-1g.10gb,b=x:1>y");
  const auto again = parseOriginalRequests(text);
  REQUIRE(again);
  CHECK(formatOriginalRequests(*again) == text);
  CHECK(formatOriginalRequests({}).empty());
}
