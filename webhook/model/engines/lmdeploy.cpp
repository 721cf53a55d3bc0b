// LMDeploy: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"lmdeploy serve"};
constexpr std::string_view kImages[] = {"*openmmlab/lmdeploy*"};

constexpr Flag kFlags[] = {
    {"model-path", Takes::Value, setModel},
    {"tp", Takes::Value, setTensorParallel},
};
constexpr FlagTable kTable{.title = "LMDeploy", .flags = kFlags};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine lmdeploy{
    .name = "lmdeploy",
    .title = "LMDeploy",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Shrinks,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, {}, kImages, {}, true},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
