// Which handler answers which path.
#pragma once
#include <string>
#include <vector>

#include "http/message.hpp"

namespace rightslice::http {

struct Route {
  std::string method;        ///< "GET" (answers HEAD too) or "POST"
  std::string path;          ///< exact
  std::string contentType;   ///< that a body must have, without parameters; empty: any
  Handler handler;
};

/// Immutable once built; thread-safe as far as its handlers are. The query never takes part.
class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

  /// Nothing if a route takes this request, as far as its header tells; else the refusal: 404, 405 with Allow, 415.
  struct Choice {
    const Route* route = nullptr;
    Response refusal;
  };
  Choice choose(const Request& request) const;

  /// choose() and the handler; an exception of the handler becomes 500 InternalError.
  Response answer(const Request& request) const;

 private:
  std::vector<Route> routes_;
};

/// Calls the route's handler; what it throws becomes 500 InternalError.
Response call(const Route& route, const Request& request);

}  // namespace rightslice::http
