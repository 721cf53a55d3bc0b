#include "cli/unified_diff.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

using namespace rightslice;
using namespace rightslice::cli;

namespace {

TextEdit edit(const std::string& text, std::string_view what, std::string to) {
  TextEdit out;
  out.at.offset = text.find(what);
  REQUIRE(out.at.offset != std::string::npos);
  out.length = what.size();
  out.replacement = std::move(to);
  return out;
}

/// What patch does: the hunks of a diff applied to the text, line by line.
std::string patched(const std::string& before, const std::string& diff) {
  const auto lines = [](const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      out.push_back(text.substr(at, end == std::string::npos ? end : end + 1 - at));
      at += out.back().size();
    }
    return out;
  };
  const auto old = lines(before);
  auto script = lines(diff);
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 2; i < script.size(); ++i) {
    std::string text = script[i].substr(1);
    if (script[i][0] == '\\') continue;
    if (i + 1 < script.size() && script[i + 1][0] == '\\') text.pop_back();
    if (script[i][0] == '@') {
      std::size_t number = 0, count = 0;
      REQUIRE(std::sscanf(script[i].c_str(), "@@ -%zu,%zu", &number, &count) == 2);
      for (const std::size_t begin = count > 0 ? number - 1 : number; at < begin; ++at) out += old[at];
    } else if (script[i][0] == '+') {
      out += text;
    } else {
      REQUIRE(old.at(at) == text);
      if (script[i][0] == ' ') out += text;
      ++at;
    }
  }
  for (; at < old.size(); ++at) out += old[at];
  return out;
}

}  // namespace

TEST_CASE("a change stands with three lines around it") {
  const std::string text = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
  CHECK(unifiedDiff("x.yaml", text, {edit(text, "e", "E")}) ==
        "--- a/x.yaml\n+++ b/x.yaml\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n");
  CHECK(unifiedDiff("x.yaml", text, {edit(text, "a", "A")}) == "--- a/x.yaml\n+++ b/x.yaml\n@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n d\n");
  CHECK(unifiedDiff("x.yaml", text, {}).empty());
  CHECK(unifiedDiff("x.yaml", text, {edit(text, "e", "e")}).empty());
}

TEST_CASE("a line that is added is the only one that differs") {
  const std::string text = "a\nb\nc\n";
  TextEdit more = edit(text, "b", "");
  more.length = 0;
  more.replacement = "new\n";
  CHECK(unifiedDiff("x y.yaml", text, {more}) == "--- a/x y.yaml\t\n+++ b/x y.yaml\t\n@@ -1,3 +1,4 @@\n a\n+new\n b\n c\n");
}

TEST_CASE("a last line without an end is said") {
  const std::string text = "a\nb";
  CHECK(unifiedDiff("x", text, {edit(text, "b", "B")}) ==
        "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+B\n\\ No newline at end of file\n");
}

TEST_CASE("applied, a diff is what the edits do, whatever they do") {
  std::mt19937 random(20260601);
  const auto upTo = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); };
  const char* pieces[] = {"a", "bb", "\n", "\n", "a\n", "\r\n", "x: 1\n", ""};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t i = upTo(40); i > 0; --i) text += pieces[upTo(6)];
    std::vector<TextEdit> edits;
    for (std::size_t at = upTo(10); at <= text.size(); at += 1 + upTo(25)) {
      TextEdit one;
      one.at.offset = at;
      one.length = std::min(upTo(3), text.size() - at);
      one.replacement = fmt::format("{}{}", pieces[upTo(7)], pieces[upTo(7)]);
      at += one.length;
      edits.push_back(one);
    }
    CAPTURE(text);
    const std::string after = applyEdits(text, edits);
    const std::string diff = unifiedDiff("x", text, edits);
    CAPTURE(diff);
    REQUIRE(patched(text, diff) == after);
    CHECK(diff.empty() == (after == text));
  }
}
