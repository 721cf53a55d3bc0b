#include <algorithm>

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
  /// As a slice is judged: the need with the headroom, and the engine surely starts.
  bool fits(Bytes usable) const {
    const auto e = estimate(input);
    return e && static_cast<Int128>(usable) * 1000 >= static_cast<Int128>(e->need.bytes) * (1000 + kHeadroom) &&
           startVerdict(input, *e, usable).surely;
  }
  /// Does what a person would do on reading it.
  void take(const Way& way) {
    for (const auto& [flag, value] : way.flags) {
      CAPTURE(flag);
      if (flag == "--max-model-len") run.settings.maxModelLen = std::stoll(value);
      else if (flag == "--max-num-seqs") run.settings.maxNumSeqs = std::stoll(value);
      else if (flag == "--gpu-memory-utilization") run.settings.memoryFraction = std::stod(value);
      else if (flag == "--kv-cache-dtype") run.settings.kvCacheDtype = value;
      else if (flag == "--enforce-eager") run.settings.enforceEager = true;
      else FAIL("unknown flag");
    }
    if (way.build) input.format = way.build;
    if (way.concurrency) input.load.concurrency = *way.concurrency;
  }
};

const Way& wayThat(const Alternatives& found, const char* part) {
  for (const Way& way : found.ways)
    if (flagsText(way.flags).find(part) != std::string::npos) return way;
  FAIL("no way with " << part);
  return found.ways.front();
}

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

TEST_CASE("a lower concurrency is the largest that fits, and the engine's own limit holds it") {
  Case c("meta-llama/Llama-3.1-8B-Instruct");
  c.run.settings.maxModelLen = 4096;
  c.input.load = {32, 4096, true};
  const Bytes usable = gibs(24);
  const auto found = alternatives(c.input, usable, kHeadroom);
  REQUIRE(found.concurrency);
  CHECK(flagsText(wayThat(found, "--max-num-seqs").flags) == "--max-num-seqs " + std::to_string(*found.concurrency));
  c.run.settings.maxNumSeqs = *found.concurrency;
  CHECK(c.fits(usable));
  CHECK(found.sequencesThatFit < *found.concurrency);  // fewer sequences in the profile run leave room for more
  c.run.settings.maxNumSeqs = *found.concurrency + 1;
  CHECK_FALSE(c.fits(usable));
}

TEST_CASE("every way is enough when it is taken") {
  const struct {
    const char* model;
    std::optional<std::int64_t> maxLen;
    Load load;
    double usable;
  } rows[] = {
      {"meta-llama/Llama-3.1-8B-Instruct", std::nullopt, {8, 4096, true}, 24},
      {"meta-llama/Llama-3.1-8B-Instruct", std::nullopt, {8, 4096, true}, 19.5},
      {"meta-llama/Llama-3.1-8B-Instruct", 8192, {1, 4096, true}, 9.75},
      {"Qwen/Qwen2.5-7B-Instruct", std::nullopt, {8, 4096, true}, 19.5},
      {"Qwen/Qwen2.5-7B-Instruct", 4096, {8, 4096, true}, 9.75},
      {"Qwen/Qwen2.5-14B-Instruct", 32768, {16, 8192, true}, 39.5},
      {"Qwen/Qwen2.5-32B-Instruct", 32768, {32, 8192, true}, 79.2},
      {"google/gemma-2-2b", 8192, {64, 8192, true}, 9.75},
      {"Qwen/Qwen2.5-0.5B-Instruct", std::nullopt, {8, 4096, true}, 4.75},
      {"Qwen/Qwen2.5-1.5B-Instruct", 32768, {8, 4096, true}, 9.75},
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    CAPTURE(row.usable);
    const Bytes usable = gibs(row.usable);
    Case before(row.model);
    before.run.settings.maxModelLen = row.maxLen;
    before.input.load = row.load;
    before.input.device.memory = usable;
    const Alternatives found = alternatives(before.input, usable, kHeadroom);
    CHECK_FALSE((found.ways.empty() && !before.fits(usable)));
    for (const Way& way : found.ways) {
      CAPTURE(flagsText(way.flags));
      Case after(row.model);
      after.run.settings.maxModelLen = row.maxLen;
      after.input.load = row.load;
      after.input.device.memory = usable;
      after.take(way);
      CHECK(after.fits(usable));
    }
  }
}

TEST_CASE("what costs nothing is the only thing that is proposed where it is enough") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  c.run.settings.maxModelLen = 8192;
  c.run.settings.memoryFraction = 0.3;
  c.input.device.memory = gibs(39.5);
  const Alternatives found = alternatives(c.input, gibs(39.5), kHeadroom);
  REQUIRE(found.ways.size() == 1);
  CHECK(flagsText(found.ways[0].flags) == "--gpu-memory-utilization 0.96");
}

TEST_CASE("where nothing alone is enough, what is enough together is named") {
  Case c("meta-llama/Llama-3.1-8B-Instruct");
  c.run.settings.maxModelLen = 131072;
  c.input.load = {8, 16384, true};
  c.input.device.memory = gibs(9.75);
  const Alternatives found = alternatives(c.input, gibs(9.75), kHeadroom);
  REQUIRE(found.ways.size() == 1);
  CHECK(found.ways[0].build == Format::Awq);
  CHECK_FALSE(found.ways[0].flags.empty());
}

TEST_CASE("an 8-bit KV cache is not proposed where it may not be taken, or is declared") {
  Case c("meta-llama/Llama-3.1-8B-Instruct");
  c.run.settings.maxModelLen = 8192;
  c.input.load = {16, 8192, true};
  const auto proposed = [&] {
    const Alternatives found = alternatives(c.input, gibs(24), kHeadroom);
    return std::any_of(found.ways.begin(), found.ways.end(), [](const Way& way) {
      return flagsText(way.flags).find("--kv-cache-dtype") != std::string::npos;
    });
  };
  c.input.load.concurrency = 8;
  CHECK(proposed());
  c.input.device.isA100 = true;
  CHECK_FALSE(proposed());
  c.input.device.isA100 = false;
  c.input.kvCacheDtype = "bfloat16";
  CHECK_FALSE(proposed());
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
