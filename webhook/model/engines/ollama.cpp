// Ollama: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"ollama serve"};
constexpr std::string_view kImages[] = {"*ollama/ollama*"};

void read(FlagSource& /*source*/, EngineRun& /*run*/) {}

}  // namespace

constinit const Engine ollama{
    .name = "ollama",
    .title = "Ollama",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Spills,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, {}, kImages, {}, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
