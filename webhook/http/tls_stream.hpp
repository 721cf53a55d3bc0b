// A socket with TLS on it. Included by http/*.cpp and kube/*.cpp only.
#pragma once
#include <boost/asio/ssl/stream.hpp>

#include "http/worker.hpp"

namespace rightslice::http {

using TlsStream = asio::ssl::stream<Socket>;

}  // namespace rightslice::http
