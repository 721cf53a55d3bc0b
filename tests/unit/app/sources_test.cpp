#include "app/sources.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace rightslice;
using namespace rightslice::app;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder()
      : path(fs::temp_directory_path() /
             ("rightslice-sources-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string file(const std::string& name, const std::string& text = "") const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
  std::vector<std::string> relative(const std::vector<std::string>& files) const {
    std::vector<std::string> result;
    for (const auto& file : files) result.push_back(fs::path(file).lexically_relative(path).string());
    return result;
  }
  fs::path path;
};

using Strings = std::vector<std::string>;

std::string policyText(const std::string& name) {
  return "apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {name: " + name +
         "}\nspec: {mode: enforce}\n";
}

policy::LoadOptions options() {
  policy::LoadOptions result;
  result.gpus = &gpu::Catalogue::builtIn();
  return result;
}

}  // namespace

TEST_CASE("a folder gives its manifests sorted, without hidden entries, tests, catalogues and schemas") {
  const Folder folder;
  for (const char* name :
       {"b.yaml", "a.yml", "c.json", "readme.md", ".hidden.yaml", ".git/x.yaml", "sub/d.yaml", "tests/e.yaml", "catalogue/f.json", "schema/g.json"})
    folder.file(name);
  const auto files = policyFiles({folder.path.string()});
  REQUIRE(files);
  CHECK(folder.relative(*files) == Strings{"a.yml", "b.yaml", "c.json", "sub/d.yaml"});
}

TEST_CASE("a mounted ConfigMap is read through its links, once") {
  const Folder folder;
  folder.file("..2026_06_01/p.yaml", policyText("p"));
  fs::create_symlink("..2026_06_01", folder.path / "..data");
  fs::create_symlink("..data/p.yaml", folder.path / "p.yaml");
  const auto files = policyFiles({folder.path.string()});
  REQUIRE(files);
  CHECK(folder.relative(*files) == Strings{"p.yaml"});
  CHECK(loadPolicies({folder.path.string()}, options()).policies.size() == 1);
}

TEST_CASE("a loop of links ends") {
  const Folder folder;
  folder.file("a/x.yaml");
  fs::create_symlink("..", folder.path / "a/up");
  CHECK(folder.relative(filesUnder(folder.path.string()).files) == Strings{"a/x.yaml"});
}

TEST_CASE("a file that is named twice is no duplicate policy") {
  const Folder folder;
  const auto file = folder.file("p.yaml", policyText("p"));
  const auto loaded = loadPolicies({folder.path.string(), file}, options());
  CHECK(loaded.ok());
  CHECK(loaded.policies.size() == 1);
}

TEST_CASE("a missing path is a diagnostic and does not hide the others") {
  const Folder folder;
  const auto file = folder.file("p.yaml", policyText("p"));
  const auto loaded = loadPolicies({(folder.path / "missing").string(), file}, options());
  CHECK_FALSE(loaded.ok());
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics[0].code == "UnreadableFile");
  CHECK(loaded.policies.size() == 1);
}

TEST_CASE("reading a folder or a missing file is a clear error") {
  const Folder folder;
  const auto asFile = readFile(folder.path.string());
  REQUIRE_FALSE(asFile);
  CHECK(asFile.error().message == "a folder, not a file");
  CHECK(asFile.error().where == folder.path.string());
  CHECK_FALSE(readFile((folder.path / "missing").string()));
}

TEST_CASE("a catalogue folder may hold any of its files, and must hold one") {
  const Folder folder;
  CHECK_FALSE(loadCatalogues(folder.path.string()));
  CHECK_FALSE(loadCatalogues((folder.path / "missing").string()));
  folder.file("prices.yaml", "currency: EUR\ndate: \"2026-01-01\"\ngpuHour: {NVIDIA-H100-80GB-HBM3: 3}\n");
  const auto catalogues = loadCatalogues(folder.path.string());
  REQUIRE(catalogues);
  CHECK(catalogues->prices->currency == "EUR");
  CHECK_FALSE(catalogues->prices->isDefault);
  CHECK(catalogues->gpus->products().size() == gpu::Catalogue::builtIn().products().size());
  CHECK(loadCatalogues("")->prices->isDefault);
}

TEST_CASE("a bad catalogue file is an error with its place") {
  const Folder folder;
  const auto file = folder.file("gpus.json", "{\"products\": 7}");
  const auto catalogues = loadCatalogues(folder.path.string());
  REQUIRE_FALSE(catalogues);
  CHECK((catalogues.error().where + catalogues.error().message).find(file) != std::string::npos);
}

TEST_CASE("the starter policy loads without a complaint") {
  policy::LoadOptions with = options();
  with.today = *Date::parse("2026-06-01");
  const auto loaded = policy::load(starterPolicy(), "starter", with);
  for (const auto& diagnostic : loaded.diagnostics) MESSAGE(diagnostic.text());
  CHECK(loaded.ok());
  CHECK_FALSE(loaded.policies.empty());
}
