// Names of profiles, resources and products.
#include <string>

#include "gpu/catalogue.hpp"
#include "gpu/resource_name.hpp"
#include "harness.hpp"
#include "model/catalogue.hpp"

using namespace rightslice;
using fuzz::require;

namespace {

void checkProfile(std::string_view text) {
  const auto name = gpu::ProfileName::parse(text);
  if (!name) return;
  const std::string spelt = name->text();
  const auto again = gpu::ProfileName::parse(spelt);
  require(again && again->text() == spelt, "a profile name printed reads as the same", spelt);
  const auto suffix = gpu::ProfileName::parse(name->resourceSuffix());
  require(suffix && suffix->resourceSuffix() == name->resourceSuffix(), "the spelling of resources reads as the same", name->resourceSuffix());
  require(name->computeSlices > 0 && name->nominalGb >= 0, "a slice computes");
}

void checkResource(std::string_view text) {
  using Kind = gpu::ResourceName::Kind;
  const auto name = gpu::ResourceName::parse(text);
  require(name.isSlice() == (name.kind == Kind::Slice || name.kind == Kind::DasSlice), "a slice is a slice");
  require((name.kind == Kind::OtherSystem) == !name.system.empty(), "another system has a name");
  if (!name.isSlice()) return;
  const auto profile = gpu::ProfileName::parse(name.profile);
  require(profile && profile->text() == name.profile, "the profile of a slice is spelt as the catalogue spells it", name.profile);
  if (name.shared) return;
  const std::string spelt = gpu::resourceFor(name.profile, name);
  require(gpu::ResourceName::parse(spelt).profile == name.profile, "a resource printed reads as the same profile", spelt);
}

void checkProduct(std::string_view text) {
  const auto name = gpu::ProductName::parse(text);
  require(name.base.size() <= text.size(), "a base is a part of its name");
  const auto& catalogue = gpu::Catalogue::builtIn();
  const std::string upper = gpu::ProductName::normalised(text);
  // The maker's name stands before a product once: of one that is written twice a second reading takes the second.
  if (!upper.starts_with("nvidia-")) require(catalogue.find(text) == catalogue.find(upper), "case and blanks do not matter", upper);
  if (text.size() > 200) return;
  if (const auto nearest = catalogue.nearestProduct(text)) require(catalogue.find(*nearest) != nullptr, "the nearest product is one", *nearest);
  if (const auto nearest = catalogue.nearestProfile(text)) require(catalogue.knowsProfile(*nearest), "the nearest profile is one", *nearest);
  for (const auto& offer : catalogue.offers(text, {})) require(offer.product != nullptr && offer.profile != nullptr, "an offer is of a product");
}

/// Names of models in any spelling, with the size and the format that stand in them.
void checkModel(std::string_view text) {
  const auto found = model::Catalogue::builtIn().find(text);
  if (!found) return;
  require(found->architecture != nullptr && !found->why.empty(), "what is found is there, and says how it was found");
  require(model::countParameters(*found->architecture).total >= 0, "no negative parameters");
}

}  // namespace

void fuzz::run(std::string_view input) {
  checkProfile(input);
  checkResource(input);
  checkResource("nvidia.com/mig-" + std::string(input));
  checkProduct(input);
  checkModel(input);
}
