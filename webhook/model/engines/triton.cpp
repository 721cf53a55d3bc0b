// Triton. What it serves lies in the model repository, which no manifest shows: it needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"tritonserver"};
constexpr std::string_view kModules[] = {"launch_triton_server"};
constexpr std::string_view kImages[] = {"*nvidia/tritonserver*", "*/tritonserver"};

void read(FlagSource& /*source*/, EngineRun& /*run*/) {}

}  // namespace

constinit const Engine triton{
    .name = "triton",
    .title = "Triton",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, kModules, kImages, {}, false},
    .read = read,
    .whyUnknown = "Triton's models, their instance groups and engines lie in its model repository, which is not visible here; add the "
                  "annotation rightslice.io/footprint with the measured peak (e.g. 7Gi; of TensorRT-LLM without the KV pool)",
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
