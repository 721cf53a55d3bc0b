#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "gpu/catalogue.hpp"

using namespace rightslice;
using namespace rightslice::gpu;

namespace {

const char* const kBoard = R"({"products": [
  {"title": "X1 16GB", "aliases": ["X1"], "gfdLabels": ["NVIDIA-X1"], "gke": ["nvidia-x1"], "totalMiB": 16384,
   "computeSlices": 2, "memorySlices": 2, "profiles": [
    {"name": "1g.8gb", "id": 14, "memorySlices": 1, "memoryMiB": 7680, "placements": {"start": [0, 1], "size": 1}, "variants": [{"name": "1g.7gb", "memoryMiB": 7168}]},
    {"name": "2g.16gb", "memorySlices": 2}
  ]}
]})";

Result<Catalogue> load(const std::string& text, const Catalogue* base = nullptr) { return Catalogue::load(text, "x.json", base); }

/// kBoard with one piece replaced.
std::string with(const std::string& from, const std::string& to) {
  std::string text = kBoard;
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a catalogue file says what its products offer") {
  const auto catalogue = load(kBoard);
  REQUIRE(catalogue);
  const Product* product = catalogue->find("nvidia x1");
  REQUIRE(product != nullptr);
  CHECK(product->label() == "NVIDIA-X1");
  CHECK(catalogue->findGke("nvidia-x1") == product);
  REQUIRE(product->profiles.size() == 2);
  CHECK(product->profiles[0].nvidiaSmiId == 14);
  REQUIRE(product->profiles[0].placements.size() == 2);
  CHECK(product->profiles[0].placements[1].start == 1);
  CHECK(usable(*product, product->profiles[1])->bytes == 15360 * kMiB);
  CHECK(catalogue->offers("1g.7gb", {})[0].usable->bytes == 7168 * kMiB);
}

TEST_CASE("a catalogue file may be YAML") {
  const auto catalogue = Catalogue::load("products:\n- title: X1 16GB\n  profiles:\n  - {name: 1g.8gb, memoryMiB: 7680}\n", "x.yaml", nullptr);
  REQUIRE(catalogue);
  CHECK(catalogue->knowsProfile("1g.8gb"));
}

TEST_CASE("a file laid over the shipped catalogue adds products and replaces those of the same title whole") {
  const Catalogue& base = Catalogue::builtIn();
  const auto added = load(kBoard, &base);
  REQUIRE(added);
  CHECK(added->products().size() == base.products().size() + 1);
  CHECK(added->find("A30") != nullptr);
  CHECK(added->digest() != base.digest());
  CHECK(added->digest() == load(kBoard, &base)->digest());

  const auto replaced = load(R"({"products": [{"title": "A30 24GB", "aliases": ["A30"], "profiles": []}]})", &base);
  REQUIRE(replaced);
  CHECK(replaced->products().size() == base.products().size());
  CHECK(replaced->find("A30")->profiles.empty());
  CHECK_FALSE(replaced->knowsProfile("1g.6gb"));
}

TEST_CASE("a mistake in a catalogue file is refused with its place and what to do") {
  struct Row {
    const char* why;
    std::string text;
    const char *where, *says;
  };
  const Row rows[] = {
      {"unknown field", with("\"id\": 14", "\"memorySlice\": 1"), "x.json:4:24", "did you mean \"memorySlices\""},
      {"unknown field of a product", with("\"totalMiB\"", "\"colour\""), "x.json:2:", "a product has no field \"colour\""},
      {"wrong type", with("\"id\": 14", "\"id\": \"14\""), "x.json:4:30", "\"id\" must be a whole number"},
      {"null is no way to say unknown", with("\"id\": 14", "\"id\": null"), "x.json:4:", "leave the field out"},
      {"negative", with("7680", "-1"), "x.json:4:", "\"memoryMiB\" must be a whole number from 1"},
      {"missing title", with("\"title\": \"X1 16GB\", ", ""), "x.json:2:", "\"title\" is missing"},
      {"missing profiles", R"({"products": [{"title": "Y"}]})", "x.json:1:", "\"profiles\" is missing"},
      {"missing products", "{}", "x.json:1:", "\"products\" is missing"},
      {"no object", "[]", "x.json:1:", "must be an object"},
      {"nothing", "", "x.json:1:1", "one document"},
      {"truncated", "{\"products\": [", "x.json:", ""},
      {"bad profile name", with("2g.16gb", "2g16gb"), "x.json:5:", "is no profile name"},
      {"compute instance", with("2g.16gb", "1c.2g.16gb"), "x.json:5:", "is no profile name"},
      {"the resource's spelling", with("2g.16gb", "2g.16gb.me"), "x.json:5:", "as \"2g.16gb+me\""},
      {"profile twice", with("2g.16gb", "1g.8gb"), "x.json:5:", "stands twice"},
      {"more compute than the board", with("2g.16gb", "3g.16gb"), "x.json:5:", "computeSlices"},
      {"more memory slices than the board", with("\"memorySlices\": 2}", "\"memorySlices\": 3}"), "x.json:5:", "memorySlices"},
      {"more memory than the board", with("7680", "17000"), "x.json:4:", "memoryMiB"},
      {"a placement beyond the board", with("[0, 1]", "[0, 2]"), "x.json:4:", "beyond the 2 memory slices"},
      {"a slice count that the name denies", with("\"id\": 14", "\"computeSlices\": 2"), "x.json:4:", "the name 1g.8gb says 1"},
      {"a variant that is a profile", with("1g.7gb", "1g.8gb"), "x.json:4:", "also a name of another profile"},
      {"a variant of another shape", with("1g.7gb", "2g.7gb"), "x.json:4:", "cannot be another name"},
      {"a label with a profile", with("[\"NVIDIA-X1\"]", "[\"NVIDIA-X1-MIG-1g.8gb\"]"), "x.json:2:", "write \"NVIDIA-X1\""},
      {"title twice", R"({"products": [{"title": "Y", "profiles": []}, {"title": "y", "profiles": []}]})", "x.json:1:", "twice"},
      {"a name of two products", R"({"products": [{"title": "Y", "aliases": ["Z"], "profiles": []}, {"title": "nvidia-z", "profiles": []}]})",
       "x.json:1:", "already names"},
      {"a GKE label of two products",
       R"({"products": [{"title": "Y", "gke": ["g"], "profiles": []}, {"title": "Z", "gke": ["g"], "profiles": []}]})", "x.json:1:",
       "already names"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto catalogue = load(row.text);
    REQUIRE_FALSE(catalogue);
    CAPTURE(catalogue.error().message);
    CAPTURE(catalogue.error().where);
    CHECK(catalogue.error().where.starts_with(row.where));
    CHECK(catalogue.error().message.find(row.says) != std::string::npos);
  }
}

TEST_CASE("a name that a shipped product has is refused, whichever of the two stands first") {
  const Catalogue& base = Catalogue::builtIn();
  const auto added = load(R"({"products": [{"title": "Mine", "aliases": ["A30"], "profiles": []}]})", &base);
  REQUIRE_FALSE(added);
  CHECK(added.error().message.find("already names the product \"A30 24GB\"") != std::string::npos);
  const auto replaced = load(R"({"products": [{"title": "A30 24GB", "aliases": ["H20B"], "profiles": []}]})", &base);
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().message.find("already names the product \"H20B\"") != std::string::npos);
}

TEST_CASE("the catalogue in the program is the file in the tree") {
  std::ifstream file(RIGHTSLICE_SOURCE_DIR "/policies/catalogue/gpus.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto catalogue = Catalogue::load(text.str(), "gpus.json", nullptr);
  REQUIRE(catalogue);
  CHECK(catalogue->digest() == Catalogue::builtIn().digest());
}
