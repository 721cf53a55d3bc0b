#include "cli/fix.hpp"

#include <doctest/doctest.h>

using namespace rightslice;
using namespace rightslice::cli;

namespace {

constexpr std::string_view kFrom = "nvidia.com/mig-3g.40gb", kTo = "nvidia.com/mig-2g.20gb";

InputFile file(std::string text) {
  InputFile result{"x.yaml", std::move(text), {}};
  result.stream = json::parseYaml(result.text);
  return result;
}

Fix fix(const InputFile& input, std::size_t document, std::vector<std::string> keys) {
  Fix result;
  result.document = &input.stream.documents.at(document);
  result.from = kFrom;
  result.to = kTo;
  result.keys = std::move(keys);
  for (const auto& key : result.keys) {
    const auto edit = renameKey(input.text, result.document->marks, key, result.to);
    REQUIRE(edit);
    result.edits.push_back(*edit);
  }
  return result;
}

}  // namespace

TEST_CASE("a key is renamed in its own quotes, and nothing else changes") {
  struct Row {
    const char* before;
    const char* after;
  };
  const Row rows[] = {
      {"limits:\n  nvidia.com/mig-3g.40gb: 1  # one slice\n", "limits:\n  nvidia.com/mig-2g.20gb: 1  # one slice\n"},
      {"limits:\n  \"nvidia.com/mig-3g.40gb\" : '1'\n", "limits:\n  \"nvidia.com/mig-2g.20gb\" : '1'\n"},
      {"limits: {'nvidia.com/mig-3g.40gb': 1, cpu: 2}\n", "limits: {'nvidia.com/mig-2g.20gb': 1, cpu: 2}\n"},
      {"{\"limits\": {\"nvidia.com/mig-3g.40gb\": 1}}", "{\"limits\": {\"nvidia.com/mig-2g.20gb\": 1}}"},
      {"# first\nlimits:\r\n    nvidia.com/mig-3g.40gb:   \"1\"\r\n",
       "# first\nlimits:\r\n    nvidia.com/mig-2g.20gb:   \"1\"\r\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.before);
    const InputFile input = file(row.before);
    std::vector<Fix> all{fix(input, 0, {"/limits/nvidia.com~1mig-3g.40gb"})};
    CHECK(applyFixes(input, all) == row.after);
    CHECK(all[0].obstacle.empty());
  }
}

TEST_CASE("documents, separators and comments around a change stay byte for byte") {
  const InputFile input = file(
      "# head\n---\na: 1\n---\nlimits: {nvidia.com/mig-3g.40gb: 1}\nrequests: {nvidia.com/mig-3g.40gb: 1}\n...\n---\n# "
      "tail\n");
  std::vector<Fix> all{fix(input, 1, {"/limits/nvidia.com~1mig-3g.40gb", "/requests/nvidia.com~1mig-3g.40gb"})};
  CHECK(applyFixes(input, all) ==
        "# head\n---\na: 1\n---\nlimits: {nvidia.com/mig-2g.20gb: 1}\nrequests: {nvidia.com/mig-2g.20gb: "
        "1}\n...\n---\n# tail\n");
}

TEST_CASE("without a change the text is returned as it is") {
  const InputFile input = file("a:   1\n\n\n# end");
  std::vector<Fix> none;
  CHECK(applyFixes(input, none) == input.text);
}

TEST_CASE("limits and requests that share an anchor are changed once, together") {
  const InputFile input = file("limits: &all\n  nvidia.com/mig-3g.40gb: 1\nrequests: *all\n");
  std::vector<Fix> all{fix(input, 0, {"/limits/nvidia.com~1mig-3g.40gb", "/requests/nvidia.com~1mig-3g.40gb"})};
  CHECK(applyFixes(input, all) == "limits: &all\n  nvidia.com/mig-2g.20gb: 1\nrequests: *all\n");
  CHECK(all[0].obstacle.empty());
}

TEST_CASE("an anchor that another container shares is not touched, and the rest is still fixed") {
  const InputFile input = file("a: &all\n  nvidia.com/mig-3g.40gb: 1\nb: *all\nc: {nvidia.com/mig-3g.40gb: 1}\n");
  std::vector<Fix> all{fix(input, 0, {"/a/nvidia.com~1mig-3g.40gb"}), fix(input, 0, {"/c/nvidia.com~1mig-3g.40gb"})};
  CHECK(applyFixes(input, all) == "a: &all\n  nvidia.com/mig-3g.40gb: 1\nb: *all\nc: {nvidia.com/mig-2g.20gb: 1}\n");
  CHECK_FALSE(all[0].obstacle.empty());
  CHECK(all[1].obstacle.empty());
}

TEST_CASE("a key that stands differently in the text is not guessed at") {
  const InputFile input = file("{\"limits\": {\"nvidia.com\\/mig-3g.40gb\": 1}}");
  REQUIRE(input.stream.documents.size() == 1);
  CHECK_FALSE(renameKey(input.text, input.stream.documents[0].marks, "/limits/nvidia.com~1mig-3g.40gb", kTo));
}
