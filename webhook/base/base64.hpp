// Base64 (RFC 4648, section 4): patches in answers, caBundles, what kubeconfigs hold.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace rightslice {

/// One line, padded.
std::string base64(std::string_view bytes);

/// The bytes of a padded text; line ends in it are skipped, as Go does. Nothing for anything else.
std::optional<std::string> fromBase64(std::string_view text);

}  // namespace rightslice
