#include "observe/plan/cutting.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rightslice::observe::plan {
namespace {

constexpr int kMostUnits = 63;   // of a mask

// Each sort is handed out whole: two instances with `+me` do not go together, since both want the one OFA (MIG User Guide, "Supported
// MIG Profiles": at most one of them).
constexpr std::optional<int> gpu::Profile::*kMedia[] = {&gpu::Profile::decoders, &gpu::Profile::encoders, &gpu::Profile::jpeg, &gpu::Profile::ofa};

}  // namespace

std::string text(const Slices& slices) {
  std::string out;
  for (const auto& [profile, count] : slices) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, profile);
  return out.empty() ? "nothing" : out;
}

Slices sum(Slices a, const Slices& b, int times) {
  for (const auto& [profile, count] : b) {
    const int now = a[profile] += count * times;
    if (now <= 0) a.erase(profile);
  }
  return a;
}

bool covers(const Slices& a, const Slices& b) {
  return std::all_of(b.begin(), b.end(), [&](const auto& each) {
    const auto at = a.find(each.first);
    return at != a.end() && at->second >= each.second;
  });
}

std::optional<Cutting> Cutting::of(const gpu::Product& product) {
  Cutting out;
  out.product_ = &product;
  out.compute_ = product.computeSlices;
  int all = 0;
  for (const gpu::Profile& each : product.profiles) all = std::max(all, each.computeSlices);
  for (const gpu::Profile& each : product.profiles) {
    // What a smaller slice has says nothing of how many there are: unknown for the whole GPU (B200) is no limit.
    for (int i = 0; i < kEngines; ++i)
      if (const auto has = each.*kMedia[i]; has && each.computeSlices == all) out.engines_[i] = std::max(out.engines_[i].value_or(0), *has);
    Row row{&each, {}};
    for (const gpu::Placement& at : each.placements) {
      if (at.start < 0 || at.size <= 0 || at.start + at.size > kMostUnits) continue;
      row.masks.push_back(((std::uint64_t{1} << at.size) - 1) << at.start);
    }
    if (!row.masks.empty()) out.rows_.emplace(each.name, std::move(row));
  }
  if (out.rows_.empty()) return std::nullopt;
  return out;
}

bool Cutting::inferred(const Slices& slices) const {
  return std::any_of(slices.begin(), slices.end(), [&](const auto& each) {
    const auto at = rows_.find(each.first);
    return at != rows_.end() && at->second.profile->placementsInferred;
  });
}

std::optional<std::vector<Placed>> Cutting::arrange(const Slices& slices) const {
  std::vector<const Row*> wanted;
  int compute = 0, engines[kEngines] = {};
  for (const auto& [profile, count] : slices) {
    const auto at = rows_.find(profile);
    if (at == rows_.end() || count < 0 || count > kMostUnits) return std::nullopt;
    const gpu::Profile& row = *at->second.profile;
    if (row.maxInstances && count > *row.maxInstances) return std::nullopt;
    compute += count * row.computeSlices;
    for (int i = 0; i < kEngines; ++i) engines[i] += count * (row.*kMedia[i]).value_or(0);
    wanted.insert(wanted.end(), static_cast<std::size_t>(count), &at->second);
  }
  if (compute_ && compute > *compute_) return std::nullopt;
  for (int i = 0; i < kEngines; ++i)
    if (engines_[i] && engines[i] > *engines_[i]) return std::nullopt;
  // What has the fewest places first; equal ones stand together, in the order of their starts.
  std::stable_sort(wanted.begin(), wanted.end(), [](const Row* a, const Row* b) { return a->masks.size() < b->masks.size(); });
  std::vector<std::size_t> chosen(wanted.size());
  const auto place = [&](const auto& self, std::size_t i, std::uint64_t used) -> bool {
    if (i == wanted.size()) return true;
    const bool again = i > 0 && wanted[i] == wanted[i - 1];
    for (std::size_t at = again ? chosen[i - 1] + 1 : 0; at < wanted[i]->masks.size(); ++at) {
      if ((used & wanted[i]->masks[at]) != 0) continue;
      chosen[i] = at;
      if (self(self, i + 1, used | wanted[i]->masks[at])) return true;
    }
    return false;
  };
  if (!place(place, 0, 0)) return std::nullopt;
  std::vector<Placed> out;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::uint64_t mask = wanted[i]->masks[chosen[i]];
    out.push_back({wanted[i]->profile->name, __builtin_ctzll(mask), __builtin_popcountll(mask)});
  }
  std::sort(out.begin(), out.end(), [](const Placed& a, const Placed& b) { return a.start < b.start; });
  return out;
}

}  // namespace rightslice::observe::plan
