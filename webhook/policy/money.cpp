#include "policy/money.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace rightslice::policy {

const workload::PriceBook& priceBook(const workload::Surroundings& surroundings) {
  return surroundings.prices ? *surroundings.prices : workload::defaultPriceBook();
}

std::optional<std::int64_t> gpuHourMicros(const workload::PriceBook& book, const gpu::Product& product,
                                          const gpu::Catalogue& gpus) {
  for (const auto& [name, micros] : book.gpuHourMicros)
    if (gpus.find(name) == &product) return micros;
  return std::nullopt;
}

std::int64_t monthlyCents(std::int64_t hourMicros, gpu::Share share, std::int64_t count) {
  const Int128 each = static_cast<Int128>(hourMicros) * share.numerator * kHoursPerMonth;
  const Int128 denominator = static_cast<Int128>(share.denominator) * 10'000;
  if (count > 0 && each / denominator > kMaxBytes / count) return kMaxBytes;  // the product could pass 128 bits
  const Int128 cents = (2 * each * count + denominator) / (2 * denominator);
  return cents > kMaxBytes ? kMaxBytes : static_cast<std::int64_t>(cents);
}

std::optional<std::int64_t> costOnSet(const std::vector<const gpu::Product*>& products, const std::string& profile,
                                      std::int64_t count, const workload::PriceBook& book, const gpu::Catalogue& gpus,
                                      bool largest) {
  std::optional<std::int64_t> out;
  for (const auto* product : products) {
    const auto price = gpuHourMicros(book, *product, gpus);
    std::optional<gpu::Share> share = gpu::Share{1, 1};
    if (!profile.empty()) {
      const auto offers = gpus.offers(profile, {product});
      share = offers.empty() ? std::nullopt : gpu::share(*product, *offers.front().profile);
    }
    if (!price || !share) return std::nullopt;
    const auto cents = monthlyCents(*price, *share, count);
    out = !out ? cents : largest ? std::max(*out, cents) : std::min(*out, cents);
  }
  return out;
}

}  // namespace rightslice::policy
