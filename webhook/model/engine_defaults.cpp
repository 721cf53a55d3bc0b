#include "model/engine_defaults.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

#include "json/document.hpp"
#include "model/engine.hpp"

namespace rightslice::embedded {
std::string_view engines_json();
}

namespace rightslice::model {
namespace {

constexpr std::array<std::string_view, 8> kNames{"memoryFraction", "maxNumSeqs", "maxNumBatchedTokens", "contextLength",
                                                 "blockSize",      "graphBatch", "graphBatchParallel",  "reserveMiB"};

struct Row {
  double value = 0;
  std::optional<Version> from, before;  ///< holds for from <= version < before
  Bytes deviceFrom = 0, deviceBelow = kMaxBytes;
  bool onDevice = false;  ///< only for devices of that size
  bool notA100 = false;
};

using Rows = std::array<std::vector<Row>, kNames.size()>;

struct Table {
  std::vector<Rows> engines;  ///< in the order of engines()
};

std::optional<std::size_t> placeOf(std::string_view engine) {
  const auto all = engines();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i]->name == engine) return i;
  }
  return std::nullopt;
}

Result<Row> readRow(json::View row, std::string_view where) {
  Row result;
  constexpr std::array<std::string_view, 8> kFields{"setting",         "value",          "from",    "before",
                                                    "deviceFromGiB", "deviceBelowGiB", "notA100", "source"};
  for (const auto& [key, value] : row.members()) {
    if (std::find(kFields.begin(), kFields.end(), key) == kFields.end())
      return fail(fmt::format("unknown field {}", key), std::string(where));
  }
  const auto value = row["value"].number();
  if (!value || *value < 0) return fail("value must be a number, 0 or more", std::string(where) + "/value");
  result.value = *value;
  for (const auto& [key, target] : {std::pair{"from", &result.from}, std::pair{"before", &result.before}}) {
    if (!row[key].exists()) continue;
    *target = parseVersion(row[key].stringOr(""));
    if (!*target) return fail("must be a version such as \"0.8.0\"", fmt::format("{}/{}", where, key));
  }
  for (const auto& [key, target] :
       {std::pair{"deviceFromGiB", &result.deviceFrom}, std::pair{"deviceBelowGiB", &result.deviceBelow}}) {
    if (!row[key].exists()) continue;
    const auto size = row[key].number();
    if (!size || *size <= 0 || *size > 1e6) return fail("must be a size in GiB", fmt::format("{}/{}", where, key));
    *target = static_cast<Bytes>(*size * static_cast<double>(kGiB));
    result.onDevice = true;
  }
  result.notA100 = row["notA100"].boolean().value_or(false);
  if (row["source"].stringOr("").empty()) return fail("each default names its source", std::string(where));
  return result;
}

Result<Table> readTable(std::string_view text) {
  const auto document = json::Document::parse(text);
  if (!document) return tl::unexpected<Error>(document.error());
  Table table;
  table.engines.resize(engines().size());
  std::size_t index = 0;
  for (const json::View engine : document->root()["engines"].elements()) {
    const std::string at = fmt::format("/engines/{}", index++);
    const auto place = placeOf(engine["name"].stringOr(""));
    if (!place) return fail(fmt::format("unknown engine '{}'", engine["name"].stringOr("")), at + "/name");
    std::size_t number = 0;
    for (const json::View row : engine["defaults"].elements()) {
      const std::string where = fmt::format("{}/defaults/{}", at, number++);
      const auto setting = std::find(kNames.begin(), kNames.end(), row["setting"].stringOr(""));
      if (setting == kNames.end())
        return fail(fmt::format("unknown setting '{}'", row["setting"].stringOr("")), where + "/setting");
      auto read = readRow(row, where);
      if (!read) return tl::unexpected<Error>(read.error());
      table.engines[*place][static_cast<std::size_t>(setting - kNames.begin())].push_back(*read);
    }
  }
  return table;
}

const Table& builtIn() {
  // The embedded file is tested; were it broken, engines would have no defaults and nothing would be claimed of them.
  static const Table table = [] {
    auto read = readTable(embedded::engines_json());
    if (read) return std::move(*read);
    Table empty;
    empty.engines.resize(engines().size());
    return empty;
  }();
  return table;
}

bool holdsOn(const Row& row, const Device& device) {
  if (row.notA100 && device.isA100) return false;
  if (!row.onDevice) return true;
  return device.memory && *device.memory >= row.deviceFrom && *device.memory < row.deviceBelow;
}

/// Without a version all rows of the device may hold.
bool holdsFor(const Row& row, const std::optional<Version>& version) {
  return !version || ((!row.from || *version >= *row.from) && (!row.before || *version < *row.before));
}

}  // namespace

std::string_view name(Default setting) { return kNames[static_cast<std::size_t>(setting)]; }

std::optional<DefaultValue> defaultOf(const Engine& engine, Default setting, std::optional<Version> version,
                                      const Device& device) {
  const auto place = placeOf(engine.name);
  if (!place) return std::nullopt;
  const std::vector<Row>& rows = builtIn().engines[*place][static_cast<std::size_t>(setting)];
  std::optional<DefaultValue> result;
  bool bySize = false;
  for (const Row& row : rows) {
    if (!holdsOn(row, device) || !holdsFor(row, version) || (bySize && !row.onDevice)) continue;
    if (!result || (row.onDevice && !bySize)) {
      result = DefaultValue{row.value, row.value, row.value};
    } else {
      result = DefaultValue{std::min(result->low, row.value), row.value, std::max(result->high, row.value)};
    }
    bySize = row.onDevice;
  }
  return result;
}

std::int64_t countOf(const Engine& engine, Default setting, std::optional<Version> version, const Device& device,
                     std::int64_t otherwise) {
  const auto found = defaultOf(engine, setting, version, device);
  return found ? static_cast<std::int64_t>(std::min(found->value, 1e15)) : otherwise;
}

std::optional<Error> faultOfDefaults(std::string_view text, std::string_view file) {
  auto table = readTable(text);
  if (table) return std::nullopt;
  return Error{table.error().message, fmt::format("{}: {}", file, table.error().where)};
}

}  // namespace rightslice::model
