#include "cli/weights_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/files.hpp"
#include "base/ascii.hpp"
#include "model/gguf_header.hpp"
#include "model/safetensors.hpp"

namespace rightslice::cli {
namespace {

tl::unexpected<Error> at(const std::string& path, const Error& error) {
  return fail(error.message, error.where.empty() ? path : path + ":" + error.where);
}

Result<WeightsFile> fromGguf(const std::string& path, const std::string& bytes,
                             const std::optional<model::Architecture>& shape) {
  auto header = model::readGgufHeader(bytes);
  if (!header) return at(path, header.error());
  WeightsFile result{std::move(header->shape), std::nullopt};
  if (!header->fileType.empty()) result.fileType = header->fileType;
  if (shape) {  // a config.json or the catalogue knows more of the shape
    const auto measured = result.architecture.measuredWeights;
    if (shape->layers != result.architecture.layers || shape->hidden != result.architecture.hidden)
      return fail(fmt::format("holds {} layers of width {}, but {} has {} of {}", result.architecture.layers,
                              result.architecture.hidden, shape->id, shape->layers, shape->hidden),
                  path);
    result.architecture = *shape;
    result.architecture.format = model::Format::Gguf;
    result.architecture.quantization = {};
    result.architecture.measuredWeights = measured;
    result.architecture.visionParameters = 0;
  }
  return result;
}

/// "model-00002-of-00004.safetensors".
bool isOneOfSeveral(const std::string& path) {
  const auto of = path.rfind("-of-");
  if (of == std::string::npos || of + 9 > path.size()) return false;
  const std::string count = path.substr(of + 4, 5);
  return std::all_of(count.begin(), count.end(), isDigitAscii) && count != "00001";
}

}  // namespace

Result<WeightsFile> readWeightsFile(const std::string& path, const std::optional<model::Architecture>& shape) {
  const auto start = app::readBeginning(path, 9);
  if (!start) return tl::unexpected(start.error());
  if (start->starts_with("GGUF") || path.ends_with(".gguf")) {
    const auto bytes = app::readBeginning(path, model::kGgufHeaderMost);
    if (!bytes) return tl::unexpected(bytes.error());
    return fromGguf(path, *bytes, shape);
  }
  const auto shapeless = [&] {
    return fail("tensors without a shape: give the model's config.json with --config, or its name with --model", path);
  };
  WeightsFile result{shape.value_or(model::Architecture()), std::nullopt};
  if (path.ends_with(".json")) {
    const auto text = app::readBeginning(path, model::kSafetensorsHeaderMost);
    if (!text) return tl::unexpected(text.error());
    const auto index = model::readSafetensorsIndex(*text);
    if (!index) return at(path, index.error());
    if (!shape) return shapeless();
    if (index->hasCopies)
      return fail("lists the weights twice (original/ beside the usual files); give --config alone", path);
    if (index->layers > shape->layers)
      return fail(fmt::format("lists {} layers, {} has {}: what the draft layers take is not told; give --config alone",
                              index->layers, shape->id, shape->layers),
                  path);
    const bool narrow = shape->dtype == "float32" && shape->format == model::Format::None;
    result.architecture.measuredWeights = model::MeasuredWeights{index->bytes, 0, 0, narrow ? index->bytes : 0};
    return result;
  }
  if (isOneOfSeveral(path)) return fail("one part of a split checkpoint; give its model.safetensors.index.json", path);
  const auto bytes = app::readBeginning(path, model::kSafetensorsHeaderMost + 8);
  if (!bytes) return tl::unexpected(bytes.error());
  const auto header = model::readSafetensorsHeader(*bytes);
  if (!header) return at(path, header.error());
  if (!shape) return shapeless();
  result.architecture.measuredWeights = header->measured(shape->layers);
  return result;
}

}  // namespace rightslice::cli
