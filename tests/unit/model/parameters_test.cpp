// Totals of the model catalogue: computed once with an independent script from the same published shapes, and
// cross-checked there against published totals and checkpoint sizes (facts/footprint 1.1).
#include <doctest/doctest.h>

#include "model/catalogue.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

struct Total {
  const char* id;
  std::int64_t parameters;
};
constexpr Total kTotals[] = {
    {"meta-llama/Llama-2-7b-hf", 6738415616},
    {"meta-llama/Llama-2-13b-hf", 13015864320},
    {"meta-llama/Llama-2-70b-hf", 68976648192},
    {"codellama/CodeLlama-34b-Instruct-hf", 33743970304},
    {"meta-llama/Meta-Llama-3-8B", 8030261248},
    {"meta-llama/Meta-Llama-3-70B", 70553706496},
    {"meta-llama/Llama-3.1-8B-Instruct", 8030261248},
    {"meta-llama/Llama-3.1-70B-Instruct", 70553706496},
    {"meta-llama/Llama-3.1-405B", 405853388800},
    {"meta-llama/Llama-3.2-1B", 1235814400},
    {"meta-llama/Llama-3.2-3B", 3212749824},
    {"meta-llama/Llama-3.3-70B-Instruct", 70553706496},
    {"TinyLlama/TinyLlama-1.1B-Chat-v1.0", 1100048384},
    {"deepseek-ai/DeepSeek-R1-Distill-Llama-8B", 8030261248},
    {"deepseek-ai/DeepSeek-R1-Distill-Llama-70B", 70553706496},
    {"mistralai/Mistral-7B-v0.1", 7241732096},
    {"mistralai/Mistral-7B-Instruct-v0.3", 7248023552},
    {"mistralai/Mistral-Nemo-Instruct-2407", 12247782400},
    {"mistralai/Mistral-Small-24B", 23572403200},
    {"mistralai/Mixtral-8x7B-Instruct-v0.1", 46702792704},
    {"Qwen/Qwen2.5-0.5B-Instruct", 494032768},
    {"Qwen/Qwen2.5-1.5B-Instruct", 1543714304},
    {"Qwen/Qwen2.5-3B-Instruct", 3085938688},
    {"Qwen/Qwen2.5-7B-Instruct", 7615616512},
    {"Qwen/Qwen2.5-14B-Instruct", 14770033664},
    {"Qwen/Qwen2.5-32B-Instruct", 32763876352},
    {"Qwen/Qwen2.5-72B-Instruct", 72706203648},
    {"Qwen/Qwen2-7B-Instruct", 7615616512},
    {"Qwen/QwQ-32B", 32763876352},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", 1777088000},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 7615616512},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-14B", 14770033664},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", 32763876352},
    {"Qwen/Qwen3-0.6B", 596049920},
    {"Qwen/Qwen3-1.7B", 1720574976},
    {"Qwen/Qwen3-4B", 4022468096},
    {"Qwen/Qwen3-8B", 8190735360},
    {"Qwen/Qwen3-32B", 32762123264},
    {"Qwen/Qwen3-30B-A3B", 30532122624},
    {"Qwen/Qwen3-Coder-480B-A35B-Instruct", 480154875392},
    {"google/gemma-2-2b", 2614341888},
    {"google/gemma-2-27b", 27227128320},
    {"google/gemma-3-1b-it", 999885952},
    {"microsoft/phi-1_5", 1418270720},
    {"microsoft/phi-2", 2779683840},
    {"microsoft/Phi-3-mini-4k-instruct", 3821079552},
    {"microsoft/Phi-3.5-mini-instruct", 3821079552},
    {"microsoft/Phi-3-medium-4k-instruct", 13960238080},
    {"microsoft/phi-4", 14659507200},
    {"microsoft/Phi-4-mini-instruct", 3836021760},
    {"deepseek-ai/DeepSeek-V2-Lite", 15706484224},
    {"deepseek-ai/DeepSeek-V2.5", 235741434880},
    {"deepseek-ai/DeepSeek-V3", 671026419200},
    {"deepseek-ai/DeepSeek-R1", 671026419200},
    {"openai/gpt-oss-20b", 20914757184},
    {"openai/gpt-oss-120b", 116829156672},
    {"tiiuae/falcon-7b", 6921720704},
    {"tiiuae/falcon-40b", 41303293952},
    {"bigcode/starcoder2-7b", 7173923840},
    {"HuggingFaceTB/SmolLM2-135M-Instruct", 134515008},
    {"HuggingFaceTB/SmolLM2-1.7B-Instruct", 1711376384},
    {"allenai/OLMo-2-1124-7B", 7298617344},
    {"allenai/OLMo-2-1124-13B", 13716198400},
    {"EleutherAI/pythia-6.9b", 6857302016},
    {"CohereForAI/aya-23-8B", 8028033024},
    {"CohereForAI/c4ai-command-r-v01", 34980831232},
    {"ibm-granite/granite-3.3-8b-instruct", 8170864640},
    {"Qwen/Qwen1.5-MoE-A2.7B", 14315784192},
    {"facebook/opt-125m", 125239296},
    {"BAAI/bge-small-en-v1.5", 33360000},
    {"BAAI/bge-base-en-v1.5", 109482240},
    {"BAAI/bge-large-en-v1.5", 335141888},
    {"BAAI/bge-m3", 567754752},
    {"intfloat/multilingual-e5-large", 559890432},
    {"intfloat/e5-mistral-7b-instruct", 7110660096},
    {"Alibaba-NLP/gte-Qwen2-7B-instruct", 7069121024},
    {"sentence-transformers/all-MiniLM-L6-v2", 22713216},
    {"Snowflake/snowflake-arctic-embed-m", 109482240},
    {"Qwen/Qwen3-Embedding-8B", 7567295488},
};

}  // namespace

TEST_CASE("the parameters of every model with a computed total are counted exactly") {
  for (const Total& row : kTotals) {
    CAPTURE(row.id);
    const auto found = Catalogue::builtIn().find(row.id);
    REQUIRE(found);
    CHECK(countParameters(*found->architecture).total == row.parameters);
  }
}

TEST_CASE("the parts of a count add up to its total") {
  for (const Architecture& a : Catalogue::builtIn().models()) {
    CAPTURE(a.id);
    const ParameterCount count = countParameters(a);
    CHECK(count.linear + count.embedding + count.replicated == count.total);
    CHECK(count.experts + count.kvProjection <= count.linear);
  }
}

TEST_CASE("a hybrid counts attention, states and feed-forward parts by their layers") {
  const Architecture& a = *Catalogue::builtIn().find("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16")->architecture;
  CHECK(a.attentionLayers() == 6);
  CHECK(a.recurrent.layers == 23);
  CHECK(a.expertLayers() == 23);
  CHECK(a.feedForwardLayers() == 23);
}

TEST_CASE("layers found by search keep their own group sizes and widths") {
  const Architecture& a = *Catalogue::builtIn().find("nvidia/Llama-3_3-Nemotron-Super-49B-v1")->architecture;
  CHECK(a.attentionLayers() == 49);
  REQUIRE(a.attentionShapes.size() == 1);
  CHECK(a.attentionShapes[0].kvHeads == 8);
  CHECK(a.feedForwardShapes.size() == 6);
}

TEST_CASE("a declared total counts what the formula does not reach as held on each rank") {
  Architecture a = *Catalogue::builtIn().find("Qwen/Qwen2.5-7B-Instruct")->architecture;
  a.declaredParameters = 8'292'166'656;
  const ParameterCount count = countParameters(a);
  CHECK(count.total == 8292166656);
  CHECK(count.replicated > 8292166656 - 7615616512);
}

TEST_CASE("a shape far beyond any model saturates instead of overflowing") {
  Architecture a = *Catalogue::builtIn().find("Qwen/Qwen3-30B-A3B")->architecture;
  a.layers = 100'000;
  a.hidden = a.moeIntermediate = a.experts = 100'000'000;
  CHECK(countParameters(a).total == kMaxBytes);
}
