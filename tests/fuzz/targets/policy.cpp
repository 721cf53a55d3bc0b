// Policy files: what is wrong is told with its place, what loads works.
#include <algorithm>
#include <string>

#include "contract.hpp"
#include "harness.hpp"
#include "json/pointer.hpp"
#include "json/utf8.hpp"
#include "policy/backstop.hpp"
#include "policy/load.hpp"
#include "review_world.hpp"

using namespace rightslice;
using fuzz::require;

namespace {

constexpr std::string_view kCodes[] = {"SyntaxError", "UnknownField", "WrongType", "InvalidValue", "MissingField", "DuplicatePolicy", "UnknownGpu",
                                       "UnknownProfile", "UnknownFinding", "UnknownKind", "ExceptionTooLong", "NotAPolicy"};

constexpr std::string_view kReview = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"apps","version":"v1",)"
                                     R"("kind":"Deployment"},"resource":{"group":"apps","version":"v1","resource":"deployments"},"name":"chat","namespace":"team-a",)"
                                     R"("operation":"CREATE","userInfo":{"username":"alice"},"object":{"apiVersion":"apps/v1","kind":"Deployment","metadata":)"
                                     R"({"name":"chat","namespace":"team-a","labels":{"tier":"inference"}},"spec":{"replicas":3,"template":{"spec":{"containers":)"
                                     R"([{"name":"server","image":"vllm/vllm-openai:v0.10.2","args":["--model","Qwen/Qwen2.5-7B-Instruct-AWQ","--max-model-len",)"
                                     R"("8192"],"resources":{"limits":{"nvidia.com/mig-3g.40gb":"1"}}}]}}}}}})";

policy::Loaded load(std::string_view text, bool strict) {
  policy::LoadOptions how;
  how.gpus = &gpu::Catalogue::builtIn();
  how.today = fuzz::World::today();
  return policy::load(text, "p.yaml", how, strict);
}

void checkDiagnostic(const policy::Diagnostic& each, std::int64_t lines) {
  require(std::find(std::begin(kCodes), std::end(kCodes), each.code) != std::end(kCodes), "a diagnostic has a known code", each.code);
  require(!each.message.empty() && each.file == "p.yaml", "a diagnostic says what is wrong, and in which file");
  require(each.line >= 1 && each.line <= lines && each.column >= 1, "a diagnostic has a place in the file", each.text());
  require(json::pointerTokens(each.pointer).has_value(), "a diagnostic points into the document", each.pointer);
  const std::string text = each.text();
  require(json::validUtf8Prefix(text) == text.size(), "a diagnostic is UTF-8");
  require(std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7F; }), "a diagnostic can be printed", text);
}

void checkInForce(policy::Loaded loaded) {
  const policy::PolicySet set(std::move(loaded.policies), std::move(loaded.exceptions));
  for (const auto& each : set.policies()) {
    require(!each.name.empty() && each.cluster == each.ns.empty(), "a policy has a name, and a namespace where it is of one", each.name);
    require(each.headroomTenths >= 0 && each.headroomTenths <= 2000 && each.minCompute >= 0 && each.tolerance >= 0, "numbers are within their bounds", each.id());
    require(each.line >= 1, "a policy knows its place", each.id());
  }
  require(set.withMode(policy::Mode::Audit).policies().size() == set.policies().size(), "another mode leaves the policies");
  policy::admissionPolicies(set, gpu::Catalogue::builtIn(), fuzz::World::today());
  policy::quotas(set, gpu::Catalogue::builtIn(), {}, fuzz::World::today());
  for (const auto path : {admission::Path::Validate, admission::Path::Mutate}) {
    std::vector<std::string> wrong;
    const auto answer = contract::checkedAnswer(kReview, path, fuzz::knownWorld().environment(set), fuzz::World::options(), wrong);
    for (const auto& complaint : wrong) require(false, complaint, answer.body);
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  const auto lines = std::count(input.begin(), input.end(), '\n') + 1;
  for (const bool strict : {true, false}) {
    policy::Loaded loaded = load(input, strict);
    const policy::Loaded again = load(input, strict);
    require(again.policies.size() == loaded.policies.size() && again.diagnostics.size() == loaded.diagnostics.size(), "the same file, the same policies");
    std::size_t errors = 0;
    for (const auto& each : loaded.diagnostics) {
      checkDiagnostic(each, lines);
      errors += each.warning ? 0 : 1;
    }
    require(loaded.policies.size() + loaded.exceptions.size() + errors >= static_cast<std::size_t>(loaded.documents), "a document is in force, or it is said why not");
    require(loaded.ok() == (errors == 0), "a file without errors is well");
    if (strict && (!loaded.policies.empty() || !loaded.exceptions.empty())) checkInForce(std::move(loaded));
  }
}
