// Shapes: transformers, models/{mamba,mamba2,falcon_mamba,jamba,qwen3_next,lfm2,minimax}/modeling_*.py; Kimi-Linear's
// modeling_kimi.py. States: vLLM, model_executor/layers/mamba/mamba_utils.py (MambaStateShapeCalculator).
#include "model/recurrent.hpp"

namespace rightslice::model {
namespace {

std::int64_t saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<std::int64_t>(value); }

}  // namespace

RecurrentCount recurrentParameters(const Architecture& a) {
  const RecurrentShape& r = a.recurrent;
  const Int128 h = a.hidden;
  const Int128 inner = r.inner;
  const Int128 state = r.state;
  const Int128 conv = r.conv + (r.convBias ? 1 : 0);
  switch (r.kind) {
    case RecurrentShape::Kind::None:
      return {};
    case RecurrentShape::Kind::Mamba:
      return {h * 2 * inner + inner * (r.rank + 2 * state) + r.rank * inner + inner * h,
              inner * conv + inner + inner * state + inner + (r.norm ? r.rank + 2 * state : 0) +
                  (r.bias ? 2 * inner + h : 0)};
    case RecurrentShape::Kind::Mamba2: {
      const Int128 convolved = inner + 2 * Int128{r.groups} * state;
      const Int128 projected = inner + convolved + r.heads;
      return {h * projected + inner * h,
              convolved * conv + 3 * Int128{r.heads} + (r.norm ? inner : 0) + (r.bias ? projected + h : 0)};
    }
    case RecurrentShape::Kind::GatedDelta: {  // heads: of values; groups: of keys
      const Int128 key = Int128{r.groups} * state;
      const Int128 valueDim = r.heads > 0 ? inner / r.heads : 0;
      return {h * (2 * key + 2 * inner) + h * 2 * r.heads + inner * h,
              (2 * key + inner) * conv + 2 * Int128{r.heads} + valueDim};
    }
    case RecurrentShape::Kind::KimiDelta:  // q, k and v of one width, gates through a bottleneck of one head
      return {3 * h * inner + h * r.heads + 2 * (h * state + state * inner) + inner * h,
              3 * inner * conv + r.heads + inner + state};
    case RecurrentShape::Kind::Lightning:
      return {h * 3 * inner + h * inner + inner * h, inner};
    case RecurrentShape::Kind::ShortConv:
      return {h * 3 * inner + inner * h, inner * conv + (r.bias ? 3 * inner + h : 0)};
  }
  return {};
}

RecurrentState recurrentState(const Architecture& a) {
  const RecurrentShape& r = a.recurrent;
  const Int128 inner = r.inner;
  const Int128 kept = r.conv > 0 ? r.conv - 1 : 0;
  const auto of = [](Int128 conv, Int128 recurrent) { return RecurrentState{saturated(conv), saturated(recurrent)}; };
  switch (r.kind) {
    case RecurrentShape::Kind::None:
      return {};
    case RecurrentShape::Kind::Mamba:
      return of(inner * kept, inner * r.state);
    case RecurrentShape::Kind::Mamba2:
      return of((inner + 2 * Int128{r.groups} * r.state) * kept, inner * r.state);
    case RecurrentShape::Kind::GatedDelta:
      return of((2 * Int128{r.groups} * r.state + inner) * kept, inner * r.state);
    case RecurrentShape::Kind::KimiDelta:
      return of(3 * inner * kept, inner * r.state);
    case RecurrentShape::Kind::Lightning:  // one square per head, state is its side
      return of(0, inner * r.state);
    case RecurrentShape::Kind::ShortConv:
      return of(inner * kept, 0);
  }
  return {};
}

}  // namespace rightslice::model
