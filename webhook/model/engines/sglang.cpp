// SGLang: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"sglang serve"};
constexpr std::string_view kModules[] = {"sglang.launch_server"};
constexpr std::string_view kImages[] = {"*lmsysorg/sglang*", "*/sglang"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID", "HF_MODEL_ID", "MODEL_NAME"};

constexpr Flag kFlags[] = {
    {"model-path", Takes::Value, setModel},
    {"model", Takes::Value, setModel},
    {"tp-size", Takes::Value, setTensorParallel},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"pp-size", Takes::Value, setPipelineParallel},
    {"pipeline-parallel-size", Takes::Value, setPipelineParallel},
};
constexpr ShortFlag kShorts[] = {{"tp", "tp-size"}, {"pp", "pp-size"}};
constexpr FlagTable kTable{.title = "SGLang", .flags = kFlags, .shorts = kShorts};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine sglang{
    .name = "sglang",
    .title = "SGLang",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, kModules, kImages, kModelEnv, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
