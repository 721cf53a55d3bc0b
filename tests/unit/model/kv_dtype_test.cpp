#include "model/kv_dtype.hpp"

#include <doctest/doctest.h>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

Estimate estimateOf(const Architecture& a, const char* dtype, const char* version = "") {
  EngineRun run;
  run.engine = findEngine("vllm");
  run.version = version;
  if (dtype != nullptr) run.settings.kvCacheDtype = dtype;
  const Resolved resolved{&a, Confidence::High, std::nullopt, true, ""};
  const auto result = estimate(estimateInput(resolved, run, {}, {}));
  REQUIRE(result);
  return *result;
}

Bytes kvLow(const Estimate& e) {
  for (const Term& term : e.need.terms) {
    if (term.name == "kvCache") return term.low;
  }
  return -1;
}

}  // namespace

TEST_CASE("a type of the KV cache takes its elements and its scales") {
  const Architecture& a = *Catalogue::builtIn().find("meta-llama/Llama-3.1-8B-Instruct")->architecture;
  const struct {
    const char* dtype;
    Bytes perHead;  // keys and values of 128 elements each
  } rows[] = {{"auto", 512},
              {"bfloat16", 512},
              {"fp8", 256},
              {"fp8_e5m2", 256},
              {"nvfp4", 144},
              {"fp4_e2m1", 144},
              {"mxfp8", 272},
              {"int8_per_token_head", 264},
              {"fp8_per_token_head", 264},
              {"turboquant_k8v4", 128 + 68},
              {"turboquant_4bit_nc", 66 + 68},
              {"turboquant_k3v4_nc", 50 + 68},
              {"turboquant_3bit_nc", 50 + 52},
              {"q8_0", 272},
              {"q4_0", 144},
              {"FP8", 256}};
  for (const auto& row : rows) {
    CAPTURE(row.dtype);
    CHECK(estimateOf(a, row.dtype).kvBytesPerToken == 32 * 8 * row.perHead);
  }
}

TEST_CASE("fp8_ds_mla takes 656 bytes per token and layer") {
  const Architecture& a = *Catalogue::builtIn().find("deepseek-ai/DeepSeek-V3")->architecture;
  CHECK(estimateOf(a, "fp8_ds_mla").kvBytesPerToken == 61 * 656);
  CHECK(estimateOf(a, "fp8").kvBytesPerToken == 61 * 576);
}

TEST_CASE("every type is found by its name and has a source") {
  for (const char* name : {"fp8", "Q8_0", "turboquant_3bit_nc", "half"}) {
    CAPTURE(name);
    REQUIRE(findKvDtype(name) != nullptr);
    CHECK_FALSE(findKvDtype(name)->source.empty());
  }
  CHECK(findKvDtype("fp9") == nullptr);
  CHECK(findKvDtype("") == nullptr);
}

TEST_CASE("a checkpoint's own type holds where the release reads it, and only at the low end elsewhere") {
  Architecture a = *Catalogue::builtIn().find("meta-llama/Llama-3.1-8B-Instruct")->architecture;
  a.format = Format::Fp8;
  a.quantization.kvCacheDtype = "fp8";
  CHECK(estimateOf(a, nullptr, "0.15.0").kvBytesPerToken == 32 * 8 * 256);
  const Estimate old = estimateOf(a, nullptr, "0.8.5");
  CHECK(old.kvBytesPerToken == 32 * 8 * 512);
  CHECK(kvLow(old) == old.kv / 2);
  a.quantization.kvCachePerhaps = true;
  const Estimate perhaps = estimateOf(a, nullptr, "0.15.0");
  CHECK(perhaps.kvBytesPerToken == 32 * 8 * 512);
  CHECK(kvLow(perhaps) == perhaps.kv / 2);
  const Estimate written = estimateOf(a, "bfloat16", "0.15.0");
  CHECK(written.kvBytesPerToken == 32 * 8 * 512);
  CHECK(kvLow(written) == written.kv);
}
