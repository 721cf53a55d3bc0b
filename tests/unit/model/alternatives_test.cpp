#include <doctest/doctest.h>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

constexpr int kHeadroom = 100;  // 10 %

Bytes gibs(double count) { return static_cast<Bytes>(count * static_cast<double>(kGiB)); }

struct Case {
  EngineRun run;
  EstimateInput input;
  explicit Case(const char* model) {
    run.engine = findEngine("vllm");
    const auto found = Catalogue::builtIn().find(model);
    REQUIRE(found);
    input = estimateInput(*found, run, Load{8, 4096, true}, Device{});
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;
  bool fits(Bytes usable) const {
    const auto e = estimate(input);
    return e && static_cast<Int128>(usable) * 1000 >= static_cast<Int128>(e->need.bytes) * (1000 + kHeadroom);
  }
};

}  // namespace

TEST_CASE("a shorter maximum length is the longest multiple of 256 that fits") {
  Case c("meta-llama/Llama-3.1-8B-Instruct");  // 131072 tokens take 16 GiB
  c.input.load = {1, 4096, true};
  const Bytes usable = gibs(24);
  const auto found = alternatives(c.input, usable, kHeadroom).maxModelLen;
  REQUIRE(found);
  CHECK(*found % 256 == 0);
  c.run.settings.maxModelLen = *found;
  CHECK(c.fits(usable));
  c.run.settings.maxModelLen = *found + 256;
  CHECK_FALSE(c.fits(usable));
}

TEST_CASE("a lower concurrency is the largest that fits") {
  Case c("meta-llama/Llama-3.1-8B-Instruct");
  c.run.settings.maxModelLen = 4096;
  c.input.load = {32, 4096, true};
  const Bytes usable = gibs(24);
  const auto found = alternatives(c.input, usable, kHeadroom);
  REQUIRE(found.concurrency);
  c.input.load.concurrency = *found.concurrency;
  CHECK(c.fits(usable));
  CHECK(found.sequencesThatFit == *found.concurrency);
  c.input.load.concurrency = *found.concurrency + 1;
  CHECK_FALSE(c.fits(usable));
}

TEST_CASE("the mildest quantised build that fits is named") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  c.run.settings.maxModelLen = 4096;
  c.run.settings.maxNumSeqs = 4;
  CHECK(alternatives(c.input, gibs(14), kHeadroom).quantization == "fp8");
  CHECK(alternatives(c.input, gibs(9.5), kHeadroom).quantization == "awq");
  CHECK_FALSE(alternatives(c.input, gibs(5), kHeadroom).quantization);
  c.input.format = Format::Awq;
  CHECK_FALSE(alternatives(c.input, gibs(6), kHeadroom).quantization);
}

TEST_CASE("where everything fits nothing else is proposed, and the sequences that fit are counted") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  const Alternatives found = alternatives(c.input, gibs(79), kHeadroom);
  CHECK_FALSE(found.maxModelLen);
  CHECK_FALSE(found.concurrency);
  CHECK_FALSE(found.quantization);
  // 79 GiB / 1.1 less 16.87 GiB of all but KV cache is 54.9 GiB, at 0.21875 GiB per sequence of 4096 tokens
  CHECK(found.sequencesThatFit == 251);
}

TEST_CASE("where not even the weights fit there is nothing to propose but a smaller build") {
  Case c("meta-llama/Llama-3.3-70B-Instruct");
  const Alternatives found = alternatives(c.input, gibs(9.5), kHeadroom);
  CHECK_FALSE(found.maxModelLen);
  CHECK_FALSE(found.concurrency);
  CHECK_FALSE(found.quantization);
  CHECK(found.sequencesThatFit == 0);
}
