// Format: huggingface/safetensors, safetensors/src/tensor.rs.
#include "model/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <set>

#include "base/ascii.hpp"
#include "json/document.hpp"

namespace rightslice::model {
namespace {

struct Dtype {
  std::string_view name;
  int bits;
};
constexpr Dtype kDtypes[] = {{"F64", 64},        {"I64", 64},       {"U64", 64},    {"F32", 32}, {"I32", 32},
                             {"U32", 32},        {"F16", 16},       {"BF16", 16},   {"I16", 16}, {"U16", 16},
                             {"F8_E4M3", 8},     {"F8_E5M2", 8},    {"F8_E8M0", 8}, {"I8", 8},   {"U8", 8},
                             {"BOOL", 8},        {"F6_E2M3", 6},    {"F6_E3M2", 6}, {"F4", 4},   {"C64", 64},
                             {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}};

int bitsOf(std::string_view dtype) {
  for (const Dtype& one : kDtypes) {
    if (one.name == dtype) return one.bits;
  }
  return 0;
}

std::string shown(std::string_view text) {
  std::string result(text.substr(0, 80));
  for (char& c : result) {
    if (c < ' ' || c > '~') c = '?';
  }
  return result;
}

/// The number of the layer in "model.layers.17.mlp.down_proj.weight", or -1.
std::int64_t layerOf(std::string_view name) {
  for (const std::string_view word : {"layers.", "h.", "blocks.", "layer."}) {
    const auto at = name.find(word);
    if (at == std::string_view::npos || (at > 0 && name[at - 1] != '.')) continue;
    std::int64_t number = 0;
    std::size_t digits = 0;
    for (std::size_t i = at + word.size(); i < name.size() && isDigitAscii(name[i]) && digits < 6; ++i, ++digits)
      number = number * 10 + (name[i] - '0');
    if (digits > 0) return number;
  }
  return -1;
}

}  // namespace

MeasuredWeights SafetensorsHeader::measured(std::int64_t layers) const {
  MeasuredWeights result;
  result.bytes = bytes;
  for (auto at = byLayer.lower_bound(layers); at != byLayer.end(); ++at) result.bytes -= at->second;
  for (const auto& [type, of] : byType) {
    if (type == "F32") result.float32 = of.bytes;
    // Packed integers hold several weights each: then the number of elements says nothing.
    if (type == "I32" || type == "U8") return result;
  }
  for (const auto& [type, of] : byType) result.parameters = plusBytes(result.parameters, of.elements);
  return result;
}

Result<SafetensorsHeader> readSafetensorsHeader(std::string_view bytes) {
  if (bytes.size() < 8) return fail("too short for a safetensors file: it begins with a length of 8 bytes", "byte 0");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length < 2 || length > kSafetensorsHeaderMost)
    return fail(fmt::format("no safetensors file: its header would take {} bytes, at most {} MiB are allowed", length,
                            kSafetensorsHeaderMost >> 20),
                "byte 0");
  if (length > bytes.size() - 8)
    return fail(fmt::format("the file ends within its header of {} bytes; it is not complete", length),
                fmt::format("byte {}", bytes.size()));
  const auto document = json::Document::parse(bytes.substr(8, static_cast<std::size_t>(length)));
  if (!document) return fail("the header is no JSON: " + document.error().message, "header:" + document.error().where);
  const json::View root = document->root();
  if (!root.isObject()) return fail(fmt::format("the header must be an object, not a {}", root.typeName()), "byte 8");

  SafetensorsHeader header;
  for (const auto& [name, tensor] : root.members()) {
    if (name == "__metadata__") continue;
    const std::string where = shown(name);
    const std::string_view dtype = tensor["dtype"].stringOr("");
    const int bits = bitsOf(dtype);
    if (bits == 0) return fail(fmt::format("dtype '{}' is not known", shown(dtype)), where);
    if (!tensor["shape"].isArray()) return fail("shape must be a list of whole numbers", where);
    Int128 elements = 1;
    for (const json::View extent : tensor["shape"].elements()) {
      const auto value = extent.integer();
      if (!value || *value < 0) return fail("shape must be a list of whole numbers", where);
      elements *= *value;
      if (elements > kMaxBytes) return fail("larger than any file", where);
    }
    const json::View offsets = tensor["data_offsets"];
    const auto first = offsets.at(0).integer();
    const auto last = offsets.at(1).integer();
    if (offsets.size() != 2 || !first || !last || *first < 0 || *last < *first)
      return fail("data_offsets must be two whole numbers in order", where);
    const Int128 expected = (elements * bits + 7) / 8;
    if (Int128{*last} - *first != expected)
      return fail(fmt::format("data_offsets span {} bytes, its shape takes {}", *last - *first,
                              static_cast<std::int64_t>(expected)),
                  where);
    const auto size = static_cast<Bytes>(expected);
    SafetensorsHeader::OfType& of = header.byType[std::string(dtype)];
    ++of.tensors;
    of.elements = plusBytes(of.elements, static_cast<std::int64_t>(elements));
    of.bytes = plusBytes(of.bytes, size);
    ++header.tensors;
    header.bytes = plusBytes(header.bytes, size);
    if (const std::int64_t layer = layerOf(name); layer >= 0) {
      Bytes& ofLayer = header.byLayer[layer];
      ofLayer = plusBytes(ofLayer, size);
    }
  }
  if (header.tensors == 0) return fail("it lists no tensors", "byte 8");
  return header;
}

Result<SafetensorsIndex> readSafetensorsIndex(std::string_view text) {
  const auto document = json::Document::parse(text);
  if (!document) return fail(document.error().message, document.error().where);
  const json::View root = document->root();
  const json::View map = root["weight_map"];
  if (!map.isObject()) return fail("no index of safetensors: weight_map is missing", "/weight_map");
  const auto total = root["metadata"]["total_size"].integer();
  if (!total || *total <= 0 || *total > kMaxBytes)
    return fail("metadata.total_size is missing or no size; give --config and no --weights", "/metadata/total_size");
  SafetensorsIndex index;
  index.bytes = *total;
  std::set<std::string_view> files;
  bool original = false;
  bool usual = false;
  for (const auto& [name, file] : map.members()) {
    const std::string_view path = file.stringOr("");
    if (path.empty())
      return fail("weight_map must name a file for each tensor", "/weight_map/" + json::escapeToken(shown(name)));
    ++index.tensors;
    index.layers = std::max(index.layers, layerOf(name) + 1);
    files.insert(path);
    const bool isCopy = path.starts_with("original/") || path.starts_with("metal/") ||
                        path.find("consolidated") != std::string_view::npos;
    original |= isCopy;
    usual |= !isCopy;
  }
  if (index.tensors == 0) return fail("weight_map lists no tensors", "/weight_map");
  index.files = static_cast<std::int64_t>(files.size());
  index.hasCopies = original && usual;
  return index;
}

}  // namespace rightslice::model
