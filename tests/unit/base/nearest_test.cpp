#include "base/nearest.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using rightslice::nearest;

namespace {
const std::vector<std::string> kFields{"mode", "match", "slices", "headroom", "actions", "models", "1g.10gb", "1g.20gb"};
}

TEST_CASE("the nearest candidate is suggested and a far one is not") {
  struct Row {
    const char* word;
    const char* suggestion;  ///< Null: none.
  };
  for (const Row& row : {Row{"mdoe", "mode"}, Row{"Mode", "mode"}, Row{"HEADROM", "headroom"}, Row{"slice", "slices"}, Row{"modells", "models"},
                         Row{"mod", "mode"}, Row{"1g.11gb", "1g.10gb"}, Row{"zzz", nullptr}, Row{"", nullptr}, Row{"x", nullptr},
                         Row{"actionses", "actions"}, Row{"actionsxyzw", nullptr}}) {
    CAPTURE(row.word);
    CHECK(nearest(row.word, kFields).value_or("(none)") == std::string(row.suggestion == nullptr ? "(none)" : row.suggestion));
  }
}

TEST_CASE("the first of equals wins, and the limit can be given") {
  const std::vector<std::string> both{"ab", "ac"};
  CHECK(nearest("ad", both) == "ab");
  CHECK(!nearest("mdoe", kFields, 0));
  CHECK(nearest("mode", kFields, 0) == "mode");
  CHECK(nearest("xyz", both, 3) == "ab");
  CHECK(!nearest("a", {}));
}

TEST_CASE("a word of megabytes gets no suggestion and costs nothing") {
  CHECK(!nearest(std::string(8U << 20, 'a'), kFields));
}
