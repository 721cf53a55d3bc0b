// The engine that size asks about: from a command line, from flags of its own, or both.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/flags.hpp"
#include "model/engine.hpp"

namespace rightslice::cli {

/// Flags with vLLM's names mean what they mean there, in whatever way the engine says it: its maximum length, its memory fraction.
class EngineFlags {
 public:
  void declare(Flags& flags);
  void declareCommandLine(Flags& flags);

  /// What runs; an error where an engine is not known, or has nothing that a given flag could mean.
  Result<model::EngineRun> run() const;

  bool namesEngine() const { return engine_ || !commandLine_.empty(); }
  const std::optional<std::string>& model() const { return model_; }

 private:
  Result<const model::Engine*> named() const;
  Result<bool> apply(model::EngineRun& run) const;

  std::optional<std::string> model_, engine_, engineVersion_, dtype_, quantization_, kvCacheDtype_, gguf_;
  std::optional<std::int64_t> tensorParallel_, pipelineParallel_, maxModelLen_, maxNumSeqs_, maxNumBatchedTokens_;
  std::optional<double> memoryFraction_;
  std::vector<std::string> commandLine_;
};

}  // namespace rightslice::cli
