// Private to workload/: the prices block.
#pragma once
#include <vector>

#include "workload/rate.hpp"
#include "workload/strict_reader.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::workload {

/// {currency, date, gpuHour: {PRODUCT: n}, sources: {PRODUCT: text}}; the last and the date may be missing. With `rates` also that key,
/// and then gpuHour may be missing.
PriceBook readPrices(const Entry& prices, StrictReader& reader, std::vector<Rate>* rates = nullptr);

/// An amount of money in 10^-6: above 0, at most `most` whole units. `what` begins the messages, `hint` ends one. 0 after an error.
std::int64_t readAmount(const Entry& amount, std::string_view what, std::int64_t most, std::string_view hint, StrictReader& reader);

std::vector<Rate> readRates(const Entry& rates, StrictReader& reader);

}  // namespace rightslice::workload
