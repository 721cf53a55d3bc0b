// The weight matrices of a model by what they do: formats store each kind, and parallelism splits it, in its own way.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "model/architecture.hpp"

namespace rightslice::model {

/// The module's name in a Hugging Face checkpoint, below "model.layers.N.": "self_attn.q_proj"; of embedding and head the
/// whole name. Empty for OtherLinear and OtherExperts.
std::string_view moduleName(Role role);
bool isExpert(Role role);
/// Whether weight formats quantise it unless told otherwise: all linear layers, not embedding, head and router.
bool isLinear(Role role);

/// Equal matrices of one role. `rows` are outputs, `columns` inputs; formats group along the inputs.
struct Matrix {
  Role role = Role::OtherLinear;
  std::int64_t rows = 0, columns = 0;
  std::int64_t layers = 1;    ///< in how many layers it stands
  std::int64_t perLayer = 1;  ///< experts
  Int128 parameters() const { return Int128{rows} * columns * layers * perLayer; }
};

/// All parameters of a model: matrices, and the rest (norms, biases, towers), which no format quantises.
class Matrices {
 public:
  /// Where the layers have no plain shape (hybrids), their linear weights are one matrix: OtherLinear or OtherExperts.
  Matrices(const Architecture& a, const ParameterCount& count);
  std::span<const Matrix> all() const& { return {list_.data(), size_}; }
  std::span<const Matrix> all() && = delete;  // it would outlive its matrices in a range-for
  Int128 rest() const { return rest_; }

 private:
  void add(Role role, Int128 rows, Int128 columns, std::int64_t layers, std::int64_t perLayer = 1);
  void addAttention(const Architecture& a);
  void addFeedForward(const Architecture& a);

  std::array<Matrix, 24> list_;
  std::size_t size_ = 0;
  Int128 rest_ = 0;
};

/// Whether layer `index` holds experts instead of one dense MLP.
bool isExpertLayer(const Architecture& a, std::int64_t index);

}  // namespace rightslice::model
