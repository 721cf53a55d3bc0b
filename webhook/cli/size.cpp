#include <fmt/format.h>

#include "base/nearest.hpp"
#include "base/quantity.hpp"
#include "cli/command.hpp"
#include "cli/size_report.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"
#include "cli/weights_file.hpp"
#include "json/yaml.hpp"

namespace rightslice::cli {

namespace {

constexpr std::int64_t kMany = std::int64_t{1} << 40;

int refuse(std::string_view message) {
  complain(message);
  return kUsage;
}

class Size : public Command {
 public:
  Manual manual() const override {
    return {"size",
            "what a model needs and which slices hold it, every term shown",
            "rightslice size --model ID [FLAG]...\nrightslice size --config config.json [FLAG]...\nrightslice size "
            "[FLAG]... -- ENGINE COMMAND LINE",
            "Computes the memory that a model needs on each GPU: weights, KV cache under load, activations, graphs, "
            "runtime, each "
            "with where it comes from. Then lists the slices that hold it with the headroom.\n\n"
            "The model is a name of the catalogue, the config.json of a model from Hugging Face, the header of its "
            "weights, or what the engine's command line names. Flags given beside a command line win over it.",
            "0  sized\n2  bad usage, unknown model, or an engine whose memory is not modelled",
            "rightslice size --model Qwen/Qwen2.5-7B-Instruct\n"
            "rightslice size --model meta-llama/Llama-3.1-8B-Instruct --quantization fp8 --max-model-len 8192 --gpu "
            "H100-80GB-HBM3\n"
            "rightslice size --config config.json --concurrency 32 --context 2048 -o json\n"
            "rightslice size --weights model-Q4_K_M.gguf --max-model-len 8192\n"
            "rightslice size --gpu A100-SXM4-80GB -- vllm serve Qwen/Qwen2.5-14B-Instruct-AWQ --max-model-len 16k"};
  }

  void declare(Flags& flags) override {
    flags.text(model_, "--model", "ID", "The model, as in the catalogue: organisation/name.");
    flags.text(config_, "--config", "FILE", "A config.json of Hugging Face; its quantization_config counts.");
    flags.text(weights_, "--weights", "FILE",
               "A .gguf, a .safetensors or a model.safetensors.index.json: its header, never the whole, tells the exact "
               "bytes; a GGUF the shape too, for the others give --config or --model.");
    flags.text(engine_, "--engine", "NAME", "The engine that serves it.").defaultText = "vllm";
    flags.text(engineVersion_, "--engine-version", "VERSION", "Its release, as far as defaults depend on it.");
    flags.text(dtype_, "--dtype", "TYPE", "Type of weights and activations: auto, bfloat16, float16, float32.");
    flags.text(quantization_, "--quantization", "FORMAT",
               "How weights are stored: none, fp8, fp8-block, int8, awq, gptq, gptq-int8, w4a16, nf4, mxfp4, nvfp4, or "
               "the engine's own word.");
    flags.text(kvCacheDtype_, "--kv-cache-dtype", "TYPE", "Type of the KV cache: auto, fp8, ...");
    flags.text(gguf_, "--gguf", "TYPE", "The GGUF file type, such as Q4_K_M.");
    flags.integer(tensorParallel_, "--tensor-parallel-size", "N", "GPUs that share each layer.", 1, 1024);
    flags.integer(maxModelLen_, "--max-model-len", "N", "The longest sequence that the engine serves.", 1, kMany);
    flags.integer(maxNumSeqs_, "--max-num-seqs", "N", "Sequences that the engine runs at once.", 1, kMany);
    flags.integer(maxNumBatchedTokens_, "--max-num-batched-tokens", "N", "Tokens of one step of the engine.", 1, kMany);
    Flag fraction{.name = "--gpu-memory-utilization",
                  .value = "FRACTION",
                  .help = "The share of the device that the engine takes, above 0 and at most 1."};
    fraction.set = [this](const std::string& text) -> Result<bool> {
      const auto document = json::Document::parse(text);  // JSON's numbers: no locale, no surprises
      const auto value = document ? document->root().number() : std::nullopt;
      if (!value || *value <= 0 || *value > 1)
        return fail(fmt::format("'{}' is no number above 0 and at most 1", text));
      memoryFraction_ = value;
      return true;
    };
    flags.add(std::move(fraction));
    flags.integer(concurrency_, "--concurrency", "N", "Requests at once for which KV cache is counted.", 1, kMany)
        .defaultText = "8";
    flags.integer(context_, "--context", "N", "Tokens per request for which KV cache is counted.", 1, kMany)
        .defaultText = "4096";
    flags.list(gpus_, "--gpu", "PRODUCT",
               "Only the slices of this product; its whole memory is the device for the KV pool.");
    Flag memory{.name = "--device-memory",
                .value = "QUANTITY",
                .help = "What the device holds (such as 40Gi), for the engine's KV pool."};
    memory.set = [this](const std::string& text) -> Result<bool> {
      const auto quantity = Quantity::parse(text);
      if (!quantity || quantity->isNegative() || quantity->isZero())
        return fail(fmt::format("'{}' is no size; write 40Gi or 24000Mi", text));
      deviceMemory_ = quantity->bytes();
      return true;
    };
    flags.add(std::move(memory));
    Flag headroom{.name = "--headroom",
                  .value = "PERCENT",
                  .help = "What must be left on a slice that fits: 0 to 200 %.",
                  .defaultText = "10%"};
    headroom.set = [this](const std::string& text) -> Result<bool> {
      const auto tenths = parseHeadroom(text);
      if (!tenths) return fail(fmt::format("'{}' is no percentage from 0% to 200% with one decimal at most", text));
      headroomTenths_ = *tenths;
      return true;
    };
    flags.add(std::move(headroom));
    flags.choice(output_, "--output", {"text", "json"}, "How the result is printed.").shortName = "-o";
    sources_.declareCatalogue(flags);
    flags.rest(commandLine_, "ENGINE COMMAND LINE", "As it stands in a container: vllm serve MODEL --flag value ...");
  }

  int run() override {
    const auto loaded = loadWithoutPolicies(sources_.catalogue, "", std::nullopt);
    if (!loaded) return refuse(describe(loaded.error()));
    auto run = engineRun();
    if (!run) return refuse(run.error().message);
    const auto resolved = weights_.empty() ? resolveModel(*loaded, *run) : resolveWeights(*loaded, *run);
    if (!resolved) return refuse(describe(resolved.error()));
    const auto products = namedProducts(*loaded->catalogues.gpus);
    if (!products) return refuse(products.error().message);

    const model::Load load{concurrency_.value_or(8), context_.value_or(4096), concurrency_ || context_};
    model::Device device{deviceMemory_, false,
                         run->settings.tensorParallelSize.value_or(1) * run->settings.pipelineParallelSize.value_or(1)};
    if (products->size() == 1 && !gpus_.empty()) {
      if (const auto whole = gpu::usable(*products->front()); whole && !device.memory) device.memory = whole->bytes;
      device.isA100 = products->front()->title.starts_with("A100");
    }
    const auto input = model::estimateInput(*resolved, *run, load, device);
    auto estimate = model::estimate(input);
    if (!estimate)
      return refuse(
          fmt::format("the memory of {} on {} is not modelled; declare it in a policy (spec.models) or an annotation",
                      resolved->architecture->id, run->engine->name));

    Sizing sizing{run->model.value_or(resolved->architecture->id),
                  std::string(run->engine->name),
                  std::move(*estimate),
                  {},
                  device.memory,
                  device.count,
                  headroomTenths_,
                  {}};
    if (device.memory) sizing.pool = model::kvPool(input, sizing.estimate, *device.memory);
    sizing.slices = sizeSlices(input, *products, headroomTenths_);
    print(output_ == "json" ? sizingJson(sizing) : sizingText(sizing, Style::ofOutput()));
    return kOk;
  }

 private:
  Result<model::EngineRun> engineRun() const {
    model::EngineRun run;
    if (!commandLine_.empty()) {
      model::Invocation invocation;
      invocation.command = commandLine_;
      run = model::readInvocation(invocation);
      if (run.engine == nullptr && !engine_)
        return fail(fmt::format("no engine recognised in '{}'; name it with --engine", commandLine_.front()));
    }
    if (engine_ || run.engine == nullptr) {
      const std::string name = engine_.value_or("vllm");
      run.engine = model::findEngine(name);
      if (run.engine == nullptr) {
        std::vector<std::string> names;
        for (const auto* engine : model::engines()) names.emplace_back(engine->name);
        const auto meant = nearest(name, names);
        return fail(fmt::format("--engine: unknown engine '{}'{}", name,
                                meant ? fmt::format("; did you mean '{}'?", *meant)
                                      : fmt::format("; known are {}", fmt::join(names, ", "))));
      }
    }
    const auto over = [](auto& target, const auto& flag) {
      if (flag) target = flag;
    };
    if (engineVersion_) run.version = *engineVersion_;
    over(run.model, model_);
    over(run.gguf, gguf_);
    over(run.settings.dtype, dtype_);
    over(run.settings.quantization, quantization_);
    over(run.settings.kvCacheDtype, kvCacheDtype_);
    over(run.settings.tensorParallelSize, tensorParallel_);
    over(run.settings.maxModelLen, maxModelLen_);
    over(run.settings.maxNumSeqs, maxNumSeqs_);
    over(run.settings.maxNumBatchedTokens, maxNumBatchedTokens_);
    over(run.settings.memoryFraction, memoryFraction_);
    return run;
  }

  Result<model::Resolved> resolveModel(const Sources& sources, const model::EngineRun& run) {
    if (!config_.empty()) {
      const auto text = app::readFile(config_);
      if (!text) return tl::unexpected(text.error());
      const auto document = json::Document::parse(*text);
      if (!document) return fail(document.error().message, config_ + ":" + document.error().where);
      auto architecture = model::fromConfig(document->root(), model_.value_or(config_));
      if (!architecture) return fail(architecture.error().message, config_ + ": " + architecture.error().where);
      configured_ = std::move(*architecture);
      return model::Resolved{&configured_, model::Confidence::High, std::nullopt, true, "config.json: " + config_};
    }
    if (!run.model) return fail("size needs --model, --config, or a command line that names a model");
    auto resolved = sources.catalogues.models->find(*run.model);
    if (resolved) return std::move(*resolved);
    std::vector<std::string> names;
    for (const auto& known : sources.catalogues.models->models()) names.push_back(known.id);
    const auto meant = nearest(*run.model, names);
    return fail(fmt::format("unknown model '{}'{}; give its config.json with --config", *run.model,
                            meant ? fmt::format(" (did you mean '{}'?)", *meant) : ""));
  }

  Result<model::Resolved> resolveWeights(const Sources& sources, model::EngineRun& run) {
    std::optional<model::Architecture> shape;
    if (!config_.empty() || run.model) {
      const auto resolved = resolveModel(sources, run);
      if (!resolved) return resolved;
      shape = *resolved->architecture;
    }
    auto file = readWeightsFile(weights_, shape);
    if (!file) return tl::unexpected(file.error());
    configured_ = std::move(file->architecture);
    if (configured_.format == model::Format::Gguf) {
      if (!run.gguf) run.gguf = file->fileType;
      if (!engine_ && commandLine_.empty()) {
        if (const auto* llama = model::findEngine("llama.cpp"); llama->kvRule) run.engine = llama;
      }
    }
    return model::Resolved{&configured_, model::Confidence::High, std::nullopt, true, "header of " + weights_};
  }

  Result<std::vector<const gpu::Product*>> namedProducts(const gpu::Catalogue& catalogue) const {
    std::vector<const gpu::Product*> products;
    for (const auto& name : gpus_) {
      const auto* product = catalogue.find(name);
      if (product == nullptr) {
        const auto meant = catalogue.nearestProduct(name);
        return fail(fmt::format("--gpu: unknown product '{}'{}; rightslice gpus lists them", name,
                                meant ? fmt::format(" (did you mean '{}'?)", *meant) : ""));
      }
      products.push_back(product);
    }
    if (gpus_.empty())
      for (const auto& product : catalogue.products()) products.push_back(&product);
    return products;
  }

  SourceFlags sources_;
  std::string config_, weights_, output_ = "text";
  std::optional<std::string> model_, engine_, engineVersion_, dtype_, quantization_, kvCacheDtype_, gguf_;
  std::optional<std::int64_t> tensorParallel_, maxModelLen_, maxNumSeqs_, maxNumBatchedTokens_, concurrency_, context_;
  std::optional<double> memoryFraction_;
  std::optional<Bytes> deviceMemory_;
  std::vector<std::string> gpus_, commandLine_;
  int headroomTenths_ = 100;
  model::Architecture configured_;
};

}  // namespace

std::unique_ptr<Command> makeSize() { return std::make_unique<Size>(); }

}  // namespace rightslice::cli
