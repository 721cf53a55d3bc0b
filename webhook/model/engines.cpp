// The table of engines, in the order of DESIGN 5.
#include "model/engines/engines.hpp"

#include <charconv>

#include "base/ascii.hpp"

namespace rightslice::model {
namespace {

constexpr const Engine* kEngines[] = {
    &engine::vllm,  &engine::sglang,   &engine::tgi,    &engine::tei,     &engine::tensorRtLlm,
    &engine::triton, &engine::nim,      &engine::llamaCpp, &engine::ollama, &engine::lmdeploy,
    &engine::kserveHuggingFace, &engine::dynamo, &engine::ray, &engine::speaches, &engine::comfyui,
};

}  // namespace

std::span<const Engine* const> engines() { return kEngines; }

const Engine* findEngine(std::string_view name) {
  for (const Engine* engine : kEngines) {
    if (engine->name == name) return engine;
  }
  return nullptr;
}

std::optional<Version> parseVersion(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
  else if (text.size() > 3 && text.starts_with('b')) {  // a build of llama.cpp: "b5170"
    Version build;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), build.major);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(build) : std::nullopt;
  }
  int parts[3] = {0, 0, 0};
  int count = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (count < 3 && at < end && isDigitAscii(*at)) {
    const auto [next, error] = std::from_chars(at, end, parts[count]);
    if (error != std::errc()) return std::nullopt;
    ++count;
    at = next;
    if (at < end && *at == '.') ++at;
    else break;
  }
  if (count < 2) return std::nullopt;
  return Version{parts[0], parts[1], parts[2]};
}

}  // namespace rightslice::model
