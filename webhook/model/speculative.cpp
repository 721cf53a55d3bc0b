#include "model/speculative.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "json/document.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

using Method = DraftSettings::Method;

struct Word {
  std::string_view text;
  Method method;
};
// vLLM's config/speculative.py and SGLang's server_args.py.
constexpr Word kWords[] = {
    {"ngram", Method::Weightless},
    {"[ngram]", Method::Weightless},
    {"ngram_gpu", Method::Weightless},
    {"suffix", Method::Weightless},
    {"draft_model", Method::Model},
    {"standalone", Method::Model},
    {"eagle", Method::Eagle},
    {"eagle3", Method::Eagle3},
    {"medusa", Method::Medusa},
    {"mtp", Method::Mtp},
    {"nextn", Method::Mtp},
    {"deepseek_mtp", Method::Mtp},
    {"mimo_mtp", Method::Mtp},
    {"glm4_moe_mtp", Method::Mtp},
    {"ernie_mtp", Method::Mtp},
    {"qwen3_next_mtp", Method::Mtp},
    {"qwen3_5_mtp", Method::Mtp},
    {"longcat_flash_mtp", Method::Mtp},
};

}  // namespace

Method draftMethod(std::string_view word) {
  for (const Word& known : kWords) {
    if (equalsIgnoringCase(known.text, word)) return known.method;
  }
  if (word.size() > 4 && equalsIgnoringCase(word.substr(word.size() - 4), "_mtp")) return Method::Mtp;
  return Method::Unknown;
}

void setDraftModel(std::string_view name, DraftSettings& draft) {
  if (equalsIgnoringCase(name, "[ngram]") || equalsIgnoringCase(name, "ngram")) {
    draft.method = Method::Weightless;
    return;
  }
  draft.model = name;
  if (draft.method != Method::None) return;
  // As vLLM does where no method is written.
  const auto has = [&](std::string_view part) { return findIgnoringCase(name, part) != std::string_view::npos; };
  draft.method = has("eagle3-") || has("eagle-3")                           ? Method::Eagle3
                 : has("eagle")                                             ? Method::Eagle
                 : has("medusa")                                            ? Method::Medusa
                 : has("speculator") || has("accelerator") || has("dflash") ? Method::Unknown
                                                                            : Method::Model;
}

bool readSpeculativeConfig(std::string_view value, DraftSettings& draft) {
  if (!value.starts_with('{')) {
    if (value.empty()) return false;
    if (std::all_of(value.begin(), value.end(), isDigitAscii)) {
      if (value.size() <= 6) draft.tokens = std::stoll(std::string(value));
    } else if (value.find('/') != std::string_view::npos) {
      setDraftModel(value, draft);
    } else if (draftMethod(value) != Method::Unknown) {
      draft.method = draftMethod(value);
    } else if (draft.method == Method::None) {
      draft.method = Method::Unknown;
    }
    return true;
  }
  const auto document = json::Document::parse(value);
  if (!document || !document->root().isObject()) return false;
  const json::View config = document->root();
  if (const std::string_view method = config["method"].stringOr(""); !method.empty())
    draft.method = draftMethod(method);
  if (const std::string_view model = config["model"].stringOr(""); !model.empty()) setDraftModel(model, draft);
  if (const auto tokens = config["num_speculative_tokens"].integer(); tokens && *tokens > 0) draft.tokens = *tokens;
  if (draft.method == Method::Model && draft.model.empty()) draft.method = Method::Unknown;
  if (draft.method == Method::None) draft.method = Method::Unknown;
  return true;
}

}  // namespace rightslice::model
