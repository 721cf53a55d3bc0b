// A MIG profile: the shape of a slice, as one product offers it.
// Source of names, counts and sizes: the catalogue file (policies/catalogue/gpus.json), which names its own.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::gpu {

/// A profile name taken apart: [<C>c.]<G>g.<M>gb[+attr[,attr]...|-attr] (go-nvlib, pkg/nvlib/device/mig_profile.go).
/// An attribute is lower-case letters and digits, with ".all" at its end or not ("me.all"); unknown ones are attributes too.
struct ProfileName {
  int computeInstanceSlices = 0;  ///< C, or 0 where not written.
  int computeSlices = 0;          ///< G
  int nominalGb = 0;              ///< M: a rounded share of the board, not what the slice holds.
  std::string attributes;         ///< "" , "+me", "+me.all", "+gfx", "-me", "+gfx,me" ...: media engines and graphics.

  /// Accepts "+" and its device-plugin spelling "." before an attribute. Nothing for any other text.
  static std::optional<ProfileName> parse(std::string_view text);
  /// The catalogue's spelling ("1g.10gb+me").
  std::string text() const;
  /// What follows "nvidia.com/mig-" ("1g.10gb.me"): "+" and "," become "."; "-me" stays.
  std::string resourceSuffix() const;
};

struct Placement {
  int start = 0, size = 0;  ///< In memory slices.
};

/// One row of a product.
struct Profile {
  std::string name;                          ///< "3g.40gb", "1g.10gb+me"
  ProfileName parts;
  int computeSlices = 0;
  std::optional<int> memorySlices;
  std::optional<std::int64_t> memoryMiB;     ///< `memory_mib_min_observed`: the smallest size seen on any driver.
  std::optional<int> nvidiaSmiId, multiprocessors, maxInstances;
  std::optional<int> copyEngines, decoders, encoders, jpeg, ofa;
  std::vector<Placement> placements;
  bool placementsInferred = false;
  std::string source;
  /// Other names of this profile on other drivers; memoryMiB where that driver's size is recorded.
  struct Variant {
    std::string name;
    std::optional<std::int64_t> memoryMiB;
  };
  std::vector<Variant> variants;
};

}  // namespace rightslice::gpu
