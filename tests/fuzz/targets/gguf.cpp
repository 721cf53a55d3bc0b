// Headers of GGUF files.
#include "harness.hpp"
#include "model/gguf.hpp"
#include "model/gguf_header.hpp"
#include "sizing_laws.hpp"

using namespace rightslice;
using fuzz::require;

void fuzz::run(std::string_view input) {
  const auto header = model::readGgufHeader(input);
  if (!header) return require(!header.error().message.empty(), "an error says what is wrong");
  Bytes sum = 0;
  for (const Bytes each : header->bytesByType) {
    require(each >= 0, "no type takes less than nothing");
    sum = plusBytes(sum, each);
  }
  require(sum == header->bytes, "the types are all there is");
  require(header->tokenTable >= 0 && header->tokenTable <= header->bytes, "the token table is a part of the file");
  require(header->tensors >= 0 && header->parameters >= 0 && header->parts >= 1, "nothing is negative");
  require(header->fileType.empty() || model::findGgufType(header->fileType) != nullptr, "a file type is one", header->fileType);
  checkUnderEveryEngine(header->shape);
}
