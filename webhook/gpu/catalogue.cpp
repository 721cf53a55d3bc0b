#include "gpu/catalogue.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "base/ascii.hpp"
#include "base/nearest.hpp"
#include "gpu/product_name.hpp"

namespace rightslice::gpu {
namespace {

/// The order of a list for people: compute slices, then nominal GB, then attributes.
std::tuple<int, int, const std::string&> order(const ProfileName& name) {
  return {name.computeSlices, name.nominalGb, name.attributes};
}

Offer offerOf(const Product& product, const Profile& profile) {
  return {&product, &profile, false, usable(product, profile)};
}

/// What the profile holds where the driver calls it by another name: that driver's size, if it is recorded and smaller.
Offer offerOf(const Product& product, const Profile& profile, const Profile::Variant& variant) {
  Offer offer{&product, &profile, true, usable(product, profile)};
  if (!variant.memoryMiB) return offer;
  const Usable measured{timesBytes(*variant.memoryMiB, kMiB), false};
  const bool smaller = !offer.usable || offer.usable->standIn || measured.bytes < offer.usable->bytes;
  if (smaller) offer.usable = measured;
  return offer;
}

std::optional<Offer> offerUnder(const Product& product, const std::string& name) {
  for (const Profile& profile : product.profiles) {
    if (profile.name == name) return offerOf(product, profile);
  }
  for (const Profile& profile : product.profiles) {
    for (const Profile::Variant& variant : profile.variants) {
      if (variant.name == name) return offerOf(product, profile, variant);
    }
  }
  return std::nullopt;
}

std::string lettersAndDigits(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const char lower = lowerAscii(c);
    if (isDigitAscii(lower) || (lower >= 'a' && lower <= 'z')) result += lower;
  }
  return result;
}

}  // namespace

void Catalogue::index() {
  std::vector<ProfileName> names;
  for (std::size_t i = 0; i < products_.size(); ++i) {
    const Product& product = products_[i];
    for (std::string& name : product.normalNames()) byName_.emplace(std::move(name), i);
    for (const std::string& label : product.gkeLabels) byGke_.emplace(label, i);
    for (std::size_t j = 0; j < product.profiles.size(); ++j) {
      const Profile& profile = product.profiles[j];
      if (!byProfile_.contains(profile.name)) names.push_back(profile.parts);
      byProfile_[profile.name].emplace_back(i, j);
      for (const Profile::Variant& variant : profile.variants) byVariant_[variant.name].emplace_back(i, j);
    }
  }
  for (const Product& product : products_) {
    const auto add = [this](const std::string& name) {
      if (const auto found = byName_.find(normalisedBase(name)); found != byName_.end()) byWritten_.emplace(name, found->second);
    };
    add(product.title);
    std::for_each(product.gfdLabels.begin(), product.gfdLabels.end(), add);
    std::for_each(product.aliases.begin(), product.aliases.end(), add);
  }
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return order(a) < order(b); });
  for (const ProfileName& name : names) profileNames_.push_back(name.text());
}

const Product* Catalogue::find(std::string_view name) const {
  if (const auto written = byWritten_.find(name); written != byWritten_.end()) return &products_[written->second];
  const auto found = byName_.find(normalisedBase(name));
  return found == byName_.end() ? nullptr : &products_[found->second];
}

const Product* Catalogue::findGke(std::string_view value) const {
  const auto found = byGke_.find(value);
  return found == byGke_.end() ? nullptr : &products_[found->second];
}

std::optional<std::string> Catalogue::nearestProduct(std::string_view name) const {
  const std::string wanted = normalisedBase(name);
  std::vector<std::string> names;
  std::vector<const Product*> owners;
  for (const Product& product : products_) {
    for (std::string& each : product.normalNames()) {
      // "H100" is the front of a name sooner than a misspelling of "H200".
      if (!wanted.empty() && each.starts_with(wanted + "-")) return product.label();
      names.push_back(std::move(each));
      owners.push_back(&product);
    }
  }
  const std::optional<std::string> best = nearest(wanted, names);
  if (!best) return std::nullopt;
  const auto at = std::find(names.begin(), names.end(), *best) - names.begin();
  return owners[static_cast<std::size_t>(at)]->label();
}

std::optional<std::string> Catalogue::nearestProfile(std::string_view text) const {
  const std::optional<ProfileName> wanted = ProfileName::parse(text);
  if (!wanted) {
    // Same letters and digits: only the marks between them are wrong ("3g40gb", "1g.24gb_me").
    const std::string bare = lettersAndDigits(text);
    const auto same = std::find_if(profileNames_.begin(), profileNames_.end(),
                                   [&](const std::string& name) { return lettersAndDigits(name) == bare; });
    return same != profileNames_.end() ? std::optional(*same) : nearest(text, profileNames_);
  }
  const auto distance = [&](const ProfileName& name) {
    return std::tuple(std::abs(name.computeSlices - wanted->computeSlices), std::abs(name.nominalGb - wanted->nominalGb),
                      name.attributes != wanted->attributes, -name.nominalGb);
  };
  std::optional<ProfileName> best;
  for (const std::string& each : profileNames_) {
    const std::optional<ProfileName> name = ProfileName::parse(each);
    if (name && (!best || distance(*name) < distance(*best))) best = name;
  }
  return best ? std::optional(best->text()) : std::nullopt;
}

bool Catalogue::knowsProfile(std::string_view name) const {
  const std::optional<ProfileName> parsed = ProfileName::parse(name);
  return parsed && (byProfile_.contains(parsed->text()) || byVariant_.contains(parsed->text()));
}

std::vector<Offer> Catalogue::offers(std::string_view profile, const std::vector<const Product*>& among) const {
  std::vector<Offer> result;
  const std::optional<ProfileName> parsed = ProfileName::parse(profile);
  if (!parsed) return result;
  const std::string name = parsed->text();
  if (!among.empty()) {
    for (const Product* product : among) {
      if (std::optional<Offer> offer = offerUnder(*product, name)) result.push_back(*offer);
    }
    return result;
  }
  // With no product named, another driver's name counts only if it is no product's own.
  const bool proper = byProfile_.contains(name);
  const auto& where = proper ? byProfile_ : byVariant_;
  const auto found = where.find(name);
  if (found == where.end()) return result;
  for (const auto& [i, j] : found->second) {
    if (std::optional<Offer> offer = offerUnder(products_[i], name)) result.push_back(*offer);
  }
  return result;
}

}  // namespace rightslice::gpu
