// Ollama: where its model is read, and what it takes by release and device.
#include "container_case.hpp"

#include "model/served_names.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace rightslice::embedded {
std::string_view names_json();
}

namespace {

using Env = std::vector<Invocation::Env>;

Invocation shell(std::string script, std::string image = "ollama/ollama:0.12.0", Env env = {}) {
  return {std::move(image), {"/bin/sh", "-c"}, {std::move(script)}, std::move(env), false, {}};
}

Invocation serving(std::string model, std::string version, Env env = {}) {
  env.push_back({"OLLAMA_MODEL", std::move(model)});
  return inImage("ollama/ollama" + (version.empty() ? version : ":" + version), std::move(env));
}

}  // namespace

TEST_CASE("the shipped names of other registries are well formed, and each is a model of the catalogue") {
  const auto fault = faultOfNames(embedded::names_json(), "policies/catalogue/names.json");
  CHECK_MESSAGE(!fault, (fault ? fault->where + ": " + fault->message : ""));
  CHECK(servedNames().size() > 100);
  for (const ServedName& name : servedNames()) {
    CAPTURE(name.name);
    const auto found = Catalogue::builtIn().find(name.name);
    REQUIRE(found);
    CHECK(found->architecture->id == name.model);
  }
}

TEST_CASE("a fault in a file of names is told with its place") {
  const struct {
    std::string_view text, where;
  } rows[] = {
      {R"({"names":[{"ollama":["a"]}]})", "f: /names/0"},
      {R"({"names":[{"model":"m","type":"Q9_Z"}]})", "f: /names/0/type"},
      {R"({"names":[{"model":"m","docker":["a"]}]})", "f: /names/0"},
      {R"({"names":[{"model":"m","nim":["a"]},{"model":"n","nim":["A"]}]})", "f: /names"},
  };
  for (const auto& row : rows) {
    const auto fault = faultOfNames(row.text, "f");
    REQUIRE(fault);
    CHECK(fault->where == row.where);
  }
}

TEST_CASE("a tag of Ollama's library tells size and file type") {
  const struct {
    const char* text;
    const char* name;
    const char* type;
  } rows[] = {
      {"llama3.1:8b-instruct-q8_0", "llama3.1:8b", "Q8_0"}, {"llama3.1", "llama3.1", "Q4_K_M"},
      {"llama3.1:latest", "llama3.1", "Q4_K_M"},            {"qwen2.5:14b", "qwen2.5:14b", "Q4_K_M"},
      {"qwen2.5:7b-instruct-fp16", "qwen2.5:7b", "F16"},    {"gpt-oss:20b", "gpt-oss:20b", "MXFP4"},
      {"llama2:7b-chat", "llama2:7b", "Q4_0"},              {"registry.ollama.ai/library/mistral:7b", "mistral:7b", "Q4_K_M"},
      {"acme/own:1b", "acme/own:1b", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const OllamaName split = splitOllamaName(row.text);
    CHECK(split.name == row.name);
    if (row.type == nullptr) CHECK_FALSE(split.type);
    else CHECK(split.type == row.type);
  }
  const auto found = Catalogue::builtIn().find("llama3.1:8b-instruct-q5_K_M");
  REQUIRE(found);
  CHECK(found->architecture->id == "meta-llama/Llama-3.1-8B-Instruct");
}

TEST_CASE("Ollama's model stands in a start script or in the environment of a chart") {
  const struct {
    const char* what;
    Invocation invocation;
    const char* model;
    const char* gguf;
  } rows[] = {
      {"pulled beside the server", shell("ollama serve & sleep 5; ollama pull llama3.1:8b; wait"), "llama3.1:8b", "Q4_K_M"},
      {"run", shell("/bin/ollama serve &\nollama run qwen2.5:14b-instruct-q8_0\n"), "qwen2.5:14b", "Q8_0"},
      {"a variable", shell("ollama serve & ollama pull $MODEL", "ollama/ollama", {{"MODEL", "mistral"}}), "mistral", "Q4_K_M"},
      {"a chart's variable", serving("gemma3:4b", "0.12.0"), "gemma3:4b", "Q4_K_M"},
      {"a list", inImage("ollama/ollama", {{"OLLAMA_MODELS", "llama3.2:3b,qwen3:8b"}}), "qwen3:8b", "Q4_K_M"},
      {"the largest of several, last", shell("ollama serve & ollama pull llama3.2:1b; ollama pull qwen2.5:32b"), "qwen2.5:32b", "Q4_K_M"},
      {"the largest of several, first", shell("ollama serve & ollama pull qwen2.5:32b; ollama pull llama3.2:1b"), "qwen2.5:32b", "Q4_K_M"},
      {"of one model the larger file", shell("ollama serve & ollama pull qwen3:8b; ollama pull qwen3:8b-q8_0"), "qwen3:8b", "Q8_0"},
      {"from Hugging Face", serving("hf.co/bartowski/Qwen2.5-7B-Instruct-GGUF:Q6_K", ""), "hf.co/bartowski/qwen2.5-7b-instruct-gguf", "Q6_K"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const ContainerCase c(row.invocation);
    CHECK(c.run.engine->name == "ollama");
    CHECK(c.run.model == row.model);
    CHECK(c.run.gguf == row.gguf);
  }
  for (const Invocation& silent : {inImage("ollama/ollama", {{"OLLAMA_MODELS", "/models"}}), shell("ollama serve")}) {
    CHECK_FALSE(readInvocation(silent).model);
  }
  CHECK_FALSE(ContainerCase(shell("ollama serve & ollama pull llama3.1; ollama pull mistral")).e.need.high);
  CHECK(ContainerCase(shell("ollama serve & ollama pull llama3.1; ollama pull llama3.1:latest")).e.need.high);
  // One at a time: the largest is all that lies on the device.
  const Env one{{"OLLAMA_MAX_LOADED_MODELS", "1"}};
  CHECK(ContainerCase(shell("ollama serve & ollama pull llama3.1; ollama pull mistral", "ollama/ollama:0.12.0", one)).e.need.high);
  CHECK_FALSE(ContainerCase(shell("ollama serve & ollama pull llama3.1; ollama pull acme/own", "ollama/ollama:0.12.0", one)).e.need.high);
}

TEST_CASE("Ollama takes its context by release and device, for each parallel request") {
  const struct {
    const char* what;
    const char* version;
    Env env;
    std::int64_t deviceGib;
    double kvMib;
  } rows[] = {
      {"2048 of old, four at once", "0.5.7", {}, 20, 1024},
      {"4096 later", "0.12.0", {}, 20, 512},
      {"on small devices still", "0.16.0", {}, 20, 512},
      {"32768 from 24 GiB on", "0.16.0", {}, 40, 4096},
      {"all that the model knows on large ones", "0.16.0", {}, 80, 16384},
      {"as written", "0.16.0", {{"OLLAMA_CONTEXT_LENGTH", "8192"}}, 80, 1024},
      {"times the requests at once", "0.16.0", {{"OLLAMA_CONTEXT_LENGTH", "8192"}, {"OLLAMA_NUM_PARALLEL", "4"}}, 80, 4096},
      {"in 8 bit", "0.16.0", {{"OLLAMA_CONTEXT_LENGTH", "8192"}, {"OLLAMA_KV_CACHE_TYPE", "q8_0"}}, 80, 544},
      {"0 leaves it to the release", "0.12.0", {{"OLLAMA_CONTEXT_LENGTH", "0"}, {"OLLAMA_NUM_PARALLEL", "0"}}, 20, 512},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const ContainerCase c(serving("llama3.1:8b", row.version, row.env), Load{}, Device{row.deviceGib * kGiB, false, 1});
    CHECK(mib(c.e.kv) == doctest::Approx(row.kvMib));
    CHECK(mib(c.e.need.minimum) < 300);  // layers stay on the host where the device is full
    CHECK_FALSE(c.run.loadCounts());
  }
}

TEST_CASE("Ollama's own estimate of llama3.1:8b with 8192 cells: 560 MiB of graph, 6.2 GiB in all") {  // T099
  const ContainerCase c(serving("llama3.1:8b-instruct-q4_0", "0.5.7"), Load{}, Device{16 * kGiB, false, 1});
  CHECK(mib(c.e.kv) == 1024);
  CHECK(mib(c.e.activations) == doctest::Approx(560.0).epsilon(0.0001));
  CHECK(mib(c.e.need.bytes) / 1024 == doctest::Approx(6.2).epsilon(0.05));
  REQUIRE(c.e.need.high);
  CHECK(mib(*c.e.need.high) / 1024 > 6.2);
}

TEST_CASE("latent attention was kept expanded: 4.77 MiB a token of DeepSeek-R1") {  // T030
  const ContainerCase c(serving("deepseek-r1:671b", "0.5.7", {{"OLLAMA_CONTEXT_LENGTH", "2048"}, {"OLLAMA_NUM_PARALLEL", "1"}}));
  CHECK(mib(c.e.kv) / 2048 == doctest::Approx(4.766).epsilon(0.001));
}

TEST_CASE("OLLAMA_GPU_OVERHEAD stays free") {
  const ContainerCase with(serving("llama3.1:8b", "0.12.0", {{"OLLAMA_GPU_OVERHEAD", "1073741824"}}));
  const ContainerCase without(serving("llama3.1:8b", "0.12.0"));
  CHECK(with.e.need.bytes - without.e.need.bytes == kGiB);
  CHECK(with.e.need.minimum == without.e.need.minimum);
}
