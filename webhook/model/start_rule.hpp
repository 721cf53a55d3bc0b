// Private to model/: the rule by which an engine starts, in numbers. start.cpp says why in words; remedies and alternatives
// ask it about other flags.
#pragma once
#include "model/device_sizes.hpp"

namespace rightslice::model {

/// By `plan`, with these sizes, on a device that holds `usable`. Open terms are not looked at.
StartVerdict checkStart(const ServingPlan& plan, const DeviceSizes& sizes, Bytes usable);

Bytes partOf(double fraction, Bytes usable);

/// The pool is taken as written, whatever the memory: no fraction decides.
bool poolAsWritten(const ServingPlan& plan);

/// What the memory fraction is a fraction of, where something must fit beside it (Total, TotalForPool, FreeAfterWeights), and what must
/// find room beside it, at one end of the interval.
Bytes fractionBase(const ServingPlan& plan, const DeviceSizes& sizes, Bytes usable, Bytes Interval::* end);
Bytes besideFraction(const ServingPlan& plan, const DeviceSizes& sizes, Bytes Interval::* end);

/// What SGLang's fraction leaves outside: activations, graphs, CUDA context and runtime, at one end of the interval.
Bytes outsideOfPool(const DeviceSizes& sizes, Bytes Interval::* end);

/// The largest memory fraction, in hundredths, that leaves room for what lies outside of it; 0 if none does.
double bestFraction(const ServingPlan& plan, const DeviceSizes& sizes, Bytes usable);

}  // namespace rightslice::model
