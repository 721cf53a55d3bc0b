#include "cli/engine_flags.hpp"

#include <fmt/format.h>

#include "base/nearest.hpp"
#include "json/document.hpp"
#include "model/flag_table.hpp"
#include "model/gguf.hpp"

namespace rightslice::cli {

namespace {

constexpr std::int64_t kMany = std::int64_t{1} << 40;
constexpr std::string_view kGroup = "the engine";

tl::unexpected<Error> unknownWord(const std::string& text, std::string_view what, const std::vector<std::string>& known, std::string_view write) {
  const auto meant = nearest(text, known);
  return fail(fmt::format("'{}' is no {}{}", text, what, meant ? fmt::format(" (did you mean '{}'?)", *meant) : fmt::format("; write {}", write)));
}

}  // namespace

void EngineFlags::declare(Flags& flags) {
  const auto grouped = [](Flag& flag) -> Flag& {
    flag.group = kGroup;
    return flag;
  };
  flags.text(model_, "--model", "ID", "The model, as in the catalogue: organisation/name.");
  grouped(flags.text(engine_, "--engine", "NAME", "The engine that serves it. The flags below mean what they mean on "
                                                  "it.")).defaultText =
      "vllm";
  grouped(flags.text(engineVersion_, "--engine-version", "VERSION", "Its release, as far as defaults depend on it."));
  Flag dtype{.name = "--dtype",
             .value = "TYPE",
             .help = "Type of weights and activations: auto, bfloat16, float16, float32.",
             .group = std::string(kGroup)};
  dtype.set = [this](const std::string& text) -> Result<bool> {
    model::EngineRun run;
    if (!model::setDtype(text, run))
      return unknownWord(text, "type of weights and activations", {"auto", "bfloat16", "float16", "float32", "half", "bf16", "fp16"},
                         "auto, bfloat16, float16 or float32");
    dtype_ = run.settings.dtype;
    return true;
  };
  flags.add(std::move(dtype));
  Flag quantization{.name = "--quantization",
                    .value = "FORMAT",
                    .help = "How weights are stored: none, fp8, fp8-block, int8, awq, gptq, gptq-int8, w4a16, nf4, mxfp4, "
                            "nvfp4, or "
                            "the engine's own word.",
                    .group = std::string(kGroup)};
  quantization.set = [this](const std::string& text) -> Result<bool> {
    if (!model::parseFormat(text)) {
      if (const auto* type = model::findGgufType(text); type != nullptr && text.size() == type->name.size())
        return fail(fmt::format("'{}' is a type of GGUF files: write --gguf {}", text, type->name));
      return unknownWord(text, "format that is known", model::formatWords(),
                         "none, fp8, fp8-block, int8, awq, gptq, gptq-int8, w4a16, nf4, mxfp4, nvfp4 or the engine's own word");
    }
    quantization_ = text;
    return true;
  };
  flags.add(std::move(quantization));
  grouped(flags.text(kvCacheDtype_, "--kv-cache-dtype", "TYPE", "Type of the KV cache: auto, fp8, ..."));
  grouped(flags.text(gguf_, "--gguf", "TYPE", "The GGUF file type, such as Q4_K_M."));
  grouped(flags.integer(tensorParallel_, "--tensor-parallel-size", "N", "GPUs that share each layer.", 1, 1024));
  grouped(flags.integer(pipelineParallel_, "--pipeline-parallel-size", "N", "GPUs that share the layers among them.", 1, 1024));
  Flag length{.name = "--max-model-len",
              .value = "N",
              .help = "The longest sequence that the engine serves; 8k is 8000, 8K is 8192.",
              .group = std::string(kGroup)};
  length.set = [this](const std::string& text) -> Result<bool> {
    const auto tokens = model::humanInteger(text);
    if (!tokens || *tokens < 1 || *tokens > kMany) return fail(fmt::format("'{}' is no number of tokens; write 8192, 8k or 8K", text));
    maxModelLen_ = tokens;
    return true;
  };
  flags.add(std::move(length));
  grouped(flags.integer(maxNumSeqs_, "--max-num-seqs", "N", "Sequences that the engine runs at once.", 1, kMany));
  grouped(flags.integer(maxNumBatchedTokens_, "--max-num-batched-tokens", "N", "Tokens of one step of the engine.", 1, kMany));
  Flag fraction{.name = "--gpu-memory-utilization",
                .value = "FRACTION",
                .help = "The engine's memory fraction, above 0 and at most 1: of the device (vLLM, SGLang), or of "
                        "what is "
                        "left after loading.",
                .group = std::string(kGroup)};
  fraction.set = [this](const std::string& text) -> Result<bool> {
    const auto document = json::Document::parse(text);  // JSON's numbers: no locale, no surprises
    const auto value = document ? document->root().number() : std::nullopt;
    if (!value || *value <= 0 || *value > 1)
      return fail(fmt::format("'{}' is no number above 0 and at most 1", text));
    memoryFraction_ = value;
    return true;
  };
  flags.add(std::move(fraction));
}

void EngineFlags::declareCommandLine(Flags& flags) {
  flags.rest(commandLine_, "ENGINE COMMAND LINE", "As it stands in a container: vllm serve MODEL --flag value ...");
}

Result<const model::Engine*> EngineFlags::named() const {
  const std::string name = engine_.value_or("vllm");
  if (const auto* engine = model::findEngine(name)) return engine;
  std::vector<std::string> names;
  for (const auto* engine : model::engines()) names.emplace_back(engine->name);
  const auto meant = nearest(name, names);
  return fail(fmt::format("--engine: unknown engine '{}'{}", name,
                          meant ? fmt::format("; did you mean '{}'?", *meant)
                                : fmt::format("; known are {}", fmt::join(names, ", "))));
}

Result<model::EngineRun> EngineFlags::run() const {
  model::EngineRun run;
  if (!commandLine_.empty()) {
    model::Invocation invocation;
    invocation.command = commandLine_;
    run = model::readInvocation(invocation);
    if (run.engine == nullptr && !engine_)
      return fail(fmt::format("no engine recognised in '{}'; name it with --engine", commandLine_.front()));
  }
  if (engine_ || run.engine == nullptr) {
    const auto engine = named();
    if (!engine) return tl::unexpected(engine.error());
    if (run.engine != *engine) run.backend = nullptr;
    run.engine = *engine;
  }
  if (const auto applied = apply(run); !applied) return tl::unexpected(applied.error());
  return run;
}

Result<bool> EngineFlags::apply(model::EngineRun& run) const {
  const auto& names = run.flagNames();
  const auto kvRule = run.kvRule();
  std::optional<Error> wrong;
  const auto over = [&](auto& target, const auto& flag, bool means, std::string_view name, std::string_view what) {
    if (!flag) return;
    if (kvRule && !means && !wrong) wrong = Error{fmt::format("{}: {} has no {}", name, run.engine->title, what), ""};
    target = flag;
  };
  if (engineVersion_) run.version = *engineVersion_;
  if (model_) run.model = model_;
  if (gguf_) run.gguf = gguf_;
  auto& settings = run.settings;
  const bool keepsKv = kvRule != model::KvRule::None;
  over(settings.dtype, dtype_, true, "", "");
  over(settings.quantization, quantization_, true, "", "");
  over(settings.kvCacheDtype, kvCacheDtype_, keepsKv, "--kv-cache-dtype", "KV cache");
  over(settings.tensorParallelSize, tensorParallel_, true, "", "");
  over(settings.pipelineParallelSize, pipelineParallel_, true, "", "");
  over(settings.maxModelLen, maxModelLen_, !names.maxLength.empty(), "--max-model-len", "maximum length that can be set");
  over(settings.maxNumSeqs, maxNumSeqs_, !names.sequences.empty(), "--max-num-seqs", "limit of sequences that can be set");
  over(settings.maxNumBatchedTokens, maxNumBatchedTokens_, !names.batchTokens.empty(), "--max-num-batched-tokens",
       "limit of tokens per step that can be set");
  over(settings.memoryFraction, memoryFraction_, !names.fraction.empty(), "--gpu-memory-utilization", "memory fraction");
  if (maxModelLen_) settings.maxModelLenAuto = false;
  if (wrong) return tl::unexpected(*wrong);
  return true;
}

}  // namespace rightslice::cli
