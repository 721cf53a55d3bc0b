#include <fmt/format.h>

#include <algorithm>

#include "base/glob.hpp"
#include "base/nearest.hpp"
#include "base/quantity.hpp"
#include "cli/command.hpp"
#include "cli/engine_flags.hpp"
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
            "with where it comes from, as it is expected and as it is at most. Then lists the slices that hold it: "
            "those whose "
            "memory is above the high end by the headroom, and on which the engine starts by its own rule with the "
            "flags as they "
            "are. A slice that needs other flags of the engine is listed with them.\n\n"
            "The model is a name of the catalogue, the config.json of a model from Hugging Face, a file of weights "
            "(GGUF, "
            "safetensors, or the index of several), or what the engine's command line names. Flags given beside a "
            "command line "
            "win over it. Without an engine vLLM is assumed.\n\n"
            "The load is what requests need of the KV cache: so many at once, so many tokens each. It is not what "
            "the engine is "
            "set to: a pool takes all that is left, and an engine that must hold one longest sequence needs room for "
            "it whatever "
            "the load. --what-if shows how the need grows with both.\n\n"
            "With tensor or pipeline parallelism all figures are of one GPU, and only whole GPUs are listed: one "
            "process cannot "
            "use two slices together.",
            "0  sized\n2  bad usage, unknown model, or an engine whose memory is not modelled",
            "rightslice size --model Qwen/Qwen2.5-7B-Instruct\n"
            "rightslice size --model meta-llama/Llama-3.1-8B-Instruct --quantization fp8 --max-model-len 8192 --gpu "
            "H100-80GB-HBM3\n"
            "rightslice size --config config.json --concurrency 32 --context 2048 -o json\n"
            "rightslice size --weights model-Q4_K_M.gguf --max-model-len 8192\n"
            "rightslice size --model Qwen/Qwen2.5-14B-Instruct --gpu A100-SXM4-80GB --what-if\n"
            "rightslice size --model meta-llama/Llama-3.3-70B-Instruct --tensor-parallel-size 4 --gpu H100-80GB-HBM3\n"
            "rightslice size --gpu A100-SXM4-80GB -- vllm serve Qwen/Qwen2.5-14B-Instruct-AWQ --max-model-len 16k"};
  }

  void declare(Flags& flags) override {
    engine_.declare(flags);
    flags.text(config_, "--config", "FILE", "A config.json of Hugging Face; its quantization_config counts.");
    flags.text(weights_, "--weights", "FILE",
               "A .gguf, a .safetensors or a model.safetensors.index.json: its header, never the whole, tells the "
               "exact "
               "bytes; a GGUF the shape too, for the others give --config or --model.");
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
      // No GPU is as small: a number that lacks its unit.
      if (quantity->bytes() < kMiB)
        return fail(fmt::format("'{}' is {}, which no device holds; write the unit: {}Gi", text, formatBytes(quantity->bytes()), text));
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
    flags.toggle(whatIf_, "--what-if",
                 "A table over requests at once (1 to 64) and tokens of each (2k to 128k): what is needed, and the "
                 "smallest slice of "
                 "each --gpu that holds it.");
    flags.toggle(explain_, "--explain", "Say of each term what it is and what changes it.");
    flags.choice(output_, "--output", {"text", "json"}, "How the result is printed.").shortName = "-o";
    sources_.declareCatalogue(flags);
    engine_.declareCommandLine(flags);
  }

  int run() override {
    const auto loaded = loadWithoutPolicies(sources_.catalogue, "", std::nullopt);
    if (!loaded) return refuse(describe(loaded.error()));
    auto run = engine_.run();
    if (!run) return refuse(run.error().message);
    const auto resolved = weights_.empty() ? resolveModel(*loaded, *run) : resolveWeights(*loaded, *run);
    if (!resolved) return refuse(describe(resolved.error()));
    if (resolved->guessed) sayGuessed(*loaded, *run, *resolved);
    const auto products = namedProducts(*loaded->catalogues.gpus);
    if (!products) return refuse(products.error().message);

    if (whatIf_ && gpus_.empty()) return refuse("--what-if needs --gpu PRODUCT: the table names its slices");
    if (whatIf_ && run->kvRule() == model::KvRule::None)
      return refuse(fmt::format("--what-if: {} keeps no KV cache, so the load changes nothing", run->engine->title));
    const model::Load load{concurrency_.value_or(8), context_.value_or(4096), concurrency_ || context_};
    model::Device device{deviceMemory_, false,
                         run->settings.tensorParallelSize.value_or(1) * run->settings.pipelineParallelSize.value_or(1)};
    if (products->size() == 1 && !gpus_.empty()) {
      if (const auto whole = gpu::usable(*products->front()); whole && !device.memory) device.memory = whole->bytes;
      device.isA100 = isA100(*products->front());
    }
    auto input = model::estimateInput(*resolved, *run, load, device);
    model::resolveDraft(input, *loaded->catalogues.models);
    auto estimate = model::estimate(input);
    if (!estimate)
      return refuse(
          fmt::format("the memory of {} on {} is not modelled; declare it in a policy (spec.models) or an annotation",
                      resolved->architecture->id, run->engine->name));

    Sizing sizing;
    sizing.model = run->model.value_or(resolved->architecture->id);
    sizing.engine = run->engine;
    sizing.engineAssumed = !engine_.namesEngine() && run->engine->name == "vllm";
    sizing.loadStated = load.stated;
    sizing.allGpus = gpus_.empty();
    sizing.explain = explain_;
    sizing.estimate = std::move(*estimate);
    sizing.deviceMemory = device.memory;
    sizing.devices = device.count;
    sizing.headroomTenths = headroomTenths_;
    if (device.memory) {
      sizing.pool = model::kvPool(input, sizing.estimate, *device.memory);
      sizing.advice = model::settingsAdvice(input, sizing.estimate, *device.memory);
    }
    sizing.slices = sizeSlices(input, *products, headroomTenths_);
    sizing.gpus = sizeGpus(input, *products, headroomTenths_);
    sizing.savings = model::savings(input);
    if (whatIf_) sizing.whatIf = whatIf(input, *products, headroomTenths_);
    print(output_ == "json" ? sizingJson(sizing) : sizingText(sizing, Style::ofOutput()));
    return kOk;
  }

 private:
  Result<model::Resolved> resolveModel(const Sources& sources, const model::EngineRun& run) {
    if (!config_.empty()) {
      const auto text = app::readFile(config_);
      if (!text) return tl::unexpected(text.error());
      const auto document = json::Document::parse(*text);
      if (!document) return fail(document.error().message, config_ + ":" + document.error().where);
      auto architecture = model::fromConfig(document->root(), engine_.model().value_or(config_));
      if (!architecture) return fail(architecture.error().message, config_ + ": " + architecture.error().where);
      configured_ = std::move(*architecture);
      return model::Resolved{&configured_, model::Confidence::High, std::nullopt, true, "config.json: " + config_};
    }
    if (!run.model) return fail("size needs --model, --config, or a command line that names a model");
    auto resolved = sources.catalogues.models->find(*run.model);
    if (resolved) return std::move(*resolved);
    return fail(fmt::format("unknown model '{}'{}; give its config.json with --config", *run.model, nearestModels(sources, *run.model)));
  }

  static void sayGuessed(const Sources& sources, const model::EngineRun& run, const model::Resolved& resolved) {
    complain(fmt::format("unknown model '{}'{}: {}; its config.json, given with --config, tells more", *run.model,
                         nearestModels(sources, *run.model), resolved.why));
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
      if (!engine_.namesEngine()) {
        if (const auto* llama = model::findEngine("llama.cpp"); llama->kvRule) run.engine = llama;
      }
    }
    return model::Resolved{&configured_, model::Confidence::High, std::nullopt, true, "header of " + weights_};
  }

  /// " (did you mean 'a', 'b' or 'c'?)": by the whole name, or by what stands behind the organisation.
  static std::string nearestModels(const Sources& sources, const std::string& model) {
    const auto last = [](const std::string& name) { return name.substr(name.rfind('/') + 1); };
    std::vector<std::string> names, found;
    for (const auto& known : sources.catalogues.models->models()) {
      names.push_back(known.id);
      for (const auto& alias : known.aliases)
        if (globIsExact(alias)) names.push_back(alias);
    }
    while (found.size() < 3) {
      auto meant = nearest(model, names);
      if (!meant) {
        std::vector<std::string> segments;
        for (const auto& name : names) segments.push_back(last(name));
        const auto segment = nearest(last(model), segments);
        if (!segment) break;
        meant = names[static_cast<std::size_t>(std::find(segments.begin(), segments.end(), *segment) - segments.begin())];
      }
      std::erase(names, *meant);
      found.push_back(std::move(*meant));
    }
    if (found.empty()) return "";
    std::string text = fmt::format("'{}'", found.front());
    for (std::size_t i = 1; i < found.size(); ++i) text += fmt::format("{}'{}'", i + 1 == found.size() ? " or " : ", ", found[i]);
    return fmt::format(" (did you mean {}?)", text);
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
  EngineFlags engine_;
  std::string config_, weights_, output_ = "text";
  std::optional<std::int64_t> concurrency_, context_;
  std::optional<Bytes> deviceMemory_;
  std::vector<std::string> gpus_;
  int headroomTenths_ = 100;
  bool whatIf_ = false, explain_ = false;
  model::Architecture configured_;
};

}  // namespace

std::unique_ptr<Command> makeSize() { return std::make_unique<Size>(); }

}  // namespace rightslice::cli
