#include <doctest/doctest.h>

#include "model/catalogue.hpp"
#include "model/footprint.hpp"
#include "model/name_size.hpp"

using namespace rightslice;
using namespace rightslice::model;

TEST_CASE("the size is read from a name in the forms that people write") {
  const struct {
    const char* name;
    std::int64_t millions, activeMillions;
  } rows[] = {
      {"acme/foo-7b-instruct", 7000, 0},
      {"acme/Foo-1.5B", 1500, 0},
      {"acme/foo-350M", 350, 0},
      {"acme/foo_0.5b_chat", 500, 0},
      {"foo:70b", 70000, 0},
      {"/models/foo-13b/", 13000, 0},
      {"acme/foo-8x7B-v0.1", 46480, 7000},
      {"acme/foo-30B-A3B-Instruct-2507", 30000, 3000},
      {"acme/foo-7b1", 7100, 0},
      {"acme/foo-14B-Instruct-1M", 14000, 0},
      {"acme/foo-7B-128k-v2-4bit-int8", 7000, 0},
      {"acme/llama-2-7b-hf", 7000, 0},
      {"acme/stablelm-2-1_6b", 1600, 0},
      {"acme/foo_7b_v2", 7000, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto size = sizeInName(row.name);
    REQUIRE(size);
    CHECK(size->parameters == row.millions * 1'000'000);
    CHECK(size->active == row.activeMillions * 1'000'000);
  }
}

TEST_CASE("numbers that are no sizes are none") {
  for (const char* name :
       {"", "/", "gpt-4", "gpt-4o", "acme/model-v2", "acme/model-4bit", "acme/model-8bit", "acme/model-128k", "acme/model-1m",
        "acme/model-2507", "acme/model-q4_b", "acme/model-int4", "acme/model-w4a16", "acme/model-fp8", "acme/bge-m3",
        "acme/model-e4b", "acme/model-17b-16e", "acme/model-70b-to-8b", "acme/model-7b-lora", "acme/eagle-llama3-8b",
        "acme/llama_2_7b", "acme/b", "acme/7", "acme/7bit", "acme/.5b", "acme/1.2.3b", "acme/999999b", "acme/0b", "acme/0.001b",
        "acme/12345678901234567890b", "acme/9x", "acme/1x7b", "7b/acme"}) {
    CAPTURE(name);
    CHECK_FALSE(sizeInName(name));
  }
}

TEST_CASE("a model that no row knows is guessed by the size in its name, with low confidence") {
  EngineRun run;
  run.engine = findEngine("vllm");
  for (const char* name : {"acme/secret-135m", "acme/secret-0.5b", "acme/secret-2b", "acme/secret-7b", "acme/secret-14b",
                           "acme/secret-32B", "acme/secret-72b", "acme/secret-8x7b", "acme/secret-235B-A22B"}) {
    CAPTURE(name);
    const auto found = Catalogue::builtIn().find(name);
    REQUIRE(found);
    CHECK(found->confidence == Confidence::Low);
    const double wanted = static_cast<double>(sizeInName(name)->parameters);
    CHECK(static_cast<double>(countParameters(*found->architecture).total) == doctest::Approx(wanted).epsilon(0.02));
    const auto e = estimate(estimateInput(*found, run, Load{}, Device{}));
    REQUIRE(e);
    CHECK(e->need.confidence == Confidence::Low);
    REQUIRE(e->need.high);
    // A build in four bits is possible, and so is attention without shared heads.
    CHECK(static_cast<double>(e->need.terms[0].low) < 0.27 * 2 * wanted);
    CHECK(static_cast<double>(e->need.terms[0].high) > 1.1 * 2 * wanted);
    CHECK(e->need.terms[1].low * 4 < e->need.terms[1].bytes);
  }
}

TEST_CASE("the guess holds for the models of the catalogue, were they not in it") {
  EngineRun run;
  run.engine = findEngine("vllm");
  run.settings.maxModelLen = 8192;
  int decoders = 0;
  for (const Architecture& a : Catalogue::builtIn().models()) {
    const auto size = sizeInName(a.id);
    if (!size || a.isEncoder() || a.encoderTokens > 0 || a.vision || a.format != Format::None) continue;
    CAPTURE(a.id);
    const Architecture guessed = guessedArchitecture(a.id, *size, nullptr, true);
    const Guess& guess = *guessed.guess;
    const std::int64_t parameters = countParameters(a).total;
    ++decoders;
    CHECK(guess.parametersLow <= parameters);
    CHECK(guess.parametersHigh >= parameters);
    EstimateInput known{};
    known.architecture = &a;
    known.run = &run;
    EstimateInput unknown = known;
    unknown.architecture = &guessed;
    const auto real = estimate(known);
    const auto assumed = estimate(unknown);
    REQUIRE(real);
    REQUIRE(assumed);
    CHECK(assumed->need.minimum <= real->need.bytes);  // never a wrong denial
    CHECK(*assumed->need.high >= real->need.minimum);
  }
  CHECK(decoders > 80);
}

TEST_CASE("a derivative has the shape of the model that its name begins with") {
  const auto found = Catalogue::builtIn().find("acme/Llama-3.1-8B-Instruct-SQL-v2");
  REQUIRE(found);
  CHECK(found->confidence == Confidence::Low);
  CHECK(found->why.find("begins like meta-llama/Llama-3.1-8B-Instruct") != std::string::npos);
  CHECK(countParameters(*found->architecture).total == 8030261248);
  const auto quantised = Catalogue::builtIn().find("acme/Qwen2.5-7B-Instruct-uncensored-AWQ");
  REQUIRE(quantised);
  CHECK(quantised->formatFromName == Format::Awq);
  CHECK(quantised->architecture->guess->parametersLow > 7'000'000'000);
}
