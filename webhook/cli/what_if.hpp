// size --what-if: the need over concurrency and context, and the smallest slice that holds it.
#pragma once
#include <string>
#include <vector>

#include "cli/size_devices.hpp"
#include "cli/terminal.hpp"
#include "json/writer.hpp"

namespace rightslice::cli {

struct WhatIf {
  struct Cell {
    std::int64_t context = 0, concurrency = 0;
    Bytes need = 0;
    std::optional<Bytes> high;
    std::optional<SizedDevice> device;  ///< the smallest that holds it; with `withFlags` where only those make it
  };
  const gpu::Product* product = nullptr;
  std::vector<std::int64_t> contexts, concurrencies;
  std::vector<Cell> cells;  ///< row by row
  bool lengthFollows = false;  ///< the maximum length is that of the row, since none is written
};

/// One table for each product. Rows up to the longest sequence, columns up to the engine's own limit of sequences.
std::vector<WhatIf> whatIf(const model::EstimateInput& input, const std::vector<const gpu::Product*>& products, int headroomTenths);

std::string whatIfText(const std::vector<WhatIf>& tables, const Style& style);
void writeWhatIf(json::Writer& out, const std::vector<WhatIf>& tables);

}  // namespace rightslice::cli
