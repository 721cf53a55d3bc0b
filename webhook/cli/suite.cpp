#include "cli/suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/files.hpp"
#include "base/nearest.hpp"

namespace rightslice::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kApiVersion = "rightslice.io/v1alpha1", kKind = "PolicyTest";

bool isSuite(json::View root) { return root["kind"].stringOr("") == kKind; }

/// Reads one document; every complaint carries its place.
class Reader {
 public:
  Reader(const json::YamlDocument& document, const std::string& file, std::vector<Error>& errors)
      : document_(document), file_(file), folder_(fs::path(file).parent_path()), errors_(errors) {}

  Suite suite() {
    const json::View root = document_.document.root();
    fields(root, "", {"apiVersion", "kind", "metadata", "policies", "surroundings", "catalogue", "now", "cases"});
    if (root["apiVersion"].stringOr("") != kApiVersion)
      wrong("/apiVersion", fmt::format("apiVersion must be {}", kApiVersion));
    Suite suite;
    suite.file = file_;
    suite.name = root["metadata"]["name"].stringOr(fs::path(file_).stem().string());
    for (const auto& path : strings(root, "/policies")) suite.policies.push_back(resolve(path));
    if (suite.policies.empty()) wrong("/policies", "name at least one policy file or folder");
    if (const auto path = text(root, "/surroundings")) suite.surroundings = resolve(*path);
    if (const auto path = text(root, "/catalogue")) suite.catalogue = resolve(*path);
    suite.now = date(root, "/now");
    if (!root["cases"].isArray() || root["cases"].size() == 0) wrong("/cases", "needs a list of cases");
    for (std::size_t i = 0; i < root["cases"].size(); ++i) {
      const std::size_t before = errors_.size();
      Case item = oneCase(fmt::format("/cases/{}", i));
      if (errors_.size() == before) suite.cases.push_back(std::move(item));
    }
    return suite;
  }

 private:
  Case oneCase(const std::string& at) {
    const json::View root = document_.document.root(), view = root.find(at);
    Case item;
    fields(
        view, at,
        {"name", "manifest", "old", "namespace", "namespaceLabels", "user", "groups", "surroundings", "now", "expect"});
    item.where = place(at);
    item.name = text(root, at + "/name").value_or("");
    if (item.name.empty()) wrong(at, "a case needs a name: a sentence about what must happen");
    if (auto object = manifest(at + "/manifest")) item.manifest = std::move(*object);
    else if (!view["manifest"].exists())
      wrong(at, "a case needs a manifest: an object, or the path of a file with one");
    if (view["old"].exists()) item.old = manifest(at + "/old");
    item.ns = text(root, at + "/namespace").value_or("default");
    item.user = text(root, at + "/user").value_or("");
    item.groups = strings(root, at + "/groups");
    if (const auto path = text(root, at + "/surroundings")) item.surroundings = resolve(*path);
    item.now = date(root, at + "/now");
    if (const json::View labels = view["namespaceLabels"]; labels.exists()) {
      item.namespaceLabels.emplace();
      if (!labels.isObject()) wrong(at + "/namespaceLabels", "must be a map of labels");
      for (const auto member : labels.members())
        if (const auto value = member.value.scalarText()) item.namespaceLabels->emplace(member.key, *value);
    }
    if (!view["expect"].isObject() || view["expect"].size() == 0)
      wrong(at, "a case needs expect, with at least one entry");
    else item.expect = expectation(at + "/expect");
    return item;
  }

  Expectation expectation(const std::string& at) {
    const json::View root = document_.document.root(), view = root.find(at);
    fields(view, at, {"decision", "wouldBe", "findings", "contains", "recommended", "container"});
    Expectation expect;
    expect.decision = action(at + "/decision");
    expect.wouldBe = action(at + "/wouldBe");
    if (view["findings"].exists()) expect.findings = codes(at + "/findings");
    expect.contains = codes(at + "/contains");
    expect.recommended = text(root, at + "/recommended");
    expect.container = text(root, at + "/container").value_or("");
    return expect;
  }

  std::optional<policy::Action> action(const std::string& at) {
    const auto word = text(document_.document.root(), at);
    if (!word) return std::nullopt;
    for (const auto candidate :
         {policy::Action::Allow, policy::Action::Warn, policy::Action::Rewrite, policy::Action::Deny})
      if (name(candidate) == *word) return candidate;
    wrong(at, fmt::format("'{}' is none of allow, warn, rewrite, deny", *word));
    return std::nullopt;
  }

  std::vector<policy::Code> codes(const std::string& at) {
    std::vector<policy::Code> result;
    const auto words = strings(document_.document.root(), at);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (const auto code = policy::parseCode(words[i])) {
        result.push_back(*code);
        continue;
      }
      std::vector<std::string> names;
      for (const auto& row : policy::codes()) names.emplace_back(row.name);
      const auto meant = nearest(words[i], names);
      wrong(fmt::format("{}/{}", at, i),
            fmt::format("unknown finding '{}'{}", words[i], meant ? fmt::format("; did you mean {}?", *meant) : ""));
    }
    return result;
  }

  /// An object, or the path of a file that holds exactly one.
  std::optional<json::Document> manifest(const std::string& at) {
    const json::View view = document_.document.root().find(at);
    if (view.isObject()) {
      auto copy = json::Document::parse(view.text());
      if (copy) return std::move(*copy);
      wrong(at, copy.error().message);
    } else if (const auto path = view.string()) {
      const std::string file = resolve(std::string(*path));
      const auto content = app::readFile(file);
      if (!content) {
        wrong(at, fmt::format("{}: {}", file, content.error().message));
        return std::nullopt;
      }
      auto stream = json::parseYaml(*content);
      if (!stream.broken.empty())
        wrong(at,
              fmt::format("{}:{}: {}", file, stream.broken.front().error.where, stream.broken.front().error.message));
      else if (stream.documents.size() != 1 || !stream.documents.front().document.root().isObject())
        wrong(at, fmt::format("{} must hold exactly one object", file));
      else return std::move(stream.documents.front().document);
    } else if (view.exists()) {
      wrong(at, "must be an object, or the path of a file with one");
    }
    return std::nullopt;
  }

  std::optional<std::string> text(json::View root, const std::string& at) {
    const json::View view = root.find(at);
    if (!view.exists()) return std::nullopt;
    if (!view.isString()) wrong(at, fmt::format("must be a text, not a value of type {}", view.typeName()));
    return std::string(view.stringOr(""));
  }

  std::optional<Date> date(json::View root, const std::string& at) {
    const auto value = text(root, at);
    if (!value) return std::nullopt;
    const auto parsed = Date::parse(*value);
    if (!parsed) wrong(at, fmt::format("'{}' is no day; write it as YYYY-MM-DD, in quotes", *value));
    return parsed;
  }

  std::vector<std::string> strings(json::View root, const std::string& at) {
    std::vector<std::string> result;
    const json::View view = root.find(at);
    if (view.exists() && !view.isArray()) wrong(at, "must be a list");
    for (const json::View item : view.elements()) {
      if (!item.isString()) wrong(at, "must be a list of texts");
      else result.emplace_back(*item.string());
    }
    return result;
  }

  void fields(json::View view, const std::string& at, const std::vector<std::string>& known) {
    if (!view.isObject()) wrong(at, fmt::format("must be an object, not a value of type {}", view.typeName()));
    for (const auto member : view.members()) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      const auto meant = nearest(member.key, known);
      wrong(at + "/" + json::escapeToken(member.key),
            fmt::format("unknown field '{}'{}", member.key, meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
    }
  }

  std::string resolve(const std::string& path) const { return (folder_ / path).lexically_normal().string(); }

  std::string place(const std::string& at) const {
    const json::Mark mark = document_.marks.find(at).key;
    return fmt::format("{}:{}:{}", file_, mark.line, mark.column);
  }

  void wrong(const std::string& at, std::string message) { errors_.push_back({std::move(message), place(at)}); }

  const json::YamlDocument& document_;
  std::string file_;
  fs::path folder_;
  std::vector<Error>& errors_;
};

}  // namespace

SuiteFile readSuites(const std::string& text, const std::string& file) {
  SuiteFile result;
  const json::YamlStream stream = json::parseYaml(text);
  for (const auto& part : stream.broken) result.errors.push_back({part.error.message, file + ":" + part.error.where});
  for (const auto& document : stream.documents) {
    if (isSuite(document.document.root())) result.suites.push_back(Reader(document, file, result.errors).suite());
    else result.holdsOther = true;
  }
  return result;
}

}  // namespace rightslice::cli
