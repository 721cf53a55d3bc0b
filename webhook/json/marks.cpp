#include "json/yaml.hpp"

namespace rightslice::json {

Marks::Place Marks::find(std::string_view pointer) const {
  for (;;) {
    if (const auto it = places_.find(pointer); it != places_.end()) {
      return it->second;
    }
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) {
      return {};
    }
    pointer = pointer.substr(0, slash);
  }
}

}  // namespace rightslice::json
