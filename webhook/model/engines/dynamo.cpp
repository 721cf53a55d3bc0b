// Dynamo: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kModules[] = {"dynamo.vllm", "dynamo.sglang", "dynamo.trtllm"};
constexpr std::string_view kImages[] = {"*nvidia/ai-dynamo/*"};

constexpr Flag kFlags[] = {
    {"model", Takes::Value, setModel},
    {"model-path", Takes::Value, setModel},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"tp-size", Takes::Value, setTensorParallel},
    {"pipeline-parallel-size", Takes::Value, setPipelineParallel},
};
constexpr ShortFlag kShorts[] = {{"tp", "tensor-parallel-size"}};
constexpr FlagTable kTable{.title = "Dynamo", .flags = kFlags, .shorts = kShorts};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine dynamo{
    .name = "dynamo",
    .title = "Dynamo",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {{}, kModules, kImages, {}, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
