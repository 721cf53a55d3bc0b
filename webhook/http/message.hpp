// Requests and responses as plain values, without Beast.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rightslice::http {

struct Request {
  std::string method;                 ///< "GET", "POST", ...
  std::string path;                   ///< without the query
  std::string query;                  ///< without the '?'
  std::string contentType;            ///< as sent
  std::string traceparent;            ///< W3C trace context, as sent
  std::string body;
  std::chrono::steady_clock::time_point received;   ///< when its header was complete
  std::chrono::steady_clock::time_point deadline;   ///< when an answer is of no use any more
};

struct Response {
  int status = 200;
  std::string contentType = "application/json";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};   ///< beside Content-Type, Content-Length and Connection
};

/// {"error": message, "reason": reason}.
Response errorResponse(int status, std::string_view reason, std::string_view message);

/// "Not Found" for 404 and so on.
std::string_view statusText(int status);

/// Time that the client still waits: `?timeout=` (a Go duration such as "10s") less limits::kAnswerMargin, at most
/// limits::kReviewDeadline, and that where there is none or it cannot be read.
std::chrono::milliseconds timeAllowed(std::string_view query);

/// Thread-safe and synchronous. What it throws becomes 500.
using Handler = std::function<Response(const Request&)>;

}  // namespace rightslice::http
