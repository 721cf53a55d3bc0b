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
