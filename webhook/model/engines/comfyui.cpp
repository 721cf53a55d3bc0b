// ComfyUI. Workflows name the models, per request, and its flags only say how they are moved (comfy/cli_args.py).
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"comfy launch", "comfyui"};
constexpr std::string_view kModules[] = {"ComfyUI.main", "comfyui.main", "comfy.cmd.main"};
constexpr std::string_view kImages[] = {"*comfyui*", "*comfy-ui*"};

// How models are placed; named in what was looked at.
bool note(std::string_view value, EngineRun& run) {
  remember(run.lookedAt, "flag " + std::string(value));
  return true;
}

#define RIGHTSLICE_NOTE(flag) \
  { flag, Takes::Nothing, [](std::string_view, EngineRun& run) { return note("--" flag, run); } }
constexpr Flag kFlags[] = {
    RIGHTSLICE_NOTE("gpu-only"), RIGHTSLICE_NOTE("highvram"), RIGHTSLICE_NOTE("normalvram"), RIGHTSLICE_NOTE("lowvram"),
    RIGHTSLICE_NOTE("novram"),   RIGHTSLICE_NOTE("cpu"),
    {"reserve-vram", Takes::Value, [](std::string_view, EngineRun& run) { return note("--reserve-vram", run); }},
};
#undef RIGHTSLICE_NOTE
constexpr FlagTable kTable{.title = "ComfyUI", .flags = kFlags};

void read(FlagSource& source, EngineRun& run) { readFlags(kTable, source, run); }

}  // namespace

constinit const Engine comfyui{
    .name = "comfyui",
    .title = "ComfyUI",
    .kvRule = std::nullopt,
    .whenShort = WhenShort::Spills,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, kModules, kImages, {}, false},
    .read = read,
    .whyUnknown = "ComfyUI loads what a workflow names, and moves models to the host where memory is short; add the annotation "
                  "rightslice.io/footprint with the peak measured on the largest workflow (e.g. 14Gi)",
    .source = "recognised by command, environment and image; ComfyUI comfy/cli_args.py",
};

}  // namespace rightslice::model::engine
