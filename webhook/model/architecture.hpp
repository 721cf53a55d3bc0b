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
#include "model/vision.hpp"

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
/// All words that parseFormat() takes, in lower case with dashes.
std::vector<std::string> formatWords();

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
  bool kvCachePerhaps = false;  ///< it may ask for that type and may not: its low end alone counts with it
};

/// What the header of the weights' own file says; overrides the arithmetic.
struct MeasuredWeights {
  Bytes bytes = 0;              ///< of all tensors, as stored
  Bytes hostTable = 0;          ///< of these, the token table that llama.cpp leaves on the host
  std::int64_t parameters = 0;  ///< 0: not told
  Bytes float32 = 0;            ///< of these, in float32: served in 16 bit where that is most of them
};

/// Layers that keep a state of fixed size per sequence instead of keys and values of every token (model/recurrent.hpp).
struct RecurrentShape {
  enum class Kind { None, Mamba, Mamba2, GatedDelta, KimiDelta, Lightning, ShortConv };
  Kind kind = Kind::None;
  std::int64_t layers = 0;
  std::int64_t inner = 0;                  ///< width of the mixer (Mamba: d_inner; delta rules: value heads x value size)
  std::int64_t state = 0;                  ///< per channel (Mamba), or the size of a key (delta rules)
  std::int64_t heads = 0, groups = 0;      ///< Mamba2: heads and groups of B and C; delta rules: value heads and key heads
  std::int64_t conv = 0;                   ///< width of the convolution
  std::int64_t rank = 0;                   ///< of Mamba's time step
  bool bias = false, convBias = false, norm = false;  ///< norm: over the inner width (Mamba2), or of dt, B and C (Jamba)
};

/// Layers of one attention shape, where they differ. 0: that of the model.
struct AttentionShape {
  std::int64_t layers = 0, heads = 0, kvHeads = 0, headDim = 0, vHeadDim = 0;
  bool sliding = false;
};
/// Dense feed-forward layers of one width, where they differ.
struct FeedForwardShape {
  std::int64_t layers = 0, intermediate = 0;
};

/// How far the real model may be from this shape, where only its name is known. Low, expected and high of each; what an
/// estimate makes of the expected value is stretched in the same ratio.
struct Guess {
  std::int64_t parametersLow = 0, parameters = 0, parametersHigh = 0;  ///< low: in four bits where no format is known
  std::int64_t kvLow = 0, kv = 0, kvHigh = 0;                          ///< elements of the KV cache per token
  std::int64_t vocabLow = 0, vocabHigh = 0;
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
  bool chunkedWindow = false;            ///< the window is a chunk (Llama 4), for which vLLM keeps full caches by default
  bool qkvBias = false, outBias = false, mlpBias = false, allBias = false, normBias = false, gatedMlp = true;
  bool attentionGate = false;            ///< the query projection is twice as wide (Qwen3-Next)
  bool attentionSinks = false, expertBias = false;  ///< gpt-oss
  int normsPerLayer = 2;
  std::int64_t finalNorms = 1;
  std::string qkNorm;                    ///< "", "head", "full"
  std::int64_t experts = 0, expertsPerToken = 0, moeIntermediate = 0, sharedIntermediate = 0, sharedExperts = 0;
  std::int64_t firstDenseLayers = 0, moeLayerStep = 1, denseIntermediate = 0;
  std::int64_t moeLayers = 0;            ///< layers with experts, where first dense layers and a step do not say it
  std::int64_t expertHidden = 0;         ///< width that experts see, where it is not hidden (latent mixtures)
  bool sharedGate = false;
  std::int64_t kvLoraRank = 0, qLoraRank = 0, qkRopeDim = 0, qkNopeDim = 0, vHeadDim = 0;  ///< MLA if kvLoraRank > 0
  std::int64_t indexHeads = 0, indexHeadDim = 0;  ///< DeepSeek's sparse attention: an index key per token and layer
  std::int64_t layersWithoutAttention = 0, layersWithoutFeedForward = 0;
  std::int64_t sharedKvLayers = 0;       ///< attention layers that read the cache of another layer (Gemma 3n)
  RecurrentShape recurrent;
  std::vector<AttentionShape> attentionShapes;      ///< empty: all alike
  std::vector<FeedForwardShape> feedForwardShapes;  ///< empty: all alike
  std::int64_t encoderTokens = 0;        ///< per sequence in cross attention, as the engine reserves them (Whisper)
  bool lmHeadBias = false, routerBias = false;
  std::int64_t positionRows = 0, typeRows = 0;   ///< learned position and token type embeddings (OPT, BERT)
  std::int64_t visionParameters = 0;             ///< of towers and projectors, where known
  std::int64_t extraLinear = 0;                  ///< matrices beside the layers' own that formats and parallelism cover
  std::int64_t extraParameters = 0;              ///< what else is held in 16 bit on each rank
  double ropeFactor = 1;                         ///< by which rope scaling stretches maxPositions (config.json only)
  double rotaryFactor = 1;                       ///< tables of rotary angles together, in tables of maxPositions
  std::optional<std::int64_t> declaredParameters;  ///< where the formula does not reach (towers, hybrids)
  bool vision = false;
  std::optional<VisionEncoder> visionEncoder;    ///< where its class is known (config.json)
  bool pooler = false;                   ///< an encoder's dense layer over the first token
  std::optional<Guess> guess;            ///< the shape is guessed from a size in a name
  /// A part that takes memory and is not modelled (a tower of unknown size, ...): leaves `high` open.
  std::string unmodelled;
  std::string source;

  bool isMla() const { return kvLoraRank > 0; }
  /// An encoder or a diffusion pipeline, which generate no tokens: no KV cache and no sampler.
  bool isEncoder() const { return family == "bert" || family == "diffusion"; }
  std::int64_t attentionLayers() const { return layers - layersWithoutAttention; }
  std::int64_t feedForwardLayers() const { return layers - layersWithoutFeedForward; }
  /// Of the feed-forward layers, those with experts.
  std::int64_t expertLayers() const;
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
/// All zero for architectures without plain arithmetic and no declared total.
ParameterCount countParameters(const Architecture& a);

/// A Hugging Face config.json (nested text_config read; quantization_config read). Error.where is a JSON pointer.
Result<Architecture> fromConfig(json::View config, std::string_view name);

}  // namespace rightslice::model
