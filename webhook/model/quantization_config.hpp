// The quantization_config of a Hugging Face config.json: how the weights of that checkpoint are stored.
#pragma once
#include "json/view.hpp"
#include "model/architecture.hpp"

namespace rightslice::model {

/// Sets the format of `a` by what `q` says; without an object nothing changes. A method that is not known leaves the
/// format as it is and says so in `unmodelled`.
void readQuantization(json::View q, Architecture& a);

}  // namespace rightslice::model
