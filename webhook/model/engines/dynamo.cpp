// Dynamo's workers: an engine with its own flags and its own rules of memory, under Dynamo's runtime
// (components/src/dynamo/{vllm,sglang,trtllm}/args.py, 0.3 to 1.0; `dynamo-run` up to 0.5).
#include <algorithm>

#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"dynamo-run", "dynamo run"};
constexpr std::string_view kModules[] = {"dynamo.vllm", "dynamo.sglang", "dynamo.trtllm", "dynamo.sglang.worker"};
constexpr std::string_view kImages[] = {"*nvidia/ai-dynamo/*", "*/ai-dynamo/*"};
constexpr std::string_view kModelEnv[] = {"MODEL_PATH", "SERVED_MODEL_NAME"};

const Engine* engineNamed(std::string_view text) {
  if (text.find("sglang") != std::string_view::npos) return &sglang;
  if (text.find("trtllm") != std::string_view::npos || text.find("tensorrtllm") != std::string_view::npos) return &tensorRtLlm;
  if (text.find("vllm") != std::string_view::npos) return &vllm;
  return nullptr;
}

// Dynamo's own, beside the engine's.
constexpr Flag kFlags[] = {
    {"model", Takes::Value, setModel},
    {"model-path", Takes::Value, setModel},
    {"context-length", Takes::Value, setMaxModelLen},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"num-nodes", Takes::Value, setNodes},
    {"extra-engine-args", Takes::Value, nullptr, "the values in a file of engine arguments are not visible here"},
    {"override-engine-args", Takes::Value, nullptr, "its values are not modelled"},
    {"multimodal-worker", Takes::Nothing, nullptr, "the image encoder's part is not modelled"},
    {"multimodal-encode-prefill-worker", Takes::Nothing, nullptr, "the image encoder's part is not modelled"},
};
constexpr FlagTable kTable{.title = "Dynamo", .flags = kFlags};

/// dynamo-run in=http out=vllm MODEL
void readRunner(const std::vector<PlacedWord>& words, EngineRun& run) {
  for (const PlacedWord& placed : words) {
    const std::string& text = placed.word.text;
    if (text.starts_with("out=")) run.backend = engineNamed(lowered(text));
    else if (!text.starts_with("in=") && !run.model && placed.word.known) run.model = text;
  }
}

void read(FlagSource& source, EngineRun& run) {
  run.version.clear();  // Dynamo's own, not the engine's
  run.versionFromImage = false;
  FlagSource own{source.words, source.variable, source.image, {}, {}, source.program, {}, {}};
  readFlags(kTable, own, run);
  if (source.program == "dynamo-run" || source.program == "dynamo run") readRunner(own.positional, run);
  else run.backend = engineNamed(source.program.empty() ? std::string_view(source.image->name) : source.program);
  if (run.backend != nullptr) run.backend->read(source, run);
  source.positional.clear();
}

}  // namespace

constinit const Engine dynamo{
    .name = "dynamo",
    .title = "Dynamo",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, kModules, kImages, kModelEnv, false},
    .read = read,
    .whyUnknown = "what this part of Dynamo runs is not visible here: no `python -m dynamo.vllm`, `.sglang` or `.trtllm` with a model; add "
                  "the annotation rightslice.io/footprint with the measured peak (e.g. 7Gi)",
    .source = "Dynamo components/src/dynamo",
};

}  // namespace rightslice::model::engine
