// The GPU catalogue: products, their profiles and what a slice really holds.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "gpu/profile.hpp"
#include "json/yaml.hpp"

namespace rightslice::gpu {

struct Product {
  std::string title;                      ///< "H100 80GB SXM5"
  std::vector<std::string> aliases;
  std::vector<std::string> gfdLabels;     ///< values of the node label nvidia.com/gpu.product, without suffixes
  std::vector<std::string> gkeLabels;     ///< values of the node label cloud.google.com/gke-accelerator
  std::vector<std::string> pciDeviceIds;  ///< "0x2330"
  std::optional<std::int64_t> totalMiB;
  std::optional<int> computeSlices, memorySlices;
  std::vector<Profile> profiles;          ///< may be empty: known, but not its geometry
  std::vector<std::string> notes;
  std::string source;

  /// What the outputs call it: the first GFD label, else the title.
  const std::string& label() const { return gfdLabels.empty() ? title : gfdLabels.front(); }
  /// Title, labels and aliases as ProductName::normalised gives them.
  std::vector<std::string> normalNames() const;
  const Profile* profile(std::string_view name) const;  ///< Proper names only, any spelling of `+`.
};

/// What a slice holds on one product.
struct Usable {
  Bytes bytes = 0;
  bool standIn = false;  ///< No measured value: derived by the rule of stand-ins. Never enough to deny alone.
};

/// A profile as one product offers it under the asked name.
struct Offer {
  const Product* product = nullptr;
  const Profile* profile = nullptr;
  bool byVariant = false;                 ///< The asked name is another driver's name of this profile.
  std::optional<Usable> usable;           ///< With the variant's memory, where that is smaller.
};

/// DESIGN 3.3: the measured MiB; else the measured value of a profile of this board with as many memory slices (the smallest
/// of several); else that of the largest measured profile with fewer memory slices x the ratio of slices, floored to a MiB;
/// else floor(nominal GB x 1024 x 0.83) MiB. Nothing for nominal 0, or where the number of slices is needed and unknown.
std::optional<Usable> usable(const Product& product, const Profile& profile);
/// A whole GPU holds its total MiB.
std::optional<Usable> usable(const Product& product);

/// Share of the board's price: memory slices / the board's memory slices, as an exact fraction. Nothing where unknown.
struct Share { int numerator = 1, denominator = 1; };
std::optional<Share> share(const Product& product, const Profile& profile);

/// The product names that people and nodes write, taken apart.
struct ProductName {
  std::string base;                    ///< Without -SHARED and -MIG-<profile>.
  std::optional<std::string> profile;  ///< From a -MIG-<profile> ending ("INVALID" is one too).
  bool shared = false;
  static ProductName parse(std::string_view text);
  /// How product names are compared: lower case, hyphens for blanks, without a leading "nvidia-".
  static std::string normalised(std::string_view base);
};

/// Immutable; const use from several threads is safe.
class Catalogue {
 public:
  /// The catalogue compiled into the program.
  static const Catalogue& builtIn();
  /// A file in the format of policies/catalogue/gpus.json, laid over `base`: a product with a known title replaces that one
  /// whole, others are added. Errors name file, place and remedy.
  static Result<Catalogue> load(std::string_view text, std::string_view file, const Catalogue* base);

  const std::vector<Product>& products() const { return products_; }
  /// By GFD label, alias or title: case does not matter, blanks equal hyphens, a leading "NVIDIA-" may be missing,
  /// "-SHARED" and then "-MIG-<profile>" at the end are cut off.
  const Product* find(std::string_view name) const;
  /// By the value of cloud.google.com/gke-accelerator.
  const Product* findGke(std::string_view value) const;
  /// The nearest product name, for a message.
  std::optional<std::string> nearestProduct(std::string_view name) const;

  /// True if any product has this profile, as its own or as a variant.
  bool knowsProfile(std::string_view name) const;
  /// Offers of the profile by these products (all of the catalogue if `among` is empty). With no product named a variant
  /// counts only if no product has the name as its own.
  std::vector<Offer> offers(std::string_view profile, const std::vector<const Product*>& among) const;
  /// The nearest proper profile name, for a message: by spelling if `text` is no profile name, else by compute slices and
  /// then nominal GB (the larger of two as near), then attributes.
  std::optional<std::string> nearestProfile(std::string_view text) const;
  /// Every proper profile name, each once, in order of compute slices, then nominal GB, then attributes.
  const std::vector<std::string>& profileNames() const { return profileNames_; }

  const std::string& digest() const { return digest_; }

 private:
  std::vector<Product> products_;
  std::map<std::string, std::size_t, std::less<>> byName_;     // normalised name -> index
  std::map<std::string, std::size_t, std::less<>> byWritten_;  // the same for names as the catalogue has them, which most ask for
  std::map<std::string, std::size_t, std::less<>> byGke_;
  std::map<std::string, std::vector<std::pair<std::size_t, std::size_t>>, std::less<>> byProfile_, byVariant_;
  std::vector<std::string> profileNames_;
  std::string digest_;
  void index();
};

}  // namespace rightslice::gpu
