#include <fmt/format.h>

#include <filesystem>

#include "app/files.hpp"
#include "cli/command.hpp"
#include "cli/report.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"
#include "cli/test_run.hpp"
#include "json/writer.hpp"

namespace rightslice::cli {

namespace {

namespace fs = std::filesystem;

struct SuitePath {
  std::string path;
  bool mustBeSuite = false;  ///< named on the command line, or called *_test.yaml
};

bool isTestName(const fs::path& path) {
  const std::string stem = path.stem().string();
  return stem.ends_with("_test");
}

class Test : public Command {
 public:
  Manual manual() const override {
    return {
        "test",
        "run policy test suites",
        "rightslice test [FLAG]... FILE|FOLDER...",
        "Runs the suites in the files: documents of kind PolicyTest (apiVersion rightslice.io/v1alpha1). In folders "
        "these are "
        "*_test.yaml, and the PolicyTest documents of any file in a folder named tests.\n\n"
        "A suite names its policies (paths from its own folder), may name surroundings, a catalogue and the day (now), "
        "and lists "
        "cases. A case has a name, a manifest (an object, or the path of a file with one), and may have old (then it "
        "is an "
        "UPDATE), namespace, namespaceLabels, user, groups, surroundings and now. Its expect compares decision and "
        "wouldBe (allow, "
        "warn, rewrite, deny), findings (exactly the codes whose action is not allow), contains (codes among them), "
        "and recommended "
        "(a profile, a resource, or none) of the container that container names.",
        "0  all cases passed\n1  a case failed\n2  bad usage, or a suite or policy that cannot be read (wins over 1)",
        "rightslice test policies/\nrightslice test policies/starter/tests -o junit > policies.xml"};
  }

  void declare(Flags& flags) override {
    flags.choice(output_, "--output", {"text", "json", "junit"}, "How results are printed.").shortName = "-o";
    flags.toggle(verbose_, "--verbose", "Also print the cases that passed.");
    flags.positionals(paths_, "FILE|FOLDER...", "Suites, or folders with suites.");
  }

  int run() override {
    if (paths_.empty()) {
      complain("test needs a file or a folder with suites; see rightslice test --help");
      return kUsage;
    }
    for (const auto& path : suitePaths()) runFile(path);
    if (results_.empty() && !broken_) {
      complain("no suite found: *_test.yaml, or documents of kind PolicyTest in a folder named tests");
      return kUsage;
    }
    int failed = 0;
    for (const auto& result : results_) failed += result.passed() ? 0 : 1;
    if (output_ == "json") printJson(failed);
    else if (output_ == "junit") printJunit(failed);
    else printText(failed);
    return broken_ ? kUsage : failed > 0 ? kDenied : kOk;
  }

 private:
  void error(std::string_view text) {
    complain(text);
    broken_ = true;
  }

  std::vector<SuitePath> suitePaths() {
    std::vector<SuitePath> result;
    for (const auto& path : paths_) {
      std::error_code ignored;
      if (!app::isFolder(path)) {
        if (fs::exists(path, ignored)) result.push_back({path, true});
        else error(path + ": no such file or folder");
        continue;
      }
      const auto listing = app::filesUnder(path);
      for (const auto& part : listing.errors) error(describe(part));
      for (const auto& file : listing.files) {
        const fs::path name = fs::weakly_canonical(file, ignored);
        if (isTestName(file)) result.push_back({file, true});
        else if (name.parent_path().filename() == "tests") result.push_back({file, false});
      }
    }
    return result;
  }

  void runFile(const SuitePath& path) {
    const auto text = app::readFile(path.path);
    if (!text) return error(describe(text.error()));
    const auto file = readSuites(*text, path.path);
    if (file.suites.empty() && !path.mustBeSuite) return;
    for (const auto& part : file.errors) error(describe(part));
    if (file.suites.empty() && file.errors.empty()) error(path.path + ": holds no document of kind PolicyTest");
    for (const auto& suite : file.suites) {
      auto run = runSuite(suite);
      for (const auto& part : run.errors) error(part);
      results_.insert(results_.end(), std::make_move_iterator(run.cases.begin()),
                      std::make_move_iterator(run.cases.end()));
    }
  }

  void printText(int failed) const {
    const Style style = Style::ofOutput();
    std::string file;
    for (const auto& result : results_) {
      if (result.passed() && !verbose_) continue;
      if (result.file != file) print((file.empty() ? "" : "\n") + style.paint(Colour::Bold, result.file) + "\n");
      file = result.file;
      print(wrap(
          result.name, style.width,
          "  " + style.paint(result.passed() ? Colour::Green : Colour::Red, result.passed() ? "ok  " : "FAIL") + " ",
          "       "));
      for (const auto& difference : result.differences) print(wrap(difference, style.width, "       ", "         "));
      if (!result.passed()) print("       at " + result.where + "\n");
    }
    print(fmt::format("{}{} passed, {} failed\n", file.empty() ? "" : "\n",
                      results_.size() - static_cast<std::size_t>(failed), failed));
  }

  void printJson(int failed) const {
    json::Writer out(2);
    out.beginObject().key("results").beginArray();
    for (const auto& result : results_) {
      out.beginObject().member("file", result.file).member("suite", result.suite).member("name", result.name);
      out.member("at", result.where).memberBool("passed", result.passed()).key("differences").beginArray();
      for (const auto& difference : result.differences) out.string(difference);
      out.endArray().endObject();
    }
    out.endArray().key("summary").beginObject();
    out.member("passed", static_cast<std::int64_t>(results_.size()) - failed)
        .member("failed", failed)
        .endObject()
        .endObject();
    print(out.take() + "\n");
  }

  void printJunit(int failed) const {
    const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\"", results_.size(), failed);
    print(
        fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rightslice test\" {0}>\n"
                    "  <testsuite name=\"rightslice test\" {0}>\n",
                    counts));
    for (const auto& result : results_) {
      const std::string head =
          fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escapeXml(result.file), escapeXml(result.name));
      if (result.passed()) {
        print(head + "/>\n");
        continue;
      }
      print(fmt::format("{}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n", head,
                        escapeXml(result.differences.front()),
                        escapeXml(fmt::format("{}\n{}", result.where, fmt::join(result.differences, "\n")))));
    }
    print("  </testsuite>\n</testsuites>\n");
  }

  std::vector<std::string> paths_;
  std::string output_ = "text";
  bool verbose_ = false, broken_ = false;
  std::vector<CaseResult> results_;
};

}  // namespace

std::unique_ptr<Command> makeTest() { return std::make_unique<Test>(); }

}  // namespace rightslice::cli
