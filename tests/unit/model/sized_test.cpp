#include "model/sized.hpp"
#include "model/weights_memo.hpp"

#include <doctest/doctest.h>

using namespace rightslice;
using namespace rightslice::model;

TEST_CASE("sized once says what estimate and start say of the same input") {
  const char* models[] = {"Qwen/Qwen2.5-7B-Instruct", "deepseek-ai/DeepSeek-V2-Lite", "google/gemma-2-9b-it", "BAAI/bge-m3", "openai/whisper-large-v3",
                          "openai/gpt-oss-20b", "Qwen/Qwen2.5-VL-7B-Instruct", "black-forest-labs/FLUX.1-dev"};
  const char* engines[] = {"vllm", "sglang", "tgi", "tei", "tensorrt-llm", "nim", "llama.cpp", "ollama", "lmdeploy", "triton", "speaches"};
  int known = 0;
  for (const char* model : models) {
    const auto found = Catalogue::builtIn().find(model);
    REQUIRE_MESSAGE(found, model);
    for (const char* engine : engines) {
      CAPTURE(model);
      CAPTURE(engine);
      EngineRun run;
      run.engine = findEngine(engine);
      for (const Bytes memory : {10 * kGiB, 40 * kGiB, 80 * kGiB}) {
        for (const bool open : {false, true}) {
          run.open = open ? std::vector<std::string>{"--something"} : std::vector<std::string>{};
          EstimateInput input = estimateInput(*found, run, Load{}, Device{});
          input.device.memory = memory;
          const auto expected = estimate(input);
          const Sized sized(input);
          REQUIRE(sized.known() == expected.has_value());
          CHECK(sized.estimate().has_value() == expected.has_value());
          if (!expected) {
            CHECK_FALSE(sized.high());
            continue;
          }
          ++known;
          CHECK(sized.high() == expected->need.high);
          CHECK(sized.estimate()->need.bytes == expected->need.bytes);
          CHECK(sized.estimate()->need.minimum == expected->need.minimum);
          CHECK(sized.estimate()->need.terms.size() == expected->need.terms.size());
          const StartVerdict start = startVerdict(input, *expected, memory);
          CHECK(sized.start(memory).surely == start.surely);
          CHECK(sized.start(memory).surelyNot == start.surelyNot);
        }
      }
    }
  }
  CHECK(known > 200);
}

TEST_CASE("weights that are counted once for all devices are those of each device") {
  int known = 0;
  for (const char* model : {"Qwen/Qwen2.5-7B-Instruct", "openai/gpt-oss-20b", "openai/gpt-oss-120b", "deepseek-ai/DeepSeek-V2-Lite", "BAAI/bge-m3"}) {
    const auto found = Catalogue::builtIn().find(model);
    REQUIRE_MESSAGE(found, model);
    for (const char* engine : {"vllm", "sglang", "llama.cpp", "nim"}) {
      EngineRun run;
      run.engine = findEngine(engine);
      WeightsMemo shared;
      for (const std::int64_t count : {1, 2, 1, 8}) {
        for (const std::optional<Bytes> memory : {std::optional<Bytes>(10 * kGiB), std::optional<Bytes>(80 * kGiB), std::optional<Bytes>()}) {
          for (const bool a100 : {false, true, false}) {
            run.settings.tensorParallelSize = count;
            EstimateInput input = estimateInput(*found, run, Load{}, Device{});
            input.device.memory = memory;
            input.device.count = count;
            input.device.isA100 = a100;
            const auto expected = estimate(input);
            const Sized sized(input, &shared);
            REQUIRE(sized.known() == expected.has_value());
            if (!expected) continue;
            ++known;
            CHECK(sized.estimate()->weights == expected->weights);
            CHECK(sized.high() == expected->need.high);
            CHECK(sized.estimate()->need.minimum == expected->need.minimum);
          }
        }
      }
    }
  }
  CHECK(known > 300);
}
