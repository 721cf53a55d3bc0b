#include "policy/diagnostic.hpp"

#include <doctest/doctest.h>

using namespace rightslice::policy;

TEST_CASE("a diagnostic shows place, code, the line and a caret") {
  Diagnostic bad{"UnknownField", false, "p.yaml", 7, 3, "/spec/hedroom", "there is no such field", "  hedroom: 10%"};
  CHECK(bad.text() == "p.yaml:7:3: error: there is no such field [UnknownField]\n  hedroom: 10%\n  ^");
  bad.warning = true;
  CHECK(bad.text().starts_with("p.yaml:7:3: warning: "));
}

TEST_CASE("the caret stands under its column also behind tabs and letters of several bytes") {
  const Diagnostic tabs{"WrongType", false, "p", 1, 3, "", "m", "\t\tx"};
  CHECK(tabs.text().ends_with("\n\t\tx\n\t\t^"));
  const Diagnostic umlaut{"WrongType", false, "p", 1, 6, "", "m", "\xC3\xA4: [b]"};  // 5 bytes, 4 letters before the column
  CHECK(umlaut.text().ends_with("\n    ^"));
}

TEST_CASE("a place that is not known is left out") {
  const Diagnostic whole{"NotAPolicy", false, "p.yaml", 0, 0, "", "m", ""};
  CHECK(whole.text() == "p.yaml: error: m [NotAPolicy]");
  const Diagnostic line{"SyntaxError", false, "p.yaml", 4, 0, "", "m", "x: ["};
  CHECK(line.text() == "p.yaml:4: error: m [SyntaxError]\nx: [");
}

TEST_CASE("a line that is long is shown around its column, and nothing in it reaches the terminal as a command") {
  const std::string before(500, 'a'), after(500, 'b');
  const Diagnostic bad{"WrongType", false, "p", 1, 501, "", "a\nb", before + "X\x1B[2J\xFF" + after};
  const std::string text = bad.text();
  CHECK(text.starts_with("p:1:501: error: a b [WrongType]\n" + std::string(100, 'a') + "X?[2J?b"));
  CHECK(text.ends_with("b\n" + std::string(100, ' ') + "^"));
  CHECK(text.size() < 400);
}
