#include "http/router.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

namespace rightslice::http {
namespace {

bool sameMediaType(std::string_view sent, std::string_view wanted) {
  sent = sent.substr(0, sent.find(';'));
  while (!sent.empty() && (sent.back() == ' ' || sent.back() == '\t')) sent.remove_suffix(1);
  return std::equal(sent.begin(), sent.end(), wanted.begin(), wanted.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

bool takes(const Route& route, std::string_view method) {
  return route.method == method || (method == "HEAD" && route.method == "GET");
}

}  // namespace

Router::Choice Router::choose(const Request& request) const {
  std::string allowed;
  for (const Route& route : routes_) {
    if (route.path != request.path) continue;
    if (takes(route, request.method)) {
      if (route.contentType.empty() || sameMediaType(request.contentType, route.contentType)) return {&route, {}};
      return {nullptr, errorResponse(415, "UnsupportedMediaType",
                                     fmt::format("Content-Type must be {}, not '{}'", route.contentType, request.contentType))};
    }
    allowed += (allowed.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
  }
  if (allowed.empty()) return {nullptr, errorResponse(404, "NotFound", fmt::format("nothing is served at {}", request.path))};
  Response refusal = errorResponse(405, "MethodNotAllowed", fmt::format("{} takes {}, not {}", request.path, allowed, request.method));
  refusal.headers.emplace_back("Allow", allowed);
  return {nullptr, std::move(refusal)};
}

Response Router::answer(const Request& request) const {
  Choice choice = choose(request);
  return choice.route != nullptr ? call(*choice.route, request) : std::move(choice.refusal);
}

Response call(const Route& route, const Request& request) {
  try {
    return route.handler(request);
  } catch (const std::exception& error) {
    return errorResponse(500, "InternalError", fmt::format("{} failed: {}", request.path, error.what()));
  } catch (...) {
    return errorResponse(500, "InternalError", fmt::format("{} failed", request.path));
  }
}

}  // namespace rightslice::http
