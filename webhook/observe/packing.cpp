#include "observe/packing.hpp"

#include <algorithm>
#include <bitset>
#include <map>

#include "base/bytes.hpp"

namespace rightslice::observe {
namespace {

constexpr int kGrid = 64;   // units of any product's placements: 8 or 12 today
using Grid = std::bitset<kGrid>;

std::optional<Grid> maskOf(const gpu::Placement& placement) {
  if (placement.start < 0 || placement.size <= 0 || placement.start + placement.size > kGrid) return std::nullopt;
  Grid out;
  for (int i = 0; i < placement.size; ++i) out.set(static_cast<std::size_t>(placement.start + i));
  return out;
}

/// Each slice of `slices` from `at` on has a place. Equal slices stand together and are laid in the order of their placements.
bool lay(const std::vector<const gpu::Profile*>& slices, std::size_t at, std::size_t from, const Grid& taken) {
  if (at == slices.size()) return true;
  const auto& placements = slices[at]->placements;
  for (std::size_t i = from; i < placements.size(); ++i) {
    const auto mask = maskOf(placements[i]);
    if (!mask || (taken & *mask).any()) continue;
    const bool sameNext = at + 1 < slices.size() && slices[at + 1] == slices[at];
    if (lay(slices, at + 1, sameNext ? i + 1 : 0, taken | *mask)) return true;
  }
  return false;
}

bool larger(const gpu::Profile* a, const gpu::Profile* b) {
  const int sizeOfA = a->memorySlices.value_or(0), sizeOfB = b->memorySlices.value_or(0);
  if (sizeOfA != sizeOfB) return sizeOfA > sizeOfB;
  if (a->computeSlices != b->computeSlices) return a->computeSlices > b->computeSlices;
  return a->name < b->name;
}

}  // namespace

bool fitOnOneGpu(const gpu::Product& product, const std::vector<const gpu::Profile*>& slices) {
  int compute = 0;
  std::map<const gpu::Profile*, int> counts;
  for (const auto* each : slices) {
    compute += each->computeSlices;
    if (each->placements.empty() || (each->maxInstances && ++counts[each] > *each->maxInstances)) return false;
  }
  if (product.computeSlices && compute > *product.computeSlices) return false;
  auto sorted = slices;
  std::sort(sorted.begin(), sorted.end(), larger);
  return lay(sorted, 0, 0, {});
}

std::optional<std::int64_t> gpusThatHold(const gpu::Product& product, std::vector<const gpu::Profile*> slices, std::int64_t whole) {
  std::sort(slices.begin(), slices.end(), larger);
  std::vector<std::vector<const gpu::Profile*>> gpus;
  for (const auto* each : slices) {
    bool placed = false;
    for (auto& gpu : gpus) {
      gpu.push_back(each);
      placed = fitOnOneGpu(product, gpu);
      if (placed) break;
      gpu.pop_back();
    }
    if (placed) continue;
    if (!fitOnOneGpu(product, {each})) return std::nullopt;
    gpus.push_back({each});
  }
  return static_cast<std::int64_t>(gpus.size()) + whole;
}

std::optional<std::int64_t> gpusNeeded(const gpu::Product& product, const std::vector<const gpu::Profile*>& slices, std::int64_t whole) {
  if (slices.empty()) return whole;
  if (!product.memorySlices || !product.computeSlices) return std::nullopt;
  std::int64_t memory = 0, compute = 0;
  for (const auto* each : slices) {
    if (!each->memorySlices) return std::nullopt;
    memory += *each->memorySlices;
    compute += each->computeSlices;
  }
  return std::max(ceilDiv(memory, *product.memorySlices), ceilDiv(compute, *product.computeSlices)) + whole;
}

}  // namespace rightslice::observe
