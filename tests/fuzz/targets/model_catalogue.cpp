// Model catalogues of users, alone and laid over another.
#include "harness.hpp"
#include "model/catalogue.hpp"
#include "sizing_laws.hpp"

using namespace rightslice;
using fuzz::require;

namespace {

const model::Catalogue& base() {
  static const auto small = model::Catalogue::load(R"({"models":[{"id":"acme/base","aliases":["acme/base-*"],"family":"llama","num_hidden_layers":2,"hidden_size":64,)"
                                                   R"("intermediate_size":128,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,"vocab_size":100,)"
                                                   R"("tie_word_embeddings":false,"max_position_embeddings":128,"torch_dtype":"bfloat16","source":"none"}]})",
                                                   "base.json", nullptr);
  return small.value();
}

void check(std::string_view input, const model::Catalogue* under) {
  const auto catalogue = model::Catalogue::load(input, "m.json", under);
  if (!catalogue) return require(!catalogue.error().message.empty() && catalogue.error().where.starts_with("m.json"), "an error names the place", catalogue.error().where);
  require(catalogue->digest() == model::Catalogue::load(input, "m.json", under)->digest(), "the same file, the same digest");
  for (const auto& each : catalogue->models()) {
    const auto found = catalogue->find(each.id);
    require(found && found->architecture != nullptr, "a model is found by its name", each.id);
    require(model::countParameters(each).total >= 0, "no negative parameters", each.id);
    if (under == nullptr) fuzz::checkUnderEveryEngine(each);
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  check(input, nullptr);
  check(input, &base());
}
