// llama.cpp: recognised; its memory is not modelled yet and needs a declaration.
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"llama-server", "llama-cli"};
constexpr std::string_view kModules[] = {"llama_cpp.server"};
constexpr std::string_view kImages[] = {"*ggml-org/llama.cpp*", "*ggerganov/llama.cpp*", "*llama-cpp-python*"};
constexpr std::string_view kModelEnv[] = {"LLAMA_ARG_HF_REPO", "LLAMA_ARG_MODEL"};

constexpr Flag kFlags[] = {
    {"hf-repo", Takes::Value, setModel},
    {"hf", Takes::Value, setModel},
    {"model", Takes::Value, setModel},
};
constexpr ShortFlag kShorts[] = {{"m", "model"}};
constexpr FlagTable kTable{.title = "llama.cpp", .flags = kFlags, .shorts = kShorts};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine llamaCpp{
    .name = "llama.cpp",
    .title = "llama.cpp",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Spills,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, kModules, kImages, kModelEnv, false},
    .read = read,
    .plan = nullptr,
    .sizes = nullptr,
    .source = "recognised by command, environment and image",
};

}  // namespace rightslice::model::engine
