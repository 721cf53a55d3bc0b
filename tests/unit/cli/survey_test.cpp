#include "cli/survey.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace rightslice;
using namespace rightslice::cli;

namespace {

/// Files in a folder that is removed again.
struct Folder {
  Folder()
      : path(std::filesystem::temp_directory_path() /
             ("rightslice-survey-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)))) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
  std::filesystem::path path;
};

workload::Workload child(const std::string& apiVersion, const std::string& uid) {
  workload::Workload result;
  result.ns = "team-a";
  result.controller = workload::OwnerReference{apiVersion, "Deployment", "chat", uid};
  return result;
}

constexpr const char* kChild =
    "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: r, namespace: team-a, ownerReferences: [{apiVersion: "
    "apps/v1, kind: Deployment, name: chat, uid: u1, controller: true}]}\n";
constexpr const char* kOwner =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: chat, namespace: team-a, uid: u1}\n";

Survey surveyOf(Input& input) {
  policy::LoadOptions options;
  options.gpus = &gpu::Catalogue::builtIn();
  options.today = *Date::parse("2026-06-01");
  Survey survey(options, "default");
  survey.look(input);
  return survey;
}

}  // namespace

TEST_CASE("an owner proves its child wherever it stands in the input") {
  const Folder folder;
  for (const bool ownerFirst : {true, false}) {
    Input input(
        {folder.file("a.yaml", ownerFirst ? kOwner : kChild), folder.file("b.yaml", ownerFirst ? kChild : kOwner)});
    const Survey survey = surveyOf(input);
    CHECK(survey.ownerOf(child("apps/v1", "u1")) != nullptr);
    CHECK(survey.ownerOf(child("apps/v1", "")) != nullptr);
    CHECK(survey.ownerOf(child("apps/v1", "u2")) == nullptr);
    CHECK(survey.ownerOf(child("other.example/v1", "u1")) == nullptr);
    workload::Workload elsewhere = child("apps/v1", "u1");
    elsewhere.ns = "team-b";
    CHECK(survey.ownerOf(elsewhere) == nullptr);
  }
}

TEST_CASE("namespaces and exceptions are collected, policies only named") {
  const Folder folder;
  Input input({folder.file(
      "a.yaml",
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: team-a, labels: {tier: inference}}\n---\n"
      "apiVersion: rightslice.io/v1alpha1\nkind: SliceException\nmetadata: {name: e, namespace: team-a}\n"
      "spec: {findings: [Oversized], owner: o, reason: r, expires: \"2026-07-01\"}\n---\n"
      "apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {name: p}\nspec: {mode: enforce}\n")});
  const Survey survey = surveyOf(input);
  REQUIRE(survey.namespaces().contains("team-a"));
  CHECK(survey.namespaces().at("team-a").at("tier") == "inference");
  CHECK(survey.exceptions().exceptions.size() == 1);
  CHECK(survey.exceptions().ok());
  REQUIRE(survey.policiesSeen().size() == 1);
  CHECK(survey.policiesSeen()[0].ends_with("SlicePolicy p"));
}

TEST_CASE("objects of lists are seen one by one, with their place") {
  const Folder folder;
  Input input({folder.file("a.yaml",
                           "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n- 7\n- metadata: {name: "
                           "b}\n---\nkind: List\nitems: [{kind: List, items: [{kind: Pod}]}]\n")});
  const auto file = input.open(0);
  REQUIRE(file);
  std::vector<std::string> seen, wrong;
  forEachObject(
      **file,
      [&](const InputObject& object) {
        seen.push_back(std::to_string(object.document->index) + "." + std::to_string(object.item) + object.prefix +
                       " " + std::string(object.view()["kind"].stringOr("")) + " " +
                       std::string(object.view()["apiVersion"].stringOr("")));
      },
      [&](const Error& error) { wrong.push_back(error.where.substr(error.where.rfind('/') + 1)); });
  CHECK(seen == std::vector<std::string>{"1.1/items/0 Pod v1", "1.3/items/2 Pod v1", "2.1/items/0/items/0 Pod "});
  CHECK(wrong == std::vector<std::string>{"a.yaml:5:3"});
}

TEST_CASE("a path that is not there and an empty folder are errors, not silence") {
  const Folder folder;
  const Input input({folder.path.string(), (folder.path / "missing.yaml").string()});
  CHECK(input.size() == 0);
  CHECK(input.errors().size() == 2);
}
