// Command lines of engines. A line of the input is an argument, or one of
//   image: NAME     command: WORD     env: NAME=VALUE     env: NAME (its value is not known)
#include <cmath>
#include <string>

#include "harness.hpp"
#include "model/catalogue.hpp"
#include "sizing_laws.hpp"

using namespace rightslice;
using namespace rightslice::model;
using fuzz::require;

namespace {

bool take(std::string_view& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return false;
  line.remove_prefix(prefix.size());
  return true;
}

Invocation invocationOf(std::string_view text) {
  Invocation out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (take(line, "image: ")) {
      out.image = line;
    } else if (take(line, "command: ")) {
      out.command.emplace_back(line);
    } else if (take(line, "env: ")) {
      const auto equals = line.find('=');
      if (equals == std::string_view::npos) out.env.push_back({std::string(line), std::nullopt});
      else out.env.push_back({std::string(line.substr(0, equals)), std::string(line.substr(equals + 1))});
    } else {
      out.args.emplace_back(line);
    }
  }
  return out;
}

void checkSettings(const Settings& s) {
  for (const auto& each : {s.tensorParallelSize, s.pipelineParallelSize, s.dataParallelSize, s.maxModelLen, s.maxNumSeqs, s.maxNumBatchedTokens, s.blockSize,
                           s.poolTokens, s.maxPrefillTokens, s.graphBatch, s.expertParallelSize, s.maxConcurrentRequests, s.maxInputTokens, s.maxPositions,
                           s.imagesPerPrompt, s.numGpuBlocks})
    require(!each || *each >= 0, "no setting is negative");
  for (const auto& each : {s.kvCacheMemoryBytes, s.workspaceBytes}) require(!each || *each >= 0, "no size is negative");
  for (const auto& each : {s.memoryFraction, s.cpuOffloadGb, s.deviceFraction, s.ropeFactor}) require(!each || (std::isfinite(*each) && *each >= 0), "a number is a number");
}

void checkRun(const EngineRun& run, const Invocation& invocation) {
  checkSettings(run.settings);
  require(run.backend == nullptr || run.engine != nullptr, "a backend is that of an engine");
  require(!run.model || !run.model->empty(), "a model that is known has a name");
  for (const auto& [flag, place] : run.places) {
    if (place.variable.empty() && !place.inShell)
      require(place.index < (place.inArgs ? invocation.args.size() : invocation.command.size()), "a flag stands where a word is", flag);
  }
  for (const auto& list : {run.open, run.badFlags, run.lookedAt, run.unread})
    for (const auto& each : list) require(!each.empty(), "what is said has words");
}

}  // namespace

void fuzz::run(std::string_view input) {
  const Invocation invocation = invocationOf(input);
  const EngineRun run = readInvocation(invocation);
  checkRun(run, invocation);
  const EngineRun again = readInvocation(invocation);
  require(again.engine == run.engine && again.model == run.model && again.settings == run.settings && again.open == run.open, "the same words, the same run");
  if (run.engine == nullptr || !run.kvRule()) return;
  const Catalogue& catalogue = Catalogue::builtIn();
  auto resolved = run.model ? catalogue.find(*run.model) : std::nullopt;
  if (!resolved) resolved = catalogue.find("Qwen/Qwen2.5-7B-Instruct");
  EstimateInput sized = estimateInput(*resolved, run, {8, 4096, false}, {});
  resolveDraft(sized, catalogue);
  checkSizing(sized, true);
}
