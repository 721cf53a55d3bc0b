// KServe's Hugging Face server: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kModules[] = {"huggingfaceserver"};
constexpr std::string_view kImages[] = {"*kserve/huggingfaceserver*"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID"};

constexpr Flag kFlags[] = {
    {"model-id", Takes::Value, setModel},
    {"model-dir", Takes::Value, setModel},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"pipeline-parallel-size", Takes::Value, setPipelineParallel},
};
constexpr ShortFlag kShorts[] = {{"tp", "tensor-parallel-size"}};
constexpr FlagTable kTable{.title = "KServe's Hugging Face server", .flags = kFlags, .shorts = kShorts};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine kserveHuggingFace{
    .name = "kserve-huggingface",
    .title = "KServe's Hugging Face server",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {{}, kModules, kImages, kModelEnv, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
