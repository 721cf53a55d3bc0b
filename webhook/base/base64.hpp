// Base64 (RFC 4648, section 4): patches in answers and caBundles.
#pragma once
#include <string>
#include <string_view>

namespace rightslice {

/// One line, padded.
std::string base64(std::string_view bytes);

}  // namespace rightslice
