// Where a message begins and ends must be written in one way only: a proxy before us that reads it in another takes part of one client's body for the next
// client's request. Beast's parser takes some of what RFC 9112 wants refused. Included by http/*.cpp only.
#pragma once
#include <optional>
#include <string_view>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include "http/message.hpp"

namespace rightslice::http {

/// The answer to a request whose header Beast has taken and that could be read in another way; the connection must end with it. Nothing: all is clear.
/// RFC 9112: 3.2 (one Host), 6.1 (Transfer-Encoding is chunked, alone, and in HTTP/1.1 only), 6.3 (one Content-Length, and not beside it).
std::optional<Response> framingRefusal(const boost::beast::http::request_header<>& header);

/// Whether a piece of a header has a line that goes on in the next (obs-fold). Beast joins them; other readers see two fields (RFC 9112, 5.2).
bool isFolded(std::string_view header);

}  // namespace rightslice::http
