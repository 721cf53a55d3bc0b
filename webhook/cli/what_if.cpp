#include "cli/what_if.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rightslice::cli {

namespace {

constexpr std::int64_t kFirstContext = 2048, kLastContext = 131072;
constexpr std::int64_t kMostConcurrency = 64;

std::string shortCount(std::int64_t tokens) {
  return tokens % 1024 == 0 ? fmt::format("{}k", tokens / 1024) : std::to_string(tokens);
}

/// "18.6": GiB, the decimal only where it says something.
std::string gib(Bytes bytes) {
  const double value = static_cast<double>(bytes) / static_cast<double>(kGiB);
  return value < 99.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
}

/// The same container with another load. Where the engine allocates the context of all slots at the start, its flags carry the load.
struct Loaded {
  model::EngineRun run;
  model::EstimateInput input;
  Loaded(const model::EstimateInput& base, std::int64_t context, std::int64_t concurrency) : run(*base.run), input(base) {
    input.run = &run;
    input.load = {concurrency, context, true};
    auto& settings = run.settings;
    if (base.run->kvRule() == model::KvRule::Preallocated) {
      settings.maxNumSeqs = concurrency;
      settings.maxModelLen = context;
      // Of llama.cpp the context is that of all slots together.
      if (base.run->memoryRule()->name == "llama.cpp") settings.maxModelLen = timesBytes(context, concurrency);
      return;
    }
    if (!settings.maxModelLen && !run.flagNames().maxLength.empty()) {
      settings.maxModelLen = context;
      settings.maxModelLenAuto = false;
    }
  }
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
};

struct Place {
  const gpu::Profile* profile;
  gpu::Usable usable;
};

/// The slices without media attributes by what they hold, then the whole GPU.
std::vector<Place> placesOf(const gpu::Product& product) {
  std::vector<Place> places;
  for (const auto& profile : product.profiles) {
    if (!profile.parts.attributes.empty()) continue;
    if (const auto usable = gpu::usable(product, profile)) places.push_back({&profile, *usable});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.usable.bytes < b.usable.bytes; });
  if (const auto usable = gpu::usable(product)) places.push_back({nullptr, *usable});
  return places;
}

WhatIf::Cell cellOf(const Loaded& loaded, const gpu::Product& product, const std::vector<Place>& places, int headroomTenths) {
  WhatIf::Cell cell;
  for (const Place& place : places) {
    if (place.profile != nullptr && loaded.input.device.count > 1) continue;
    model::EstimateInput there = loaded.input;
    there.device.memory = place.usable.bytes;
    there.device.isA100 = isA100(product);
    const auto estimate = model::estimate(there);
    if (!estimate) continue;
    cell.need = estimate->need.bytes;
    cell.high = estimate->need.high;
    if (!cell.high || !holdsWithHeadroom(place.usable.bytes, *cell.high, headroomTenths)) continue;
    SizedDevice device{&product, place.profile, "", loaded.input.device.count, place.usable, true, place.usable.bytes - cell.need, {}};
    if (!model::startVerdict(there, *estimate, place.usable.bytes).surely) {
      // Another fraction changes nothing that the load asks for; other flags do.
      const auto fraction = model::fractionFor(there, place.usable.bytes);
      if (!fraction) continue;
      device.fits = false;
      device.withFlags = {*fraction};
    }
    cell.device = std::move(device);
    break;
  }
  return cell;
}

}  // namespace

std::vector<WhatIf> whatIf(const model::EstimateInput& input, const std::vector<const gpu::Product*>& products, int headroomTenths) {
  std::vector<WhatIf> tables;
  const auto now = model::estimate(input);
  if (!now) return tables;
  const auto& settings = input.run->settings;
  const bool preallocated = input.run->kvRule() == model::KvRule::Preallocated;
  for (const auto* product : products) {
    WhatIf table;
    table.product = product;
    table.lengthFollows = !settings.maxModelLen && !preallocated;
    const double positions = static_cast<double>(input.architecture->maxPositions) * std::max(input.architecture->ropeFactor, 1.0);
    const auto longest = preallocated ? static_cast<std::int64_t>(std::min(positions, 1e12)) : now->maxModelLen;
    for (std::int64_t context = kFirstContext; context <= std::min(longest, kLastContext); context *= 2)
      table.contexts.push_back(context);
    if (table.contexts.empty()) table.contexts.push_back(std::max<std::int64_t>(longest, 1));
    const std::int64_t most = settings.maxNumSeqs && !preallocated ? *settings.maxNumSeqs : kMostConcurrency;
    for (std::int64_t concurrency = 1; concurrency <= std::min(most, kMostConcurrency); concurrency *= 2)
      table.concurrencies.push_back(concurrency);
    const auto places = placesOf(*product);
    for (const auto context : table.contexts)
      for (const auto concurrency : table.concurrencies) {
        auto cell = cellOf(Loaded(input, context, concurrency), *product, places, headroomTenths);
        cell.context = context;
        cell.concurrency = concurrency;
        table.cells.push_back(std::move(cell));
      }
    tables.push_back(std::move(table));
  }
  return tables;
}

std::string whatIfText(const std::vector<WhatIf>& tables, const Style& style) {
  std::string text;
  for (const auto& table : tables) {
    std::vector<std::vector<std::string>> rows{{"context"}};
    for (const auto concurrency : table.concurrencies) rows[0].push_back(std::to_string(concurrency));
    bool flags = false, none = false;
    for (std::size_t row = 0; row < table.contexts.size(); ++row) {
      std::vector<std::string> needs{shortCount(table.contexts[row])}, slices{""};
      for (std::size_t column = 0; column < table.concurrencies.size(); ++column) {
        const auto& cell = table.cells[row * table.concurrencies.size() + column];
        needs.push_back(gib(cell.need));
        const bool withFlags = cell.device && !cell.device->withFlags.empty();
        const std::string name = !cell.device ? "-" : cell.device->profile == nullptr ? "whole" : cell.device->profile->name;
        slices.push_back(name + (withFlags ? "*" : ""));
        flags = flags || withFlags;
        none = none || !cell.device;
      }
      rows.push_back(std::move(needs));
      rows.push_back(std::move(slices));
    }
    std::vector<std::size_t> right;
    for (std::size_t column = 1; column < rows[0].size(); ++column) right.push_back(column);
    text += "\n" + style.paint(Colour::Bold, fmt::format("what if: {}, requests at once across, tokens of each down", table.product->title)) + "\n";
    text += cli::table(rows, right, "  ");
    text += wrap(fmt::format("GiB needed on the smallest slice that holds it, and that slice{}{}{}",
                             table.lengthFollows ? "; the maximum length is that of the row" : "",
                             flags ? "; * with another memory fraction" : "", none ? "; - no slice and not the GPU" : ""),
                 style.width, "  ", "  ");
  }
  return text;
}

void writeWhatIf(json::Writer& out, const std::vector<WhatIf>& tables) {
  out.key("whatIf").beginArray();
  for (const auto& table : tables)
    for (const auto& cell : table.cells) {
      out.beginObject().member("gpu", table.product->label()).member("context", cell.context).member("concurrency", cell.concurrency);
      out.member("totalBytes", cell.need);
      if (cell.high) out.member("highBytes", *cell.high);
      if (cell.device) {
        out.member("profile", cell.device->profile != nullptr ? std::string_view(cell.device->profile->name) : std::string_view("whole"));
        out.member("usableBytes", cell.device->usable.bytes);
        if (!cell.device->withFlags.empty()) {
          out.key("flags").beginObject();
          for (const auto& [flag, value] : cell.device->withFlags) out.member(flag, std::string_view(value));
          out.endObject();
        }
      }
      out.endObject();
    }
  out.endArray();
}

}  // namespace rightslice::cli
