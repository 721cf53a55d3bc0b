// The shape of a model: what is needed to count its parameters and its KV cache.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "json/view.hpp"

namespace rightslice::model {

/// How sure a fact or an estimate is; the lowest part counts.
enum class Confidence { Low, Medium, High };
std::string_view name(Confidence confidence);  // "low", "medium", "high"

/// How weights are stored; sizes and sources of each in format.cpp. Names as in `size --quantization`.
enum class Format {
  None, Fp8, Fp8Block, Int8, Awq, Gptq, GptqInt8, W4A16, Nf4, Mxfp4, Nvfp4, Mxfp8, Hqq, Aqlm, Gguf
};
std::string_view name(Format format);
/// Also the engines' own words (compressed-tensors, bitsandbytes, fp8_e4m3, awq_marlin, gptq_marlin, ...).
std::optional<Format> parseFormat(std::string_view text);

/// What a weight matrix does (matrices.hpp). Down and up are those of low-rank projections in attention, the wide one of
/// an MLP otherwise.
enum class Role : std::uint8_t {
  Embedding, Head, Query, Key, Value, AttentionOut, QueryDown, QueryUp, KvDown, KvUp, Gate, Up, Down,
  SharedGate, SharedUp, SharedDown, ExpertGate, ExpertUp, ExpertDown, Router, OtherLinear, OtherExperts
};
inline constexpr std::size_t kRoles = 22;

/// Where one checkpoint differs from what its format usually is: as its quantization_config or its name says.
struct Quantization {
  int bits = 0;               ///< of a quantised weight; 0: the format's own
  int group = 0;              ///< weights that share a scale; -1: all of an output; 0: the format's own
  std::optional<bool> zeroPoints;  ///< beside the scales; absent: as the format's files usually have
  bool headQuantised = false, embeddingQuantised = false;
  /// Layers in which the matrices of a role stay 16 bit.
  std::array<std::int32_t, kRoles> wideLayers{};
  bool unclear = false;       ///< names layers in a way that is not understood: some more or less stays 16 bit
  std::string kvCacheDtype;   ///< of the KV cache that the checkpoint asks for, as --kv-cache-dtype would; empty: none
};

/// What the header of the weights' own file says; overrides the arithmetic.
struct MeasuredWeights {
  Bytes bytes = 0;              ///< of all tensors, as stored
  Bytes hostTable = 0;          ///< of these, the token table that llama.cpp leaves on the host
  std::int64_t parameters = 0;  ///< 0: not told
  Bytes float32 = 0;            ///< of these, in float32: served in 16 bit where that is most of them
};

/// One model of the catalogue or of a config.json. Field names follow Hugging Face's config.json.
struct Architecture {
  std::string id;                        ///< "Qwen/Qwen2.5-7B-Instruct", or the file it came from
  std::vector<std::string> aliases;      ///< other repositories of the same shape (globs allowed)
  std::string family;                    ///< llama, qwen2, qwen3, moe, mla_moe, gemma2, ..., as in the catalogue
  std::int64_t layers = 0, hidden = 0, intermediate = 0, heads = 0, kvHeads = 0, headDim = 0, vocab = 0;
  std::int64_t maxPositions = 0;
  bool tiedEmbeddings = false;
  std::string dtype = "bfloat16";        ///< torch_dtype of the checkpoint
  Format format = Format::None;          ///< of this checkpoint (quantization_config or catalogue)
  Quantization quantization;             ///< details of `format`
  std::optional<MeasuredWeights> measuredWeights;
  std::int64_t slidingWindow = 0, slidingLayers = 0, fullLayers = 0;  ///< 0: not sliding
  bool qkvBias = false, allBias = false, normBias = false, gatedMlp = true;
  int normsPerLayer = 2;
  std::string qkNorm;                    ///< "", "head", "full"
  std::int64_t experts = 0, expertsPerToken = 0, moeIntermediate = 0, sharedIntermediate = 0, sharedExperts = 0;
  std::int64_t firstDenseLayers = 0, moeLayerStep = 1, denseIntermediate = 0;
  bool sharedGate = false;
  std::int64_t kvLoraRank = 0, qLoraRank = 0, qkRopeDim = 0, qkNopeDim = 0, vHeadDim = 0;  ///< MLA if kvLoraRank > 0
  bool lmHeadBias = false, routerBias = false;
  std::int64_t positionRows = 0, typeRows = 0;   ///< learned position and token type embeddings (OPT, BERT)
  std::int64_t visionParameters = 0;             ///< of the vision tower and projector, where known
  double ropeFactor = 1;                         ///< by which rope scaling stretches maxPositions (config.json only)
  std::optional<std::int64_t> declaredParameters;  ///< where the formula does not reach (towers, hybrids)
  bool vision = false;
  /// A part that takes memory and is not modelled (linear attention, vision tower of unknown size, ...): leaves `high` open.
  std::string unmodelled;
  std::string source;

  bool isMla() const { return kvLoraRank > 0; }
  /// An encoder without generation: no KV cache and no sampler.
  bool isEncoder() const { return family == "bert"; }
};

/// Parameters by how they are stored and split; counts, not bytes (facts/footprint 1.1).
struct ParameterCount {
  std::int64_t total = 0;
  std::int64_t linear = 0;      ///< quantised by weight formats, divided by tensor parallelism (K/V parts: by min(tp, kvHeads))
  std::int64_t kvProjection = 0;///< part of `linear`
  std::int64_t experts = 0;     ///< part of `linear`
  std::int64_t embedding = 0;   ///< embedding and lm_head: 16 bit, divided by tensor parallelism
  std::int64_t replicated = 0;  ///< norms, routers, MLA's down projections: 16 bit, on each rank
};
/// All zero for architectures without plain arithmetic (hybrids, layers of different shape) and no declared total.
ParameterCount countParameters(const Architecture& a);

/// A Hugging Face config.json (nested text_config read; quantization_config read). Error.where is a JSON pointer.
Result<Architecture> fromConfig(json::View config, std::string_view name);

}  // namespace rightslice::model
