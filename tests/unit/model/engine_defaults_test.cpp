#include "model/engine_defaults.hpp"

#include <doctest/doctest.h>

namespace rightslice::embedded {
std::string_view engines_json();
}

namespace rightslice::model {

TEST_CASE("the shipped defaults of engines are well formed") {
  const auto fault = faultOfDefaults(embedded::engines_json(), "policies/catalogue/engines.json");
  CHECK_MESSAGE(!fault, (fault ? fault->where + ": " + fault->message : ""));
}

TEST_CASE("a default is told by version and device, and is an interval where either is not known") {
  const Engine& vllm = *findEngine("vllm");
  const Device small{10 * kGiB, false, 1}, big{80 * kGiB, false, 1}, a100{80 * kGiB, true, 1}, unknown{};
  const struct {
    Default setting;
    std::optional<Version> version;
    Device device;
    double low, value, high;
  } rows[] = {
      {Default::MemoryFraction, Version{0, 8, 5}, small, 0.9, 0.9, 0.9},
      {Default::MemoryFraction, Version{0, 18, 0}, small, 0.9, 0.9, 0.9},
      {Default::MemoryFraction, Version{0, 19, 0}, small, 0.9, 0.9, 0.9},
      {Default::MemoryFraction, Version{0, 20, 0}, small, 0.9, 0.92, 0.92},
      {Default::MemoryFraction, Version{0, 21, 0}, small, 0.92, 0.92, 0.92},
      {Default::MemoryFraction, std::nullopt, big, 0.9, 0.92, 0.92},
      {Default::MaxNumSeqs, std::nullopt, big, 1024, 1024, 1024},
      {Default::MaxNumSeqs, Version{0, 11, 0}, big, 1024, 1024, 1024},
      {Default::MaxNumSeqs, Version{0, 7, 3}, big, 256, 256, 256},
      {Default::MaxNumSeqs, Version{0, 11, 0}, a100, 256, 256, 256},
      {Default::MaxNumSeqs, Version{0, 11, 0}, small, 256, 256, 256},
      {Default::MaxNumSeqs, std::nullopt, unknown, 256, 256, 256},
      {Default::MaxNumBatchedTokens, Version{0, 11, 0}, big, 8192, 8192, 8192},
  };
  for (const auto& row : rows) {
    const auto found = defaultOf(vllm, row.setting, row.version, row.device);
    REQUIRE(found);
    CAPTURE(name(row.setting));
    CHECK(found->low == row.low);
    CHECK(found->value == row.value);
    CHECK(found->high == row.high);
  }
  CHECK_FALSE(defaultOf(*findEngine("comfyui"), Default::MemoryFraction, std::nullopt, unknown));
}

TEST_CASE("a fault in a file of defaults is told with its place") {
  const struct {
    std::string_view text, where;
  } rows[] = {
      {R"({"engines":[{"name":"vlm","defaults":[]}]})", "f: /engines/0/name"},
      {R"({"engines":[{"name":"vllm","defaults":[{"setting":"fraction","value":1,"source":"s"}]}]})",
       "f: /engines/0/defaults/0/setting"},
      {R"({"engines":[{"name":"vllm","defaults":[{"setting":"blockSize","value":-1,"source":"s"}]}]})",
       "f: /engines/0/defaults/0/value"},
      {R"({"engines":[{"name":"vllm","defaults":[{"setting":"blockSize","value":1,"from":"new","source":"s"}]}]})",
       "f: /engines/0/defaults/0/from"},
      {R"({"engines":[{"name":"vllm","defaults":[{"setting":"blockSize","value":1,"deviceFromGiB":0,"source":"s"}]}]})",
       "f: /engines/0/defaults/0/deviceFromGiB"},
      {R"({"engines":[{"name":"vllm","defaults":[{"setting":"blockSize","value":1}]}]})", "f: /engines/0/defaults/0"},
      {R"({"engines":[{"name":"vllm","defaults":[{"setting":"blockSize","vallue":1,"source":"s"}]}]})",
       "f: /engines/0/defaults/0"},
  };
  for (const auto& row : rows) {
    const auto fault = faultOfDefaults(row.text, "f");
    REQUIRE(fault);
    CHECK(fault->where == row.where);
  }
}

}  // namespace rightslice::model
