// What the command lines of llama.cpp, llama-cpp-python and Ollama say beyond what other engines know.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace rightslice::model {

/// Absent = not written (the build's default holds). The context of all slots together is Settings::maxModelLen, the slots
/// are Settings::maxNumSeqs, the physical batch is Settings::maxNumBatchedTokens.
struct GgmlSettings {
  /// Whose defaults hold: llama-server's, or those of llama-cpp-python's server.
  enum class Flavour : std::uint8_t { Server, Python };
  Flavour flavour = Flavour::Server;
  bool rolling = false;                     ///< an official image under a tag that moves: the newest build
  bool contextOfModel = false;              ///< --ctx-size 0: what the model was trained for
  std::optional<std::int64_t> gpuLayers;    ///< --n-gpu-layers; absent or "auto": the build decides. kAllLayers: all
  std::optional<bool> flashAttention;       ///< absent or "auto": the build decides
  std::optional<bool> unifiedKv;            ///< --kv-unified: all slots share one cache
  std::optional<bool> fit;                  ///< --fit: make it smaller until it fits
  std::optional<std::int64_t> fitContext;   ///< --fit-ctx: below this the context is not cut
  std::optional<std::int64_t> batch;        ///< --batch-size: caps the physical batch
  std::string keyType, valueType;           ///< --cache-type-k, --cache-type-v; empty: f16
  bool fullWindows = false;                 ///< --swa-full
  bool kvOnHost = false;                    ///< --no-kv-offload
  std::int64_t hostExpertLayers = 0;        ///< --n-cpu-moe; kAllLayers: --cpu-moe
  bool overridesTensors = false;            ///< --override-tensor with patterns that are not understood
  bool oneDevice = false;                   ///< --split-mode none
  bool unevenSplit = false;                 ///< --tensor-split, --device: how layers are divided is not known
  std::int64_t reserve = 0;                 ///< bytes that stay free: OLLAMA_GPU_OVERHEAD
  bool swaps = false;                       ///< GGML_CUDA_ENABLE_UNIFIED_MEMORY: host memory stands in for what is missing

  static constexpr std::int64_t kAllLayers = 1 << 20;
};

}  // namespace rightslice::model
