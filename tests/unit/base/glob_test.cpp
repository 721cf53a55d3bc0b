#include "base/glob.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace rightslice;

TEST_CASE("a star is any run of characters and a question mark is one") {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  for (const Row& row : {Row{"", "", true}, Row{"", "a", false}, Row{"*", "", true}, Row{"*", "anything", true}, Row{"?", "", false},
                         Row{"?", "a", true}, Row{"??", "a", false}, Row{"7g.*", "7g.80gb", true}, Row{"7g.*", "77g.80gb", false},
                         Row{"7g.*", "7g.", true}, Row{"7g.*", "7gx80gb", false}, Row{"*gb", "1g.10gb", true}, Row{"*gb", "1g.10gb+me", false},
                         Row{"a*b*c", "aXbYbZc", true}, Row{"a*b*c", "aXbYbZ", false}, Row{"a**c", "abc", true}, Row{"*a?c*", "xxabcxx", true},
                         Row{"[a]", "a", false}, Row{"[a]", "[a]", true}, Row{"a\\*", "a\\b", true}, Row{"kube-*", "kube-system", true},
                         Row{"*aab", "aaaab", true}, Row{"*aba", "abab", false}}) {
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    CHECK(globMatches(row.pattern, row.text) == row.matches);
  }
}

TEST_CASE("case matters unless told otherwise") {
  CHECK(!globMatches("acme/*", "ACME/Chat"));
  CHECK(globMatches("acme/*", "ACME/Chat", true));
  CHECK(globMatches("ACME/CH?T", "acme/chat", true));
  CHECK(!globMatches("acme/chat", "acme/chaT"));
}

TEST_CASE("many stars do not make the match exponential") {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) {
    pattern += "a*";
  }
  CHECK(!globMatches(pattern + "b", std::string(5000, 'a')));
  CHECK(globMatches(pattern, std::string(5000, 'a')));
}

TEST_CASE("how specific a glob is") {
  CHECK(globLiteralCount("acme/chat-*") == 10);
  CHECK(globLiteralCount("*?*") == 0);
  CHECK(globIsExact("acme/chat"));
  CHECK(!globIsExact("acme/ch?t"));
  CHECK(!globIsExact("*"));
}
