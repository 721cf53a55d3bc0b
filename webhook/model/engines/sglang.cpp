// SGLang. It takes a fraction of what is free at the start for weights and pool, and serves shorter sequences where the pool
// is small (srt/model_executor/model_runner.py, srt/managers/scheduler.py); it stops only where nothing is left for a pool.
#include <algorithm>

#include "model/engines/engines.hpp"
#include "model/engines/sglang_flags.hpp"
#include "model/engines/sglang_memory.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"sglang serve"};
constexpr std::string_view kModules[] = {"sglang.launch_server", "sglang.cli.main"};
constexpr std::string_view kImages[] = {"*lmsysorg/sglang*", "*/sglang", "sglang", "*nvidia/sglang*"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID", "HF_MODEL_ID", "MODEL_NAME"};

void read(FlagSource& source, EngineRun& run) {
  if (const ShellValue workspace = source.variable("SGLANG_FLASHINFER_WORKSPACE_SIZE"); workspace.isSet) {
    std::optional<std::int64_t> bytes;
    if (!workspace.known) run.open.emplace_back("env SGLANG_FLASHINFER_WORKSPACE_SIZE: its value is not known here");
    else if (setCount(workspace.text, bytes)) run.settings.workspaceBytes = std::min(*bytes, kMaxBytes);
  }
  if (const ShellValue late = source.variable("SGLANG_ENABLE_POST_CAPTURE_KV_SIZING");
      late.isSet && !(late.known && (late.text == "0" || late.text == "false" || late.text.empty())))
    run.open.emplace_back("env SGLANG_ENABLE_POST_CAPTURE_KV_SIZING: a pool sized after the graphs is not modelled");
  readSglangFlags(source, run);
}

}  // namespace

constinit const Engine sglang{
    .name = "sglang",
    .title = "SGLang",
    .kvRule = KvRule::Pooled,
    .whenShort = WhenShort::Shrinks,
    .fractionOf = FractionOf::TotalForPool,
    .flags = {.fraction = "mem-fraction-static",
              .maxLength = "context-length",
              .sequences = "max-running-requests",
              .batchTokens = "chunked-prefill-size",
              .eager = "disable-cuda-graph",
              .kvDtype = "kv-cache-dtype",
              .kvFp8 = "fp8_e5m2"},
    .signature = {kPrograms, kModules, kImages, kModelEnv, false},
    .read = read,
    .plan = planSglang,
    .sizes = sizeSglang,
    .source = "SGLang srt/server_args.py and srt/model_executor/model_runner.py, 0.3.6 to 0.5.23",
};

}  // namespace rightslice::model::engine
