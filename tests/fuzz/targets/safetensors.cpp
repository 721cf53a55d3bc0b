// Headers of safetensors files and their index. An input that begins with '{' is a header without its length, or an index.
#include <cstring>
#include <string>

#include "harness.hpp"
#include "model/safetensors.hpp"

using namespace rightslice;
using fuzz::require;

namespace {

void checkHeader(std::string_view bytes) {
  const auto header = model::readSafetensorsHeader(bytes);
  if (!header) return require(!header.error().message.empty(), "an error says what is wrong");
  Bytes sum = 0;
  std::int64_t tensors = 0;
  for (const auto& [type, of] : header->byType) {
    require(of.bytes >= 0 && of.elements >= 0 && of.tensors > 0, "a type has tensors", type);
    sum = plusBytes(sum, of.bytes);
    tensors += of.tensors;
  }
  require(sum == header->bytes && tensors == header->tensors, "the types are all there is");
  for (const std::int64_t layers : {0, 1, 32, 100'000}) {
    const auto measured = header->measured(layers);
    require(measured.bytes >= 0 && measured.bytes <= header->bytes, "what is loaded is a part of the file");
    require(measured.float32 >= 0 && measured.parameters >= 0, "nothing is negative");
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  if (input.starts_with('{')) {
    const std::uint64_t length = input.size();
    std::string file(sizeof length, '\0');
    std::memcpy(file.data(), &length, sizeof length);
    checkHeader(file += input);
  } else {
    checkHeader(input);
  }
  if (const auto index = model::readSafetensorsIndex(input))
    require(index->bytes > 0 && index->files > 0 && index->tensors > 0 && index->layers >= 0, "an index lists something");
}
