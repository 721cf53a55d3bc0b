#include "model/layer_roles.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "model/module_list.hpp"

using namespace rightslice::model;

namespace {

LayerRoles rolesOf(const std::string& entry, std::size_t layers) {
  LayerRoles roles(layers);
  const auto pattern = ModulePattern::parse(entry);
  REQUIRE_MESSAGE(pattern, entry);
  roles.add(*pattern);
  return roles;
}

/// Each digit of a number leads such an expression to other positions, and no name ends it: no two layers are alike.
std::string hostileExpression() {
  std::string text = "re:.*(";
  for (int digit = 0; digit < 10; ++digit) text += fmt::format("{}{}{:.>45}", digit > 0 ? "|" : "", digit, "!");
  return text + ")";
}

}  // namespace

TEST_CASE("a name stands for the layer whose number it holds, or for all") {
  const LayerRoles one = rolesOf("model.layers.11.mlp", 12), all = rolesOf("mlp.experts.0", 12), part = rolesOf("0", 12);
  CHECK(one.names(Role::Up, 11));
  CHECK_FALSE(one.names(Role::Up, 1));
  CHECK_FALSE(one.names(Role::Query, 11));
  CHECK(all.names(Role::ExpertUp, 0));
  CHECK(all.names(Role::ExpertUp, 11));
  CHECK(part.names(Role::Query, 0));  // the layer's number or the expert's
  CHECK_FALSE(part.names(Role::Query, 11));
  CHECK(part.names(Role::ExpertDown, 11));
  for (const char* none : {"model.layers.011.mlp", "layers.#", "model.layers.11.", "12", "99999999999999999999"})
    CHECK_FALSE(rolesOf(none, 12).names(Role::Up, 11));
}

TEST_CASE("anchors hold at the ends of whole names only") {
  CHECK(rolesOf("re:^model.*", 1).names(Role::Up, 0));
  CHECK(rolesOf("re:.*up_proj$", 1).names(Role::Up, 0));
  CHECK(rolesOf("re:.*mlp(\\.|$)", 1).names(Role::Up, 0));
  CHECK_FALSE(rolesOf("re:.*^mlp", 1).names(Role::Up, 0));
  CHECK_FALSE(rolesOf("re:.*mlp$", 1).names(Role::Up, 0));
  CHECK_FALSE(rolesOf("re:.*layers\\.0$", 1).names(Role::Up, 0));
  CHECK(rolesOf("*.0.mlp.up*", 1).names(Role::Up, 0));
  CHECK_FALSE(rolesOf("*.0.mlp", 1).names(Role::Up, 0));  // a glob is of the whole name
}

TEST_CASE("what an ordinary entry takes does not grow with layers x modules") {
  CHECK(rolesOf("re:.*self_attn.*", 1024).work() < 10'000);  // on each name: four million
  CHECK(rolesOf("model.layers.*.mlp.gate_proj", 1024).work() < 20'000);
  CHECK(rolesOf("model.layers.1023.mlp", 1024).work() < 300);
}

TEST_CASE("an expression that tells all layers apart takes them once, not each name in each") {
  const LayerRoles roles = rolesOf(hostileExpression(), 1024);
  CHECK_FALSE(roles.names(Role::Up, 1023));
  CHECK(roles.work() < 5'000'000);  // on each name: four million sets of up to 480 positions
}

TEST_CASE("a list that were too much work is unclear") {
  ModuleList list;
  Quantization detail;
  for (int entry = 0; entry < 100; ++entry) list.add(hostileExpression(), detail);
  CHECK_FALSE(detail.unclear);
  const LayerRoles roles = list.inLayers(1024, detail);
  CHECK(detail.unclear);
  CHECK(roles.work() < 15'000'000);
}

TEST_CASE("the longest list of names is not too much work") {
  ModuleList list;
  Quantization detail;
  for (int entry = 0; entry < 20'000; ++entry)
    list.add(fmt::format("model.layers.{}.mlp.experts.{}.up_proj", entry / 256, entry % 256), detail);
  const LayerRoles roles = list.inLayers(126, detail);
  CHECK_FALSE(detail.unclear);
  CHECK(roles.names(Role::ExpertUp, 77));
}

TEST_CASE("an entry without a digit may still tell layers apart") {
  Architecture a;
  a.layers = 24;
  for (const char* entry : {"model.layers.?.mlp.up_proj", "re:model\\.layers\\.\\d\\.mlp\\.up_proj"}) {
    CAPTURE(entry);
    ModuleList list;
    Quantization detail;
    list.add(entry, detail);
    countWide(list, {}, a, detail);
    CHECK(detail.wideLayers[static_cast<std::size_t>(Role::Up)] == 10);
  }
}
