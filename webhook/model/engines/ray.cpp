// Ray Serve LLM: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"ray start"};
constexpr std::string_view kImages[] = {"*rayproject/ray-llm*"};

void read(FlagSource& /*source*/, EngineRun& /*run*/) {}

}  // namespace

constinit const Engine ray{
    .name = "ray",
    .title = "Ray Serve LLM",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, {}, kImages, {}, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
