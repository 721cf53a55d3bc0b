// Which layers attend to a window only, and how far positions are stretched, by config.json.
#pragma once
#include "model/architecture.hpp"
#include "model/model_class.hpp"

namespace rightslice::model {

/// The shape must be read already. `known` may be null.
void readWindows(const ConfigScope& config, const ModelClass* known, Architecture& a);
void readRope(const ConfigScope& config, Architecture& a);

}  // namespace rightslice::model
