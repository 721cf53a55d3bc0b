// What a request costs per month (DESIGN 3.9).
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "gpu/catalogue.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::policy {

constexpr std::int64_t kHoursPerMonth = 730;

/// The book in force: the user's own, else the shipped default.
const workload::PriceBook& priceBook(const workload::Surroundings& surroundings);

/// Price per GPU-hour in 10^-6 of the currency; nothing where the book has none.
std::optional<std::int64_t> gpuHourMicros(const workload::PriceBook& book, const gpu::Product& product, const gpu::Catalogue& gpus);

/// price x share x count x 730, rounded half up to cents.
std::int64_t monthlyCents(std::int64_t hourMicros, gpu::Share share, std::int64_t count);

/// The cost of `profile` (empty: whole GPUs) on a set of products, for `count` devices in all; the smallest of the set, so that a
/// figure is never more than what is paid. Nothing if a price or a share of any of them is not known.
std::optional<std::int64_t> costOnSet(const std::vector<const gpu::Product*>& products, const std::string& profile,
                                      std::int64_t count, const workload::PriceBook& book, const gpu::Catalogue& gpus,
                                      bool largest = false);

}  // namespace rightslice::policy
