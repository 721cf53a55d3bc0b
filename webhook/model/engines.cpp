// The table of engines: one row each, in the order of DESIGN 5. A row without a KV rule is recognised, not modelled.
#include <charconv>

#include "base/ascii.hpp"
#include "model/engine.hpp"
#include "model/signatures.hpp"

namespace rightslice::model {
namespace {

constexpr std::string_view kSource = "recognised by command, environment and image; its memory is not modelled yet";

constexpr Engine kEngines[] = {
    {"vllm", KvRule::Pooled, WhenShort::Refuses, 0.92,
     "vLLM arg_utils and gpu_worker; 0.92 since pull request 38284 (spring 2026), 0.9 before"},
    {"sglang", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"tgi", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"tei", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"tensorrt-llm", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"triton", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"nim", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"llama.cpp", std::nullopt, WhenShort::Spills, 0, kSource},
    {"ollama", std::nullopt, WhenShort::Spills, 0, kSource},
    {"lmdeploy", std::nullopt, WhenShort::Shrinks, 0, kSource},
    {"kserve-huggingface", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"dynamo", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"ray", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"speaches", std::nullopt, WhenShort::Refuses, 0, kSource},
    {"comfyui", std::nullopt, WhenShort::Spills, 0, kSource},
};

constexpr std::string_view kVllmPrograms[] = {"vllm serve"};
constexpr std::string_view kVllmModules[] = {"vllm.entrypoints.openai.api_server", "vllm.entrypoints.api_server",
                                             "vllm.entrypoints.cli.main"};
constexpr std::string_view kVllmImages[] = {"*vllm/vllm-openai*", "*/vllm-openai*", "*vllm-openai", "*rhaiis/vllm-*",
                                            "*/vllm-cuda*",       "*llm-d/llm-d*",  "vllm/vllm*"};
constexpr std::string_view kVllmFlags[] = {"model", "model-tag"};
constexpr std::string_view kHubEnv[] = {"MODEL_ID", "HF_MODEL_ID", "MODEL_NAME"};
constexpr std::string_view kSglangPrograms[] = {"sglang serve"};
constexpr std::string_view kSglangModules[] = {"sglang.launch_server"};
constexpr std::string_view kSglangImages[] = {"*lmsysorg/sglang*", "*/sglang"};
constexpr std::string_view kSglangFlags[] = {"model-path", "model"};
constexpr std::string_view kTgiPrograms[] = {"text-generation-launcher", "text-generation-server"};
constexpr std::string_view kTgiImages[] = {"*text-generation-inference*"};
constexpr std::string_view kModelIdFlags[] = {"model-id"};
constexpr std::string_view kModelIdEnv[] = {"MODEL_ID"};
constexpr std::string_view kTeiPrograms[] = {"text-embeddings-router"};
constexpr std::string_view kTeiImages[] = {"*text-embeddings-inference*"};
constexpr std::string_view kTrtPrograms[] = {"trtllm-serve"};
constexpr std::string_view kTrtModules[] = {"tensorrt_llm.commands.serve"};
constexpr std::string_view kTrtImages[] = {"*nvidia/tensorrt-llm*"};
constexpr std::string_view kTritonPrograms[] = {"tritonserver"};
constexpr std::string_view kTritonImages[] = {"*nvidia/tritonserver*"};
constexpr std::string_view kNimImages[] = {"nvcr.io/nim/*"};
constexpr std::string_view kNimEnv[] = {"NIM_MODEL_NAME", "NIM_MODEL_PATH", "NIM_FT_MODEL"};
constexpr std::string_view kLlamaPrograms[] = {"llama-server", "llama-cli"};
constexpr std::string_view kLlamaModules[] = {"llama_cpp.server"};
constexpr std::string_view kLlamaImages[] = {"*ggml-org/llama.cpp*", "*ggerganov/llama.cpp*", "*llama-cpp-python*"};
constexpr std::string_view kLlamaFlags[] = {"hf-repo", "hf", "model"};
constexpr std::string_view kLlamaEnv[] = {"LLAMA_ARG_HF_REPO", "LLAMA_ARG_MODEL"};
constexpr std::string_view kOllamaPrograms[] = {"ollama serve"};
constexpr std::string_view kOllamaImages[] = {"*ollama/ollama*"};
constexpr std::string_view kLmdeployPrograms[] = {"lmdeploy serve"};
constexpr std::string_view kLmdeployImages[] = {"*openmmlab/lmdeploy*"};
constexpr std::string_view kLmdeploySkip[] = {"model-path"};
constexpr std::string_view kKserveModules[] = {"huggingfaceserver"};
constexpr std::string_view kKserveImages[] = {"*kserve/huggingfaceserver*"};
constexpr std::string_view kKserveFlags[] = {"model-id", "model-dir"};
constexpr std::string_view kDynamoModules[] = {"dynamo.vllm", "dynamo.sglang", "dynamo.trtllm"};
constexpr std::string_view kDynamoImages[] = {"*nvidia/ai-dynamo/*"};
constexpr std::string_view kDynamoFlags[] = {"model", "model-path"};
constexpr std::string_view kRayPrograms[] = {"ray start"};
constexpr std::string_view kRayImages[] = {"*rayproject/ray-llm*"};
constexpr std::string_view kSpeachesPrograms[] = {"uvicorn speaches"};
constexpr std::string_view kSpeachesImages[] = {"*speaches-ai/speaches*", "*faster-whisper-server*"};
constexpr std::string_view kSpeachesEnv[] = {"PRELOAD_MODELS", "WHISPER__MODEL"};
constexpr std::string_view kComfyImages[] = {"*comfyui*"};

constexpr Signature kSignatures[] = {
    {"vllm", kVllmPrograms, kVllmModules, kVllmImages, kVllmFlags, kHubEnv, true},
    {"sglang", kSglangPrograms, kSglangModules, kSglangImages, kSglangFlags, kHubEnv, false},
    {"tgi", kTgiPrograms, {}, kTgiImages, kModelIdFlags, kModelIdEnv, false},
    {"tei", kTeiPrograms, {}, kTeiImages, kModelIdFlags, kModelIdEnv, false},
    {"tensorrt-llm", kTrtPrograms, kTrtModules, kTrtImages, {}, {}, true},
    {"triton", kTritonPrograms, {}, kTritonImages, {}, {}, false},
    {"nim", {}, {}, kNimImages, {}, kNimEnv, false},
    {"llama.cpp", kLlamaPrograms, kLlamaModules, kLlamaImages, kLlamaFlags, kLlamaEnv, false},
    {"ollama", kOllamaPrograms, {}, kOllamaImages, {}, {}, false},
    {"lmdeploy", kLmdeployPrograms, {}, kLmdeployImages, kLmdeploySkip, {}, true},
    {"kserve-huggingface", {}, kKserveModules, kKserveImages, kKserveFlags, kModelIdEnv, false},
    {"dynamo", {}, kDynamoModules, kDynamoImages, kDynamoFlags, {}, false},
    {"ray", kRayPrograms, {}, kRayImages, {}, {}, false},
    {"speaches", kSpeachesPrograms, {}, kSpeachesImages, {}, kSpeachesEnv, false},
    {"comfyui", {}, {}, kComfyImages, {}, {}, false},
};

}  // namespace

std::span<const Engine> engines() { return kEngines; }
std::span<const Signature> signatures() { return kSignatures; }

const Engine* findEngine(std::string_view name) {
  for (const Engine& engine : kEngines) {
    if (engine.name == name) return &engine;
  }
  return nullptr;
}

std::optional<Version> parseVersion(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
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
