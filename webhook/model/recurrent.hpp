// Mamba, linear attention and short convolutions: their parameters, and the state that they keep for each sequence.
#pragma once
#include "base/bytes.hpp"
#include "model/architecture.hpp"

namespace rightslice::model {

/// Parameters of one recurrent layer, its norms and feed-forward part not included.
struct RecurrentCount {
  Int128 linear = 0;      ///< projections
  Int128 replicated = 0;  ///< convolutions, time steps, decays, inner norms
};
RecurrentCount recurrentParameters(const Architecture& a);

/// Elements of the state of one sequence in one layer: what the convolution still needs, and the recurrent state itself.
struct RecurrentState {
  std::int64_t conv = 0, recurrent = 0;
};
RecurrentState recurrentState(const Architecture& a);

}  // namespace rightslice::model
