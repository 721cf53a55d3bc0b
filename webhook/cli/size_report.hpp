// What `size` says: the need of a model term by term, and the slices that hold it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/size_devices.hpp"
#include "cli/terminal.hpp"
#include "cli/what_if.hpp"
#include "gpu/catalogue.hpp"
#include "model/footprint.hpp"

namespace rightslice::cli {

struct Sizing {
  std::string model;
  const model::Engine* engine = nullptr;
  bool engineAssumed = false;  ///< nobody named it
  bool loadStated = false;
  bool allGpus = false;        ///< no product was named: only the smallest slice of each is shown
  bool explain = false;
  model::Estimate estimate;
  std::optional<model::KvPool> pool;
  std::optional<Bytes> deviceMemory;
  std::int64_t devices = 1;
  int headroomTenths = 100;
  std::vector<SizedDevice> slices, gpus;
  std::vector<model::Saving> savings;
  std::vector<std::string> advice;  ///< on the device, where one is known
  std::vector<WhatIf> whatIf;
};

std::string sizingJson(const Sizing& sizing);
std::string sizingText(const Sizing& sizing, const Style& style);

}  // namespace rightslice::cli
