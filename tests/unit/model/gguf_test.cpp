#include <doctest/doctest.h>

#include "model/catalogue.hpp"
#include "model/gguf.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

GgufSize sizeOf(const char* model, const char* type) {
  const auto found = Catalogue::builtIn().find(model);
  REQUIRE_MESSAGE(found, model);
  const Architecture& a = *found->architecture;
  const GgufType* row = findGgufType(type);
  REQUIRE_MESSAGE(row != nullptr, type);
  return ggufSize(*row, a, Matrices(a, countParameters(a)));
}

double gib(Bytes bytes) { return static_cast<double>(bytes) / static_cast<double>(kGiB); }

}  // namespace

TEST_CASE("mixes take the bits per weight that llama.cpp publishes for Llama-3.1-8B") {
  const struct {
    const char* type;
    double bits;  // llama.cpp, tools/quantize/README.md
  } rows[] = {{"IQ1_S", 2.0042},  {"IQ1_M", 2.1460},   {"IQ2_XXS", 2.3824}, {"IQ2_XS", 2.5882}, {"IQ2_S", 2.7403},
              {"IQ2_M", 2.9294},  {"IQ3_XXS", 3.2548}, {"IQ3_XS", 3.4977},  {"IQ3_S", 3.6606},  {"IQ3_M", 3.7628},
              {"Q2_K_S", 2.9697}, {"Q2_K", 3.1593},    {"Q3_K_S", 3.6429},  {"Q3_K_L", 4.2979}, {"Q4_K_S", 4.6672},
              {"Q4_K_M", 4.8944}, {"Q5_K_S", 5.5704},  {"Q5_K_M", 5.7036},  {"Q6_K", 6.5633},   {"Q8_0", 8.5008},
              {"F16", 16.0005}};
  for (const auto& row : rows) {
    CAPTURE(row.type);
    const double bits = static_cast<double>(sizeOf("meta-llama/Llama-3.1-8B", row.type).tensors) * 8 / 8030261248.0;
    CHECK(bits == doctest::Approx(row.bits).epsilon(0.00002));
  }
}

TEST_CASE("files without an importance matrix, which the table lists for IQ4, lie within the interval") {
  for (const auto& [type, bits] : {std::pair{"IQ4_XS", 4.4597}, std::pair{"IQ4_NL", 4.6818}}) {
    CAPTURE(type);
    const double ours = static_cast<double>(sizeOf("meta-llama/Llama-3.1-8B", type).tensors) * 8 / 8030261248.0;
    CHECK(bits > ours);
    CHECK(bits < ours * (1 + findGgufType(type)->highThousandths / 1000.0));
  }
}

TEST_CASE("files are as large as llama.cpp prints when it loads them") {
  const struct {
    const char* model;
    const char* type;
    double gib;
  } rows[] = {
      {"HuggingFaceTB/SmolLM2-1.7B-Instruct", "Q4_K_M", 0.981455},  // T089: the token table is the output matrix too
      {"Qwen/Qwen3-1.7B", "Q4_K_M", 1.03},                          // T091
      {"Qwen/Qwen3-8B", "Q4_K_M", 4.68},                            // T092
      {"TinyLlama/TinyLlama-1.1B-Chat-v1.0", "Q4_K_M", 0.621270},   // T094
      {"mistralai/Mistral-7B-v0.1", "Q4_K_M", 4.07},                // T096
      {"deepseek-ai/DeepSeek-V2-Lite", "Q4_K_M", 9.65},             // T097: rows of 1408 fit no block of 256
      {"openai/gpt-oss-120b", "MXFP4_MOE", 59.02},                  // T027
      {"mistralai/Mixtral-8x7B-v0.1", "Q4_K_M", 26.49},  // 28.45 GB on the hub: attention of eight experts is wider
      {"meta-llama/Llama-3.3-70B-Instruct", "Q4_K_M", 39.59},  // 42.52 GB on the hub: attn_v of 70B is wider
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    CHECK(gib(sizeOf(row.model, row.type).tensors) == doctest::Approx(row.gib).epsilon(0.005));
  }
}

TEST_CASE("the token table stays on the host unless it is the output matrix too") {
  const GgufSize untied = sizeOf("meta-llama/Llama-3.1-8B", "Q8_0");
  CHECK(untied.tensors - untied.device == 128256 * 4096LL / 32 * 34);
  const GgufSize tied = sizeOf("Qwen/Qwen3-1.7B", "Q8_0");
  CHECK(tied.tensors == tied.device);
}

TEST_CASE("vision towers lie in a file of their own") {
  const auto found = Catalogue::builtIn().find("meta-llama/Llama-3.1-8B");
  Architecture a = *found->architecture;
  const Bytes text = ggufSize(*findGgufType("Q4_K_M"), a, Matrices(a, countParameters(a))).tensors;
  a.visionParameters = 400'000'000;
  CHECK(ggufSize(*findGgufType("Q4_K_M"), a, Matrices(a, countParameters(a))).tensors == text);
}

TEST_CASE("file types are found in names of files and tags") {
  const struct {
    const char* text;
    const char* type;
  } rows[] = {{"Q4_K_M", "Q4_K_M"},
              {"qwen2.5-7b-instruct-q4_k_m.gguf", "Q4_K_M"},
              {"7b-instruct-q8_0", "Q8_0"},
              {"Qwen3-30B-A3B-UD-Q4_K_XL.gguf", "Q4_K_XL"},
              {"model-IQ3_XXS.gguf", "IQ3_XXS"},
              {"model-IQ3_XS.gguf", "IQ3_XS"},
              {"model-bf16.gguf", "BF16"},
              {"gpt-oss-20b-mxfp4.gguf", "MXFP4"},
              {"gpt-oss-20b-MXFP4_MOE.gguf", "MXFP4_MOE"},
              {"llama-2-7b.q4_K.gguf", "Q4_K"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    REQUIRE(findGgufType(row.text) != nullptr);
    CHECK(findGgufType(row.text)->name == row.type);
  }
  CHECK(findGgufType("latest") == nullptr);
  CHECK(findGgufType("") == nullptr);
}

TEST_CASE("numbers of file types are those of llama.h") {
  CHECK(ggufTypeOf(15)->name == "Q4_K_M");
  CHECK(ggufTypeOf(0)->name == "F32");
  CHECK(ggufTypeOf(38)->name == "MXFP4_MOE");
  CHECK(ggufTypeOf(4) == nullptr);
  CHECK(ggufTypeOf(-1) == nullptr);
  CHECK(ggufTypeOf(1'000'000) == nullptr);
}

TEST_CASE("tensor types have the ids of ggml.h") {
  CHECK(ggmlTypeOf(12)->name == "q4_K");
  CHECK(ggmlTypeOf(30)->name == "bf16");
  CHECK(ggmlTypeOf(39)->name == "mxfp4");
  CHECK(ggmlTypeOf(4) == nullptr);
  CHECK(ggmlTypeOf(31) == nullptr);
  CHECK(ggmlTypeNamed("Q8_0")->type == Ggml::Q8_0);
  CHECK(ggmlTypeNamed("q9_0") == nullptr);
  CHECK(ggmlBytes(Ggml::Q4_K, 256) == 144);
  CHECK(ggmlBytes(Ggml::Q4_K, 257) == 288);
}
