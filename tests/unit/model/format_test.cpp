#include <doctest/doctest.h>

#include "model/architecture.hpp"

using namespace rightslice::model;

TEST_CASE("each format is read back by its own name") {
  for (int i = 0; i <= static_cast<int>(Format::Gguf); ++i) {
    const auto format = static_cast<Format>(i);
    CAPTURE(name(format));
    CHECK(parseFormat(name(format)) == format);
  }
}

TEST_CASE("the engines' own words for formats are understood") {
  const struct {
    const char* word;
    Format format;
  } rows[] = {{"awq_marlin", Format::Awq},    {"gptq_marlin", Format::Gptq},   {"bitsandbytes", Format::Nf4},
              {"FP8", Format::Fp8},           {"fp8_e4m3", Format::Fp8},       {"compressed-tensors", Format::W4A16},
              {"fbgemm_fp8", Format::Fp8},    {"modelopt_fp4", Format::Nvfp4}, {"gptq-int8", Format::GptqInt8},
              {"experts_int8", Format::Int8}, {"none", Format::None},          {"gptq_bitblas", Format::Gptq},
              {"rtn", Format::Int8},          {"tpu_int8", Format::Int8},      {"qoq", Format::W4A16},
              {"blockwise_int8", Format::Int8}};
  for (const auto& row : rows) {
    CAPTURE(row.word);
    CHECK(parseFormat(row.word) == row.format);
  }
  CHECK_FALSE(parseFormat("fp9"));
  CHECK_FALSE(parseFormat(""));
}

TEST_CASE("a confidence is the lowest of its parts by its order") {
  CHECK(std::min(Confidence::Medium, Confidence::Low) == Confidence::Low);
}
