#include "admission/reviewer.hpp"

#include <algorithm>

#include "app/files.hpp"
#include "cli/command.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

namespace {

class Review : public Command {
 public:
  Manual manual() const override {
    return {"review",
            "answer one AdmissionReview",
            "rightslice review [FLAG]... < review.json",
            "Reads one AdmissionReview (admission.k8s.io/v1) from standard input and prints the answer that the "
            "webhook would give "
            "to kube-apiserver, by the same code.",
            "0  the review was answered, whatever the answer says\n2  bad usage, or the webhook would answer with HTTP "
            "400, 413 or 415: one line "
            "on stderr, nothing on stdout",
            "rightslice review --policies policies/ < review.json\nrightslice review --path mutate < review.json | jq "
            ".response.patch"};
  }

  void declare(Flags& flags) override {
    flags.choice(path_, "--path", {"validate", "mutate"}, "Which of the two webhooks answers.");
    sources_.declare(flags);
    flags.text(documentationUrl_, "--documentation-url", "URL",
               "Where the pages about findings are read; named in denials.");
  }

  int run() override {
    const auto loaded = loadSources(sources_);
    if (!loaded) return kUsage;
    const auto body = app::readStandardInput();
    if (!body) {
      complain(describe(body.error()));
      return kUsage;
    }
    const auto answer =
        admission::answer(*body, path_ == "mutate" ? admission::Path::Mutate : admission::Path::Validate,
                          loaded->environment(), {sources_.trustedControllers, documentationUrl_, static_cast<int>(sources_.maxExceptionDays)});
    if (answer.httpStatus != 200) {
      complain(reason(answer.body));
      return kUsage;
    }
    sayWhichPolicies(*loaded);
    print(answer.body);
    print("\n");
    return kOk;
  }

 private:
  /// The text of {"error": ...}, on one line.
  static std::string reason(const std::string& body) {
    const auto document = json::Document::parse(body);
    std::string text = document ? std::string(document->root()["error"].stringOr(body)) : body;
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  }

  SourceFlags sources_;
  std::string path_ = "validate", documentationUrl_;
};

}  // namespace

std::unique_ptr<Command> makeReview() { return std::make_unique<Review>(); }

}  // namespace rightslice::cli
