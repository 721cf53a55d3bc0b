#include <algorithm>
#include <numeric>

#include "base/ascii.hpp"
#include "gpu/catalogue.hpp"

namespace rightslice::gpu {
namespace {

/// Lower case, blanks as hyphens; as long as `text`.
std::string folded(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c == ' ' ? '-' : lowerAscii(c);
  return result;
}

// DESIGN 3.3: what is left of the nominal size in the worst case (the early GB200 name 1g.24gb held 20480 MiB = 83 %).
constexpr std::int64_t kNominalPercent = 83;

std::optional<std::int64_t> standInMiB(const Product& product, const Profile& profile) {
  if (profile.parts.nominalGb == 0) return std::nullopt;
  const bool measuredBoard = std::any_of(product.profiles.begin(), product.profiles.end(),
                                         [](const Profile& other) { return other.memoryMiB.has_value(); });
  if (measuredBoard) {
    if (!profile.memorySlices) return std::nullopt;
    const int slices = *profile.memorySlices;
    std::optional<std::int64_t> same;
    const Profile* smaller = nullptr;
    for (const Profile& other : product.profiles) {
      if (!other.memoryMiB || !other.memorySlices) continue;
      if (*other.memorySlices == slices) {
        same = std::min(same.value_or(*other.memoryMiB), *other.memoryMiB);
      } else if (*other.memorySlices < slices) {
        // Of equal memory the one with more slices: it promises less.
        const auto rank = [](const Profile& p) { return std::pair(*p.memoryMiB, *p.memorySlices); };
        if (smaller == nullptr || rank(other) > rank(*smaller)) smaller = &other;
      }
    }
    if (same) return same;
    if (smaller != nullptr) return *smaller->memoryMiB * slices / *smaller->memorySlices;
  }
  return std::int64_t{profile.parts.nominalGb} * 1024 * kNominalPercent / 100;
}

}  // namespace

std::vector<std::string> Product::normalNames() const {
  std::vector<std::string> names{ProductName::normalised(title)};
  for (const std::string& label : gfdLabels) names.push_back(ProductName::normalised(label));
  for (const std::string& alias : aliases) names.push_back(ProductName::normalised(alias));
  return names;
}

const Profile* Product::profile(std::string_view name) const {
  const auto called = [this](std::string_view proper) -> const Profile* {
    const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const Profile& p) { return p.name == proper; });
    return found == profiles.end() ? nullptr : &*found;
  };
  if (const Profile* found = called(name)) return found;
  const std::optional<ProfileName> parsed = ProfileName::parse(name);
  return parsed ? called(parsed->text()) : nullptr;
}

std::optional<Usable> usable(const Product& product, const Profile& profile) {
  if (profile.memoryMiB) return Usable{timesBytes(*profile.memoryMiB, kMiB), false};
  const std::optional<std::int64_t> mebibytes = standInMiB(product, profile);
  if (!mebibytes || *mebibytes == 0) return std::nullopt;
  return Usable{timesBytes(*mebibytes, kMiB), true};
}

std::optional<Usable> usable(const Product& product) {
  if (!product.totalMiB) return std::nullopt;
  return Usable{timesBytes(*product.totalMiB, kMiB), false};
}

std::optional<Share> share(const Product& product, const Profile& profile) {
  if (!product.memorySlices || !profile.memorySlices) return std::nullopt;
  const int divisor = std::gcd(*profile.memorySlices, *product.memorySlices);
  return Share{*profile.memorySlices / divisor, *product.memorySlices / divisor};
}

ProductName ProductName::parse(std::string_view text) {
  constexpr std::string_view kShared = "-shared";
  constexpr std::string_view kMig = "-mig-";
  ProductName name;
  std::string_view key = text;
  std::string comparable = folded(key);
  if (comparable.ends_with(kShared)) {
    name.shared = true;
    key.remove_suffix(kShared.size());
    comparable.resize(key.size());
  }
  const std::size_t mig = comparable.rfind(kMig);
  if (mig != std::string::npos && mig + kMig.size() < key.size()) {
    const std::string_view rest = key.substr(mig + kMig.size());
    const std::optional<ProfileName> profile = ProfileName::parse(comparable.substr(mig + kMig.size()));
    name.profile = profile ? profile->text() : std::string(rest);
    key = key.substr(0, mig);
  }
  name.base = std::string(key);
  return name;
}

std::string ProductName::normalised(std::string_view base) {
  constexpr std::string_view kVendor = "nvidia-";
  std::string result = folded(base);
  if (result.starts_with(kVendor)) result.erase(0, kVendor.size());
  return result;
}

}  // namespace rightslice::gpu
