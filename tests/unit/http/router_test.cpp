#include "http/router.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace rightslice::http;

namespace {

Router router() {
  return Router({{"POST", "/validate", "application/json", [](const Request&) { return Response{.body = "judged"}; }},
                 {"GET", "/readyz", "", [](const Request&) { return Response{.body = "ready"}; }},
                 {"POST", "/readyz", "", [](const Request&) { return Response{.body = "posted"}; }},
                 {"GET", "/throws", "", [](const Request&) -> Response { throw std::runtime_error("a bug"); }},
                 {"GET", "/throws-oddly", "", [](const Request&) -> Response { throw 7; }}});
}

Response ask(const char* method, const char* path, const char* contentType = "") {
  Request request;
  request.method = method;
  request.path = path;
  request.contentType = contentType;
  return router().answer(request);
}

}  // namespace

TEST_CASE("method, path and content type choose the handler or the refusal") {
  struct Case { const char *method, *path, *contentType; int status; };
  const Case cases[] = {
      {"POST", "/validate", "application/json", 200},
      {"POST", "/validate", "Application/JSON ; charset=utf-8", 200},
      {"POST", "/validate", "application/jsonx", 415},
      {"POST", "/validate", "application/jso", 415},
      {"POST", "/validate", "", 415},
      {"GET", "/validate", "application/json", 405},
      {"POST", "/validate/", "application/json", 404},
      {"POST", "/Validate", "application/json", 404},
      {"POST", "", "application/json", 404},
      {"GET", "/readyz", "", 200},
      {"HEAD", "/readyz", "", 200},
      {"POST", "/readyz", "text/plain", 200},
      {"get", "/readyz", "", 405},
      {"GET", "/throws", "", 500},
      {"GET", "/throws-oddly", "", 500},
  };
  for (const Case& each : cases) {
    CAPTURE(each.method);
    CAPTURE(each.path);
    CAPTURE(each.contentType);
    CHECK(ask(each.method, each.path, each.contentType).status == each.status);
  }
}

TEST_CASE("405 names every method of the path") {
  const auto response = ask("PUT", "/readyz");
  REQUIRE(response.headers.size() == 1);
  CHECK(response.headers[0] == std::pair<std::string, std::string>("Allow", "GET, HEAD, POST"));
}

TEST_CASE("what a handler throws is a 500 with a reason") {
  CHECK(ask("GET", "/throws").body.find("InternalError") != std::string::npos);
  CHECK(ask("GET", "/throws").body.find("a bug") != std::string::npos);
}
