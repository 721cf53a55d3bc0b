#include "json/yaml.hpp"

#include <algorithm>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "json/place.hpp"
#include "json/scan.hpp"
#include "json/utf8.hpp"
#include "json/yaml_nodes.hpp"
#include "json/yaml_split.hpp"

namespace rightslice::json {
namespace {

constexpr std::size_t kMaxMarkedJson = 256U << 10;    // larger JSON texts are data, and nobody points into them
constexpr std::size_t kMaxYamlRetry = 1U << 20;       // a larger text that begins like JSON is JSON

struct Part {
  Document document;
  Marks marks;
};
using Parsed = Result<Part>;

Mark within(const Mark& start, const Mark& mark) {
  return {start.line + mark.line - 1, mark.line == 1 ? start.column + mark.column - 1 : mark.column,
          start.offset + mark.offset};
}

/// What YAML does not allow in a text and yaml-cpp lets pass (YAML 1.2, 5.1).
std::optional<YamlRefusal> illegalCharacter(std::string_view text, const Mark& start) {
  const auto at = [&](std::size_t offset, std::string message) {
    return YamlRefusal{std::move(message), within(start, markAt(text, offset))};
  };
  if (const std::size_t valid = validUtf8Prefix(text); valid != text.size()) {
    return at(valid, "not UTF-8");
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) {
      return at(i, "a carriage return without a line feed");
    }
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
      return at(i, fmt::format("the control character U+{:04X} is not allowed in YAML", byte));
    }
  }
  return std::nullopt;
}

/// yaml-cpp's words for a tab in the indentation do not mention the tab.
bool tabIndented(std::string_view text, const Mark& start, const Mark& mark) {
  if (mark.offset < start.offset || mark.offset > start.offset + text.size()) {
    return false;
  }
  const std::size_t lineStart = text.rfind('\n', mark.offset - start.offset == 0 ? 0 : mark.offset - start.offset - 1) + 1;
  const std::size_t end = std::min(text.find_first_not_of(" \t", lineStart), text.size());
  return text.substr(lineStart, end - lineStart).find('\t') != std::string_view::npos;
}

Parsed parseYamlChunk(const YamlChunk& chunk) {
  try {
    if (const auto illegal = illegalCharacter(chunk.text, chunk.start)) {
      return fail(illegal->message, placeText(illegal->mark));
    }
    Part part;
    part.document = documentOf(readYamlNodes(chunk.text, chunk.start), part.marks);
    return part;
  } catch (const YamlRefusal& refusal) {
    const bool tab = tabIndented(chunk.text, chunk.start, refusal.mark);
    return fail(refusal.message + (tab ? "; indent with spaces, the tab here counts for nothing" : ""), placeText(refusal.mark));
  } catch (const std::exception& error) {
    return fail(fmt::format("not valid YAML: {}", error.what()), placeText(chunk.contentStart));
  }
}

Parsed parseJsonPart(std::string_view whole, std::string_view text, const Mark& start) {
  auto document = Document::parse(text);
  if (!document) {
    Error error = document.error();
    int line = 1;
    int column = 1;
    if (const std::size_t colon = error.where.find(':'); colon != std::string::npos) {
      line = std::stoi(error.where.substr(0, colon));
      column = std::stoi(error.where.substr(colon + 1));
    }
    error.where = placeText(within(start, {line, column, 0}));
    return tl::unexpected(std::move(error));
  }
  Part part;
  part.document = std::move(*document);
  if (text.size() <= kMaxMarkedJson) {
    part.marks = jsonMarks(whole, start, text.size());
  } else {
    part.marks.set("", {start, start});
  }
  return part;
}

/// One or several JSON values in a row.
std::vector<Parsed> parseJsonChunk(std::string_view whole, const YamlChunk& chunk) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<Parsed> parts;
  std::string_view content = chunk.content;
  while (content.ends_with('.') || (!content.empty() && kSpace.find(content.back()) != std::string_view::npos)) {
    content.remove_suffix(1);  // blanks, and the "..." that may end the chunk
  }
  Mark start = chunk.contentStart;
  while (!content.empty()) {
    const std::size_t length = firstValueLength(content);
    parts.push_back(parseJsonPart(whole, content.substr(0, length), start));
    const std::size_t next = std::min(content.find_first_not_of(kSpace, length), content.size());
    start = within(start, markAt(content, next));
    content.remove_prefix(next);
  }
  return parts;
}

bool looksLikeJson(std::string_view content) {
  const std::size_t second = content.find_first_not_of(" \t\r\n", 1);
  return content.starts_with('{') && second != std::string_view::npos && (content[second] == '"' || content[second] == '}');
}

std::vector<Parsed> parseChunk(std::string_view whole, const YamlChunk& chunk) {
  std::vector<Parsed> asJson;
  if (chunk.content.starts_with('{') || chunk.content.starts_with('[')) {
    asJson = parseJsonChunk(whole, chunk);
    const auto good = static_cast<std::size_t>(
        std::count_if(asJson.begin(), asJson.end(), [](const Parsed& parsed) { return parsed.has_value(); }));
    if (good == asJson.size() || (looksLikeJson(chunk.content) && chunk.content.size() > kMaxYamlRetry)) {
      return asJson;
    }
  }
  std::vector<Parsed> asYaml;
  asYaml.push_back(parseYamlChunk(chunk));
  // Neither: the errors that speak of what the author meant.
  return !asYaml.front() && looksLikeJson(chunk.content) ? std::move(asJson) : std::move(asYaml);
}

}  // namespace

void eachYaml(std::string_view text, const std::function<void(Result<YamlDocument>, int)>& take) {
  int index = 0;
  for (const YamlChunk& chunk : splitYaml(text)) {
    for (Parsed& parsed : parseChunk(text, chunk)) {
      ++index;
      if (parsed) {
        take(YamlDocument{std::move(parsed->document), std::move(parsed->marks), index}, index);
      } else {
        take(tl::unexpected(std::move(parsed.error())), index);
      }
    }
  }
}

YamlStream parseYaml(std::string_view text) {
  YamlStream stream;
  eachYaml(text, [&](Result<YamlDocument> document, int index) {
    if (document) {
      stream.documents.push_back(std::move(*document));
    } else {
      stream.broken.push_back({index, document.error()});
    }
  });
  return stream;
}

}  // namespace rightslice::json
