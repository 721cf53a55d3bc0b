// NIM: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kImages[] = {"nvcr.io/nim/*"};
constexpr std::string_view kModelEnv[] = {"NIM_MODEL_NAME", "NIM_MODEL_PATH", "NIM_FT_MODEL"};

void read(FlagSource& source, EngineRun& run) {
  constexpr std::string_view kRegistry = "nvcr.io/nim/";
  if (!source.image->name.starts_with(kRegistry) || source.image->name.size() == kRegistry.size()) return;
  run.model = source.image->name.substr(kRegistry.size());
  run.modelConfidence = Confidence::Medium;
}

}  // namespace

constinit const Engine nim{
    .name = "nim",
    .title = "NIM",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {{}, {}, kImages, kModelEnv, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
