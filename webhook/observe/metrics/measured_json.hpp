// What was measured, as JSON.
#pragma once
#include "json/writer.hpp"
#include "observe/metrics/measured.hpp"

namespace rightslice::observe::metrics {

/// One container, as an object: its values by the names of their measures.
void writeMeasured(json::Writer& out, const OfContainer& container, std::string_view pod);
/// Where it comes from, and how much was seen.
void writeSources(json::Writer& out, const Measurements& measured);

}  // namespace rightslice::observe::metrics
