#include "model/safetensors.hpp"

#include <doctest/doctest.h>

#include <cstring>

using namespace rightslice;
using namespace rightslice::model;

namespace {

std::string file(const std::string& header) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header;
}

std::string faultOf(const std::string& bytes) {
  const auto header = readSafetensorsHeader(bytes);
  REQUIRE_FALSE(header);
  return header.error().where + ": " + header.error().message;
}

}  // namespace

TEST_CASE("a header counts tensors and bytes by type and by layer") {
  const auto header = readSafetensorsHeader(file(R"({"__metadata__": {"format": "pt"},
      "model.embed_tokens.weight": {"dtype": "BF16", "shape": [100, 64], "data_offsets": [0, 12800]},
      "model.layers.0.mlp.up_proj.weight": {"dtype": "F8_E4M3", "shape": [64, 64], "data_offsets": [12800, 16896]},
      "model.layers.0.mlp.up_proj.weight_scale": {"dtype": "F32", "shape": [], "data_offsets": [16896, 16900]},
      "model.layers.1.mlp.up_proj.weight": {"dtype": "F8_E4M3", "shape": [64, 64], "data_offsets": [16900, 20996]},
      "model.layers.2.eh_proj.weight": {"dtype": "F4", "shape": [3], "data_offsets": [20996, 20998]}})"));
  REQUIRE(header);
  CHECK(header->tensors == 5);
  CHECK(header->bytes == 20998);
  CHECK(header->byType.at("F8_E4M3").tensors == 2);
  CHECK(header->byType.at("BF16").bytes == 12800);
  CHECK(header->measured(100).bytes == 20998);
  CHECK(header->measured(100).float32 == 4);
  CHECK(header->measured(100).parameters == 6400 + 2 * 4096 + 1 + 3);
  CHECK(header->measured(2).bytes == 20996);  // the third layer is a draft head
}

TEST_CASE("packed weights say nothing of their number") {
  const auto header =
      readSafetensorsHeader(file(R"({"x.qweight": {"dtype": "I32", "shape": [8, 8], "data_offsets": [0, 256]}})"));
  REQUIRE(header);
  CHECK(header->measured(1).parameters == 0);
}

TEST_CASE("what is no safetensors header is refused with place and reason") {
  CHECK(faultOf("").find("too short") != std::string::npos);
  CHECK(faultOf(std::string("GGUF\3\0\0\0", 8)).find("no safetensors file") != std::string::npos);
  CHECK(faultOf(std::string(8, '\xff')).find("no safetensors file") != std::string::npos);
  CHECK(faultOf(file("{}").substr(0, 9)).find("ends within") != std::string::npos);
  CHECK(faultOf(file("{}")).find("lists no tensors") != std::string::npos);
  CHECK(faultOf(file("[]")).find("must be an object") != std::string::npos);
  CHECK(faultOf(file("{x")).find("no JSON") != std::string::npos);
  CHECK(faultOf(file(R"({"a": 1, "a": 2})")).find("no JSON") != std::string::npos);
  CHECK(faultOf(file(std::string(4000, '['))).find("no JSON") != std::string::npos);
  const auto tensor = [](const char* text) { return faultOf(file(std::string(R"({"a": )") + text + "}")); };
  CHECK(tensor("1").find("dtype") != std::string::npos);
  CHECK(tensor(R"({"dtype": "F9", "shape": [1], "data_offsets": [0, 1]})").find("dtype 'F9'") != std::string::npos);
  CHECK(tensor(R"({"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]})").find("shape") != std::string::npos);
  CHECK(tensor(R"({"dtype": "F32", "shape": [4611686018427387904, 4611686018427387904], "data_offsets": [0, 4]})")
            .find("larger than any file") != std::string::npos);
  CHECK(tensor(R"({"dtype": "F32", "shape": [1], "data_offsets": [4, 0]})").find("in order") != std::string::npos);
  CHECK(tensor(R"({"dtype": "F32", "shape": [1], "data_offsets": [0, 5]})").find("its shape takes 4") !=
        std::string::npos);
}

TEST_CASE("an index gives the size of the whole checkpoint") {
  const auto index = readSafetensorsIndex(R"({"metadata": {"total_size": 16060522496},
      "weight_map": {"lm_head.weight": "model-00004-of-00004.safetensors",
                     "model.layers.31.mlp.up_proj.weight": "model-00003-of-00004.safetensors"}})");
  REQUIRE(index);
  CHECK(index->bytes == 16060522496);
  CHECK(index->files == 2);
  CHECK(index->layers == 32);
  CHECK_FALSE(index->hasCopies);
  const auto twice = readSafetensorsIndex(R"({"metadata": {"total_size": 2}, "weight_map":
      {"a": "model-00001-of-00002.safetensors", "b": "original/model.safetensors"}})");
  REQUIRE(twice);
  CHECK(twice->hasCopies);
  for (const char* bad :
       {"", "[]", "{}", R"({"weight_map": {"a": "b"}})", R"({"metadata": {"total_size": 1}, "weight_map": {}})",
        R"({"metadata": {"total_size": -1}, "weight_map": {"a": "b"}})",
        R"({"metadata": {"total_size": 1}, "weight_map": {"a": 1}})"}) {
    CAPTURE(bad);
    const auto broken = readSafetensorsIndex(bad);
    REQUIRE_FALSE(broken);
    CHECK_FALSE(broken.error().message.empty());
  }
}
