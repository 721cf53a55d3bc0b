// Towers for images and sound, and the projectors that lead into the text model: their parameters by config.json.
#pragma once
#include <optional>

#include "base/bytes.hpp"
#include "model/architecture.hpp"
#include "model/config_view.hpp"

namespace rightslice::model {

/// Reads vision_config, audio_config and the like into visionParameters and vision; a tower whose class is not known is named
/// in `unmodelled`. The text model's shape must be read already.
void readTowers(const ConfigView& root, Architecture& a);

}  // namespace rightslice::model
