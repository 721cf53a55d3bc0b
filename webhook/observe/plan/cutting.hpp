// How one GPU of a product can be cut: which slices it holds side by side. Pure, immutable, for any thread.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gpu/catalogue.hpp"

namespace rightslice::observe::plan {

/// Profile (in the catalogue's spelling) -> how many; every count is above 0.
using Slices = std::map<std::string, int, std::less<>>;
/// "4 1g.10gb, 1 3g.40gb"; "nothing".
std::string text(const Slices& slices);
Slices sum(Slices a, const Slices& b, int times = 1);
/// Has `a` at least what `b` has?
bool covers(const Slices& a, const Slices& b);

/// A slice at its place: `start` and `size` in the product's memory slices.
struct Placed {
  std::string profile;
  int start = 0, size = 0;
  friend bool operator==(const Placed&, const Placed&) = default;
};

/// What is legal on one GPU, by the catalogue: every slice starts where its profile may, no two overlap in memory, compute slices and
/// each sort of media engine (decoders, encoders, JPEG, OFA) are no more than the whole GPU's largest profile has, and of a profile there
/// are no more than its maximum.
class Cutting {
 public:
  /// Nothing for a product of which the catalogue does not know where slices may start: then nothing is planned for it.
  static std::optional<Cutting> of(const gpu::Product& product);

  const gpu::Product& product() const { return *product_; }
  bool offers(std::string_view profile) const { return rows_.contains(profile); }
  /// Where the slices can lie, in order of their start; nothing if they do not fit on one GPU together. Exact.
  std::optional<std::vector<Placed>> arrange(const Slices& slices) const;
  /// Was no placement of these printed by a driver, but taken from a board of the same kind?
  bool inferred(const Slices& slices) const;

 private:
  static constexpr int kEngines = 4;
  struct Row {
    const gpu::Profile* profile = nullptr;
    std::vector<std::uint64_t> masks;   // memory slices of each placement
  };
  const gpu::Product* product_ = nullptr;
  std::map<std::string, Row, std::less<>> rows_;
  std::optional<int> compute_;
  std::optional<int> engines_[kEngines];
};

}  // namespace rightslice::observe::plan
