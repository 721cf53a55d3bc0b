// The numbers of an estimate, without words: what each part takes on one device, as an interval. Everything that asks
// "and with these other flags?" (start, alternatives) computes here.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/footprint.hpp"

namespace rightslice::model {

struct Interval {
  Bytes low = 0, bytes = 0, high = 0;
};
/// The ends of `size` moved in the ratios of low and high to `expected`: what is known of a guessed shape.
Interval stretched(const Interval& size, std::int64_t low, std::int64_t expected, std::int64_t high);

/// What the engine will really use: flags, else the defaults of its version on this device, within its own caps.
enum class GraphsInFraction { No, Maybe, Yes };  ///< whether the memory fraction also has to hold the CUDA graphs
struct ServingPlan {
  KvRule kvRule = KvRule::Pooled;
  WhenShort whenShort = WhenShort::Refuses;  ///< with these flags
  FractionOf fractionOf = FractionOf::Nothing;
  GraphsInFraction graphsInFraction = GraphsInFraction::No;
  const Architecture* architecture = nullptr;
  Format format = Format::None;
  const Quantization* detail = nullptr;  ///< of `format`; of the architecture or the input, which outlive the plan
  const FormatDoubt* doubt = nullptr;    ///< of the input; null: `format` is what the files have
  std::int64_t tensorParallel = 1, pipelineParallel = 1;
  std::int64_t expertReplicas = 1;  ///< ranks of data parallelism that share the experts
  std::int64_t layers = 0;        ///< on one device
  std::int64_t elementBytes = 2;  ///< of weights and activations that are not quantised
  std::int64_t kvBitsTwice = 32;  ///< twice the bits of one element of keys (model/kv_dtype.hpp): nvfp4 takes 4.5
  std::int64_t kvValueBitsTwice = 32;  ///< of values
  std::int64_t kvHeadBytes = 0;        ///< scales of one token in one KV head
  std::int64_t kvLowBitsTwice = 32;    ///< of keys at the low end, where the checkpoint may ask for a narrower type
  bool kvDtypeUnknown = false;
  std::int64_t kvHeadScaleBytes = 0;  ///< scales of one head and token, of keys and of values each
  std::int64_t maxModelLen = 0, maxNumSeqs = 0, maxNumBatchedTokens = 0, blockSize = 16;
  bool autoLength = false;  ///< the engine takes the longest sequence that fits
  std::int64_t concurrency = 0, context = 0;
  double fractionLow = 0, fraction = 0, fractionHigh = 0;  ///< the memory fraction that may, should and might hold
  double deviceFraction = 1;  ///< part of the device that the engine may use at all
  std::optional<Version> version;
  std::int64_t preallocatedTokens = 0;  ///< KvRule::Preallocated: tokens of all slots together
  std::int64_t slots = 1;               ///< that divide maxModelLen among them; 1 where a sequence may take all of it
  bool windowAware = false;           ///< sliding layers are known to hold only their window
  std::optional<Bytes> absolutePool;  ///< --kv-cache-memory-bytes, --num-gpu-blocks-override, --max-total-tokens, ...
  bool poolIsCap = false;  ///< the engine takes at most `absolutePool`, and less where memory is short
  std::int64_t startTokens = 0;       ///< tokens whose KV cache a trial run at the start needs, where the engine refuses without
  std::int64_t graphBatch = 0;        ///< largest batch that CUDA graphs are captured for; 0: not known
};
ServingPlan servingPlan(const EstimateInput& input);

/// What decides the peak of activations, for the words of the term.
struct ActivationPeak {
  enum class Of { Sampler, Layers, Images };
  Of of = Of::Sampler;
  std::int64_t sequences = 0;  ///< that the sampler sees
  std::int64_t images = 0;     ///< that go through the encoder at once, a video as several
};

struct DeviceSizes {
  std::int64_t parameters = 0;
  Interval weights, kv, activations, graphs, context, nonTorch;
  ActivationPeak peak;
  bool imagesCounted = false;  ///< activations hold what images take
  Interval kvOfOneSequence;  ///< of the maximum length
  Bytes kvBytesPerToken = 0;
  Bytes poolBytesPerToken = 0;  ///< what the engine's pool charges for a token
  /// For the words of the terms, where they differ from vLLM's. Static text or short: sizes are computed on each admission;
  /// what needs formatting belongs into Engine::explain.
  std::string kvFrom, activationsFrom, graphsFrom, runtimeFrom;
  std::string weightsNote;  ///< appended to where the weights come from
  /// Parts that only some deployments have: adapters, draft model, image encoder, ...
  struct Extra {
    std::string name;
    Interval size;
    std::string from;
  };
  std::vector<Extra> extras;
  Interval runtime() const;
};
class WeightsMemo;
/// `weights`: shared by inputs that differ in their device only.
DeviceSizes deviceSizes(const EstimateInput& input, const ServingPlan& plan, WeightsMemo* weights = nullptr);
/// The same with the extras counted as weights: what engines load before they size their KV cache.
DeviceSizes loaded(DeviceSizes sizes);
DeviceSizes loadedSizes(const EstimateInput& input, const ServingPlan& plan);

/// What is known of a device, for advice on flags; `sizes` with the extras counted as weights.
struct SizedPlan {
  const EstimateInput* input = nullptr;
  const ServingPlan* plan = nullptr;
  DeviceSizes sizes;
  WeightsMemo* weights = nullptr;  ///< of this input
};
std::vector<std::string> adviceOn(const SizedPlan& sized, Bytes usable);

/// One part each; deviceSizes puts them together.
Interval weightsOn(const ServingPlan& plan, const ParameterCount& count, const EngineRun& run, bool a100, bool deviceKnown);
/// Slots for LoRA adapters; nothing if their size lies in the adapters' files.
std::optional<Interval> adaptersOn(const ServingPlan& plan, const ParameterCount& count, const EngineRun& run);
/// A draft for speculative decoding. Its keys and values lie in the target's pool.
struct DraftOnDevice {
  Architecture shape;  ///< of layers on top of the target; `plan` points to it or to the draft model
  ServingPlan plan;
  Interval weights;
  std::string from;
};
/// Null if there is none, it takes nothing, or its size is not known.
std::unique_ptr<DraftOnDevice> draftOn(const ServingPlan& plan, const EstimateInput& input);
/// One pass of `tokens` through the layers in an engine that runs no profile pass: low 0.
Interval forwardPassOn(const ServingPlan& plan, std::int64_t tokens);
/// What `tokens` hold in the widest layer at once: gate, up and their product, and four times the hidden size (inputs,
/// residual, output). Within 1 % of vLLM runs whose batch decides the peak.
Bytes layerActivations(const ServingPlan& plan, std::int64_t tokens, bool withExperts = true);
std::int64_t widestLayer(const Architecture& architecture, bool withExperts);
/// What one token takes on this device in layers that keep all tokens and in those that keep a window, and how many these are.
struct KvPerToken {
  std::int64_t fullLayers = 0, slidingLayers = 0;
  Bytes full = 0, sliding = 0;
};
KvPerToken kvPerToken(const ServingPlan& plan);
Bytes kvBytesPerToken(const ServingPlan& plan);
/// What the engine's pool charges for a token: pools of groups of layers pad the groups to one size.
struct PoolCharge {
  Bytes perToken = 0;
  std::int64_t groups = 1;  ///< blocks of the pool that a block of tokens takes
};
PoolCharge poolCharge(const ServingPlan& plan);
PoolCharge poolCharge(const ServingPlan& plan, const KvPerToken& each);  ///< where that is known already
/// KV cache of one sequence: low as if each sliding layer held only its window, high as if all layers were full.
Interval kvOfSequence(const ServingPlan& plan, std::int64_t tokens);
Interval kvOfSequence(const ServingPlan& plan, const KvPerToken& each, std::int64_t tokens);

Bytes minimumOf(const DeviceSizes& sizes);
Bytes needOf(const DeviceSizes& sizes);

}  // namespace rightslice::model
