#include <algorithm>
#include <numeric>

#include "base/ascii.hpp"
#include "gpu/catalogue.hpp"
#include "gpu/product_name.hpp"

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

namespace {

constexpr std::string_view kShared = "-shared", kMig = "-mig-", kVendor = "nvidia-";

/// Where "-mig-<profile>" begins at the end of a folded name without "-shared"; its size where there is none.
std::size_t baseLength(std::string_view folded) {
  const std::size_t mig = folded.rfind(kMig);
  return mig != std::string_view::npos && mig + kMig.size() < folded.size() ? mig : folded.size();
}

}  // namespace

ProductName ProductName::parse(std::string_view text) {
  ProductName name;
  std::string comparable = folded(text);
  if (comparable.ends_with(kShared)) {
    name.shared = true;
    comparable.resize(comparable.size() - kShared.size());
  }
  const std::size_t length = baseLength(comparable);
  if (length < comparable.size()) {
    const std::size_t rest = length + kMig.size();
    const std::optional<ProfileName> profile = ProfileName::parse(std::string_view(comparable).substr(rest));
    name.profile = profile ? profile->text() : std::string(text.substr(rest, comparable.size() - rest));
  }
  name.base = std::string(text.substr(0, length));
  return name;
}

std::string ProductName::normalised(std::string_view base) {
  std::string result = folded(base);
  if (result.starts_with(kVendor)) result.erase(0, kVendor.size());
  return result;
}

std::string normalisedBase(std::string_view text) {
  std::string result = folded(text);
  if (result.ends_with(kShared)) result.resize(result.size() - kShared.size());
  result.resize(baseLength(result));
  if (result.starts_with(kVendor)) result.erase(0, kVendor.size());
  return result;
}

}  // namespace rightslice::gpu
