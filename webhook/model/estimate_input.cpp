// Which weight format holds: flags, the repository's name, the checkpoint. An engine's flag often names only the
// method; how many bits the files have they say themselves.
#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "model/catalogue.hpp"
#include "model/disclosure.hpp"
#include "model/footprint.hpp"
#include "model/format.hpp"
#include "model/format_name.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

/// A word of --quantization and the formats that checkpoints loaded with it may have.
struct Method {
  std::string_view word;
  std::initializer_list<Format> formats;
  bool saysNothing = false;  ///< a family of formats: without a checkpoint that tells which, the word is a guess
  bool whileLoading = false;  ///< a checkpoint in 16 bit gets the word's own format
  /// A format that surely takes no more than the narrowest that the word may mean, where none of `formats` does.
  std::optional<Format> atLeast = {};
};
const Method kMethods[] = {
    {"gptq", {Format::Gptq, Format::GptqInt8}},
    {"gptq-marlin", {Format::Gptq, Format::GptqInt8}},
    {"gptq-bitblas", {Format::Gptq, Format::GptqInt8}},
    {"gptq-marlin-24", {Format::Gptq, Format::GptqInt8}, true, false, Format::Aqlm},  // half of the weights, and where they stand
    {"bitblas", {Format::W4A16, Format::Int8}, true, false, Format::Aqlm},
    {"moe-wna16", {Format::Awq, Format::Gptq, Format::GptqInt8, Format::W4A16}},
    {"awq", {Format::Awq}},
    {"awq-marlin", {Format::Awq}},
    {"fp8", {Format::Fp8, Format::Fp8Block}},
    {"auto-round", {Format::Gptq, Format::GptqInt8, Format::Awq, Format::W4A16}, true},
    {"inc", {Format::Gptq, Format::GptqInt8, Format::Awq, Format::W4A16, Format::Fp8}, true},  // AutoRound's too
    {"ipex", {Format::Gptq, Format::Awq}, true},
    {"bitsandbytes", {Format::Nf4, Format::Int8}, true, true},
    {"rtn", {Format::Int8, Format::W4A16}, true},  // RTN_NUM_BITS: 8 or 4
    {"deepspeedfp", {Format::Fp8}, true, false, Format::W4A16},  // 8 or 6 bit
    {"modelopt", {Format::Fp8, Format::Fp8Block, Format::Nvfp4, Format::Mxfp8, Format::W4A16}, true},
    {"modelopt-mixed", {Format::Fp8, Format::Nvfp4, Format::W4A16}, true},
    {"modelopt-fp4", {Format::Nvfp4}},
    {"fp-quant", {Format::Nvfp4, Format::Mxfp4}},
    {"compressed-tensors",
     {Format::Fp8, Format::Fp8Block, Format::Int8, Format::W4A16, Format::Nvfp4, Format::Mxfp4, Format::Mxfp8,
      Format::Awq},
     true},
    {"quark", {Format::Fp8, Format::Int8, Format::Mxfp4, Format::Nvfp4, Format::Mxfp8, Format::W4A16}, true},
    {"torchao", {Format::Fp8, Format::Int8, Format::W4A16}, true},
};

const Method* methodOf(std::string_view word) {
  for (const Method& method : kMethods) {
    if (equalsIgnoringCase(method.word, word)) return &method;
  }
  return nullptr;
}

/// Thousandths of a bit that a weight of a large matrix takes. MXFP4 counts as for experts: where there are none, it covers all.
int bitsPerWeight(Format format) {
  constexpr std::int64_t kRows = 4096, kColumns = 4096;
  return static_cast<int>(storedBits(traits(format), {}, kRows, kColumns) * 1000 / (kRows * kColumns));
}

std::string_view nameOrWide(Format format) { return format == Format::None ? "16 bit" : name(format); }

/// Of what a word of --quantization may mean without a checkpoint that tells.
std::optional<FormatDoubt> doubtOf(const Method& method, Format expected) {
  const auto byBits = [](Format a, Format b) { return bitsPerWeight(a) < bitsPerWeight(b); };
  const auto [narrowest, widest] = std::minmax_element(method.formats.begin(), method.formats.end(), byBits);
  FormatDoubt doubt{expected, method.atLeast.value_or(*narrowest), *widest, false, {}};
  if (traits(doubt.narrowest).bits == traits(doubt.widest).bits) return std::nullopt;
  doubt.why = fmt::format("--quantization {} leaves open what the files have: {} to {} bits", method.word, traits(doubt.narrowest).bits,
                          traits(doubt.widest).bits);
  return doubt;
}

/// Whether `place` is a folder or an address, of which no repository is known.
bool isAnyFolder(std::string_view place) {
  const std::string name = foldedName(place);
  return name.starts_with('/') || name.starts_with("./") || name.find("://") != std::string::npos;
}

/// What lies in a folder only its files tell: engines see by themselves that they are quantised, and people do download a quantised build
/// into a folder that is named after the model, most of all where the slice holds no other. A name for clients beside a path that says
/// nothing is no more than a label. Both count with four bits at their low end, as where a size in a name is all that is known (Guess).
std::optional<FormatDoubt> doubtOfPlace(const EstimateInput& input, const Resolved& resolved, const EngineRun& run) {
  if (run.modelConfidence == Confidence::High || resolved.guessed || input.format || resolved.formatIsCertain) return std::nullopt;
  const bool label = run.modelConfidence == Confidence::Low;
  if (!label && !isAnyFolder(!run.path.empty() ? run.path : run.model.value_or(""))) return std::nullopt;
  FormatDoubt doubt{Format::None, Format::W4A16, Format::None, false, {}};
  doubt.why = label ? fmt::format("the model's name is that of {} alone, its files may be quantised: 4 bits at the low end", run.modelBy)
                    : "the files in a folder may be quantised whatever its name: 4 bits at the low end";
  return doubt;
}

/// The format in a name of files, where a better name of the model stands in its place.
void takeFormatOfPath(EstimateInput& input, const EngineRun& run, std::optional<Format>& known) {
  if (run.path.empty() || run.modelConfidence == Confidence::High) return;
  const auto named = formatInName(foldedName(run.path));
  if (!named || named->format == Format::Gguf) return;
  known = named->format;
  input.detail.bits = named->bits;
  input.detail.group = named->group;
  input.detail.kvCacheDtype = named->kvCacheDtype;
  input.detail.kvCachePerhaps = named->kvCachePerhaps;
}

}  // namespace

EstimateInput estimateInput(const Resolved& resolved, const EngineRun& run, const Load& load, const Device& device) {
  EstimateInput input;
  input.architecture = resolved.architecture;
  input.modelConfidence = resolved.confidence;
  input.run = &run;
  input.load = load;
  input.device = device;
  if (run.gguf) {
    input.format = Format::Gguf;
    input.formatConfidence = resolved.architecture->measuredWeights ? Confidence::High : Confidence::Medium;
    return input;
  }
  std::optional<Format> named = resolved.formatFromName;
  if (named) {
    input.detail.bits = resolved.bitsFromName;
    input.detail.group = resolved.groupFromName;
    input.detail.kvCacheDtype = resolved.kvCacheFromName;
    input.detail.kvCachePerhaps = resolved.kvCachePerhaps;
  }
  takeFormatOfPath(input, run, named);
  std::optional<Format> known = named;
  if (!known && resolved.formatIsCertain) known = resolved.architecture->format;
  std::optional<Format> flag;
  const Method* method = nullptr;
  if (run.settings.quantization) {
    std::string word = lowered(*run.settings.quantization);
    std::replace(word.begin(), word.end(), '_', '-');
    flag = parseFormat(word);
    method = methodOf(word);
    if (method != nullptr && known &&
        std::find(method->formats.begin(), method->formats.end(), *known) != method->formats.end()) {
      flag.reset();  // the same method: the files say more
    } else if (flag && method != nullptr && !(known && method->saysNothing)) {
      // Of a repository that is known to be in 16 bit the engine makes what the word says, or refuses it.
      const bool sixteenBit = !known && run.path.empty() && resolved.confidence == Confidence::High;
      if (!sixteenBit || (method->saysNothing && !method->whileLoading)) input.formatDoubt = doubtOf(*method, *flag);
    } else if (!flag) {
      input.formatDoubt = FormatDoubt{known.value_or(Format::None), Format::None, Format::None, true, {}};
      input.formatDoubt->why = fmt::format("--quantization {} is not known; counted in {}", toldWord(*run.settings.quantization).substr(0, 40),
                                           nameOrWide(known.value_or(Format::None)));
    }
  }
  if (flag && !(method != nullptr && method->saysNothing && known)) {
    input.format = flag;
    input.detail = {};
    if (method != nullptr && method->saysNothing) input.formatConfidence = Confidence::Medium;
  } else if (named) {
    input.format = named;
    input.formatConfidence = Confidence::Medium;
  } else if (resolved.formatIsCertain) {
    input.format = resolved.architecture->format;
  }
  if (!input.formatDoubt) input.formatDoubt = doubtOfPlace(input, resolved, run);
  if (input.formatDoubt) input.formatConfidence = std::min(input.formatConfidence, input.formatDoubt->unknown ? Confidence::Low : Confidence::Medium);
  return input;
}

void resolveDraft(EstimateInput& input, const Catalogue& catalogue) {
  if (input.run == nullptr || input.run->draft.method != DraftSettings::Method::Model) return;
  const auto found = catalogue.find(input.run->draft.model);
  if (!found) return;
  input.draft = found->architecture;
  input.guessedDraft = found->guessed;
  input.draftFormat = found->formatFromName;
}

}  // namespace rightslice::model
