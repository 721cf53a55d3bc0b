#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/bytes.hpp"
#include "base/date.hpp"
#include "base/glob.hpp"
#include "base/nearest.hpp"
#include "base/quantity.hpp"

using namespace rightslice;

namespace {

/// The definition of a glob, as slow as it is plain.
bool slowGlob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (pattern.front() == '*') {
    return slowGlob(pattern.substr(1), text) || (!text.empty() && slowGlob(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) && slowGlob(pattern.substr(1), text.substr(1));
}

rc::Gen<std::string> genOver(const std::string& letters) { return rc::gen::container<std::string>(rc::gen::elementOf(letters)); }

}  // namespace

TEST_CASE("globs agree with their definition") {
  CHECK(rc::check("glob", [] {
    const std::string pattern = *rc::gen::resize(8, genOver("ab*?"));
    const std::string text = *rc::gen::resize(10, genOver("ab"));
    RC_ASSERT(globMatches(pattern, text) == slowGlob(pattern, text));
  }));
}

TEST_CASE("days and their text are two ways to say the same") {
  CHECK(rc::check("date", [] {
    const Date day{*rc::gen::inRange<std::int64_t>(-719528, 2932897)};
    const auto parsed = Date::parse(day.text());
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == day);
    RC_ASSERT(Date::parseTimestamp(day.text() + "T10:00:00Z") == parsed);
    RC_ASSERT(day.text() < Date{day.days + 1}.text() || day.days == 2932896);
  }));
}

TEST_CASE("integers survive being written as quantities") {
  CHECK(rc::check("quantity", [](std::int64_t value) {
    RC_PRE(value > std::numeric_limits<std::int64_t>::min());
    const std::string text = std::to_string(value);
    RC_ASSERT(Quantity::parse(text)->integer() == value);
    RC_ASSERT(*Quantity::parse(text + "e3") == *Quantity::parse(text + "k"));
    RC_ASSERT(*Quantity::parse(text + ".") == *Quantity::parse(text + "000m") || value / 1000 != 0);
  }));
}

TEST_CASE("no text makes a quantity overflow, and its sign is its sign") {
  CHECK(rc::check("quantity of anything", [] {
    const std::string text = *genOver("0123456789.eE+-KMGTPinumk");
    const auto quantity = Quantity::parse(text);
    if (quantity) {
      RC_ASSERT(quantity->bytes() <= kMaxBytes);
      RC_ASSERT(!quantity->isNegative() || text.front() == '-');
    }
  }));
}

TEST_CASE("sizes keep their order when they are written") {
  CHECK(rc::check("formatBytes ends in a unit", [] {
    const Bytes bytes = *rc::gen::inRange<Bytes>(0, kMaxBytes);
    RC_ASSERT(formatBytes(bytes).ends_with("B"));
    RC_ASSERT(formatBytes(bytes).size() <= std::string("1023.9 GiB").size());
  }));
}

TEST_CASE("one typing error is always forgiven in a long word") {
  CHECK(rc::check("nearest", [] {
    const std::vector<std::string> words{"concurrency", "quantization", "namespaceSelector", "declarations"};
    const std::string word = *rc::gen::elementOf(words);
    std::string typed = word;
    const auto at = *rc::gen::inRange<std::size_t>(0, word.size() - 1);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        typed.erase(at, 1);
        break;
      case 1:
        typed.insert(at, "x");
        break;
      case 2:
        typed[at] = '_';
        break;
      default:
        std::swap(typed[at], typed[at + 1]);
    }
    RC_ASSERT(nearest(typed, words, 1) == word);
  }));
}
