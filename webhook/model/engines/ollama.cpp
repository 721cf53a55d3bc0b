// Ollama. It loads what requests ask for, with a context of its own choice, and leaves layers on the host where the device is
// too small. Defaults by release: envconfig/config.go, server/routes.go, server/sched.go; sizes: fs/ggml/ggml.go, GraphSize.
#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "model/catalogue.hpp"
#include "model/disclosure.hpp"
#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"
#include "model/engines/ggml_memory.hpp"
#include "model/flag_table.hpp"
#include "model/gguf.hpp"
#include "model/matrices.hpp"
#include "model/served_names.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"ollama serve"};
constexpr std::string_view kImages[] = {"*ollama/ollama*", "*/ollama", "ollama"};
// Ollama itself reads none of them; charts and start scripts do. OLLAMA_MODELS is a folder for Ollama, a list for some charts.
constexpr std::string_view kModelEnv[] = {"OLLAMA_MODEL",       "OLLAMA_DEFAULT_MODEL", "OLLAMA_PULL_MODEL", "OLLAMA_MODEL_NAME",
                                          "OLLAMA_PULL_MODELS", "OLLAMA_MODELS",        "DEFAULT_MODEL",     "MODEL_NAME",
                                          "MODEL"};

bool setParallel(std::string_view value, EngineRun& run) {  // 0: the release decides
  const auto number = humanInteger(value);
  if (!number || *number < 0) return false;
  if (*number > 0) run.settings.maxNumSeqs = *number;
  else run.settings.maxNumSeqs.reset();
  return true;
}

bool setContext(std::string_view value, EngineRun& run) {  // 0: by the device's memory
  const auto number = humanInteger(value);
  if (!number || *number < 0) return false;
  if (*number > 0) run.settings.maxModelLen = *number;
  else run.settings.maxModelLen.reset();
  return true;
}

bool setFlash(std::string_view value, EngineRun& run) {
  run.ggml.flashAttention = value == "1" || lowered(value) == "true" || value == "t";
  return true;
}

bool setCacheType(std::string_view value, EngineRun& run) {
  run.settings.kvCacheDtype = run.ggml.keyType = run.ggml.valueType = lowered(value);
  return !value.empty();
}

bool setReserve(std::string_view value, EngineRun& run) {
  const auto number = humanInteger(value);
  if (!number || *number < 0) return false;
  run.ggml.reserve = std::min(*number, kMaxBytes);
  return true;
}

// All of it comes from the environment; the names are those of the variables.
constexpr Flag kFlags[] = {
    {"context-length", Takes::Value, setContext},
    {"num-parallel", Takes::Value, setParallel},
    {"flash-attention", Takes::Value, setFlash},
    {"kv-cache-type", Takes::Value, setCacheType},
    {"gpu-overhead", Takes::Value, setReserve},
};
constexpr FlagTable kTable{.title = "Ollama", .flags = kFlags, .hasEnv = true, .envPrefix = "OLLAMA_"};

void namedModel(std::string_view name, EngineRun& run) {
  if (const auto type = splitOllamaName(name).type) run.gguf = *type;
}

/// Of several models the largest counts: each is loaded when a request asks for it, and what is loaded makes room for it. The others stay
/// beside it where there is room, unless OLLAMA_MAX_LOADED_MODELS says that one is all.
class Models {
 public:
  void add(std::string_view name, Confidence confidence) {
    const OllamaName split = splitOllamaName(name);
    for (const Model& other : models_)
      if (other.name == split.name && other.type == split.type.value_or(std::string(kUsual))) return;
    if (models_.size() < kMost) models_.push_back({split.name, split.type.value_or(std::string(kUsual)), confidence});
  }

  void settle(const FlagSource& source, EngineRun& run) const {
    if (models_.empty()) return;
    std::vector<Bytes> sizes;
    for (const Model& each : models_) sizes.push_back(models_.size() > 1 ? sizeOf(each) : 0);
    const auto largest = static_cast<std::size_t>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
    run.model = models_[largest].name;
    run.gguf = models_[largest].type;
    run.modelConfidence = models_[largest].confidence;
    const bool oneAtATime = source.variable("OLLAMA_MAX_LOADED_MODELS").text == "1";
    for (std::size_t i = 0; i < models_.size(); ++i) {
      const std::string name = models_[i].name.substr(0, 80);
      if (i == largest) continue;
      if (sizes[i] == 0) remember(run.open, fmt::format("{}: its size is not known, and it may be the largest", name));
      else if (!oneAtATime) remember(run.open, fmt::format("{}: it may be loaded beside {}", name, run.model->substr(0, 80)));
    }
  }

  bool empty() const { return models_.empty(); }

 private:
  static constexpr std::string_view kUsual = "Q4_K_M";
  static constexpr std::size_t kMost = 20;  // each is looked up
  struct Model {
    std::string name, type;
    Confidence confidence;
  };

  /// Of its file; 0: not known.
  static Bytes sizeOf(const Model& model) {
    const auto found = Catalogue::builtIn().find(model.name);
    const GgufType* type = findGgufType(model.type);
    if (!found || type == nullptr) return 0;
    const Architecture& shape = *found->architecture;
    return ggufSize(*type, shape, Matrices(shape, countParameters(shape))).tensors;
  }

  std::vector<Model> models_;
};

/// `ollama pull X`, `ollama run X` beside `ollama serve` in a start script.
void readScript(const FlagSource& source, Models& models, EngineRun& run) {
  for (const ShellCommand& command : source.script) {
    for (std::size_t i = 0; i + 2 < command.size(); ++i) {
      const std::string& program = command[i].text;
      const std::string& verb = command[i + 1].text;
      if (program.substr(program.rfind('/') + 1) != "ollama" || (verb != "pull" && verb != "run")) continue;
      std::size_t at = i + 2;
      while (at + 1 < command.size() && command[at].text.starts_with('-')) ++at;
      if (command[at].known) models.add(command[at].text, Confidence::High);
      else remember(run.open, fmt::format("ollama {}: its model comes from {}, which is not known here", verb, toldReference(command[at].unknown)));
      break;
    }
  }
}

void readVariables(const FlagSource& source, Models& models) {
  for (const std::string_view name : kModelEnv) {
    const ShellValue value = source.variable(name);
    if (!value.isSet || !value.known || value.text.empty() || value.text.find_first_of("/\\") == 0) continue;
    std::string_view rest = value.text;
    while (!rest.empty()) {  // a list: blanks or commas between
      const std::size_t end = std::min(rest.find_first_of(", \t\n"), rest.size());
      if (end > 0) models.add(rest.substr(0, end), Confidence::Medium);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return;
  }
}

void read(FlagSource& source, EngineRun& run) {
  readFlags(kTable, source, run);
  Models models;
  readScript(source, models, run);
  if (models.empty()) readVariables(source, models);
  models.settle(source, run);
}

/// Releases that leave loading to llama.cpp's server, or compute like it.
constexpr Version kFlashByDefault{0, 13, 0};
constexpr Version kOwnWindows{0, 7, 0};

Certain since(const ServingPlan& plan, const Version& version) {
  return !plan.version ? Certain::Perhaps : *plan.version >= version ? Certain::Yes : Certain::No;
}

std::int64_t whole(const DefaultValue& value) { return std::max<std::int64_t>(1, static_cast<std::int64_t>(value.value)); }

void plan(ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  plan.format = Format::Gguf;
  plan.whenShort = WhenShort::Spills;
  plan.autoLength = false;
  const std::int64_t trained = plan.architecture->maxPositions > 0 ? plan.architecture->maxPositions : plan.maxModelLen;
  const auto context = defaultOf(ollama, Default::ContextLength, plan.version, input.device);
  const auto parallel = defaultOf(ollama, Default::MaxNumSeqs, plan.version, input.device);
  if (!settings.maxModelLen && context) plan.maxModelLen = whole(*context);
  plan.maxModelLen = std::min(plan.maxModelLen, trained);
  if (!settings.maxNumSeqs) plan.maxNumSeqs = parallel ? whole(*parallel) : 1;
  plan.preallocatedTokens = timesBytes(plan.maxModelLen, plan.maxNumSeqs);
  plan.maxNumBatchedTokens = std::min<std::int64_t>(512, plan.maxModelLen);
  plan.blockSize = 1;
  if (input.device.count > 1 && plan.pipelineParallel == 1) {
    plan.pipelineParallel = std::clamp<std::int64_t>(input.device.count, 1, std::max<std::int64_t>(plan.architecture->layers, 1));
    plan.layers = ceilDiv(plan.architecture->layers, plan.pipelineParallel);
  }
}

GgmlCache cacheOf(const ServingPlan& plan, std::int64_t cells) {
  return {cells, plan.maxNumSeqs, true, plan.maxNumBatchedTokens};
}

Certain flashOf(const ServingPlan& plan, const EngineRun& run) {
  if (run.ggml.flashAttention) return *run.ggml.flashAttention ? Certain::Yes : Certain::No;
  return since(plan, kFlashByDefault);
}

void size(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const EngineRun& run = *input.run;
  const Architecture& a = *plan.architecture;
  const std::string both = input.kvCacheDtype.value_or(run.settings.kvCacheDtype.value_or("f16"));
  const GgmlCell cell = ggmlCell(plan, both, both);
  const GgmlCache cache = cacheOf(plan, plan.preallocatedTokens);
  sizes.kvBytesPerToken = cell.both();
  sizes.kv = ggmlKv(plan, cache, cell, since(plan, kOwnWindows));
  if (a.isMla()) {  // keys and values are kept expanded (facts/footprint 2, T030); newer runners keep the latent
    const Int128 latent = Int128{a.kvLoraRank} + a.qkRopeDim;
    const Int128 expanded = Int128{a.heads} * (a.qkNopeDim + a.qkRopeDim + a.vHeadDim);
    const auto whole = static_cast<Bytes>(std::min(Int128{sizes.kv.bytes} * expanded / latent, Int128{kMaxBytes}));
    if (since(plan, {0, 17, 0}) == Certain::No) sizes.kv.bytes = whole;
    sizes.kv.high = std::max(sizes.kv.bytes, whole);  // a latent may be the wider of the two
  }
  if (!run.settings.maxModelLen) {  // what the release takes by default may be more
    const auto context = defaultOf(ollama, Default::ContextLength, plan.version, input.device);
    const auto parallel = defaultOf(ollama, Default::MaxNumSeqs, plan.version, input.device);
    const double most = (context ? context->high / context->value : 1) *
                        (!run.settings.maxNumSeqs && parallel ? parallel->high / parallel->value : 1);
    const double high = static_cast<double>(sizes.kv.high) * most;
    sizes.kv.high = high < 1e18 ? std::max(sizes.kv.high, static_cast<Bytes>(high)) : kMaxBytes;
  }
  sizes.activations = ggmlComputeBuffer(plan, cache, flashOf(plan, run));
  addGgmlRuntime(sizes, plan, cache);
  if (run.ggml.reserve > 0) sizes.extras.push_back({"reserve", {0, run.ggml.reserve, run.ggml.reserve}, "env OLLAMA_GPU_OVERHEAD"});
  // Layers and their cache stay on the host where the device is full.
  sizes.weights.low = sizes.kv.low = sizes.activations.low = 0;
}

void explain(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  sizes.weightsNote = "; what does not fit stays on the host";
  if (!plan.architecture->isEncoder()) {
    sizes.kvFrom = fmt::format("{} parallel x {} tokens ({}), {} per token{}", plan.maxNumSeqs, plan.maxModelLen,
                               settings.maxModelLen    ? "OLLAMA_CONTEXT_LENGTH"
                               : input.device.memory ? "the default on this device"
                                                     : "the default on a small device",
                               formatBytes(sizes.kvBytesPerToken),
                               plan.architecture->slidingLayers > 0 ? "; layers with a sliding window keep their window" : "");
  }
  sizes.activationsFrom = fmt::format("compute buffer of {} tokens{}", plan.maxNumBatchedTokens,
                                      flashOf(plan, *input.run) == Certain::No ? " with a matrix of scores" : "");
}

}  // namespace

constinit const Engine ollama{
    .name = "ollama",
    .title = "Ollama",
    .kvRule = KvRule::Preallocated,
    .whenShort = WhenShort::Spills,
    .fractionOf = FractionOf::Nothing,
    .flags = {.fraction = {}, .maxLength = "OLLAMA_CONTEXT_LENGTH", .sequences = {}, .batchTokens = {}, .eager = {}},
    .signature = {kPrograms, {}, kImages, kModelEnv, false},
    .read = read,
    .namedModel = namedModel,
    .plan = plan,
    .sizes = size,
    .explain = explain,
    .whyUnknown =
        "Ollama loads what requests ask for, and no `ollama pull` or `ollama run` stands in its command (a postStart hook is not "
        "read); add the annotation rightslice.io/model with the largest model's tag (e.g. llama3.1:8b-instruct-q8_0) or "
        "rightslice.io/footprint with the measured peak (e.g. 7Gi)",
    .source = "Ollama envconfig/config.go, server/sched.go",
};

}  // namespace rightslice::model::engine
