#include "model/gguf_header.hpp"

#include <doctest/doctest.h>

#include "gguf_builder.hpp"
#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;
using test::GgufBuilder;

namespace {

std::string faultOf(const std::string& bytes) {
  const auto header = readGgufHeader(bytes);
  REQUIRE_FALSE(header);
  return header.error().where + ": " + header.error().message;
}

}  // namespace

TEST_CASE("a header gives the shape, the file type and the bytes of its tensors") {
  for (const std::uint32_t version : {2U, 3U}) {
    const auto header = readGgufHeader(GgufBuilder::llama().bytes(version));
    REQUIRE(header);
    CHECK(header->architecture == "llama");
    CHECK(header->fileType == "Q4_K_M");
    CHECK(header->tensors == 3 + 2 * 9);
    const Architecture& a = header->shape;
    CHECK(a.id == "Tiny");
    CHECK(a.layers == 2);
    CHECK(a.hidden == 256);
    CHECK(a.kvHeads == 2);
    CHECK(a.headDim == 64);
    CHECK(a.vocab == 100);
    CHECK_FALSE(a.tiedEmbeddings);
    CHECK(a.unmodelled == "");
    CHECK(a.format == Format::Gguf);
    // By hand: 256 weights take 144 bytes in Q4_K and 210 in Q6_K.
    const Bytes perLayer = (256 + 128 + 256 + 512 + 512) * 144 + 128 * 210 + 512 * 210 + 2 * 1024;
    CHECK(header->bytes == 100 * 144 + 100 * 210 + 1024 + 2 * perLayer);
    CHECK(header->tokenTable == 100 * 144);
    CHECK(header->parameters == 2 * 100 * 256 + 256 + 2 * (256 * (256 + 128 + 128 + 256 + 512 + 512 + 512) + 512));
    REQUIRE(a.measuredWeights);
    CHECK(a.measuredWeights->bytes == header->bytes);
  }
}

TEST_CASE("the weights of an estimate are those of the header") {
  const auto header = readGgufHeader(GgufBuilder::llama().bytes());
  REQUIRE(header);
  EngineRun run;
  run.engine = findEngine("vllm");
  run.gguf = header->fileType;
  const Resolved resolved{&header->shape, Confidence::High, std::nullopt, true, "header"};
  const auto result = estimate(estimateInput(resolved, run, {}, {}));
  REQUIRE(result);
  CHECK(result->weights == header->bytes);
  CHECK(result->parameters == header->parameters);
  CHECK(result->need.confidence == Confidence::High);
}

TEST_CASE("without an output matrix the token table is it too") {
  GgufBuilder b;
  b.word("general.architecture", "gemma3").number("gemma3.block_count", 6).number("gemma3.embedding_length", 256);
  b.number("gemma3.attention.head_count", 4).number("gemma3.attention.key_length", 32);
  b.number("gemma3.context_length", 8192).number("gemma3.attention.sliding_window", 512);
  b.numbers("gemma3.attention.head_count_kv", {1, 1, 2, 1, 1, 1});
  b.tensor("token_embd.weight", {256, 100}, 8);
  const auto header = readGgufHeader(b.bytes());
  REQUIRE(header);
  CHECK(header->shape.tiedEmbeddings);
  CHECK(header->tokenTable == 0);
  CHECK(header->shape.kvHeads == 2);
  CHECK(header->shape.headDim == 32);
  CHECK(header->shape.fullLayers == 1);
  CHECK(header->shape.slidingLayers == 5);
}

TEST_CASE("latent attention is read in its new and its old form") {
  for (const bool isNew : {true, false}) {
    GgufBuilder b;
    b.word("general.architecture", "deepseek2")
        .number("deepseek2.block_count", 1)
        .number("deepseek2.embedding_length", 256);
    b.number("deepseek2.attention.head_count", 16).number("deepseek2.context_length", 8192);
    b.number("deepseek2.attention.head_count_kv", isNew ? 1 : 16).number("deepseek2.attention.kv_lora_rank", 512);
    b.number("deepseek2.attention.key_length", isNew ? 576 : 192).number("deepseek2.rope.dimension_count", 64);
    b.number("deepseek2.attention.value_length", isNew ? 512 : 128);
    if (isNew) b.number("deepseek2.attention.key_length_mla", 192).number("deepseek2.attention.value_length_mla", 128);
    b.tensor("token_embd.weight", {256, 100}, 8);
    const auto header = readGgufHeader(b.bytes());
    REQUIRE(header);
    CHECK(header->shape.qkNopeDim == 128);
    CHECK(header->shape.vHeadDim == 128);
    CHECK(header->shape.kvLoraRank == 512);
  }
}

TEST_CASE("a split file gives the shape and no size") {
  GgufBuilder b = GgufBuilder::llama();
  const auto header = readGgufHeader(b.number("split.count", 3).bytes());
  REQUIRE(header);
  CHECK(header->parts == 3);
  CHECK_FALSE(header->shape.measuredWeights);
}

TEST_CASE("recurrent and unknown architectures say that their KV cache is not modelled") {
  GgufBuilder b = GgufBuilder::llama();
  const auto recurrent = readGgufHeader(b.number("llama.ssm.state_size", 16).bytes());
  REQUIRE(recurrent);
  CHECK(recurrent->shape.family == "hybrid");
  CHECK_FALSE(recurrent->shape.unmodelled.empty());
}

TEST_CASE("what is no header is refused with place and reason") {
  const std::string good = GgufBuilder::llama().bytes();
  CHECK(faultOf("").find("byte 0: no GGUF") == 0);
  CHECK(faultOf("{}").find("no GGUF") != std::string::npos);
  CHECK(faultOf("GGUF").find("ends within its header") != std::string::npos);
  CHECK(faultOf(GgufBuilder::llama().bytes(1)).find("version 1") != std::string::npos);
  CHECK(faultOf("GGUF" + std::string("\0\0\0\3", 4) + good.substr(8)).find("big-endian") != std::string::npos);
  CHECK(faultOf(good.substr(0, good.size() - 1)).find("ends within its header") != std::string::npos);
  std::string many = good;
  many.replace(8, 8, GgufBuilder::raw<std::uint64_t>(std::uint64_t{1} << 63));
  CHECK(faultOf(many).find("do not fit") != std::string::npos);
  const auto with = [](auto change) {
    GgufBuilder b = GgufBuilder::llama();
    change(b);
    return faultOf(b.bytes());
  };
  CHECK(with([](auto& b) { b.number("llama.block_count", 3); }).find("stands twice") != std::string::npos);
  CHECK(with([](auto& b) { b.tensor("output.weight", {256, 1}, 0); }).find("stands twice") != std::string::npos);
  CHECK(with([](auto& b) { b.tensor("x", {256}, 4); }).find("tensor type 4") != std::string::npos);
  CHECK(with([](auto& b) { b.tensor("x", {100}, 12); }).find("no whole blocks") != std::string::npos);
  CHECK(with([](auto& b) { b.tensor("x", {0}, 0); }).find("dimension of 0") != std::string::npos);
  CHECK(with([](auto& b) { b.tensor("x", {1, 1, 1, 1, 1}, 0); }).find("5 dimensions") != std::string::npos);
  const std::uint64_t big = std::uint64_t{1} << 40;
  CHECK(with([&](auto& b) { b.tensor("x", {big, big, big, big}, 0); }).find("larger than any file") !=
        std::string::npos);
  CHECK(with([](auto& b) { b.entry("x", GgufBuilder::raw<std::uint32_t>(77)); }).find("unknown type 77") !=
        std::string::npos);
  CHECK(with([](auto& b) {
          b.entry("x", GgufBuilder::raw<std::uint32_t>(9) + GgufBuilder::raw<std::uint32_t>(4) +
                           GgufBuilder::raw(~std::uint64_t{0}));
        }).find("ends within") != std::string::npos);
  CHECK(with([](auto& b) {  // arrays of arrays could nest without end
          b.entry("x", GgufBuilder::raw<std::uint32_t>(9) + GgufBuilder::raw<std::uint32_t>(9) +
                           GgufBuilder::raw<std::uint64_t>(1));
        })
            .find("array of type 9") != std::string::npos);
  GgufBuilder empty;
  CHECK(faultOf(empty.word("general.architecture", "llama").bytes()).find("no tensors") != std::string::npos);
  GgufBuilder nameless;
  CHECK(faultOf(nameless.tensor("x", {1}, 0).bytes()).find("general.architecture is missing") != std::string::npos);
  GgufBuilder shapeless;
  shapeless.word("general.architecture", "llama").tensor("x", {1}, 0);
  CHECK(faultOf(shapeless.bytes()).find("no shape") != std::string::npos);
}

TEST_CASE("names of a file reach no terminal as they are") {
  GgufBuilder b;
  b.word("general.architecture", "odd\x1b[31m").tensor("x", {1}, 0);
  CHECK(faultOf(b.bytes()).find('\x1b') == std::string::npos);
}
