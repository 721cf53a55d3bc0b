#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "json/document.hpp"
#include "json/patch.hpp"
#include "json/pieces.hpp"
#include "json/writer.hpp"
#include "json/yaml.hpp"

using namespace rightslice::json;

namespace {

/// Strings that readers of YAML and JSON have stumbled over, and pieces to make more of them.
rc::Gen<std::string> genText() {
  static const std::vector<std::string> known{
      "yes", "no", "y", "N", "on", "off", "true", "null", "~", "", " a", "a ", "a: b", "a:", ":", ": ", "# c", "a # c", "a#b", "1e3", "0x1",
      "0755", "0o7", "1_0", ".5", "1.", ".inf", "-.INF", ".nan", "2024-01-01", "2024-01-01T00:00:00Z", "1:30", "-", "- a", "--", "---", "...",
      "--- a", "=", "<<", "?", "? a", "!", "!!str", "&a", "*a", "%a", "@a", "`a`", "|", ">", "|-", "'", "\"", "'a'", "\"a\"", "a'b", "\\", "\\n",
      "{", "}", "[", "]", "{a", "a}", ",", "a, b", "\n", "a\n", "a\nb", "\na", "a\n\n", "a\n\nb\n", " \n ", "a\n b", "a \nb", "a\n---\nb", "\t",
      "a\tb", "a\t\nb", "\r", "a\r\nb", "\u00e9", "\u65e5\u672c", "\U0001F600", "\u0085", "\u00a0", "\u2028", "\ufeff", "\uffff", "\x01", "\x7f",
      "+", "+1", "-1", "-a", "--model", "a/b~c", "~1", "0", "-0", "00", "9223372036854775808", "1e400", "a\n# b\n", "#", "a:\nb", "\xc3\xa9\n\xc3\xa9"};
  const auto piece = rc::gen::elementOf(known);
  return rc::gen::oneOf(piece, rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    std::string all;
    for (const std::string& one : pieces) {
      all += one;
    }
    return all;
  }));
}

void writeAny(Writer& writer, int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 9 : 6)) {
    case 0:
      writer.null();
      return;
    case 1:
      writer.boolean(*rc::gen::arbitrary<bool>());
      return;
    case 2:
      writer.integer(*rc::gen::arbitrary<std::int64_t>());
      return;
    case 3:
      writer.number(*rc::gen::arbitrary<double>());
      return;
    case 4:
    case 5:
      writer.string(*genText());
      return;
    case 6: {
      writer.beginArray();
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) {
        writeAny(writer, depth - 1);
      }
      writer.endArray();
      return;
    }
    default: {
      writer.beginObject();
      for (const std::string& key : *rc::gen::unique<std::vector<std::string>>(genText())) {
        writer.key(key);
        writeAny(writer, depth - 1);
      }
      writer.endObject();
    }
  }
}

std::string anyJson() {
  Writer writer(*rc::gen::element(0, 2));
  writeAny(writer, 3);
  return writer.take();
}

Document mustParse(const std::string& text) {
  auto document = Document::parse(text);
  RC_ASSERT(document.has_value());
  return std::move(*document);
}

}  // namespace

TEST_CASE("what is printed reads back as the same value") {
  CHECK(rc::check("parse(text(x)) = x", [] {
    const Document document = mustParse(anyJson());
    const Document again = mustParse(document.root().text());
    RC_ASSERT(again.root().equals(document.root()));
    RC_ASSERT(again.root().text() == document.root().text());
    RC_ASSERT(document.clone().root().equals(document.root()));
  }));
}

TEST_CASE("YAML that is printed reads back as the same value") {
  CHECK(rc::check("parseYaml(yamlText(x)) = x", [] {
    const Document document = mustParse(anyJson());
    const std::string text = yamlText(document.root());
    RC_LOG() << text;
    const YamlStream stream = parseYaml(text);
    for (const auto& broken : stream.broken) {
      RC_LOG() << broken.error.where << ": " << broken.error.message;
    }
    RC_ASSERT(stream.documents.size() == 1U);
    RC_ASSERT(stream.documents[0].document.root().equals(document.root()));
  }));
}

TEST_CASE("JSON means the same to both readers") {
  CHECK(rc::check("parseYaml(json) = parse(json)", [] {
    const std::string text = "[" + anyJson() + "]";
    const YamlStream stream = parseYaml("# yaml\n--- \n" + text);
    RC_ASSERT(stream.documents.size() == 1U);
    RC_ASSERT(stream.documents[0].document.root().equals(mustParse(text).root()));
  }));
}

TEST_CASE("reading without managedFields is reading, less the managedFields") {
  CHECK(rc::check("parse(x, ManagedFields) = parse(x)", [] {
    std::string text = anyJson();
    for (int n = *rc::gen::inRange(0, 3); n > 0 && !text.empty(); --n) {
      text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::elementOf(std::string("{}[]\",:\\u019.-eE")));
    }
    const auto whole = Document::parse(text);
    const auto lean = Document::parse(text, Leave::ManagedFields);
    RC_ASSERT(whole.has_value() == lean.has_value());
    if (whole) {
      RC_ASSERT(lean->root().text() == whole->root().text());
    } else {
      RC_ASSERT(lean.error().message == whole.error().message);
      RC_ASSERT(lean.error().where == whole.error().where);
    }
    const std::string object = "{\"metadata\":{\"managedFields\":[" + text + "],\"name\":\"a\"}}";
    if (whole) {
      RC_ASSERT(Document::parse(object, Leave::ManagedFields)->root().text() == "{\"metadata\":{\"name\":\"a\"}}");
    }
  }));
}

TEST_CASE("the pieces of a text are the parts of its value") {
  CHECK(rc::check("memberText and elementTexts", [] {
    const std::string text = anyJson();
    const Document document = mustParse(text);
    const View root = document.root();
    RC_ASSERT(elementTexts(text).has_value() == root.isArray());
    if (root.isArray()) {
      const auto pieces = *elementTexts(text);
      RC_ASSERT(pieces.size() == root.size());
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        RC_ASSERT(mustParse(std::string(pieces[i])).root().equals(root.at(i)));
      }
    }
    for (const auto member : root.members()) {
      const bool plain = Writer().string(member.key).take() == "\"" + std::string(member.key) + "\"";
      const auto piece = memberText(text, member.key);
      RC_ASSERT(!plain || (piece && mustParse(std::string(*piece)).root().equals(member.value)));
    }
    // Beside what no parser takes.
    const std::string around = "{\"odd\":{\"x\":\"\\ud800\",\"x\":1e999},\"a\":" + text + "}";
    RC_ASSERT(mustParse(std::string(memberText(around, "a").value_or(""))).root().equals(root));
  }));
}

TEST_CASE("no text crashes a reader") {
  CHECK(rc::check("any bytes", [] {
    std::string text = anyJson();
    for (int n = *rc::gen::inRange(0, 4); n > 0 && !text.empty(); --n) {
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
      text[at] = *rc::gen::arbitrary<char>();
    }
    const auto document = Document::parse(text);
    // In brackets of their own: RC_ASSERT takes an expression apart, and then evaluates both sides of ||.
    RC_ASSERT((document || !document.error().message.empty()));
    RC_ASSERT((!document || document->root().isArray() == elementTexts(text).has_value()));
    const auto member = memberText(text, "a");
    RC_ASSERT((!member || !document || document->root()["a"].exists()));
    for (const auto& broken : parseYaml(text).broken) {
      RC_ASSERT(broken.error.where.find(':') != std::string::npos);
    }
  }));
}

TEST_CASE("a double is written so that it reads back the same") {
  CHECK(rc::check("number", [](double value) {
    RC_PRE(value - value == 0);  // finite
    const Document document = mustParse(Writer().number(value).take());
    RC_ASSERT(*document.root().number() == value);
  }));
}

TEST_CASE("the laws of patches") {
  using Op = PatchOperation::Op;
  CHECK(rc::check("test after add holds, and remove takes it away again", [] {
    Writer writer;
    writer.beginObject();
    for (const std::string& key : *rc::gen::unique<std::vector<std::string>>(genText())) {
      writer.key(key);
      writeAny(writer, 2);
    }
    writer.endObject();
    const Document document = mustParse(writer.take());
    const std::string key = *genText();
    RC_PRE(!document.root()[key].exists());
    const std::string pointer = "/" + escapeToken(key);
    const std::string value = mustParse(anyJson()).root().text();
    const Patch add{{Op::Add, pointer, "", value}, {Op::Test, pointer, "", value}};
    const auto added = apply(document, add);
    RC_ASSERT(added.has_value());
    RC_ASSERT(added->root().size() == document.root().size() + 1);
    RC_ASSERT(added->root().find(pointer).text() == value);
    const auto removed = apply(*added, {{Op::Remove, pointer, "", ""}});
    RC_ASSERT(removed.has_value());
    RC_ASSERT(removed->root().text() == document.root().text());
    const auto again = parsePatch(mustParse(patchText(add)).root());
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == add);
  }));
}
