// ComfyUI: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kImages[] = {"*comfyui*"};

void read(FlagSource& /*source*/, EngineRun& /*run*/) {}

}  // namespace

constinit const Engine comfyui{
    .name = "comfyui",
    .title = "ComfyUI",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Spills,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {{}, {}, kImages, {}, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
