// Files of surroundings and price books.
#include "harness.hpp"
#include "workload/surroundings.hpp"

using namespace rightslice;
using fuzz::require;

void fuzz::run(std::string_view input) {
  const auto read = workload::readSurroundings(input, "s.yaml");
  if (!read) {
    require(!read.error().message.empty() && read.error().where.starts_with("s.yaml:"), "an error names the place", read.error().where);
  } else {
    require(workload::digestOf(*read) == workload::digestOf(*workload::readSurroundings(input, "s.yaml")), "the same file, the same digest");
    std::size_t members = 0;
    for (const auto& sort : read->sorts) members += sort.members.size();
    require(members == (read->nodes ? read->nodes->size() : 0), "each node is of one sort");
    if (read->nodes)
      for (const auto& node : *read->nodes)
        for (const auto& list : {node.allocatable, node.requested})
          for (const auto& [resource, count] : list) require(count >= 0, "no negative count", resource);
  }
  const auto prices = workload::readPriceBook(input, "p.yaml");
  if (!prices) return require(!prices.error().message.empty() && prices.error().where.starts_with("p.yaml:"), "an error names the place", prices.error().where);
  for (const auto& [product, micros] : prices->gpuHourMicros) require(micros >= 0, "no negative price", product);
}
