#include <doctest/doctest.h>

#include "model/catalogue.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

constexpr const char* kRow =
    R"({"id": "acme/m", "family": "llama", "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128,
 "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 1000, "max_position_embeddings": 512)";

std::string file(const std::string& rest) { return std::string("{\"models\": [\n") + kRow + rest + "}\n]}\n"; }

Error errorOf(const std::string& text) {
  const auto loaded = Catalogue::load(text, "m.json", nullptr);
  REQUIRE_FALSE(loaded);
  return loaded.error();
}

}  // namespace

TEST_CASE("the built-in catalogue loads and each row is found by id and by its aliases") {
  REQUIRE(Catalogue::builtIn().models().size() >= 96);
  for (const Architecture& a : Catalogue::builtIn().models()) {
    CAPTURE(a.id);
    const auto byId = Catalogue::builtIn().find(a.id);
    REQUIRE(byId);
    CHECK(byId->architecture == &a);
    CHECK(byId->confidence == Confidence::High);
    CHECK_FALSE(a.source.empty());
    for (const std::string& alias : a.aliases) {
      CAPTURE(alias);
      REQUIRE(Catalogue::builtIn().find(alias));
      CHECK(Catalogue::builtIn().find(alias)->architecture == &a);
    }
  }
}

TEST_CASE("names are found in the forms that people write") {
  const struct {
    const char* name;
    const char* id;
    Confidence confidence;
    std::optional<Format> format;
  } rows[] = {
      {"qwen/qwen2.5-7b-instruct", "Qwen/Qwen2.5-7B-Instruct", Confidence::High, std::nullopt},
      {"Qwen/Qwen2.5-Coder-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct", Confidence::High, std::nullopt},
      {"Qwen/Qwen2.5-7B-Instruct-AWQ", "Qwen/Qwen2.5-7B-Instruct", Confidence::Medium, Format::Awq},
      {"Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "Qwen/Qwen2.5-7B-Instruct", Confidence::Medium, Format::GptqInt8},
      {"Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", "Qwen/Qwen2.5-7B-Instruct", Confidence::Medium, Format::Gptq},
      {"RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "meta-llama/Llama-3.3-70B-Instruct", Confidence::Medium,
       Format::Fp8},
      {"neuralmagic/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "meta-llama/Llama-3.1-8B-Instruct", Confidence::Medium,
       Format::Int8},
      {"hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4", "meta-llama/Llama-3.1-8B-Instruct", Confidence::Medium,
       Format::Awq},
      {"unsloth/Llama-3.2-1B-Instruct-bnb-4bit", "meta-llama/Llama-3.2-1B", Confidence::Medium, Format::Nf4},
      {"TheBloke/CodeLlama-34B-Instruct-AWQ", "codellama/CodeLlama-34b-Instruct-hf", Confidence::Medium, Format::Awq},
      {"/models/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct", Confidence::Medium, std::nullopt},
      {"/models/Qwen2.5-7B-Instruct/", "Qwen/Qwen2.5-7B-Instruct", Confidence::Medium, std::nullopt},
      {"hf://Qwen/Qwen3-8B", "Qwen/Qwen3-8B", Confidence::High, std::nullopt},
      {"/data/huggingface/hub/models--Qwen--Qwen3-8B/snapshots/abc", "Qwen/Qwen3-8B", Confidence::High,
       std::nullopt},
      {"bartowski/Qwen2.5-7B-Instruct-GGUF", "Qwen/Qwen2.5-7B-Instruct", Confidence::Medium, Format::Gguf},
      {"/models/qwen2.5-7b-instruct-q4_k_m.gguf", "Qwen/Qwen2.5-7B-Instruct", Confidence::Medium, Format::Gguf},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto found = Catalogue::builtIn().find(row.name);
    REQUIRE(found);
    CHECK(found->architecture->id == row.id);
    CHECK(found->confidence == row.confidence);
    CHECK(found->formatFromName == row.format);
    CHECK_FALSE(found->formatIsCertain);
  }
}

TEST_CASE("a name that only resembles a model is not taken for it") {
  for (const char* name : {"", "/", "-AWQ", "acme/unknown", "*/qwen3-8b", "Qwen/Qwen2.5-Instruct"}) {
    CAPTURE(name);
    CHECK_FALSE(Catalogue::builtIn().find(name));
  }
  for (const char* name : {"Qwen/Qwen2.5-7B-Instruct-uncensored", "Qwen/Qwen2.5-70B-Instruct"}) {
    CAPTURE(name);
    CHECK(Catalogue::builtIn().find(name)->confidence == Confidence::Low);  // guessed (name_size_test.cpp)
  }
}

TEST_CASE("a row that carries its own format says so") {
  const auto found = Catalogue::builtIn().find("openai/gpt-oss-20b");
  REQUIRE(found);
  CHECK(found->formatIsCertain);
  CHECK(found->architecture->format == Format::Mxfp4);
}

TEST_CASE("a catalogue file is read with the same fields as JSON and as YAML") {
  const auto asJson = Catalogue::load(file(", \"qk_norm\": \"head\""), "m.json", nullptr);
  REQUIRE(asJson);
  const auto asYaml = Catalogue::load(
      "models:\n- {id: acme/m, family: llama, num_hidden_layers: 2, hidden_size: 64, intermediate_size: 128,\n"
      "   num_attention_heads: 4, num_key_value_heads: 2, vocab_size: 1000, max_position_embeddings: 512, qk_norm: "
      "head}\n",
      "m.yaml", nullptr);
  REQUIRE(asYaml);
  CHECK(countParameters(asJson->models()[0]).total == countParameters(asYaml->models()[0]).total);
  CHECK(asYaml->models()[0].headDim == 16);
}

TEST_CASE("a file over a base replaces the row of the same id and adds others") {
  const auto own = Catalogue::load(
      R"({"models": [{"id": "qwen/qwen3-8b", "family": "llama", "num_hidden_layers": 1, "hidden_size": 64,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 10, "max_position_embeddings": 99}]})",
      "own.json", &Catalogue::builtIn());
  REQUIRE(own);
  CHECK(own->find("Qwen/Qwen3-8B")->architecture->maxPositions == 99);
  CHECK(own->models().size() == Catalogue::builtIn().models().size());
  CHECK(own->digest() != Catalogue::builtIn().digest());
  CHECK(own->find("Qwen/Qwen3-4B"));
}

TEST_CASE("a row may be the config.json of its repository, with its faults at their places") {
  const char* row = R"({"models": [
{"id": "acme/m", "config": {"model_type": "qwen3", "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128,
 "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 1000, "max_position_embeddings": 512}}]})";
  const auto own = Catalogue::load(row, "m.json", nullptr);
  REQUIRE(own);
  CHECK(own->models()[0].family == "qwen3");
  CHECK(own->models()[0].qkNorm == "head");
  std::string bad = row;
  bad.replace(bad.find("\"hidden_size\": 64"), 17, "\"hidden_size\": -4");
  CHECK(errorOf(bad).where.starts_with("m.json:2:"));
  CHECK(errorOf(bad).message.find("hidden_size must be a whole number") != std::string::npos);
}

TEST_CASE("a diffusion pipeline is the sum of its components, and what it needs for a picture is open") {
  const auto found = Catalogue::builtIn().find("black-forest-labs/FLUX.1-dev");
  REQUIRE(found);
  CHECK(countParameters(*found->architecture).total == 11901408320 + 123060480 + 4762310656 + 83819683);
  CHECK(found->architecture->isEncoder());
  CHECK_FALSE(found->architecture->unmodelled.empty());
  CHECK_FALSE(Catalogue::load(R"({"models": [{"id": "a/b", "family": "diffusion", "components": [{"name": "unet"}]}]})", "m.json",
                              nullptr));
}

TEST_CASE("a glob among the aliases matches") {
  const auto own = Catalogue::load(file(", \"aliases\": [\"acme/chat-*\"]"), "m.json", nullptr);
  REQUIRE(own);
  CHECK(own->find("acme/Chat-v2"));
  CHECK_FALSE(own->find("acme/other"));
}

TEST_CASE("a bad catalogue file is an error with its place and a suggestion") {
  const struct {
    std::string rest;
    const char* message;
    const char* where;
  } rows[] = {
      {", \"num_expert\": 4", "unknown field num_expert, did you mean num_experts?", "m.json:3:"},
      {", \"sliding_window\": \"big\"", "sliding_window must be a whole number", "m.json:3:"},
      {", \"tie_word_embeddings\": 1", "tie_word_embeddings must be true or false", "m.json:3:"},
      {", \"format\": \"fp9\"", "format must be one of", "m.json:3:"},
      {", \"qk_norm\": \"both\"", "qk_norm must be", "m.json:3:"},
      {", \"aliases\": \"x\"", "aliases must be a list", "m.json:3:"},
      {", \"num_experts\": 4", "moe_intermediate_size is missing", "m.json:"},
      {", \"sliding_layers\": 1", "sliding_window is missing", "m.json:"},
      {", \"kv_lora_rank\": 64", "kv_lora_rank needs", "m.json:"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rest);
    const Error error = errorOf(file(row.rest));
    CAPTURE(error.message);
    CAPTURE(error.where);
    CHECK(error.message.find(row.message) != std::string::npos);
    CHECK(error.where.starts_with(row.where));
  }
  CHECK(errorOf("[]").message.find("list under models") != std::string::npos);
  CHECK(errorOf("{\"models\": [1]}").message.find("a model is an object") != std::string::npos);
  CHECK(errorOf("{\"models\": [{}]}").message.find("id is missing") != std::string::npos);
  CHECK(errorOf("{\"models\": [").where.starts_with("m.json:1:"));
  CHECK(errorOf("{\"models\": [], \"model\": []}").message.find("unknown field model") != std::string::npos);
}

TEST_CASE("two rows of one file with the same name are an error") {
  CHECK(errorOf(std::string("{\"models\": [") + kRow + "}," + kRow + "}]}").message.find("is already that of") !=
        std::string::npos);
}
