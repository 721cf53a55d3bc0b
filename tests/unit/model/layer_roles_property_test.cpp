// What lists say of all layers at once is what their entries say when each is tried on each name of each layer.
#include <algorithm>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "base/glob.hpp"
#include "model/matrices.hpp"
#include "model/module_list.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

constexpr std::pair<Role, std::string_view> kAliases[] = {
    {Role::Query, "self_attn.qkv_proj"},
    {Role::Key, "self_attn.qkv_proj"},
    {Role::Value, "self_attn.qkv_proj"},
    {Role::Gate, "mlp.gate_up_proj"},
    {Role::Up, "mlp.gate_up_proj"},
    {Role::QueryDown, "self_attn.fused_qkv_a_proj"},
    {Role::KvDown, "self_attn.fused_qkv_a_proj"},
    {Role::ExpertGate, "block_sparse_moe.experts.0.w1"},
    {Role::ExpertUp, "block_sparse_moe.experts.0.w3"},
    {Role::ExpertDown, "block_sparse_moe.experts.0.w2"},
    {Role::ExpertGate, "feed_forward.experts.gate_proj"},
    {Role::ExpertUp, "feed_forward.experts.up_proj"},
    {Role::ExpertDown, "feed_forward.experts.down_proj"},
    {Role::SharedGate, "mlp.shared_expert.gate_proj"},
    {Role::SharedUp, "mlp.shared_expert.up_proj"},
    {Role::SharedDown, "mlp.shared_expert.down_proj"},
    {Role::SharedGate, "feed_forward.shared_expert.gate_proj"},
    {Role::SharedUp, "feed_forward.shared_expert.up_proj"},
    {Role::SharedDown, "feed_forward.shared_expert.down_proj"},
    {Role::Gate, "feed_forward.gate_proj"},
    {Role::Up, "feed_forward.up_proj"},
    {Role::Down, "feed_forward.down_proj"},
};

bool matches(const std::string& entry, const std::string& name) {
  if (!entry.starts_with("re:") && !globIsExact(entry)) return globMatches(entry, name);
  if (!entry.starts_with("re:")) {
    for (auto at = name.find(entry); at != std::string::npos; at = name.find(entry, at + 1)) {
      const std::size_t end = at + entry.size();
      if ((at == 0 || name[at - 1] == '.') && (end == name.size() || name[end] == '.')) return true;
    }
    return false;
  }
  const auto pattern = ModulePattern::parse(entry);
  return pattern && pattern->matches(name);
}

/// Each entry on each name.
bool holds(const std::vector<std::string>& list, Role role, std::int64_t layer) {
  const auto tries = [&](std::string_view module) {
    for (const char* prefix : {"model.layers.", "model.language_model.layers.", "language_model.model.layers."}) {
      const std::string name = fmt::format("{}{}.{}", prefix, layer, module);
      if (std::any_of(list.begin(), list.end(), [&](const std::string& entry) { return matches(entry, name); }))
        return true;
    }
    return false;
  };
  return tries(moduleName(role)) || std::any_of(std::begin(kAliases), std::end(kAliases), [&](const auto& alias) {
           return alias.first == role && tries(alias.second);
         });
}

std::string pieces(const std::vector<std::string>& of, int most) {
  std::string text;
  for (int left = *rc::gen::inRange(1, most); left > 0; --left) text += *rc::gen::elementOf(of);
  return text;
}

/// Made of what names are made of, so that it is often near one.
std::string anyEntry() {
  static const std::vector<std::string> words{"model", "layers", "language_model", "self_attn", "mlp", "experts", "q_proj",
                                              "gate_proj", "_proj", "gate", "w1", "0", "1", "7", "12", "03", "100", "1234567",
                                              ".", ".", ".", "", "#", "\xc3\xa9", "x"};
  std::vector<std::string> globs = words, signs = words;
  globs.insert(globs.end(), {"*", "*", "*", "?", "?", "**"});
  signs.insert(signs.end(), {"\\.", "\\.", ".*", ".*", ".+", "\\d", "\\d+", "\\w", "[0-3]", "[^.]+", "(0|1|2[0-9])", "(q|k|gate)",
                             "^", "$", "?", "*", "+", "|", "(", ")", "(a*)*", "(?:mlp|self_attn)", "()", "(^|.*\\.)",
                             "(\\.|$)", ".*^", ".*$"});
  static const std::vector<std::string> starts{"model.layers.", "layers.", "", "", "model.language_model.layers.1"};
  static const std::vector<std::string> expressionStarts{"model\\.layers\\.", ".*layers.", ".*", "", "(language_)?model"};
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return *rc::gen::elementOf(starts) + pieces(words, 6);
    case 1:
      return *rc::gen::elementOf(starts) + pieces(globs, 6);
    default:
      return "re:" + *rc::gen::elementOf(expressionStarts) + pieces(signs, 8);
  }
}

Architecture anyArchitecture() {
  Architecture a;
  a.layers = *rc::gen::element<std::int64_t>(0, 1, 9, 13, 36, 112);
  a.gatedMlp = *rc::gen::arbitrary<bool>();
  a.kvLoraRank = *rc::gen::element(0, 8);
  a.qLoraRank = *rc::gen::element(0, 8);
  a.experts = *rc::gen::element(0, 4);
  a.sharedExperts = *rc::gen::element(0, 1);
  a.moeLayers = *rc::gen::element(0, 3);
  a.firstDenseLayers = *rc::gen::element(0, 2);
  a.moeLayerStep = *rc::gen::element(1, 3);
  return a;
}

}  // namespace

TEST_CASE("all layers at once have the roles that the entries name one by one") {
  std::size_t named = 0, notNamed = 0;
  CHECK(rc::check([&] {
    const std::string entry = anyEntry();
    RC_LOG() << entry << '\n';
    const auto pattern = ModulePattern::parse(entry);
    if (!pattern) return;
    const auto layers = *rc::gen::element<std::size_t>(0, 1, 11, 30, 104);
    LayerRoles roles(layers);
    roles.add(*pattern);
    for (std::size_t index = 0; index < kRoles; ++index) {
      const Role role = static_cast<Role>(index);
      if (!isLinear(role) || moduleName(role).empty()) continue;
      for (std::size_t layer = 0; layer < layers; ++layer) {
        const bool expected = holds({entry}, role, static_cast<std::int64_t>(layer));
        ++(expected ? named : notNamed);
        RC_ASSERT(roles.names(role, layer) == expected);
      }
    }
  }));
  CHECK(named > 100);
  CHECK(notNamed > 100);
}

TEST_CASE("lists leave as many layers wide as their entries say one by one") {
  CHECK(rc::check([] {
    const Architecture a = anyArchitecture();
    std::vector<std::string> entries[2];
    ModuleList lists[2];
    Quantization detail;
    for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
      for (int left = *rc::gen::inRange(0, 3); left > 0; --left) {
        const std::string entry = anyEntry();
        if (!ModulePattern::parse(entry)) continue;
        lists[which].add(entry, detail);
        entries[which].push_back(entry);
        RC_LOG() << which << ": " << entry << '\n';
      }
    }
    countWide(lists[0], lists[1], a, detail);
    RC_ASSERT(!detail.unclear);
    for (const auto& [role, dense] : {std::pair(Role::AttentionOut, true), std::pair(Role::ExpertUp, false), std::pair(Role::Up, true)}) {
      std::int32_t expected = 0;
      for (std::int64_t layer = 0; layer < a.layers; ++layer) {
        if (role != Role::AttentionOut && isExpertLayer(a, layer) == dense) continue;
        if (holds(entries[0], role, layer) || (!entries[1].empty() && !holds(entries[1], role, layer))) ++expected;
      }
      RC_ASSERT(detail.wideLayers[static_cast<std::size_t>(role)] == expected);
    }
    RC_ASSERT(lists[0].holdsHead() == std::any_of(entries[0].begin(), entries[0].end(), [](const std::string& entry) {
                return matches(entry, "lm_head") || matches(entry, "language_model.lm_head");
              }));
  }));
}
