// A second reader of HTTP/1.1 requests, as strict as RFC 9112 allows: what it does not read, two readers might read differently.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rightslice::fuzz {

struct HttpRequest {
  std::string method, target, version;
  std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case
  std::optional<std::string> body;                          ///< nothing: its end is not there or not clear
  std::size_t headerEnd = 0, end = 0;                       ///< offsets behind the header, and behind the body
  std::string unclear;                                      ///< why the header can be read in two ways; empty: it cannot
};

/// The request that begins at `at`.
HttpRequest readHttpRequest(std::string_view text, std::size_t at);

struct HttpResponse {
  int status = 0;
  bool close = false;
  std::string body;
};

/// All responses of a connection. `methods`: of the requests, since a HEAD has no body; interim ones are left out. Nothing if there is anything else.
std::optional<std::vector<HttpResponse>> readHttpResponses(std::string_view text, const std::vector<std::string>& methods);

}  // namespace rightslice::fuzz
