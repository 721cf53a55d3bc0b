// GPU catalogues of users, laid over the built-in one and alone.
#include <string>

#include "gpu/catalogue.hpp"
#include "harness.hpp"

using namespace rightslice;
using fuzz::require;

namespace {

void checkProduct(const gpu::Product& product, const gpu::Catalogue& catalogue) {
  require(!product.title.empty() && catalogue.find(product.title) == &product, "a product is found by its title", product.title);
  for (const auto& label : product.gfdLabels) require(catalogue.find(label) == &product, "a product is found by its label", label);
  require(!product.totalMiB || *product.totalMiB > 0, "a board holds something", product.title);
  if (const auto whole = gpu::usable(product)) require(whole->bytes > 0, "a whole GPU holds something", product.title);
  for (const auto& profile : product.profiles) {
    const auto name = gpu::ProfileName::parse(profile.name);
    require(name && name->text() == profile.name, "a profile has a proper name", profile.name);
    require(product.profile(profile.name) == &profile, "a profile is found by its name", profile.name);
    if (const auto holds = gpu::usable(product, profile)) require(holds->bytes > 0, "a slice holds something", profile.name);
    if (const auto share = gpu::share(product, profile)) require(share->numerator > 0 && share->denominator >= share->numerator, "a share is a part", profile.name);
    require(catalogue.knowsProfile(profile.name), "the catalogue knows its profiles", profile.name);
  }
}

void check(std::string_view input, const gpu::Catalogue* base) {
  const auto catalogue = gpu::Catalogue::load(input, "g.json", base);
  if (!catalogue) return require(!catalogue.error().message.empty() && catalogue.error().where.starts_with("g.json"), "an error names the place", catalogue.error().where);
  require(base == nullptr || catalogue->products().size() >= base->products().size(), "an overlay takes nothing away");
  require(!catalogue->digest().empty() && catalogue->digest() == gpu::Catalogue::load(input, "g.json", base)->digest(), "the same file, the same digest");
  for (const auto& product : catalogue->products()) checkProduct(product, *catalogue);
  for (const auto& name : catalogue->profileNames()) require(!catalogue->offers(name, {}).empty(), "a profile is offered by a product", name);
}

}  // namespace

void fuzz::run(std::string_view input) {
  check(input, nullptr);
  check(input, &gpu::Catalogue::builtIn());
}
