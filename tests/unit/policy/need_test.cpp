#include "policy/need.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

DeclaredModel declared(std::string model, std::string quantization = "", std::string engine = "") {
  DeclaredModel made;
  made.model = std::move(model);
  made.quantization = std::move(quantization);
  made.engine = std::move(engine);
  made.memory = kGiB;
  return made;
}

/// Index of the winner, or -1.
int winner(const std::vector<DeclaredModel>& models, std::string_view model, std::string_view quantization = "none", std::string_view engine = "vllm") {
  const auto* best = mostSpecific(models, model, quantization, engine);
  return best == nullptr ? -1 : static_cast<int>(best - models.data());
}

/// What the one container needs on `devices` GPUs.
struct Need {
  std::string annotations = {}, args = {}, spec = {};
  std::string image = "vllm/vllm-openai:v0.9.2";

  NeedSource source() const {
    static std::vector<std::unique_ptr<workload::Workload>> kept;   // a NeedSource refers to its policy and container
    static std::vector<std::unique_ptr<Policy>> policies;
    static const Catalogue catalogue;
    Manifest manifest;
    manifest.annotations = annotations;
    manifest.args = args;
    manifest.image = image;
    kept.push_back(std::make_unique<workload::Workload>(workloadOf(manifest)));
    policies.push_back(std::make_unique<Policy>(written::onePolicy(written::slicePolicy(spec.empty() ? "  headroom: 10%" : spec))));
    const auto& pod = kept.back()->templates.at(0);
    return NeedSource(pod.containers.at(0), OwnAnnotations(*kept.back(), pod).of("main"), *policies.back(), catalogue);
  }
  std::optional<model::Need> on(std::int64_t devices = 1) const {
    const NeedSource made = source();
    const model::Need* need = made.on({kHolds3g, false, devices});
    return need != nullptr ? std::optional(*need) : std::nullopt;
  }
};

const std::string kQwen = R"("--model","Qwen/Qwen2.5-7B-Instruct")";
const std::string kAcme = R"("--model","acme/chat-large")";

}  // namespace

TEST_CASE("of several declared models the most specific wins") {
  struct Row {
    std::string_view rule;
    std::vector<DeclaredModel> models;
    std::string_view model;
    int winner;
  };
  const Row rows[] = {
      {"none matches", {declared("acme/x"), declared("other/*")}, "acme/y", -1},
      {"exact before glob, whatever the order", {declared("acme/chat-?b"), declared("acme/chat-7b")}, "acme/chat-7b", 1},
      {"more literal characters", {declared("acme/*"), declared("acme/chat-*"), declared("*")}, "acme/chat-7b", 1},
      {"more of quantization and engine", {declared("acme/*"), declared("acme/*", "none"), declared("acme/*", "none", "vllm")}, "acme/x", 2},
      {"literal characters before quantization", {declared("acme/*", "none", "vllm"), declared("acme/c*")}, "acme/chat", 1},
      {"exact before quantization and engine", {declared("acme/cha*", "none", "vllm"), declared("acme/chat")}, "acme/chat", 1},
      {"first in the file", {declared("acme/*"), declared("acme/*")}, "acme/x", 0},
      {"names compare without case", {declared("ACME/Chat")}, "acme/chAT", 0},
      {"another quantization does not match", {declared("acme/*", "awq")}, "acme/x", -1},
      {"another engine does not match", {declared("acme/*", "", "tgi")}, "acme/x", -1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CHECK(winner(row.models, row.model) == row.winner);
  }
  CHECK(winner({declared("acme/*", "awq")}, "acme/x", "awq") == 0);
  CHECK(winner({declared("acme/*", "", "tgi")}, "acme/x", "none", "tgi") == 0);
  CHECK(winner({declared("acme/*", "", "vllm")}, "acme/x", "none", "") == -1);
}

TEST_CASE("the need is the annotation, else the declared model, else the estimate, else unknown") {
  const std::string models = "  models: [{model: 'Qwen/*', memory: 20Gi}, {model: 'acme/*', memory: 7Gi}]";
  struct Row {
    std::string_view rule;
    Need need;
    std::optional<model::Need::Source> source;
    Bytes bytes = 0;  // 0: not compared
  };
  using Source = model::Need::Source;
  const Row rows[] = {
      {"annotation before all", {footprint(5 * kGiB), kQwen, models}, Source::Annotation, 5 * kGiB},
      {"declared before estimated", {"", kQwen, models}, Source::Policy, 20 * kGiB},
      {"estimated", {"", kQwen, ""}, Source::Estimate},
      {"a model that no catalogue knows", {"", kAcme, ""}, {}},
      {"one with a size in its name", {"", R"("--model","acme/chat-7b")", ""}, Source::Estimate},
      {"the same, declared", {"", kAcme, models}, Source::Policy, 7 * kGiB},
      {"the model named by annotation", {R"("rightslice.io/model":"acme/chat-large")", kQwen, models}, Source::Policy, 7 * kGiB},
      {"no engine, a model named", {R"("rightslice.io/model":"Qwen/Qwen2.5-7B-Instruct")", "", "", "registry.example/app:1"}, {}},
      {"nothing at all", {"", "", "", "registry.example/app:1"}, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto need = row.need.on();
    REQUIRE(need.has_value() == row.source.has_value());
    if (!need) continue;
    CHECK(need->source == *row.source);
    if (row.bytes > 0) CHECK(need->bytes == row.bytes);
  }
}

TEST_CASE("a declaration sets minimum, need and high alike, with high confidence") {
  const auto need = Need{footprint(7 * kGiB), kQwen, ""}.on();
  REQUIRE(need);
  CHECK(need->minimum == 7 * kGiB);
  CHECK(need->high == 7 * kGiB);
  CHECK(need->confidence == model::Confidence::High);
}

TEST_CASE("weights + overhead + kvPerToken x the larger of the maximum length and the capped load") {
  const auto spec = [](std::string_view parts, std::string_view more = "") { return fmt::format("  models: [{{model: 'acme/*', {}}}]\n{}", parts, more); };
  const std::string all = "weights: 6Gi, overhead: 2Gi, kvPerToken: 64Ki";
  const std::string load = "  load: {concurrency: 4, context: 1000}";
  struct Row {
    std::string_view rule;
    std::string parts, load, args, annotations;
    Bytes bytes;
  };
  const Row rows[] = {
      {"weights alone", "weights: 6Gi", load, "", "", 6 * kGiB},
      {"with overhead", "weights: 6Gi, overhead: 2Gi", load, "", "", 8 * kGiB},
      {"with the load of the policy", all, load, "", "", 8 * kGiB + 4000 * 64 * kKiB},
      {"with the assumed load", all, "", "", "", 8 * kGiB + 8 * 4096 * 64 * kKiB},
      {"a longer maximum length", all, load, R"("--max-model-len","5000")", "", 8 * kGiB + 5000 * 64 * kKiB},
      {"a maximum length that the load passes caps its context", all, load, R"("--max-model-len","900")", "", 8 * kGiB + 3600 * 64 * kKiB},
      {"the engine's limit caps concurrency", all, load, R"("--max-num-seqs","2")", "", 8 * kGiB + 2000 * 64 * kKiB},
      {"and never raises it", all, load, R"("--max-num-seqs","200")", "", 8 * kGiB + 4000 * 64 * kKiB},
      {"annotations before the policy's load", all, load, "", R"("rightslice.io/concurrency":"1","rightslice.io/context":"10")", 8 * kGiB + 10 * 64 * kKiB},
      {"key by key", all, load, "", R"("rightslice.io/context":"10")", 8 * kGiB + 40 * 64 * kKiB},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto need = Need{row.annotations, kAcme + (row.args.empty() ? "" : "," + row.args), spec(row.parts, row.load)}.on();
    REQUIRE(need);
    CHECK(need->bytes == row.bytes);
    Bytes sum = 0;
    for (const auto& term : need->terms) sum += term.bytes;
    CHECK(sum == need->bytes);
  }
}

TEST_CASE("a declaration is of the model as a whole and is shared evenly, rounded up to a byte") {
  const Need need{footprint(10'000'000'001), "", ""};
  CHECK(need.on(1)->bytes == 10'000'000'001);
  CHECK(need.on(2)->bytes == 5'000'000'001);
  CHECK(need.on(4)->bytes == 2'500'000'001);
  CHECK(Need{footprint(10'000'000'000), "", ""}.on(2)->bytes == 5'000'000'000);
  CHECK(need.on(2)->minimum == 5'000'000'001);
  CHECK(need.on(2)->high == 5'000'000'001);
}

TEST_CASE("the load is stated by an annotation, spec.load, or a memory or footprint declaration") {
  const std::string weights = "  models: [{model: 'acme/*', weights: 6Gi, kvPerToken: 1Ki}]", memory = "  models: [{model: 'acme/*', memory: 6Gi}]";
  struct Row {
    std::string_view rule;
    Need need;
    bool stated;
  };
  const Row rows[] = {
      {"nothing", {"", kQwen, ""}, false},
      {"concurrency", {R"("rightslice.io/concurrency":"8")", kQwen, ""}, true},
      {"context", {R"("rightslice.io/context":"8")", kQwen, ""}, true},
      {"a malformed annotation is none", {R"("rightslice.io/context":"8k")", kQwen, ""}, false},
      {"another annotation", {R"("rightslice.io/quantization":"awq")", kQwen, ""}, false},
      {"spec.load, one of both", {"", kQwen, "  load: {context: 4096}"}, true},
      {"footprint", {footprint(kGiB), kQwen, ""}, true},
      {"memory", {"", kAcme, memory}, true},
      {"weights", {"", kAcme, weights}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CHECK(row.need.source().loadStated() == row.stated);
  }
}

TEST_CASE("an unknown need says what was looked at and what to add") {
  CHECK(contains(Need{"", kAcme, ""}.source().unknownBecause(), "model acme/chat-large is not in the catalogue"));
  CHECK(contains(Need{"", kAcme, ""}.source().unknownBecause(), "rightslice.io/footprint"));
  CHECK(contains(Need{"", "", "", "registry.example/app:1"}.source().unknownBecause(), "no model found"));
  CHECK(contains(Need{R"("rightslice.io/model":"acme/x")", "", "", "registry.example/app:1"}.source().unknownBecause(), "no inference engine recognised"));
}

TEST_CASE("annotations on quantization and KV dtype replace the flags in an estimate") {
  const auto plain = Need{"", kQwen, ""}.on(), awq = Need{R"("rightslice.io/quantization":"awq")", kQwen, ""}.on();
  const auto fp8 = Need{R"("rightslice.io/kv-cache-dtype":"fp8")", kQwen, ""}.on();
  REQUIRE(plain);
  REQUIRE(awq);
  REQUIRE(fp8);
  CHECK(awq->bytes < plain->bytes * 2 / 3);
  CHECK(fp8->bytes < plain->bytes);
}
