#include "model/gguf.hpp"

#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

// Block sizes: facts/footprint 1.2. The K mixes are averages over whole files of that section (4.83 to 5.21 for
// Q4_K_M); longer names come before the shorter that they contain.
constexpr GgufType kTypes[] = {
    {"Q4_K_M", 4900}, {"Q4_K_S", 4640}, {"Q5_K_M", 5700}, {"Q5_K_S", 5550}, {"Q3_K_L", 4300}, {"Q3_K_M", 3950},
    {"Q3_K_S", 3550}, {"Q2_K_L", 3200}, {"Q2_K", 3000},   {"Q6_K_L", 6650}, {"Q6_K", 6563},   {"Q8_0", 8500},
    {"Q5_0", 5550},   {"Q5_1", 6000},   {"Q4_0", 4600},   {"Q4_1", 5050},   {"IQ4_NL", 4550}, {"IQ4_XS", 4350},
    {"MXFP4", 4350},  {"BF16", 16000},  {"F16", 16000},
};

}  // namespace

const GgufType* findGgufType(std::string_view text) {
  const std::string folded = lowered(text);
  for (const GgufType& type : kTypes) {
    if (folded.find(lowered(type.name)) != std::string::npos) return &type;
  }
  return nullptr;
}

}  // namespace rightslice::model
