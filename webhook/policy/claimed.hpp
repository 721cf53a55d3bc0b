// What a container asks for by claims of DRA and by resources that device classes give: the entries beside those of the device plugin (DESIGN 3.1).
#pragma once
#include "gpu/catalogue.hpp"
#include "policy/requested.hpp"

namespace rightslice::policy {

/// Completes what readAsk() found. Entries whose class surely gives no GPU are left out.
void addClaims(Ask& ask, std::string_view ns, const workload::Container& container, const workload::PodTemplate& pod, const workload::Devices& devices);

/// An entry with `claim`. Of several devices that it may be given, the smallest names it; smallest and largest bound what it holds.
Meaning meaningOfClaim(const AskEntry& entry, const workload::PodTemplate& pod, const Policy& policy, const gpu::Catalogue& gpus,
                       const workload::Surroundings& surroundings);

/// What a claim that should ask for another slice is to say: it is another object, which only a person changes.
std::string claimAdvice(const ClaimAsk& claim, std::string_view profile, std::string_view holds);
/// The driver's class of slices, as a resource: what is recommended to those that ask by claim.
std::string sliceClassResource();

/// Is it, to the letter, the name of a profile of the catalogue? Selectors compare letter by letter.
bool isProfile(std::string_view text, const gpu::Catalogue& gpus);
/// Why it is none, and what is near.
std::string noProfileNote(std::string_view text, const gpu::Catalogue& gpus);
/// The profiles of these products (of all of the catalogue, if empty) that an ask may be given.
std::vector<gpu::Offer> offersOf(const DeviceAsk& ask, const std::vector<const gpu::Product*>& products, const gpu::Catalogue& gpus);

}  // namespace rightslice::policy
