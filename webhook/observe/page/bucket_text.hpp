// The buckets of the money, as the page says them.
#pragma once
#include <array>
#include <string_view>

#include "observe/money.hpp"

namespace rightslice::observe::page {

struct BucketText {
  Bucket bucket;
  std::string_view label, means;
};
/// From what is lost outright to what is put to use: the order of the waterfall.
constexpr std::array<BucketText, kBuckets> kBucketTexts{{
    {Bucket::Overhead, "Overhead", "cannot be handed out: nodes not ready, devices not healthy"},
    {Bucket::Stranded, "Stranded", "in no slice, as the GPUs are cut now"},
    {Bucket::Dark, "Dark", "offered, and held by nobody"},
    {Bucket::Unknown, "Unknown", "paid for, and what it does cannot be seen"},
    {Bucket::Idle, "Idle", "held by workloads that do nothing"},
    {Bucket::Oversized, "Oversized", "beyond the slice that would do"},
    {Bucket::Right, "Right", "held, and no smaller slice is known to do"},
}};

inline std::int64_t of(const std::array<std::int64_t, kBuckets>& values, Bucket bucket) { return values[static_cast<std::size_t>(bucket)]; }

/// Is there something to say of the bucket? Idle is told only where it is known, 0 included.
inline bool shown(const Money& money, const Sum& sum, Bucket bucket) {
  return bucket == Bucket::Idle ? money.idleKnown : bucket == Bucket::Right || of(sum.centihours, bucket) > 0;
}

/// Tenths of GPUs in each bucket, rounded so that they add up to the tenths of all: one reader sums the head, another the waterfall.
std::array<std::int64_t, kBuckets> gpuTenths(const Sum& sum);

}  // namespace rightslice::observe::page
