// Adapters and drafts: what is served beside a model.
#include <doctest/doctest.h>

#include "model/footprint.hpp"
#include "model/speculative.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

struct Sized {
  EngineRun run;
  EstimateInput input;
  std::optional<Estimate> result;
};

/// What `words` need, as the CLI and the webhook would size them.
void size(Sized& s, std::vector<std::string> words, const char* version = "0.15.0") {
  Invocation invocation;
  invocation.command = std::move(words);
  s.run = readInvocation(invocation);
  s.run.version = version;
  REQUIRE(s.run.model);
  const auto found = Catalogue::builtIn().find(*s.run.model);
  REQUIRE(found);
  s.input = estimateInput(*found, s.run, {}, {});
  resolveDraft(s.input, Catalogue::builtIn());
  s.result = estimate(s.input);
  REQUIRE(s.result);
}

const Term* term(const Estimate& e, std::string_view name) {
  for (const Term& one : e.need.terms) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

const std::vector<std::string> kServe{"vllm", "serve", "meta-llama/Llama-3.1-8B-Instruct"};
std::vector<std::string> with(std::vector<std::string> flags) {
  std::vector<std::string> words = kServe;
  words.insert(words.end(), flags.begin(), flags.end());
  return words;
}

}  // namespace

TEST_CASE("slots for adapters take A and B of each linear layer") {
  Sized s;
  size(s, with({"--enable-lora", "--max-loras", "4", "--max-lora-rank", "64"}));
  const Term* adapters = term(*s.result, "adapters");
  REQUIRE(adapters != nullptr);
  // By hand: inputs + outputs of q, k, v, o, gate, up, down.
  const Bytes widths = (4096 + 4096) + 2 * (4096 + 1024) + (4096 + 4096) + 3 * (4096 + 14336);
  CHECK(adapters->bytes == widths * 32 * 64 * 4 * 2);
  CHECK(adapters->low == adapters->bytes);
  CHECK(adapters->high > adapters->bytes);
  CHECK(s.result->need.high.has_value());
  Sized usual;
  size(usual, with({"--enable-lora"}));
  CHECK(term(*usual.result, "adapters")->bytes == widths * 32 * 16 * 2);
  Sized split;
  size(split, with({"--enable-lora", "-tp", "2"}));
  // The half of each pair that sees the whole width stays whole.
  const Bytes halves = (4096 + 2048) + 2 * (4096 + 512) + (2048 + 4096) + 2 * (4096 + 7168) + (7168 + 4096);
  CHECK(term(*split.result, "adapters")->bytes == halves * 32 * 16 * 2);
  Sized none;
  size(none, kServe);
  CHECK(term(*none.result, "adapters") == nullptr);
}

TEST_CASE("experts have slots in recent releases only") {
  const std::vector<std::string> words{"vllm", "serve", "Qwen/Qwen3-30B-A3B", "--enable-lora"};
  Sized recent, old, unknown;
  size(recent, words, "0.15.0");
  size(old, words, "0.10.0");
  size(unknown, words, "");
  CHECK(term(*recent.result, "adapters")->low > 10 * term(*old.result, "adapters")->bytes);
  CHECK(term(*unknown.result, "adapters")->low == term(*old.result, "adapters")->low);
  CHECK(term(*unknown.result, "adapters")->bytes == term(*recent.result, "adapters")->bytes);
}

TEST_CASE("SGLang's slots are known where rank and modules are written") {
  const std::vector<std::string> words{
      "python3", "-m", "sglang.launch_server", "--model-path", "meta-llama/Llama-3.1-8B-Instruct", "--enable-lora"};
  Sized open;
  size(open, words, "0.5.0");
  REQUIRE(term(*open.result, "adapters") != nullptr);
  CHECK(term(*open.result, "adapters")->open);
  CHECK_FALSE(open.result->need.high.has_value());
  std::vector<std::string> named = words;
  for (const char* word : {"--max-lora-rank", "16", "--lora-target-modules", "q_proj", "v_proj"})
    named.emplace_back(word);
  Sized known;
  size(known, named, "0.5.0");
  CHECK(term(*known.result, "adapters")->bytes == ((4096 + 4096) + (4096 + 1024)) * 32LL * 16 * 8 * 2);
  CHECK(known.result->need.high.has_value());
}

TEST_CASE("a draft model adds its weights, and its keys and values to the pool") {
  Sized plain, s;
  size(plain, kServe);
  size(s, with({"--speculative-config", R"({"model": "meta-llama/Llama-3.2-1B", "num_speculative_tokens": 5})"}));
  const Term* draft = term(*s.result, "draftModel");
  REQUIRE(draft != nullptr);
  CHECK(draft->bytes / kMiB == 2374);  // 2.3185 GiB, as logged when it is served alone (T069)
  CHECK(s.result->kvBytesPerToken == plain.result->kvBytesPerToken + 16 * 2 * 8 * 64 * 2);
  CHECK(s.result->weights == plain.result->weights);
  const auto pool = kvPool(s.input, *s.result, 40 * kGiB);
  const auto poolAlone = kvPool(plain.input, *plain.result, 40 * kGiB);
  REQUIRE(pool);
  REQUIRE(poolAlone);
  CHECK(poolAlone->bytes - pool->bytes > 2 * kGiB);
}

TEST_CASE("the shape of a draft that no catalogue has is guessed, and lives as long as what is computed from it") {
  Sized s;
  size(s, with({"--speculative-config", R"({"model": "example/chat-0.5B", "num_speculative_tokens": 3})"}));
  CHECK(s.input.guessedDraft != nullptr);
  const Term* draft = term(*s.result, "draftModel");
  REQUIRE(draft != nullptr);
  CHECK(draft->bytes > 800 * kMiB);
  CHECK(draft->bytes < 1400 * kMiB);
}

TEST_CASE("layers on top of the target are computed from its shape") {
  const auto draftOf = [](const char* model, const char* config) {
    Sized s;
    size(s, {"vllm", "serve", model, "--speculative-config", config});
    const Term* found = term(*s.result, "draftModel");
    return found == nullptr ? Term{} : *found;
  };
  const char* const llama = "meta-llama/Llama-3.1-8B-Instruct";
  // yuhuili/EAGLE3-LLaMA3.1-Instruct-8B is 0.42e9 parameters, EAGLE-LLaMA3-Instruct-8B 0.25e9 without its tables.
  const Term eagle3 = draftOf(llama, R"({"method": "eagle3", "model": "a/b", "num_speculative_tokens": 3})");
  CHECK(static_cast<double>(eagle3.bytes) / 2e9 == doctest::Approx(0.42).epsilon(0.1));
  const Term eagle = draftOf(llama, R"({"model": "yuhuili/EAGLE-LLaMA3-Instruct-8B"})");
  CHECK(static_cast<double>(eagle.bytes) / 2e9 == doctest::Approx(0.25).epsilon(0.1));
  CHECK(eagle.high > eagle.bytes + 2 * 128256LL * 4096 * 2);
  // DeepSeek-V3's own layer is 11.5e9 parameters beside its tables.
  const Term mtp = draftOf("deepseek-ai/DeepSeek-V3", R"({"method": "deepseek_mtp", "num_speculative_tokens": 1})");
  CHECK(static_cast<double>(mtp.bytes) / 1e9 == doctest::Approx(11.6).epsilon(0.03));
  const Term medusa = draftOf(llama, R"({"method": "medusa", "model": "a/b", "num_speculative_tokens": 2})");
  CHECK(medusa.bytes == 2 * (4096LL * 4096 + 4096LL * 128256) * 2);
}

TEST_CASE("what needs no weights adds none, and what is not known leaves the need open") {
  Sized ngram;
  size(ngram, with({"--speculative-config", R"({"method": "ngram", "num_speculative_tokens": 5})"}));
  CHECK(term(*ngram.result, "draftModel") == nullptr);
  CHECK(ngram.result->need.high.has_value());
  for (const char* config : {R"({"model": "acme/unknown-draft"})", R"({"method": "newest", "model": "a/b"})"}) {
    CAPTURE(config);
    Sized unknown;
    size(unknown, with({"--speculative-config", config}));
    REQUIRE(term(*unknown.result, "draftModel") != nullptr);
    CHECK(term(*unknown.result, "draftModel")->open);
    CHECK_FALSE(unknown.result->need.high.has_value());
  }
  Sized bad;
  size(bad, with({"--speculative-config", "{broken"}));
  CHECK_FALSE(bad.run.badFlags.empty());
}

TEST_CASE("methods of speculative decoding by the engines' words") {
  using Method = DraftSettings::Method;
  const struct {
    const char* text;
    Method method;
    const char* model;
  } rows[] = {
      {R"({"method": "ngram"})", Method::Weightless, ""},
      {R"({"model": "ngram"})", Method::Weightless, ""},
      {R"({"model": "org/small"})", Method::Model, "org/small"},
      {R"({"model": "org/EAGLE3-x", "num_speculative_tokens": 3})", Method::Eagle3, "org/EAGLE3-x"},
      {R"({"method": "eagle", "model": "org/x"})", Method::Eagle, "org/x"},
      {R"({"method": "qwen3_next_mtp"})", Method::Mtp, ""},
      {R"({"method": "draft_model"})", Method::Unknown, ""},
      {"ngram", Method::Weightless, ""},
      {"org/small", Method::Model, "org/small"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    DraftSettings draft;
    CHECK(readSpeculativeConfig(row.text, draft));
    CHECK(draft.method == row.method);
    CHECK(draft.model == row.model);
  }
  DraftSettings draft;
  CHECK_FALSE(readSpeculativeConfig("{", draft));
  CHECK_FALSE(readSpeculativeConfig("", draft));
}
