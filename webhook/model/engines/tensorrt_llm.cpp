// TensorRT-LLM: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"trtllm-serve"};
constexpr std::string_view kModules[] = {"tensorrt_llm.commands.serve"};
constexpr std::string_view kImages[] = {"*nvidia/tensorrt-llm*"};

constexpr Flag kFlags[] = {
    {"model", Takes::Value, setModel},
    {"tp-size", Takes::Value, setTensorParallel},
    {"pp-size", Takes::Value, setPipelineParallel},
};
constexpr FlagTable kTable{.title = "TensorRT-LLM", .flags = kFlags};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine tensorRtLlm{
    .name = "tensorrt-llm",
    .title = "TensorRT-LLM",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, kModules, kImages, {}, true},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
