#include "admission/message.hpp"

#include <doctest/doctest.h>

#include "base/limits.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;

TEST_CASE("a warning is cut at 120 code points, never inside one") {
  const std::string euro = "\xE2\x82\xAC";
  std::string exact, over;
  for (std::size_t i = 0; i < limits::kMaxWarningCodePoints; ++i) exact += euro;
  over = exact + euro;
  CHECK(warningText(exact) == exact);
  const auto cut = warningText(over);
  CHECK(cut.ends_with(euro + "..."));
  CHECK(cut.size() == (limits::kMaxWarningCodePoints - 3) * euro.size() + 3);
  CHECK(warningText("") == "");
}

TEST_CASE("control characters become blanks") {
  CHECK(warningText("a\nb\tc\x7F" "d\x1B[31m") == "a b c d [31m");
}

TEST_CASE("a text is cut at a code point to at most so many bytes") {
  CHECK(cutTo("abcdef", 6) == "abcdef");
  CHECK(cutTo("abcdefg", 6) == "abc...");
  CHECK(cutTo("ab\xE2\x82\xAC\xE2\x82\xAC", 7) == "ab...");
}

TEST_CASE("a warning about a slice that does not fit keeps what to use instead") {
  const written::Setting setting(written::policy("warn", "  actions: {Oversized: deny}\n"));
  const auto body = written::parsed(setting.ask(written::review(written::oversized())));
  CHECK(body.root()["response"]["warnings"].at(0).stringOr("") == "Oversized: server: needs 6 GiB, 3g.40gb holds 39.5 GiB; use nvidia.com/mig-1g.10gb");
}

TEST_CASE("/mutate tells what it wrote") {
  const written::Setting setting(written::policy("enforce", "  actions: {Oversized: rewrite}\n"));
  const auto body = written::parsed(setting.ask(written::review(written::oversized()), Path::Mutate));
  REQUIRE(body.root()["response"]["warnings"].size() == 1);
  CHECK(body.root()["response"]["warnings"].at(0).stringOr("") ==
        "Oversized: container server: nvidia.com/mig-3g.40gb rewritten to nvidia.com/mig-1g.10gb");
}

TEST_CASE("a denial for two reasons names both, each page once") {
  const written::Setting setting(written::policy("enforce", "  actions: {Oversized: deny, MultipleSlices: deny}\n"));
  const std::string both = written::container("nvidia.com/mig-3g.40gb", "a") + "," + written::container("nvidia.com/mig-3g.40gb", "b") + "," +
                           written::container("nvidia.com/mig-1g.10gb", "c", "2");
  const auto body = written::parsed(setting.ask(written::review(written::deployment(both))));
  const std::string message(body.root()["response"]["status"]["message"].stringOr(""));
  CAPTURE(message);
  for (const char* part : {"container a", "container b", "container c"}) CHECK(message.find(part) != std::string::npos);
  const std::string pages = "see policies/findings/MultipleSlices.md policies/findings/Oversized.md]";
  CHECK(message.ends_with(pages));
}
