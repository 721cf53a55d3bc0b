// Which weight format holds: flags, the repository's name, the checkpoint. An engine's flag often names only the
// method; how many bits the files have they say themselves.
#include <algorithm>
#include <span>

#include "model/footprint.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

/// A word of --quantization and the formats that checkpoints loaded with it may have.
struct Method {
  std::string_view word;
  std::initializer_list<Format> formats;
  bool saysNothing = false;  ///< a family of formats: without a checkpoint that tells which, the word is a guess
};
const Method kMethods[] = {
    {"gptq", {Format::Gptq, Format::GptqInt8}},
    {"gptq-marlin", {Format::Gptq, Format::GptqInt8}},
    {"gptq-bitblas", {Format::Gptq, Format::GptqInt8}},
    {"moe-wna16", {Format::Awq, Format::Gptq, Format::GptqInt8, Format::W4A16}},
    {"awq", {Format::Awq}},
    {"awq-marlin", {Format::Awq}},
    {"fp8", {Format::Fp8, Format::Fp8Block}},
    {"auto-round", {Format::Gptq, Format::GptqInt8, Format::Awq, Format::W4A16}, true},
    {"bitsandbytes", {Format::Nf4, Format::Int8}, true},
    {"modelopt", {Format::Fp8, Format::Fp8Block, Format::Nvfp4, Format::Mxfp8, Format::W4A16}, true},
    {"modelopt-fp4", {Format::Nvfp4}},
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
  std::optional<Format> known = resolved.formatFromName;
  if (!known && resolved.formatIsCertain) known = resolved.architecture->format;
  std::optional<Format> flag;
  bool guess = false;
  if (run.settings.quantization) {
    std::string word = *run.settings.quantization;
    std::replace(word.begin(), word.end(), '_', '-');
    flag = parseFormat(word);
    const Method* method = methodOf(word);
    guess = method != nullptr && method->saysNothing;
    if (method != nullptr && known &&
        std::find(method->formats.begin(), method->formats.end(), *known) != method->formats.end())
      flag.reset();  // the same method: the files say more
  }
  if (flag && !(guess && known)) {
    input.format = flag;
    if (guess) input.formatConfidence = Confidence::Medium;
  } else if (resolved.formatFromName) {
    input.format = resolved.formatFromName;
    input.formatConfidence = Confidence::Medium;
    input.detail.bits = resolved.bitsFromName;
    input.detail.group = resolved.groupFromName;
  } else if (resolved.formatIsCertain) {
    input.format = resolved.architecture->format;
  }
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
