// One test per fault of RapidJSON 1.1.0 and yaml-cpp 0.7 that once cost somebody a day.
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "base/limits.hpp"
#include "json/document.hpp"
#include "json/patch.hpp"
#include "json/writer.hpp"
#include "json/yaml.hpp"

using namespace rightslice::json;
namespace limits = rightslice::limits;

TEST_CASE("RapidJSON issue 1846: comparing a value with a number never returns") {
  const auto document = Document::parse("[2,2.0,3]");
  CHECK(document->root().at(0).equals(document->root().at(1)));
  CHECK(!document->root().at(0).equals(document->root().at(2)));
  CHECK(apply(*document, {{PatchOperation::Op::Test, "/0", "", "2"}}));
}

TEST_CASE("RapidJSON recursion: 100,000 open brackets kill the process") {
  for (const char* open : {"[", "{\"a\":", "[{\"a\":"}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
      text += open;
    }
    const auto document = Document::parse(text);
    REQUIRE(!document);
    CHECK(document.error().message.find("deeper than 128 levels") != std::string::npos);
  }
}

TEST_CASE("RapidJSON recursion when printing: the deepest document that is read can be printed, copied and compared") {
  const std::string text = std::string(limits::kMaxDepth, '[') + std::string(limits::kMaxDepth, ']');
  const auto document = Document::parse(text);
  REQUIRE(document);
  CHECK(document->root().text() == text);
  CHECK(document->clone().root().equals(document->root()));
}

TEST_CASE("RapidJSON UTF-8: invalid bytes pass by default") {
  for (const char* text : {"\"\xFF\"", "\"\xC3\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\x80\"", "{\"\xE2\x82\":1}"}) {
    const auto document = Document::parse(text);
    REQUIRE(!document);
    CHECK(document.error().message == "not valid JSON: not UTF-8");
  }
}

TEST_CASE("RapidJSON surrogates: half a pair passes as bytes that are no UTF-8") {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\ud800")", R"("\udc00\ud800")", R"({"\udfff":1})", R"("\uD83D\u0041")"}) {
    CAPTURE(text);
    CHECK(!Document::parse(text));
  }
  CHECK(Document::parse(R"("\ud83d\ude00")")->root().string() == "\U0001F600");
}

TEST_CASE("RapidJSON duplicate keys: both are kept and the first one wins") {
  CHECK(!Document::parse(R"({"a":1,"a":2})"));
  CHECK(!Document::parse(R"([{"x":{"a":1,"b":2,"a":1}}])"));
}

TEST_CASE("RapidJSON getters of the wrong type are only asserted") {
  const auto document = Document::parse(R"({"a":"text"})");
  CHECK(!document->root()["a"].integer());
  CHECK(!document->root()["a"]["b"].exists());
  CHECK(!document->root().at(0).exists());
}

TEST_CASE("RapidJSON NUL: a NUL byte counts as the end of the text") {
  CHECK(!Document::parse(std::string("{}\0garbage", 10)));
  CHECK(!Document::parse(std::string("\"a\0b\"", 5)));
  CHECK(!Document::parse(std::string("\0", 1)));
  CHECK(Document::parse(R"("a\u0000b")")->root().string() == std::string_view("a\0b", 3));
}

TEST_CASE("RapidJSON CopyFrom: a copy keeps pointing into the text of the original") {
  auto original = Document::parse(R"({"a key of some length that is not stored inline":"a value of some length, not inline"})");
  const std::string text = original->root().text();
  const Document copy = original->clone();
  original = Document::parse("[]");
  CHECK(copy.root().text() == text);
}

TEST_CASE("RapidJSON numbers: a long or scaled zero is any number") {
  for (const char* zero : {"0e300", "0e-300", "0.0e-50", "0E40", "0.0e308", "0e-30", "0.000000000000000000000000000000000000000000000000000000000"}) {
    CAPTURE(zero);
    CHECK(Document::parse(zero)->root().scalarText() == "0");
    CHECK(Document::parse("-" + std::string(zero))->root().integer() == 0);
    CHECK(Document::parse("{\"a\":[" + std::string(zero) + "]}")->root()["a"].at(0).integer() == 0);
  }
  CHECK(Document::parse("0.5e-3")->root().number() == doctest::Approx(0.0005));
  CHECK(Document::parse("-0.0001")->root().number() == doctest::Approx(-0.0001));
}

TEST_CASE("RapidJSON numbers: many digits times a power of ten are a small number of the other sign") {
  for (const char* large : {"9223372036854775807301e301", "-9223372036854775807301e301", "92233720368547758073e289", "17976931348623158079999e287", "1e309"}) {
    CAPTURE(large);
    for (const std::string& text : {std::string(large), "{\"a\":[1," + std::string(large) + "]}"}) {
      const auto document = Document::parse(text);
      REQUIRE_FALSE(document);
      CHECK(document.error().message == "not valid JSON: Number too big to be stored in double");
    }
  }
  for (const char* number : {"1.7976931348623157e308", "-17976931348623157e292", "4.9e-324", "1e-400", "-1e-400", "2.2250738585072011e-308", "9007199254740993.0", "123456789012345678901234567890",
                             "0.1", "3.141592653589793238462643383279", "1e22", "1e23", "8.5e-5"}) {
    CAPTURE(number);
    CHECK(Document::parse(number)->root().number() == std::strtod(number, nullptr));
  }
}

TEST_CASE("yaml-cpp duplicate keys: the first one wins") { CHECK(parseYaml("a: 1\na: 2\n").broken.size() == 1); }

TEST_CASE("yaml-cpp merge keys: << is an ordinary key") {
  CHECK(parseYaml("a: &a {x: 1}\nb: {<<: *a}\n").documents.at(0).document.root().text() == R"({"a":{"x":1},"b":{"x":1}})");
}

TEST_CASE("yaml-cpp aliases: 280 bytes describe a million leaves") {
  std::string text = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    std::string list;
    for (int k = 0; k < 10; ++k) {
      list += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    }
    text += "- &a" + std::to_string(i) + " [" + list + "]\n";
  }
  CHECK(parseYaml(text).broken.size() == 1);
}

TEST_CASE("yaml-cpp scalars have no type: quotes decide") {
  CHECK(parseYaml("[1, '1', yes, \"yes\", ~, '~']").documents.at(0).document.root().text() == R"([1,"1",true,"yes",null,"~"])");
}

TEST_CASE("yaml-cpp end of text: it closes a quoted string that nobody closed") {
  CHECK(parseYaml("a: \"b\n").broken.size() == 1);
  CHECK(parseYaml("- 'it''s\n").broken.size() == 1);
}

TEST_CASE("yaml-cpp leftovers: what does not fit becomes one more document, or an endless row of them") {
  CHECK(parseYaml("- a\nb: c\n").broken.size() == 1);
  CHECK(parseYaml(",").broken.size() == 1);
  CHECK(parseYaml("a: b\n---\n,\n---\nc: d\n").documents.size() == 2);
}

TEST_CASE("yaml-cpp escapes: the next line and the space that does not break are bytes that are no UTF-8") {
  const auto stream = parseYaml("a: \"x\\Ny\\_z\\\\N \u00e9\\_\"");
  REQUIRE(stream.documents.size() == 1);
  CHECK(stream.documents[0].document.root()["a"].string() == "x\u0085y\u00a0z\\N \u00e9\u00a0");
}
