#include <doctest/doctest.h>

#include "model/catalogue.hpp"
#include "model/caching_allocator.hpp"
#include "model/format.hpp"
#include "model/matrices.hpp"

using namespace rightslice;
using namespace rightslice::model;

TEST_CASE("matrices and rest add up to the parameters of every model of the catalogue") {
  for (const Architecture& a : Catalogue::builtIn().models()) {
    CAPTURE(a.id);
    const ParameterCount count = countParameters(a);
    const Matrices matrices(a, count);
    Int128 sum = matrices.rest();
    for (const Matrix& m : matrices.all()) sum += m.parameters();
    CHECK(sum == count.total);
  }
}

TEST_CASE("of a plain decoder only norms and biases are no matrix") {
  for (const char* id : {"meta-llama/Llama-3.1-8B", "Qwen/Qwen2.5-7B", "Qwen/Qwen3-30B-A3B", "deepseek-ai/DeepSeek-V3",
                         "openai/gpt-oss-20b", "google/gemma-2-27b"}) {
    CAPTURE(id);
    const Architecture& a = *Catalogue::builtIn().find(id)->architecture;
    const ParameterCount count = countParameters(a);
    CHECK(static_cast<double>(Matrices(a, count).rest()) < 0.001 * static_cast<double>(count.total));
  }
}

TEST_CASE("layers without a plain shape are one matrix each of experts and others") {
  Architecture a = *Catalogue::builtIn().find("Qwen/Qwen3-30B-A3B")->architecture;
  ParameterCount count = countParameters(a);
  count.linear -= 1'000'000'000;  // some layers have no attention
  count.total -= 1'000'000'000;
  const Matrices matrices(a, count);
  bool experts = false;
  for (const Matrix& m : matrices.all()) {
    CHECK(m.role != Role::Query);
    experts |= m.role == Role::OtherExperts;
  }
  CHECK(experts);
}

TEST_CASE("expert layers follow the first dense ones and the step") {
  Architecture a;
  a.layers = 8;
  a.experts = 4;
  a.firstDenseLayers = 2;
  CHECK_FALSE(isExpertLayer(a, 1));
  CHECK(isExpertLayer(a, 2));
  a.firstDenseLayers = 0;
  a.moeLayerStep = 2;
  CHECK_FALSE(isExpertLayer(a, 0));
  CHECK(isExpertLayer(a, 1));
}

TEST_CASE("a quantised matrix takes its weights and its scales") {
  const struct {
    Format format;
    double bits;  // facts/footprint 1.2, and by hand from the layout of the files
  } rows[] = {{Format::None, 16},         {Format::Fp8, 8.0078125}, {Format::Fp8Block, 8.001953125},
              {Format::Int8, 8.00390625}, {Format::Awq, 4.15625},   {Format::GptqInt8, 8.1953125},
              {Format::Gptq, 4.1640625},  {Format::W4A16, 4.125},   {Format::Nf4, 4.5},
              {Format::Mxfp4, 4.25},      {Format::Nvfp4, 4.5},     {Format::Mxfp8, 8.25},
              {Format::Hqq, 4.5}};
  for (const auto& row : rows) {
    CAPTURE(name(row.format));
    const Int128 bits = storedBits(traits(row.format), {}, 4096, 4096);
    CHECK(static_cast<double>(bits) / (4096.0 * 4096.0) == doctest::Approx(row.bits).epsilon(1e-9));
  }
  Quantization g32;
  g32.group = 32;
  CHECK(storedBits(traits(Format::Awq), g32, 64, 64) == 64 * 64 * 4 + 64 * 2 * 20);
  Quantization three;
  three.bits = 3;
  CHECK(storedBits(traits(Format::Gptq), three, 128, 128) == 128 * 128 * 3 + 128 * (16 + 3) + 128 * 32);
  Quantization perOutput;
  perOutput.group = -1;
  CHECK(storedBits(traits(Format::W4A16), perOutput, 128, 128) == 128 * 128 * 4 + 128 * 16);
  Quantization asymmetric;
  asymmetric.zeroPoints = true;
  CHECK(storedBits(traits(Format::W4A16), asymmetric, 128, 128) == 128 * 128 * 4 + 128 * 20);
}

TEST_CASE("formats come in the order of their enumeration") {
  for (int i = 0; i <= static_cast<int>(Format::Gguf); ++i) {
    CHECK(static_cast<int>(traits(static_cast<Format>(i)).format) == i);
    CHECK_FALSE(traits(static_cast<Format>(i)).source.empty());
  }
}

TEST_CASE("PyTorch's allocator keeps rests of up to a MiB with a tensor") {
  CachingAllocator allocator(2 * kMiB);
  CHECK(allocator.take(1000) == 1024);
  CHECK(allocator.take(259 * kMiB) == 260 * kMiB);                      // the rest of 1 MiB stays with it
  CHECK(allocator.take(24 * kMiB + kMiB / 2) == 24 * kMiB + kMiB / 2);  // 1.5 MiB are split off
  CHECK(allocator.take(6 * kMiB) == 6 * kMiB);                          // from a segment of 20 MiB
  CHECK(allocator.take(13 * kMiB + kMiB / 2) == 14 * kMiB);             // the 14 MiB left of that segment
}
