// What every estimate keeps, whatever it was made of.
#pragma once
#include "model/footprint.hpp"

namespace rightslice::fuzz {

/// Sizes the model on several devices and checks the answers: intervals in order, nothing negative, the same answer for the same question.
/// `whole`: also what is proposed (remedies, alternatives, savings), which costs more.
void checkSizing(const model::EstimateInput& input, bool whole);

/// The model alone under each engine whose memory is modelled, with its defaults.
void checkUnderEveryEngine(const model::Architecture& architecture);

}  // namespace rightslice::fuzz
