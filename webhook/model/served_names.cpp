#include "model/served_names.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "json/document.hpp"
#include "model/gguf.hpp"
#include "model/spelling.hpp"

namespace rightslice::embedded {
std::string_view names_json();
}

namespace rightslice::model {
namespace {

Result<std::vector<ServedName>> readNames(std::string_view text) {
  const auto document = json::Document::parse(text);
  if (!document) return tl::unexpected<Error>(document.error());
  std::vector<ServedName> names;
  std::size_t index = 0;
  for (const json::View row : document->root()["names"].elements()) {
    const std::string where = fmt::format("/names/{}", index++);
    const std::string model(row["model"].stringOr(""));
    if (model.empty()) return fail("each row names a model of the catalogue", where);
    const std::string type(row["type"].stringOr("Q4_K_M"));
    if (findGgufType(type) == nullptr) return fail(fmt::format("unknown file type '{}'", type), where + "/type");
    for (const auto& [key, list] : row.members()) {
      if (key == "model" || key == "type") continue;
      if (key != "ollama" && key != "nim" && key != "ctranslate2")
        return fail(fmt::format("unknown registry '{}'", key), where);
      for (const json::View name : list.elements())
        names.push_back({lowered(name.stringOr("")), model, key == "ollama" ? type : std::string()});
    }
  }
  std::sort(names.begin(), names.end(), [](const ServedName& a, const ServedName& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(names.begin(), names.end(),
                                        [](const ServedName& a, const ServedName& b) { return a.name == b.name; });
  if (twice != names.end()) return fail(fmt::format("the name '{}' stands twice", twice->name), "/names");
  return names;
}

const std::vector<ServedName>& builtIn() {
  // The embedded file is tested; were it broken, no model would go by another name.
  static const std::vector<ServedName> names = readNames(embedded::names_json()).value_or(std::vector<ServedName>());
  return names;
}

}  // namespace

std::span<const ServedName> servedNames() { return builtIn(); }

const ServedName* findServedName(std::string_view name) {
  const std::string wanted = lowered(name);
  const auto& names = builtIn();
  const auto at = std::lower_bound(names.begin(), names.end(), wanted,
                                   [](const ServedName& each, const std::string& text) { return each.name < text; });
  return at != names.end() && at->name == wanted ? &*at : nullptr;
}

OllamaName splitOllamaName(std::string_view text) {
  for (const std::string_view registry : {"registry.ollama.ai/", "ollama.com/", "library/"}) {
    if (text.starts_with(registry)) text.remove_prefix(registry.size());
  }
  OllamaName result{lowered(text), std::nullopt};
  const auto colon = result.name.rfind(':');
  if (colon != std::string::npos) {
    std::string tag = result.name.substr(colon + 1);
    result.name.resize(colon);
    if (tag.ends_with("fp16")) {
      result.type = "F16";
      tag.resize(tag.size() - 4);
    } else if (const GgufType* type = findGgufType(tag)) {
      result.type = std::string(type->name);
      const auto at = tag.rfind(lowered(type->name));
      tag.resize(at == std::string::npos ? 0 : at);
    }
    while (tag.ends_with('-')) tag.pop_back();
    for (const std::string_view variant : {"-instruct", "-chat", "-text", "-it-qat", "-it", "-qat"}) {
      if (tag.ends_with(variant)) tag.resize(tag.size() - variant.size());
    }
    if (!tag.empty() && tag != "latest") result.name += ":" + tag;
  }
  if (!result.type) {
    if (const ServedName* known = findServedName(result.name); known != nullptr && !known->type.empty()) result.type = known->type;
  }
  return result;
}

std::optional<Error> faultOfNames(std::string_view text, std::string_view file) {
  auto names = readNames(text);
  if (names) return std::nullopt;
  return Error{names.error().message, fmt::format("{}: {}", file, names.error().where)};
}

}  // namespace rightslice::model
