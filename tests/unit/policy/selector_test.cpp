#include <doctest/doctest.h>

#include "policy/policy.hpp"

using namespace rightslice::policy;
using Operator = Selector::Operator;
using Labels = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("a requirement holds as in Kubernetes") {
  struct Row { Operator op; std::vector<std::string> values; Labels labels; bool holds; };
  const Labels none, yes{{"b", "x"}, {"a", "1"}}, other{{"a", "2"}}, empty{{"a", ""}};
  const Row rows[] = {
      {Operator::In, {"1", "3"}, yes, true},     {Operator::In, {"1", "3"}, other, false},  {Operator::In, {"1"}, none, false},
      {Operator::In, {""}, none, false},         {Operator::In, {""}, empty, true},         {Operator::NotIn, {"1"}, yes, false},
      {Operator::NotIn, {"1"}, other, true},     {Operator::NotIn, {"1"}, none, true},      {Operator::Exists, {}, empty, true},
      {Operator::Exists, {}, none, false},       {Operator::DoesNotExist, {}, none, true},  {Operator::DoesNotExist, {}, empty, false},
  };
  for (const Row& row : rows) {
    const Selector selector{{{"a", row.op, row.values}}};
    CAPTURE(static_cast<int>(row.op));
    CHECK(selector.matches(row.labels) == row.holds);
    CHECK(selector.matches(std::map<std::string, std::string, std::less<>>(row.labels.begin(), row.labels.end())) == row.holds);
  }
}

TEST_CASE("all requirements must hold, and no requirement matches everything") {
  const Selector both{{{"a", Operator::In, {"1"}}, {"b", Operator::Exists, {}}}};
  CHECK(both.matches(Labels{{"a", "1"}, {"b", ""}}));
  CHECK_FALSE(both.matches(Labels{{"a", "1"}}));
  CHECK(Selector{}.matches(Labels{}));
}
