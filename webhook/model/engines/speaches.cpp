// speaches: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"uvicorn speaches"};
constexpr std::string_view kImages[] = {"*speaches-ai/speaches*", "*faster-whisper-server*"};
constexpr std::string_view kModelEnv[] = {"PRELOAD_MODELS", "WHISPER__MODEL"};

void read(FlagSource& /*source*/, EngineRun& /*run*/) {}

}  // namespace

constinit const Engine speaches{
    .name = "speaches",
    .title = "speaches",
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
