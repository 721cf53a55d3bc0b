#include "model/module_pattern.hpp"

#include <doctest/doctest.h>

using namespace rightslice::model;

TEST_CASE("entries of ignore lists match as the quantisers read them") {
  const struct {
    const char* pattern;
    const char* module;
    bool matches;
  } rows[] = {
      {"lm_head", "lm_head", true},
      {"lm_head", "language_model.lm_head", true},
      {"lm_head", "model.layers.0.lm_header", false},
      {"gate", "model.layers.0.block_sparse_moe.gate", true},
      {"gate", "model.layers.0.mlp.gate_proj", false},
      {"model.layers.3.self_attn", "model.layers.3.self_attn.q_proj", true},
      {"model.layers.3", "model.layers.31.self_attn.q_proj", false},
      {"model.layers.*.self_attn*", "model.layers.7.self_attn.q_proj", true},
      {"*lm_head*", "lm_head", true},
      {"model.layers.0*", "model.layers.0.mlp.up_proj", true},
      {"re:.*lm_head", "lm_head", true},
      {"re:.*mlp.gate$", "model.layers.0.mlp.gate", true},
      {"re:.*mlp.gate$", "model.layers.0.mlp.gate_proj", false},
      {"re:model\\.layers\\.\\d+\\.mlp\\..*", "model.layers.12.mlp.up_proj", true},
      {"re:self_attn", "model.layers.12.self_attn.q_proj", false},  // from the beginning, as re.match
      {"re:.*self_attn", "model.layers.12.self_attn.q_proj", true},
      {"re:.*\\.(q|k|v)_proj", "model.layers.1.self_attn.k_proj", true},
      {"re:.*\\.(q|k|v)_proj", "model.layers.1.self_attn.o_proj", false},
      {"re:.*layers\\.(0|1|2[0-9])\\..*", "model.layers.25.mlp.up_proj", true},
      {"re:.*layers\\.(0|1|2[0-9])\\..*", "model.layers.35.mlp.up_proj", false},
      {"re:(?:vision|model)\\.[^.]+\\.1\\.mlp", "model.layers.1.mlp.up_proj", true},
      {"re:a+?b*c?", "aaab", true},
      {"re:^$", "", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.module);
    const auto pattern = ModulePattern::parse(row.pattern);
    REQUIRE(pattern);
    CHECK(pattern->matches(row.module) == row.matches);
  }
}

TEST_CASE("what is not understood is no pattern") {
  for (const char* text : {"", "re:(?!x)y", "re:(a", "re:a)", "re:[a", "re:*", "re:a{2}", "re:\\1", "re:\\"}) {
    CAPTURE(text);
    CHECK_FALSE(ModulePattern::parse(text));
  }
  CHECK_FALSE(ModulePattern::parse("re:" + std::string(5000, 'a')));
  CHECK_FALSE(ModulePattern::parse("re:" + std::string(200, '(') + "a" + std::string(200, ')')));
}

TEST_CASE("an expression that takes others exponential time takes linear time") {
  const auto pattern = ModulePattern::parse("re:(a*)*(a|a)*(a*a*)*b");
  REQUIRE(pattern);
  CHECK_FALSE(pattern->matches(std::string(5000, 'a')));
}
