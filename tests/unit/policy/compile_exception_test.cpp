#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using written::day;

namespace {

std::string withDates(std::string_view expires, std::string_view created = "") {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SliceException\nmetadata: {{name: x, namespace: team-a{}}}\n"
                     "spec:\n  findings: [Oversized]\n  owner: a\n  reason: b\n  expires: {}\n",
                     created.empty() ? "" : fmt::format(", creationTimestamp: \"{}\"", created), expires);
}

}  // namespace

TEST_CASE("every field of an exception is read") {
  const Loaded read = written::loaded(written::exception(
      "  kind: Deployment\n  name: \"legacy-*\"\n  findings: [Oversized, TightFit]\n  policies: [default]\n"
      "  owner: ml-platform\n  reason: migration\n  expires: \"2026-07-31\""));
  CAPTURE(written::shown(read));
  REQUIRE(read.exceptions.size() == 1);
  const Exception& x = read.exceptions[0];
  CHECK(x.ns == "team-a");
  CHECK(x.name == "x");
  CHECK(x.kind == "Deployment");
  CHECK(x.object == "legacy-*");
  CHECK(x.findings == std::vector<Code>{Code::Oversized, Code::TightFit});
  CHECK(x.policies == std::vector<std::string>{"default"});
  CHECK(x.owner == "ml-platform");
  CHECK(x.reason == "migration");
  CHECK(x.expires == day("2026-07-31"));
  CHECK(x.line == 2);
}

TEST_CASE("an exception reaches at most 180 days ahead of its creation, or of today where that is not known") {
  struct Row { std::string_view expires, created; bool good; };
  const Row rows[] = {
      {"\"2026-11-28\"", "", true},                          // today + 180
      {"2026-11-28", "", true},                              // without quotes
      {"\"2026-11-29\"", "", false},
      {"\"2026-06-30\"", "2026-01-01T23:59:59Z", true},      // creation + 180
      {"\"2026-07-01\"", "2026-01-01T00:00:00Z", false},     // near today, far from its creation
      {"\"2020-01-01\"", "", true},                          // expired is no error
  };
  for (const Row& row : rows) {
    const Loaded read = written::loaded(withDates(row.expires, row.created));
    CAPTURE(row.expires);
    CAPTURE(written::shown(read));
    CHECK(read.ok() == row.good);
    CHECK(read.exceptions.size() == (row.good ? 1U : 0U));
    if (!row.good) CHECK(read.diagnostics.at(0).code == "ExceptionTooLong");
  }
}

TEST_CASE("an exception that reaches too far is told the latest date allowed") {
  const Loaded read = written::loaded(withDates("\"2027-01-31\""));
  REQUIRE(read.diagnostics.size() == 1);
  CHECK(read.diagnostics[0].line == 8);
  CHECK(read.diagnostics[0].column == 12);
  CHECK(read.diagnostics[0].message ==
        "spec.expires: 2027-01-31 is more than 180 days after today (2026-06-01); the latest date allowed is 2026-11-28");
  LoadOptions longer = written::options();
  longer.maxExceptionDays = 365;
  CHECK(load(withDates("\"2027-01-31\""), "f", longer).ok());
}

TEST_CASE("a kind that looks misspelt is pointed out, a glob or another kind is not") {
  const auto warnings = [](std::string_view kind) {
    const Loaded read = written::loaded(written::exception(fmt::format("  kind: {}\n{}", kind, written::kGoodException)));
    CHECK(read.ok());
    CHECK(read.exceptions.size() == 1);
    return read.diagnostics.size();
  };
  CHECK(warnings("Deploymnt") == 1);
  CHECK(warnings("Deployment") == 0);
  CHECK(warnings("\"Deploymnt*\"") == 0);
  CHECK(warnings("VirtualMachineInstance") == 0);
}
