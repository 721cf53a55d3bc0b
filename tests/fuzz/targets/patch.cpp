// JSON Patch and JSON Pointer. The input is {"document": ANY, "patch": [OPERATION...]}.
#include <string>

#include "base/limits.hpp"
#include "harness.hpp"
#include "json/document.hpp"
#include "json/patch.hpp"
#include "json/pointer.hpp"

using namespace rightslice;
using fuzz::require;
using json::PatchOperation;

namespace {

void checkPointer(std::string_view text) {
  const auto tokens = json::pointerTokens(text);
  if (!tokens) return;
  std::string again;
  for (const auto& token : *tokens) again += '/' + json::escapeToken(token);
  require(again == text, "a pointer taken apart and put together is the same", again);
}

/// What one operation did, seen from outside.
void checkEffect(const json::Document& before, const PatchOperation& operation, const json::Document& after) {
  using Op = PatchOperation::Op;
  const json::View there = after.root().find(operation.path);
  const bool atEnd = operation.path.ends_with("/-") && !there.exists();   // the end of an array
  if ((operation.op == Op::Add || operation.op == Op::Replace || operation.op == Op::Test) && !atEnd)
    require(there.equals(json::Document::parse(operation.value)->root()), "the value is where it was put", operation.path);
  if ((operation.op == Op::Move || operation.op == Op::Copy) && !atEnd)
    require(there.equals(before.root().find(operation.from)), "what was moved or copied is where it went", operation.path);
  if (operation.op == Op::Test || operation.op == Op::Replace) require(before.root().find(operation.path).exists(), "what is tested or replaced was there", operation.path);
  if (operation.op == Op::Test) require(after.root().equals(before.root()), "a test changes nothing");
}

}  // namespace

void fuzz::run(std::string_view input) {
  checkPointer(input);
  const auto given = json::Document::parse(input);
  if (!given || !given->root().isObject()) return;
  const auto patch = json::parsePatch(given->root()["patch"]);
  if (!patch) return;
  for (const auto& operation : *patch) checkPointer(operation.path);
  const std::string text = json::patchText(*patch);
  const auto printed = json::Document::parse(text);
  require(printed.has_value(), "a patch prints as JSON", text);
  const auto again = json::parsePatch(printed->root());
  require(again && *again == *patch, "a patch printed reads as the same", text);

  const auto document = json::Document::parse(given->root()["document"].exists() ? given->root()["document"].text() : "null");
  require(document.has_value(), "a part of a document is a document");
  const std::string before = document->root().text();
  const auto patched = json::apply(*document, *patch);
  require(document->root().text() == before, "the original stays as it was");
  if (!patched) return require(!patched.error().message.empty() && patched.error().where.starts_with('/'), "an error names the operation", patched.error().where);
  const auto reread = json::Document::parse(patched->root().text());
  require(reread && reread->root().equals(patched->root()), "the result is a document", patched->root().text());
  const json::Document* at = &*document;
  json::Document last;
  for (const auto& operation : *patch) {
    auto next = json::apply(*at, {operation});
    require(next.has_value(), "operations one by one do what they do together");
    checkEffect(*at, operation, *next);
    last = std::move(*next);
    at = &last;
  }
  require(at->root().equals(patched->root()), "and come to the same");
}
