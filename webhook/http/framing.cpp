#include "http/framing.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>

#include "base/ascii.hpp"

namespace rightslice::http {

std::optional<Response> framingRefusal(const boost::beast::http::request_header<>& header) {
  using Field = boost::beast::http::field;
  const auto hosts = header.count(Field::host), codings = header.count(Field::transfer_encoding), lengths = header.count(Field::content_length);
  const bool old = header.version() < 11;
  if (hosts > 1 || (hosts == 0 && !old)) return errorResponse(400, "BadRequest", "a request names one Host");
  if (codings > 0 && lengths > 0) return errorResponse(400, "BadRequest", "Content-Length and Transfer-Encoding stand side by side");
  if (codings > 0 && old) return errorResponse(400, "BadRequest", "HTTP/1.0 has no Transfer-Encoding");
  if (codings > 1 || (codings == 1 && !boost::beast::iequals(header[Field::transfer_encoding], "chunked")))
    return errorResponse(501, "NotImplemented", "the only Transfer-Encoding that is read is 'chunked'");
  const auto length = header[Field::content_length];
  if (lengths > 1 || !std::all_of(length.begin(), length.end(), isDigitAscii))
    return errorResponse(400, "BadRequest", "a request has one Content-Length, a number");
  return std::nullopt;
}

bool isFolded(std::string_view header) { return header.find("\n ") != std::string_view::npos || header.find("\n\t") != std::string_view::npos; }

}  // namespace rightslice::http
