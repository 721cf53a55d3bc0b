// config.json of Hugging Face: the shape, and what it needs under every engine.
#include "harness.hpp"
#include "json/document.hpp"
#include "json/pointer.hpp"
#include "model/architecture.hpp"
#include "sizing_laws.hpp"

using namespace rightslice;
using fuzz::require;

void fuzz::run(std::string_view input) {
  const auto document = json::Document::parse(input);
  if (!document) return;
  const auto architecture = model::fromConfig(document->root(), "acme/model");
  if (!architecture) {
    require(!architecture.error().message.empty(), "an error says what is wrong");
    return require(json::pointerTokens(architecture.error().where).has_value(), "an error points into the file", architecture.error().where);
  }
  const auto count = model::countParameters(*architecture);
  for (const std::int64_t each : {count.total, count.linear, count.kvProjection, count.experts, count.embedding, count.replicated})
    require(each >= 0, "no count of parameters is negative");
  checkUnderEveryEngine(*architecture);
}
