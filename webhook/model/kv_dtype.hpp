// Types of the KV cache by the engines' names, with what their scales take.
#pragma once
#include <cstdint>
#include <string_view>

namespace rightslice::model {

struct KvDtype {
  std::string_view name;
  std::int64_t keyBitsTwice;    ///< twice the bits of one element: block types take 4.5, 8.5, ...
  std::int64_t valueBitsTwice;
  std::int64_t headBytes;       ///< scales of one token in one KV head, keys and values together
  std::string_view source;
};
/// Without case; null if no engine has the type.
const KvDtype* findKvDtype(std::string_view name);

}  // namespace rightslice::model
