// Names under which other registries serve the models of the catalogue: Ollama's library, NIM's images, CTranslate2's
// conversions (policies/catalogue/names.json).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rightslice::model {

struct ServedName {
  std::string name;   ///< in lower case: "llama3.1:8b", "meta/llama-3.1-8b-instruct"
  std::string model;  ///< the catalogue's id
  std::string type;   ///< of Ollama's file where the tag names none: "Q4_K_M"; empty for other registries
};
std::span<const ServedName> servedNames();
const ServedName* findServedName(std::string_view name);

/// A name of Ollama's library taken apart: "llama3.1:8b-instruct-q8_0" -> "llama3.1:8b" and Q8_0.
struct OllamaName {
  std::string name;
  std::optional<std::string> type;  ///< of the tag, else the library's default for the name; nothing for names it lacks
};
OllamaName splitOllamaName(std::string_view text);

/// What is wrong with a file of names: an error with its place, or nothing.
std::optional<Error> faultOfNames(std::string_view text, std::string_view file);

}  // namespace rightslice::model
