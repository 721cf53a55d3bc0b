// TGI: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"text-generation-launcher", "text-generation-server"};
constexpr std::string_view kImages[] = {"*text-generation-inference*"};
constexpr std::string_view kModelEnv[] = {"MODEL_ID"};

constexpr Flag kFlags[] = {
    {"model-id", Takes::Value, setModel},
    {"num-shard", Takes::Value, setTensorParallel},
};
constexpr FlagTable kTable{.title = "TGI", .flags = kFlags};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine tgi{
    .name = "tgi",
    .title = "TGI",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, {}, kImages, kModelEnv, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
