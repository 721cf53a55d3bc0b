// The extended-resource names by which a container asks for a GPU or a slice of one.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::gpu {

/// A resource name, classified. Everything that has to do with no accelerator is Other.
struct ResourceName {
  enum class Kind {
    Other,        ///< not a GPU resource
    WholeGpu,     ///< nvidia.com/gpu: a whole GPU, or a slice under the plugin's `single` strategy
    SharedGpu,    ///< nvidia.com/gpu.shared
    Slice,        ///< nvidia.com/mig-<profile>[.shared] with a profile name of the right grammar
    DasSlice,     ///< mig.das.com/[mig-]<profile>
    Misspelt,     ///< nvidia.com/mig-*, nvidia.com/mig<digit>* or mig.das.com/* that is no profile name
    OtherSystem,  ///< HAMi, Volcano, Koordinator, KAI, ...: `system` says which
  };
  Kind kind = Kind::Other;
  /// Catalogue spelling for Slice and DasSlice. For Misspelt what stands in its place, without ".shared": it may still be
  /// a profile's name ("nvidia.com/mig1g.5gb", "nvidia.com/mig-1g.5gb+me").
  std::string profile;
  std::string_view system;   ///< Name of the sharing system, static storage.
  bool shared = false;       ///< ".shared" (time slicing): no memory guarantee.
  bool das = false;          ///< mig.das.com/*, well spelt or not.
  bool dasMigPrefix = false; ///< mig.das.com/mig-<profile>

  static ResourceName parse(std::string_view name);
  bool asksForGpu() const { return kind != Kind::Other; }
  bool isSlice() const { return kind == Kind::Slice || kind == Kind::DasSlice; }
};

/// The resource name of `profile` in the spelling of `like`: "nvidia.com/mig-..." for the device plugin and whole GPUs,
/// "mig.das.com/[mig-]..." for DAS.
std::string resourceFor(std::string_view profile, const ResourceName& like);

/// True for annotation or label keys by which another sharing system takes a share of a GPU (gpu-fraction, gpu-memory,
/// nvidia.com/vgpu-mode, ...); `system` gets its name.
bool isSharingAnnotation(std::string_view key, std::string_view* system);

/// Globs of the resource names of other sharing systems: as parse() reads them.
std::vector<std::string_view> otherSystems();

}  // namespace rightslice::gpu
