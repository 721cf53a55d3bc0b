// Private to workload/: the prices block.
#pragma once
#include "workload/strict_reader.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::workload {

/// {currency, date, gpuHour: {PRODUCT: n}, sources: {PRODUCT: text}}; the last and the date may be missing.
PriceBook readPrices(const Entry& prices, StrictReader& reader);

}  // namespace rightslice::workload
