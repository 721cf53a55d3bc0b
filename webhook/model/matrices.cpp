#include "model/matrices.hpp"

#include <algorithm>

namespace rightslice::model {
namespace {

struct RoleRow {
  Role role;
  std::string_view module;
  bool linear, expert;
};
constexpr RoleRow kRoleRows[] = {
    {Role::Embedding, "model.embed_tokens", false, false},
    {Role::Head, "lm_head", false, false},
    {Role::Query, "self_attn.q_proj", true, false},
    {Role::Key, "self_attn.k_proj", true, false},
    {Role::Value, "self_attn.v_proj", true, false},
    {Role::AttentionOut, "self_attn.o_proj", true, false},
    {Role::QueryDown, "self_attn.q_a_proj", true, false},
    {Role::QueryUp, "self_attn.q_b_proj", true, false},
    {Role::KvDown, "self_attn.kv_a_proj_with_mqa", true, false},
    {Role::KvUp, "self_attn.kv_b_proj", true, false},
    {Role::Gate, "mlp.gate_proj", true, false},
    {Role::Up, "mlp.up_proj", true, false},
    {Role::Down, "mlp.down_proj", true, false},
    {Role::SharedGate, "mlp.shared_experts.gate_proj", true, false},
    {Role::SharedUp, "mlp.shared_experts.up_proj", true, false},
    {Role::SharedDown, "mlp.shared_experts.down_proj", true, false},
    {Role::ExpertGate, "mlp.experts.0.gate_proj", true, true},
    {Role::ExpertUp, "mlp.experts.0.up_proj", true, true},
    {Role::ExpertDown, "mlp.experts.0.down_proj", true, true},
    {Role::Router, "mlp.gate", false, false},
    {Role::OtherLinear, "", true, false},
    {Role::OtherExperts, "", true, true},
};
static_assert(std::size(kRoleRows) == kRoles);

const RoleRow& rowOf(Role role) { return kRoleRows[static_cast<std::size_t>(role)]; }

std::int64_t clamped(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<std::int64_t>(value); }

}  // namespace

std::string_view moduleName(Role role) { return rowOf(role).module; }
bool isExpert(Role role) { return rowOf(role).expert; }
bool isLinear(Role role) { return rowOf(role).linear; }

bool isExpertLayer(const Architecture& a, std::int64_t index) {
  if (a.moeLayers > 0) return a.experts > 0 && index >= a.layers - a.moeLayers;  // which ones, the shape does not say
  const std::int64_t step = std::max<std::int64_t>(a.moeLayerStep, 1);
  return a.experts > 0 && index >= a.firstDenseLayers && (index + 1) % step == 0;
}

void Matrices::add(Role role, Int128 rows, Int128 columns, std::int64_t layers, std::int64_t perLayer) {
  if (rows <= 0 || columns <= 0 || layers <= 0 || perLayer <= 0) return;
  list_[size_++] = {role, clamped(rows), clamped(columns), layers, perLayer};
}

void Matrices::addAttention(const Architecture& a) {
  const Int128 h = a.hidden;
  const Int128 heads = a.heads;
  const std::int64_t layers = a.attentionLayers();
  if (a.isMla()) {
    const Int128 keyDim = Int128{a.qkNopeDim} + a.qkRopeDim;
    if (a.qLoraRank > 0) {
      add(Role::QueryDown, a.qLoraRank, h, layers);
      add(Role::QueryUp, heads * keyDim, a.qLoraRank, layers);
    } else {
      add(Role::Query, heads * keyDim, h, layers);
    }
    add(Role::KvDown, Int128{a.kvLoraRank} + a.qkRopeDim, h, layers);
    add(Role::KvUp, heads * (Int128{a.qkNopeDim} + a.vHeadDim), a.kvLoraRank, layers);
    add(Role::AttentionOut, h, heads * a.vHeadDim, layers);
    return;
  }
  if (!a.attentionShapes.empty()) return;  // of several shapes: counted as OtherLinear
  const Int128 valueDim = a.vHeadDim > 0 ? a.vHeadDim : a.headDim;
  add(Role::Query, heads * a.headDim * (a.attentionGate ? 2 : 1), h, layers);
  add(Role::Key, Int128{a.kvHeads} * a.headDim, h, layers);
  add(Role::Value, Int128{a.kvHeads} * valueDim, h, layers);
  add(Role::AttentionOut, h, heads * valueDim, layers);
}

void Matrices::addFeedForward(const Architecture& a) {
  const Int128 h = a.hidden;
  const std::int64_t sparse = a.expertLayers();
  const Int128 width = a.denseIntermediate > 0 ? a.denseIntermediate : a.intermediate;
  if (a.feedForwardShapes.empty()) {
    const std::int64_t dense = a.feedForwardLayers() - sparse;
    if (a.gatedMlp) add(Role::Gate, width, h, dense);
    add(Role::Up, width, h, dense);
    add(Role::Down, h, width, dense);
  }
  const Int128 shared =
      a.sharedIntermediate > 0 ? Int128{a.sharedIntermediate} : Int128{a.sharedExperts} * a.moeIntermediate;
  if (a.gatedMlp) add(Role::SharedGate, shared, h, sparse);
  add(Role::SharedUp, shared, h, sparse);
  add(Role::SharedDown, h, shared, sparse);
  const Int128 seen = a.expertHidden > 0 ? Int128{a.expertHidden} : h;
  if (a.gatedMlp) add(Role::ExpertGate, a.moeIntermediate, seen, sparse, a.experts);
  add(Role::ExpertUp, a.moeIntermediate, seen, sparse, a.experts);
  add(Role::ExpertDown, seen, a.moeIntermediate, sparse, a.experts);
  add(Role::Router, a.experts, h, sparse);
}

Matrices::Matrices(const Architecture& a, const ParameterCount& count) {
  addAttention(a);
  addFeedForward(a);
  // The count is the authority. MLA's down projections and routers are linear layers that it holds as replicated.
  Int128 linear = 0;
  for (const Matrix& m : all()) {
    if (isLinear(m.role) && m.role != Role::QueryDown && m.role != Role::KvDown) linear += m.parameters();
  }
  if (linear > count.linear) {  // layers of several shapes
    size_ = 0;
    linear = 0;
  }
  if (linear < count.linear) {
    const Int128 experts = linear == 0 ? Int128{count.experts} : 0;
    if (experts > 0) add(Role::OtherExperts, experts / std::max<std::int64_t>(a.hidden, 1), a.hidden, 1);
    add(Role::OtherLinear, (count.linear - linear - experts) / std::max<std::int64_t>(a.hidden, 1), a.hidden, 1);
  }
  const Int128 table = Int128{a.vocab} * a.hidden;
  if (table <= count.embedding) add(Role::Embedding, a.vocab, a.hidden, 1);
  if (!a.tiedEmbeddings && 2 * table <= count.embedding) add(Role::Head, a.vocab, a.hidden, 1);
  rest_ = count.total;
  for (const Matrix& m : all()) rest_ -= m.parameters();
  rest_ = std::max<Int128>(rest_, 0);
}

}  // namespace rightslice::model
