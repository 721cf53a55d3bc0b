#include "policy/form.hpp"

#include <doctest/doctest.h>

using namespace rightslice;
using namespace rightslice::policy;

TEST_CASE("a percentage has at most one decimal and is at most 200 %") {
  struct Row { std::string_view text; int tenths; };
  for (const Row& row : {Row{"10%", 100}, Row{"12.5%", 125}, Row{"0%", 0}, Row{"0.0%", 0}, Row{"200%", 2000}, Row{"200.0%", 2000}}) {
    CHECK(percentTenths(row.text) == row.tenths);
  }
  for (const char* bad : {"", "%", "10", "200.1%", "201%", "1.25%", "1.%", ".5%", "-1%", "+1%", "1 %", "1e1%", "1,5%", "0010%"}) {
    CAPTURE(bad);
    CHECK_FALSE(percentTenths(bad));
  }
}

TEST_CASE("a quantity of memory is above 0 and rounded up to a byte") {
  CHECK(positiveBytes("7Gi") == 7 * kGiB);
  CHECK(positiveBytes("1.5k") == 1500);
  CHECK(positiveBytes("1e3") == 1000);
  CHECK(positiveBytes("500m") == 1);
  for (const char* bad : {"", "0", "0Gi", "-1Gi", "7GB", "7 Gi", "Gi", "1_000"}) {
    CAPTURE(bad);
    CHECK_FALSE(positiveBytes(bad));
  }
}

TEST_CASE("forms accept what they say") {
  struct Row { const Form& form; std::string_view text; bool good; };
  const Row rows[] = {
      {form::kName, "a-b.c1", true}, {form::kName, "a..b", false}, {form::kName, "-a", false}, {form::kName, "A", false},
      {form::kNamespace, "team-a", true}, {form::kNamespace, "team.a", false},
      {form::kLabelKey, "app.kubernetes.io/Name_1", true}, {form::kLabelKey, "tier", true}, {form::kLabelKey, "/a", false},
      {form::kLabelKey, "A/b", false}, {form::kLabelKey, "a/", false}, {form::kLabelKey, "", false},
      {form::kLabelValue, "", true}, {form::kLabelValue, "A_b.c-d", true}, {form::kLabelValue, "-a", false},
      {form::kDate, "2027-01-31", true}, {form::kDate, "2027-02-29", false}, {form::kDate, "2027-1-31", false},
      {form::kCurrency, "EUR", true}, {form::kCurrency, "EU", false}, {form::kCurrency, "E1R", false},
      {form::kText, " a ", true}, {form::kText, " \t", false},
      {form::kAccount, "ns:name", true}, {form::kAccount, "system:serviceaccount:a:b", true}, {form::kAccount, "*", true},
      {form::kAccount, "name", false}, {form::kProfile, "1g.10gb+me", true}, {form::kProfile, "1g.*", false},
      {form::kFormat, "", true}, {form::kFormat, "none", true}, {form::kFormat, "awq", true}, {form::kFormat, "int3", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CAPTURE(row.form.says);
    CHECK(row.form.accepts(row.text) == row.good);
  }
}
