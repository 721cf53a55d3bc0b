// AdmissionReview in, the answers of /validate and /mutate out.
#include <string>
#include <unordered_map>
#include <vector>

#include "contract.hpp"
#include "harness.hpp"
#include "json/document.hpp"
#include "review_world.hpp"

using namespace rightslice;
using namespace rightslice::admission;
using fuzz::require;

namespace {

/// A memo that forgets nothing and knows which review each ruling was made of: over all inputs, so that two reviews that share a key must share the answer.
class Witness final : public Memo {
 public:
  std::shared_ptr<const Ruling> find(const MemoBasis&, std::string_view key) override {
    const auto at = kept_.find(std::string(key));
    if (at == kept_.end()) return nullptr;
    found = at->second.review;
    return at->second.ruling;
  }
  void keep(const MemoBasis&, std::string key, std::shared_ptr<const Ruling> ruling) override {
    if ((bytes_ += key.size() + asking.size()) > kMostBytes) {
      kept_.clear();
      bytes_ = 0;
    }
    kept_.insert_or_assign(std::move(key), Kept{std::move(ruling), asking});
  }

  std::string asking, found;   ///< the review that is asked about now, and the one whose ruling was found

 private:
  struct Kept {
    std::shared_ptr<const Ruling> ruling;
    std::string review;
  };
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  std::unordered_map<std::string, Kept> kept_;
  std::size_t bytes_ = 0;
};

void checkContract(std::string_view review, const Answer& answer, Path path, const Environment& environment) {
  for (const auto& complaint : contract::violations(review, answer.body, path, environment, fuzz::World::options())) require(false, complaint, answer.body);
}

void checkRefusal(const Answer& answer) {
  require(answer.httpStatus == 400 || answer.httpStatus == 413, "a refusal is 400 or 413");
  require(!answer.allowed && !answer.error.empty(), "a refusal says what is wrong");
  const auto body = json::Document::parse(answer.body);
  require(body && body->root()["error"].isString(), "a refusal is JSON with an error", answer.body);
}

/// What the answer says twice is the same, and the mode of the policies keeps its word.
void checkSense(const Answer& answer, Path path) {
  const auto body = json::Document::parse(answer.body).value();
  const auto response = body.root()["response"];
  require(response["allowed"].boolean() == answer.allowed, "the answer is what the log says", answer.body);
  require(response["patch"].exists() == answer.patched, "the log knows of a patch", answer.body);
  const auto decision = response["auditAnnotations"]["decision"];
  require(!decision.exists() || decision.stringOr("") == answer.decision, "the audit annotation is what the log says", answer.body);
  if (path == Path::Validate) require(answer.allowed == (answer.decision != "deny"), "a denial is the decision to deny", answer.body);
  if (answer.operation == "DELETE" || answer.operation == "CONNECT") require(answer.allowed && !response["warnings"].exists(), "leaving is free", answer.body);
  if (answer.kind == "SlicePolicy" || answer.kind == "ClusterSlicePolicy" || answer.kind == "SliceException") return;
  const bool audits = answer.ns == "team-c", warns = answer.ns == "team-d";
  if (audits || warns) require(answer.allowed && !answer.patched, "audit and warn let pass and write nothing", answer.body);
  if (audits && answer.policies == std::vector<std::string>{"team-c/default"}) require(!response["warnings"].exists(), "audit is silent", answer.body);
}

void checkMemo(std::string_view review, const Answer& answer, Path path, Environment environment, Witness& witness) {
  const MemoBasis basis{nullptr, nullptr, environment.now};
  environment.memo = &witness;
  environment.basis = &basis;
  witness.asking = review;
  for (int i = 0; i < 2; ++i) {
    witness.found.clear();
    const Answer remembered = admission::answer(review, path, environment, fuzz::World::options());
    require(remembered.body == answer.body, "with a memo the answer is what it is without", answer.body + "\nremembered: " + remembered.body + "\nof: " + witness.found);
    require(remembered.decision == answer.decision && remembered.wouldBe == answer.wouldBe && remembered.findings == answer.findings &&
                remembered.allowed == answer.allowed && remembered.patched == answer.patched && remembered.name == answer.name && remembered.ns == answer.ns,
            "and so is what the log says", answer.body + "\nof: " + witness.found);
  }
}

void check(std::string_view review, Path path, const fuzz::World& world, Witness& witness) {
  const Environment environment = world.environment();
  const Answer answer = admission::answer(review, path, environment, fuzz::World::options());
  if (answer.httpStatus != 200) return checkRefusal(answer);
  checkContract(review, answer, path, environment);
  checkSense(answer, path);
  checkMemo(review, answer, path, environment, witness);
}

}  // namespace

void fuzz::run(std::string_view input) {
  static Witness known, unknown;
  for (const Path path : {Path::Validate, Path::Mutate}) {
    check(input, path, knownWorld(), known);
    check(input, path, unknownWorld(), unknown);
  }
}
