// Inference engines and what their command lines say.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "model/architecture.hpp"
#include "model/attachments.hpp"
#include "model/ggml_settings.hpp"

namespace rightslice::model {

/// How an engine takes its KV cache, and what it does when memory is short (DESIGN 3.4).
enum class KvRule { Pooled, Preallocated, None };
enum class WhenShort { Refuses, Shrinks, Spills };

/// What an engine's memory fraction is a fraction of (facts/workloads 4.4: the same "0.9" is several different numbers).
enum class FractionOf {
  Nothing,        ///< it has none: everything must simply fit
  Total,          ///< vLLM: weights, activations and KV cache lie within fraction x device
  TotalForPool,   ///< SGLang: of what is free at the start; weights and KV cache lie within it, all else in the rest
  TotalInUse,     ///< TGI 3: all that is in use lies within it, the CUDA context too; only the graphs come on top
  FreeAfterLoad,  ///< TensorRT-LLM, TGI 2: the KV cache gets the fraction of what weights and a trial run leave
  FreeAfterWeights,  ///< LMDeploy: the KV cache gets the fraction of what weights leave, all else lives in the rest
};

/// The engine's own names of the flags that change what it takes, as people must write them without the leading dashes; a name
/// in capitals is a variable of the environment. Empty: it has no such flag.
struct FlagNames {
  std::string_view fraction = {}, maxLength = {}, sequences = {}, batchTokens = {};
  std::string_view eager = {};               ///< a switch: no CUDA graphs
  std::string_view kvDtype = {}, kvFp8 = {};  ///< the type of the KV cache, and its word for 8 bits
  bool hasVariables = false;                 ///< each flag may also be the variable variablePrefix + NAME_OF_FLAG
  std::string_view variablePrefix = {};
  bool any() const {
    return !(fraction.empty() && maxLength.empty() && sequences.empty() && batchTokens.empty() && eager.empty() && kvDtype.empty());
  }
};

/// How an engine is recognised in a container, and where it takes its model's name from (facts/workloads 4.1 to 4.3).
using Words = std::span<const std::string_view>;
struct Signature {
  Words programs;    ///< first word of a command, by its last path segment: "vllm"; with a subcommand: "vllm serve"
  Words modules;     ///< python -m MODULE, also as a path to the module's file
  Words images;      ///< globs on the image without tag and registry case; the weakest evidence
  Words modelEnv;    ///< environment variables that carry the model's name
  bool positionalModel = false;  ///< the first word that is no flag names the model
};

struct FlagSource;
struct EngineRun;
struct EstimateInput;
struct ServingPlan;
struct DeviceSizes;

/// One engine: how it is recognised, what its flags say and what its memory is made of. One file each in engines/.
struct Engine {
  std::string_view name;         ///< as in DESIGN 5: vllm, sglang, tgi, ...
  std::string_view title;        ///< for sentences: "vLLM"
  std::optional<KvRule> kvRule;  ///< nothing: recognised, and its memory is not modelled (needs a declaration)
  WhenShort whenShort = WhenShort::Refuses;
  FractionOf fractionOf = FractionOf::Nothing;
  FlagNames flags;
  Signature signature;
  /// Reads words and environment into the run.
  void (*read)(FlagSource& source, EngineRun& run) = nullptr;
  /// Takes from a model's name that a person gave (the annotation) what it says beyond the model: the type of its file.
  void (*namedModel)(std::string_view name, EngineRun& run) = nullptr;
  /// Completes a plan that holds what flags and shape say by the engine's defaults (engine_defaults.hpp). With kvRule.
  void (*plan)(ServingPlan& plan, const EstimateInput& input) = nullptr;
  /// Adds activations, graphs, context and runtime to sizes that hold weights and KV cache, and may change those. With
  /// kvRule.
  void (*sizes)(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) = nullptr;
  /// Says where the sizes come from, for the words of the terms. Only where they are not what vLLM's would be.
  void (*explain)(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) = nullptr;
  /// Why its model or its memory cannot be read where it cannot, for UnknownFootprint: what it does, and what to add.
  std::string_view whyUnknown = {};
  std::string_view source;
};
std::span<const Engine* const> engines();
const Engine* findEngine(std::string_view name);

/// A release, as far as defaults of engines depend on it: "0.8.5", "v0.11.0-cu128", "0.6.3.post1", "b5170".
struct Version {
  int major = 0, minor = 0, patch = 0;
  friend auto operator<=>(const Version&, const Version&) = default;
};
/// Nothing for "latest", "nightly", digests and the like.
std::optional<Version> parseVersion(std::string_view text);

/// What runs in a container, as written. Values are already what the kubelet would pass (literal env resolved by the reader);
/// env entries whose value is not known here (valueFrom, envFrom) have no value.
struct Invocation {
  std::string image;
  std::vector<std::string> command, args;
  struct Env { std::string name; std::optional<std::string> value; };
  std::vector<Env> env;
  bool envIncomplete = false;  ///< envFrom references something that is not known here
  /// What the object tells of the model by other ways than the words of its containers: a field of a custom resource, serveConfigV2 of
  /// a RayService.
  struct Told {
    std::string from;                ///< where it stands, for people: "spec.model.uri"
    std::string_view engine = {};    ///< by name: that runs it where neither command nor image says; empty: they alone can say
    bool engineIsSure = false;       ///< the operator knows no other engine
    std::string model = {};          ///< a name, hf://..., s3://...; empty: not told
    std::string mountPath = {};      ///< where the model lies in the container: what a path below it on the command line stands for
    std::vector<std::string> words = {};       ///< of the command line, before the container's own: the operator writes them
    bool adapters = false;           ///< LoRA adapters that nothing else tells of
    /// What else decides how the model runs and stands elsewhere: "ServingRuntime kserve-vllm". What it says is not known here.
    std::vector<std::string> unread = {};
  };
  std::vector<Told> told;            ///< several: alternatives, of which the cluster chooses
};

/// What was read of an invocation. Absent = not written (the engine's default holds).
struct Settings {
  std::optional<std::int64_t> tensorParallelSize, pipelineParallelSize, dataParallelSize;
  std::optional<std::int64_t> dataParallelLocal;   ///< of dataParallelSize, in this container
  bool dataParallelElsewhere = false;              ///< some of its ranks may lie in other pods, or share the devices of the tensor group
  std::optional<std::int64_t> maxModelLen, maxNumSeqs, maxNumBatchedTokens, blockSize;
  std::optional<double> memoryFraction;
  std::optional<std::string> dtype, quantization, kvCacheDtype;
  std::optional<Bytes> kvCacheMemoryBytes;         ///< --kv-cache-memory-bytes
  std::optional<std::int64_t> numGpuBlocks;        ///< --num-gpu-blocks-override
  std::optional<double> cpuOffloadGb;
  bool enforceEager = false;
  bool textOnly = false;                           ///< no images or audio: --language-model-only, --limit-mm-per-prompt with zeros
  bool pooling = false;                            ///< --task embed, --runner pooling, ...: no sampler pass
  bool hybridCacheDisabled = false;                ///< --disable-hybrid-kv-cache-manager
  bool maxModelLenAuto = false;                    ///< "auto" or -1: the engine takes what fits
  std::optional<std::int64_t> poolTokens;          ///< of the whole KV pool: SGLang --max-total-tokens, TGI --max-batch-total-tokens
  std::optional<std::int64_t> maxPrefillTokens;    ///< of one batch of prompts, where that is not maxNumBatchedTokens
  std::optional<std::int64_t> graphBatch;          ///< largest batch that CUDA graphs are captured for
  std::optional<bool> prefillGraphs;               ///< CUDA graphs of prompts too (SGLang)
  std::optional<std::int64_t> expertParallelSize;
  std::optional<Bytes> workspaceBytes;             ///< of the attention kernels
  std::optional<double> deviceFraction;            ///< part of the device that the engine may use (TGI --cuda-memory-fraction)
  std::optional<std::int64_t> maxConcurrentRequests;  ///< that the server takes at a time, beside the engine's own limit
  std::optional<std::int64_t> maxInputTokens;      ///< of one prompt, where that has a flag of its own
  std::optional<std::string> backend;              ///< of several that the engine has: pytorch, turbomind
  std::optional<double> ropeFactor;                ///< by which rope scaling of the command line stretches the positions
  std::optional<std::int64_t> maxPositions;        ///< of the model, where the command line overrides them
  bool wholePrompts = false;                       ///< prompts are not cut into chunks
  bool refusesShortPool = false;                   ///< a pool too small for one longest sequence stops the start
  bool weightsUnsure = false;                      ///< a flag moves or drops an unknown part of the model
  std::optional<std::int64_t> imagesPerPrompt;     ///< --limit-mm-per-prompt
  bool noVideo = false;                            ///< --limit-mm-per-prompt with no video
  bool skipImageProfile = false;                   ///< --skip-mm-profiling
  /// vLLM's switches in the environment; absent: the release decides.
  struct VllmSwitches {
    std::optional<bool> v1, flashInferSampler, secondRunner, graphEstimate;
    std::optional<bool> longLength;                ///< a length beyond the model's positions is taken
    friend bool operator==(const VllmSwitches&, const VllmSwitches&) = default;
  } vllm;
  friend bool operator==(const Settings&, const Settings&) = default;
};

/// An engine and model recognised in a container.
struct EngineRun {
  const Engine* engine = nullptr;             ///< nothing recognised if null
  /// Whose rules of memory hold, where that is another's: Dynamo's vLLM worker, KServe's vLLM backend. Null: the engine's own.
  const Engine* backend = nullptr;
  std::string_view backendWords = {};         ///< NIM: the engine that its profile names: "vllm", "tensorrt", "any"
  Confidence engineConfidence = Confidence::High;  ///< Medium when only the image tells
  std::string version;                        ///< from the image tag or a flag; empty if not known
  bool versionFromImage = false;
  std::optional<std::string> model;
  Confidence modelConfidence = Confidence::High;  ///< Low: `model` is but a label of what lies at `path`
  std::string path;                           ///< at which the model lies, where `model` is a better name; empty: none
  std::string modelBy;                        ///< that gave this name: "--served-model-name", "env MODEL_NAME"
  Settings settings;
  std::optional<std::string> gguf;            ///< a GGUF file type, e.g. Q4_K_M
  LoraSettings lora;
  DraftSettings draft;
  GgmlSettings ggml;                          ///< of llama.cpp and Ollama
  bool multiNode = false;                     ///< one of a group of pods (ray, --nnodes > 1, LWS variables ...)
  /// Flags that are known to take memory and are not modelled (LoRA slots, draft model, ...), and knobs whose value cannot be
  /// read here ($(VAR) from a Secret ...): each leaves `high` open. Text for a term: "--enable-lora: adapters are not modelled".
  std::vector<std::string> open;
  /// What was looked at, for UnknownFootprint: "command", "args", "env MODEL_ID", "image vllm/vllm-openai:v0.8.5".
  std::vector<std::string> lookedAt;
  /// What decides how the model runs and stands in another object: nothing is surely known then but what is declared.
  std::vector<std::string> unread;
  /// Written values that the engine itself would refuse ("--max-model-len: 'lots' is no number"), for EngineSettings.
  std::vector<std::string> badFlags;
  /// Where a flag stands, to change it: canonical flag -> index into args (or command), for fixes.
  struct FlagPlace {
    bool inArgs = true;
    std::size_t index = 0;
    bool joined = false, inShell = false;
    std::string variable = {};  ///< the environment says it, not a word
  };
  std::map<std::string, FlagPlace, std::less<>> places;

  /// The engine whose rules of memory hold; null if none is recognised.
  const Engine* memoryRule() const { return backend != nullptr ? backend : engine; }
  /// What its flags are called here: the engine's own names, or those of the backend to which it passes its flags on.
  const FlagNames& flagNames() const { return engine->flags.any() ? engine->flags : memoryRule()->flags; }
  /// Nothing if the need cannot be computed from the flags.
  std::optional<KvRule> kvRule() const { return engine != nullptr ? memoryRule()->kvRule : std::nullopt; }
  /// Whether the KV cache is counted for a load: in a pool, and where a runner takes as much context as fits.
  bool loadCounts() const { return kvRule().value_or(KvRule::Pooled) == KvRule::Pooled || settings.maxModelLenAuto; }
};

/// Recognises engine, model and flags in every form that people write (facts/workloads section 4): positional model,
/// --k v, --k=v, - and _, 32k/32K, sh -c "...", $(ENV), ${ENV}, env values; the last one wins. Never fails: what cannot be
/// read is in `open` or `lookedAt`.
EngineRun readInvocation(const Invocation& invocation);

/// Whether the two are the same to memory, as far as it is read.
bool servesTheSame(const EngineRun& a, const EngineRun& b);

}  // namespace rightslice::model
