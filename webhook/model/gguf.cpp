#include "model/gguf.hpp"

#include <algorithm>
#include <array>

#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

// Rules by which the mixes differ, as llama.cpp's src/llama-quant.cpp has them (llama_tensor_get_type, 2024 to 2026).
enum class Mix : std::uint8_t {
  Plain,
  Q2K,
  Q2KS,
  Q3KM,
  Q3KL,
  Q4KS,
  Q4KM,
  Q5KM,
  IQ1,
  IQ2,
  IQ2SM,
  IQ3XXS,
  IQ3XS,
  IQ3S,
  IQ3M,
  IQ4,
  Ternary,
  Mxfp4Moe,
  Float
};

struct Row {
  GgufType type;
  Mix mix;
};
constexpr int kExact = 5, kDynamic = 60;
// Longer names come before the shorter that they contain. Unsloth's dynamic mixes (XL) have no rule: the plain mix of
// that size with a wide interval; so have the "_L" files, whose embeddings are wider.
constexpr Row kRows[] = {
    {{"MXFP4_MOE", 38, Ggml::MXFP4, kExact, kExact}, Mix::Mxfp4Moe},
    {{"Q2_K_XL", -1, Ggml::Q2_K, kDynamic, 180}, Mix::Q2K},
    {{"Q3_K_XL", -1, Ggml::Q3_K, kDynamic, 160}, Mix::Q3KM},
    {{"Q4_K_XL", -1, Ggml::Q4_K, kDynamic, 120}, Mix::Q4KM},
    {{"Q5_K_XL", -1, Ggml::Q5_K, kDynamic, 100}, Mix::Q5KM},
    {{"Q6_K_XL", -1, Ggml::Q6_K, 20, 220}, Mix::Plain},
    {{"Q8_K_XL", -1, Ggml::Q8_0, 20, 500}, Mix::Plain},
    {{"Q2_K_L", -1, Ggml::Q2_K, kExact, 200}, Mix::Q2K},
    {{"Q4_K_L", -1, Ggml::Q4_K, kExact, 100}, Mix::Q4KM},
    {{"Q5_K_L", -1, Ggml::Q5_K, kExact, 100}, Mix::Q5KM},
    {{"Q6_K_L", -1, Ggml::Q6_K, kExact, 100}, Mix::Plain},
    {{"Q2_K_S", 21, Ggml::Q2_K, 10, 10}, Mix::Q2KS},
    {{"Q2_K", 10, Ggml::Q2_K, 10, 10}, Mix::Q2K},
    {{"Q3_K_S", 11, Ggml::Q3_K, kExact, kExact}, Mix::Plain},
    {{"Q3_K_M", 12, Ggml::Q3_K, kExact, kExact}, Mix::Q3KM},
    {{"Q3_K_L", 13, Ggml::Q3_K, kExact, kExact}, Mix::Q3KL},
    {{"Q4_K_S", 14, Ggml::Q4_K, kExact, kExact}, Mix::Q4KS},
    {{"Q4_K_M", 15, Ggml::Q4_K, kExact, kExact}, Mix::Q4KM},
    {{"Q5_K_S", 16, Ggml::Q5_K, kExact, kExact}, Mix::Plain},
    {{"Q5_K_M", 17, Ggml::Q5_K, kExact, kExact}, Mix::Q5KM},
    {{"Q6_K", 18, Ggml::Q6_K, kExact, kExact}, Mix::Plain},
    {{"Q4_0", 2, Ggml::Q4_0, kExact, 20}, Mix::Plain},
    {{"Q4_1", 3, Ggml::Q4_1, kExact, kExact}, Mix::Plain},
    {{"Q5_0", 8, Ggml::Q5_0, kExact, 15}, Mix::Plain},
    {{"Q5_1", 9, Ggml::Q5_1, kExact, kExact}, Mix::Plain},
    {{"Q8_0", 7, Ggml::Q8_0, kExact, kExact}, Mix::Plain},
    {{"IQ1_S", 24, Ggml::IQ1_S, kDynamic, 150}, Mix::IQ1},
    {{"IQ1_M", 31, Ggml::IQ1_M, kDynamic, 150}, Mix::IQ1},
    {{"IQ2_XXS", 19, Ggml::IQ2_XXS, 30, 120}, Mix::IQ2},
    {{"IQ2_XS", 20, Ggml::IQ2_XS, 20, 30}, Mix::IQ2},
    {{"IQ2_S", 28, Ggml::IQ2_XS, 20, 30}, Mix::IQ2SM},
    {{"IQ2_M", 29, Ggml::IQ2_S, 20, 100}, Mix::IQ2SM},
    {{"IQ3_XXS", 23, Ggml::IQ3_XXS, 20, 80}, Mix::IQ3XXS},
    {{"IQ3_XS", 22, Ggml::IQ3_S, 10, 20}, Mix::IQ3XS},
    {{"IQ3_S", 26, Ggml::IQ3_S, 10, 10}, Mix::IQ3S},
    {{"IQ3_M", 27, Ggml::IQ3_S, 10, 10}, Mix::IQ3M},
    {{"IQ4_NL", 25, Ggml::IQ4_NL, 10, 30}, Mix::IQ4},
    {{"IQ4_XS", 30, Ggml::IQ4_XS, 10, 40}, Mix::IQ4},
    {{"TQ1_0", 36, Ggml::TQ1_0, kDynamic, 400}, Mix::Ternary},
    {{"TQ2_0", 37, Ggml::TQ2_0, kExact, 20}, Mix::Ternary},
    {{"NVFP4", 39, Ggml::NVFP4, 20, 120}, Mix::Plain},
    {{"Q3_K", -1, Ggml::Q3_K, kExact, 40}, Mix::Q3KM},  // as llama-quantize reads the short names
    {{"Q4_K", -1, Ggml::Q4_K, 60, kExact}, Mix::Q4KM},
    {{"Q5_K", -1, Ggml::Q5_K, 40, kExact}, Mix::Q5KM},
    {{"MXFP4", -1, Ggml::MXFP4, kExact, kExact}, Mix::Mxfp4Moe},
    {{"BF16", 32, Ggml::BF16, kExact, kExact}, Mix::Float},
    {{"F16", 1, Ggml::F16, kExact, kExact}, Mix::Float},
    {{"F32", 0, Ggml::F32, kExact, kExact}, Mix::Float},
};

/// Which kind of tensor a role is to the quantiser.
enum class Kind : std::uint8_t { Table, Output, Query, Key, Value, AttentionOut, GateUp, Down, Other };
Kind kindOf(Role role) {
  switch (role) {
    case Role::Embedding:
      return Kind::Table;
    case Role::Head:
      return Kind::Output;
    case Role::Query:
      return Kind::Query;
    case Role::Key:
      return Kind::Key;
    case Role::Value:
      return Kind::Value;
    case Role::AttentionOut:
      return Kind::AttentionOut;
    case Role::Gate:
    case Role::Up:
    case Role::SharedGate:
    case Role::SharedUp:
    case Role::ExpertGate:
    case Role::ExpertUp:
      return Kind::GateUp;
    case Role::Down:
    case Role::SharedDown:
    case Role::ExpertDown:
      return Kind::Down;
    default:
      return Kind::Other;
  }
}

/// What the rules ask of the model.
struct Model {
  std::int64_t layers;
  bool sharesKv;      ///< at least four query heads per KV head
  bool eightExperts;  ///< as Mixtral
  bool fourExperts;   ///< four or more
  bool is70b, falcon, tied;
};

bool moreBits(std::int64_t layer, std::int64_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

Ggml outputType(const Row& row, const Model& m, std::int64_t columns) {
  if (row.mix == Mix::Mxfp4Moe || m.falcon || columns % ggmlType(row.type.base).block != 0) return Ggml::Q8_0;
  if (row.mix == Mix::IQ1 || row.mix == Mix::IQ2 || row.mix == Mix::IQ2SM || row.mix == Mix::IQ3XXS) return Ggml::Q5_K;
  return row.type.base == Ggml::Q8_0 ? Ggml::Q8_0 : Ggml::Q6_K;
}

Ggml tableType(const Row& row) {
  switch (row.mix) {
    case Mix::IQ1:
    case Mix::IQ2:
      return Ggml::Q2_K;
    case Mix::IQ2SM:
    case Mix::IQ3XXS:
      return Ggml::IQ3_S;
    case Mix::Ternary:
      return Ggml::Q4_K;
    default:
      return row.type.base;
  }
}

Ggml valueType(const Row& row, const Model& m, std::int64_t layer) {
  Ggml type = row.type.base;
  switch (row.mix) {
    case Mix::IQ1:
    case Mix::IQ2:
      return m.sharesKv || m.fourExperts ? Ggml::Q4_K : Ggml::Q2_K;  // and no more rules
    case Mix::IQ2SM:
      return m.sharesKv || m.fourExperts ? Ggml::Q4_K : Ggml::IQ3_S;
    case Mix::Q2K:
      type = m.sharesKv ? Ggml::Q4_K : Ggml::Q3_K;
      break;
    case Mix::Q2KS:
    case Mix::IQ3XXS:
    case Mix::IQ3XS:
    case Mix::IQ3S:
      if (m.sharesKv) type = Ggml::Q4_K;
      break;
    case Mix::IQ3M:
      type = Ggml::Q4_K;
      break;
    case Mix::Q3KM:
      type = layer < 2 ? Ggml::Q5_K : Ggml::Q4_K;
      break;
    case Mix::Q3KL:
      type = Ggml::Q5_K;
      break;
    case Mix::IQ4:
      if (m.sharesKv) type = Ggml::Q5_K;
      break;
    case Mix::Q4KM:
    case Mix::Q5KM:
      if (moreBits(layer, m.layers)) type = Ggml::Q6_K;
      break;
    case Mix::Q4KS:
      if (layer < 4) type = Ggml::Q5_K;
      break;
    default:
      break;
  }
  if (m.is70b && (type == Ggml::Q3_K || type == Ggml::Q4_K)) type = Ggml::Q5_K;
  return m.eightExperts ? Ggml::Q8_0 : type;
}

Ggml downType(const Row& row, const Model& m, std::int64_t layer) {
  const bool first8th = layer < m.layers / 8;
  const bool first16th = layer < m.layers / 16;
  switch (row.mix) {
    case Mix::Q2K:
      return Ggml::Q3_K;
    case Mix::Q2KS:
      return first8th ? Ggml::Q4_K : row.type.base;
    case Mix::IQ1:
    case Mix::IQ2:
      return first8th ? Ggml::Q2_K : row.type.base;
    case Mix::IQ2SM:
      return first8th ? Ggml::IQ3_S : row.type.base;
    case Mix::Q3KM:
      if (first16th) return Ggml::Q5_K;
      return !m.falcon || moreBits(layer, m.layers) ? Ggml::Q4_K : Ggml::Q3_K;
    case Mix::Q3KL:
      return m.falcon ? Ggml::Q4_K : Ggml::Q5_K;
    case Mix::IQ3M:
      return first8th || (m.eightExperts && moreBits(layer, m.layers)) ? Ggml::Q4_K : row.type.base;
    case Mix::Q4KM:
      if (m.falcon) return first16th ? Ggml::Q6_K : moreBits(layer, m.layers) ? Ggml::Q5_K : Ggml::Q4_K;
      return moreBits(layer, m.layers) ? Ggml::Q6_K : Ggml::Q4_K;
    case Mix::Q5KM:
      return moreBits(layer, m.layers) ? Ggml::Q6_K : Ggml::Q5_K;
    case Mix::Q4KS:
      return !m.falcon && first8th ? Ggml::Q5_K : Ggml::Q4_K;
    default:
      return row.type.base;
  }
}

Ggml attentionOutType(const Row& row, const Model& m) {
  if (m.falcon) return row.mix == Mix::Q3KL ? Ggml::Q4_K : row.type.base;
  if (m.eightExperts) {
    switch (row.mix) {
      case Mix::Q2K:
      case Mix::Q3KM:
      case Mix::Q4KS:
      case Mix::Q4KM:
      case Mix::IQ1:
      case Mix::IQ2:
      case Mix::IQ2SM:
      case Mix::IQ3XXS:
      case Mix::IQ3XS:
      case Mix::IQ3S:
      case Mix::IQ3M:
      case Mix::IQ4:
        return Ggml::Q5_K;
      default:
        return row.type.fileType == 11 ? Ggml::Q5_K : row.type.base;  // Q3_K_S
    }
  }
  switch (row.mix) {
    case Mix::Q2K:
      return Ggml::Q3_K;
    case Mix::IQ1:
      return Ggml::IQ2_XXS;
    case Mix::IQ2SM:
    case Mix::IQ3XXS:
      return Ggml::IQ3_S;
    case Mix::Q3KM:
    case Mix::IQ3M:
      return Ggml::Q4_K;
    case Mix::Q3KL:
      return Ggml::Q5_K;
    default:
      return row.type.base;
  }
}

Ggml pick(const Row& row, const Model& m, const Matrix& matrix, std::int64_t layer) {
  const Kind kind = kindOf(matrix.role);
  if (row.mix == Mix::Float) return row.type.base;
  if (kind == Kind::Output || (kind == Kind::Table && m.tied)) return outputType(row, m, matrix.columns);
  if (row.mix == Mix::Mxfp4Moe) return isExpert(matrix.role) ? Ggml::MXFP4 : Ggml::Q8_0;
  switch (kind) {
    case Kind::Table:
      return tableType(row);
    case Kind::Value:
      return valueType(row, m, layer);
    case Kind::Down:
      return downType(row, m, layer);
    case Kind::AttentionOut:
      return attentionOutType(row, m);
    case Kind::Query:
    case Kind::Key:
      if (kind == Kind::Key && m.eightExperts)
        return row.mix == Mix::IQ1 || row.mix == Mix::IQ2 || row.mix == Mix::IQ2SM ? Ggml::Q4_K : Ggml::Q8_0;
      return row.mix == Mix::IQ3XS ? Ggml::IQ3_XXS : row.mix == Mix::IQ3XXS ? Ggml::IQ2_S : row.type.base;
    case Kind::GateUp:
      if (row.mix == Mix::IQ3XS && layer >= m.layers / 8 && layer < 7 * m.layers / 8) return Ggml::IQ3_XXS;
      return row.type.base;
    default:
      return row.type.base;
  }
}

/// A type whose blocks fit the row, as the quantiser falls back.
Ggml fitting(Ggml type, std::int64_t columns) {
  if (columns % ggmlType(type).block == 0) return type;
  Ggml other = Ggml::F16;
  switch (type) {
    case Ggml::Q2_K:
    case Ggml::Q3_K:
    case Ggml::TQ1_0:
    case Ggml::TQ2_0:
      other = Ggml::Q4_0;
      break;
    case Ggml::Q4_K:
      other = Ggml::Q5_0;
      break;
    case Ggml::Q5_K:
      other = Ggml::Q5_1;
      break;
    case Ggml::Q6_K:
      other = Ggml::Q8_0;
      break;
    default:
      if (ggmlType(type).block == 256) other = Ggml::IQ4_NL;
  }
  return columns % ggmlType(other).block == 0 ? other : Ggml::F16;
}

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }

}  // namespace

const GgufType* findGgufType(std::string_view text) {
  for (const Row& row : kRows) {
    if (findIgnoringCase(text, row.type.name) != std::string_view::npos) return &row.type;
  }
  return nullptr;
}

const GgufType* ggufTypeOf(std::int64_t fileType) {
  for (const Row& row : kRows) {
    if (fileType >= 0 && row.type.fileType == fileType) return &row.type;
  }
  return nullptr;
}

GgufSize ggufSize(const GgufType& type, const Architecture& a, const Matrices& matrices) {
  const Row* row = &kRows[0];
  for (const Row& one : kRows) {
    if (one.type.name == type.name) row = &one;
  }
  const Model model{.layers = a.layers,
                    .sharesKv = a.kvHeads > 0 && a.heads / a.kvHeads >= 4,
                    .eightExperts = a.experts == 8,
                    .fourExperts = a.experts >= 4,
                    .is70b = a.layers == 80 && (a.family == "llama" || a.family == "qwen2"),
                    .falcon = a.family == "falcon",
                    .tied = a.tiedEmbeddings};
  const bool keepsMxfp4 = a.family == "gpt_oss";  // converted as they are, whatever the rest becomes
  GgufSize size;
  const auto add = [&](Int128 bytes, bool onDevice) {
    size.tensors = plusBytes(size.tensors, saturated(bytes));
    if (onDevice) size.device = plusBytes(size.device, saturated(bytes));
  };
  for (const Matrix& m : matrices.all()) {
    const Int128 each = Int128{m.rows} * m.columns * m.perLayer;
    if (m.role == Role::Router) {
      add(each * m.layers * 4, true);
      continue;
    }
    if (keepsMxfp4 && isExpert(m.role)) {
      add(ggmlBytes(Ggml::MXFP4, each) * m.layers, true);
      continue;
    }
    const bool onDevice = m.role != Role::Embedding || model.tied;
    const Kind kind = kindOf(m.role);
    const bool byLayer =
        (kind == Kind::Value || kind == Kind::Down || (kind == Kind::GateUp && row->mix == Mix::IQ3XS)) &&
        row->mix != Mix::Plain && row->mix != Mix::Float && m.layers <= a.layers;
    if (!byLayer) {
      add(ggmlBytes(fitting(pick(*row, model, m, 0), m.columns), each) * m.layers, onDevice);
      continue;
    }
    const bool ofExperts =
        isExpert(m.role) || m.role == Role::SharedGate || m.role == Role::SharedUp || m.role == Role::SharedDown;
    const bool everyLayer = m.layers == a.layers;
    // Layers counted by their type, each multiplied once.
    std::array<std::int64_t, static_cast<std::size_t>(Ggml::NVFP4) + 1> layersOf{};
    for (std::int64_t layer = 0; layer < a.layers; ++layer) {
      if (!everyLayer && isExpertLayer(a, layer) != ofExperts) continue;
      ++layersOf[static_cast<std::size_t>(pick(*row, model, m, layer))];
    }
    for (std::size_t index = 0; index < layersOf.size(); ++index) {
      if (layersOf[index] > 0)
        add(ggmlBytes(fitting(static_cast<Ggml>(index), m.columns), each) * layersOf[index], onDevice);
    }
  }
  add((matrices.rest() - std::min<Int128>(a.visionParameters, matrices.rest())) * 4, true);
  return size;
}

}  // namespace rightslice::model
