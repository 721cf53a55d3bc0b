// llama.cpp: flags to need, by build; exact cases of facts/footprint 4 and of llama.cpp's logs.
#include <doctest/doctest.h>

#include "container_case.hpp"
#include "model/gguf.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

using Strings = std::vector<std::string>;

/// What a command line needs.
struct Case : ContainerCase {
  explicit Case(Strings command, std::string image = "", Load load = {}, Device device = {},
                std::vector<Invocation::Env> env = {})
      : ContainerCase({.image = std::move(image), .command = std::move(command), .args = {}, .env = std::move(env), .told = {}}, load, device) {}
};

Strings server(std::string model, Strings more) {
  Strings words{"llama-server", "-m", std::move(model)};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const std::string kQwen3b = "/models/Qwen2.5-3B-Instruct-Q4_K_M.gguf";
const std::string kLlama8b = "/models/Meta-Llama-3.1-8B-Instruct-Q4_0.gguf";
const std::string kRolling = "ghcr.io/ggml-org/llama.cpp:server-cuda";
std::string build(int number) { return kRolling + "-b" + std::to_string(number); }

}  // namespace

TEST_CASE("the compute buffer of llama.cpp is what its logs say") {
  // T031: vocabulary branch, 512 x (2048 + 151936) x 4 B
  CHECK(mib(Case(server(kQwen3b, {"-c", "4096", "-ngl", "99"}), build(4701)).e.activations) == doctest::Approx(300.75));
  // Llama-3.1-8B with 8192 cells and no flash attention: "CUDA0 compute buffer size = 560.00 MiB"
  CHECK(mib(Case(server(kLlama8b, {"-c", "8192", "-ngl", "99"}), build(4701)).e.activations) ==
        doctest::Approx(560.0).epsilon(0.0001));
  // and with it, the vocabulary's again: 512 x (4096 + 128256) x 4 B
  CHECK(mib(Case(server(kLlama8b, {"-c", "8192", "-ngl", "99", "-fa"}), build(4701)).e.activations) ==
        doctest::Approx(258.5).epsilon(0.0001));
}

TEST_CASE("the KV cache of llama.cpp holds the whole context of all slots") {
  const struct {
    const char* what;
    std::string model;
    Strings flags;
    std::string image;
    double mib;
  } rows[] = {
      {"T031: 36 layers x 512 elements x 2 B x 4096", kQwen3b, {"-c", "4096"}, build(4701), 144},
      {"the context is the total of all slots", kQwen3b, {"-c", "16384", "-np", "4"}, kRolling, 576},
      {"and so with one cache for all", kQwen3b, {"-c", "16384", "-np", "4", "-kvu"}, kRolling, 576},
      {"cells are padded to 256 a slot", kQwen3b, {"-c", "1000", "-np", "4"}, kRolling, 36},
      {"older builds took 4096", kLlama8b, {}, build(5000), 512},
      {"-c 0 takes what the model was trained for", kLlama8b, {"-c", "0"}, kRolling, 16384},
      {"q8_0 keys and values: 34 B for 32", kLlama8b, {"-c", "8192", "-ctk", "q8_0", "-ctv", "q8_0"}, kRolling, 544},
      {"q8_0 keys only", kLlama8b, {"-c", "8192", "--cache-type-k", "q8_0"}, kRolling, 784},
      {"on the host", kLlama8b, {"-c", "8192", "-nkvo"}, kRolling, 0},
      {"half of the layers", kLlama8b, {"-c", "8192", "-ngl", "16"}, kRolling, 512},
      {"T028: 18 full layers x 262144 cells and 18 of 2 x (128 + 1024 -> 1280)", "/m/gpt-oss-120b-MXFP4.gguf",
       {"-c", "262144", "-np", "2", "-ub", "1024"}, kRolling, 9216 + 90},
      {"all of it with --swa-full", "/m/gpt-oss-120b-MXFP4.gguf", {"-c", "262144", "-np", "2", "--swa-full"}, kRolling, 18432},
      {"old builds without latent attention expand it: 4.766 MiB a token", "/m/DeepSeek-R1-Q4_K_M.gguf", {"-c", "4096"},
       build(4800), 19520},
      {"new builds keep the latent", "/m/DeepSeek-R1-Q4_K_M.gguf", {"-c", "4096"}, kRolling, 274.5},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Strings flags = row.flags;
    if (row.image != kRolling) flags.insert(flags.end(), {"-ngl", "99"});
    const Case c(server(row.model, flags), row.image);
    CHECK(mib(c.e.kv) == doctest::Approx(row.mib).epsilon(0.0001));
  }
}

TEST_CASE("what llama.cpp cannot start without hangs on what it may move") {
  const struct {
    const char* what;
    Strings flags;
    std::string image;
    std::vector<Invocation::Env> env;
    bool needsWeights;
    double kvMib;  // that it cannot start without
  } rows[] = {
      {"nothing written: context is cut and layers move", {}, kRolling, {}, false, 0},
      {"a written context stays, layers move", {"-c", "8192"}, kRolling, {}, false, 0},
      {"written layers stay, the context is cut to 4096", {"-ngl", "99"}, kRolling, {}, true, 512},
      {"or to what --fit-ctx says", {"-ngl", "all", "--fit-ctx", "8192"}, kRolling, {}, true, 1024},
      {"both written: all of it or no start", {"-ngl", "99", "-c", "8192"}, kRolling, {}, true, 1024},
      {"the same from the environment", {}, kRolling, {{"LLAMA_ARG_N_GPU_LAYERS", "99"}, {"LLAMA_ARG_CTX_SIZE", "8192"}}, true, 1024},
      {"--fit off", {"-c", "8192", "--fit", "off"}, kRolling, {}, true, 1024},
      {"builds before --fit", {"-c", "8192"}, build(6500), {}, true, 1024},
      {"builds that took no layers by default", {"-c", "8192"}, build(5000), {}, false, 0},
      {"an unknown build that may be one of those", {"-c", "8192", "--fit", "off"}, "", {}, false, 1024},
      {"host memory stands in", {"-ngl", "99", "-c", "8192"}, kRolling, {{"GGML_CUDA_ENABLE_UNIFIED_MEMORY", "1"}}, false, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Case c(server(kLlama8b, row.flags), row.image, Load{}, Device{}, row.env);
    CHECK((mib(c.term("weights").low) > 3900) == row.needsWeights);
    CHECK(mib(c.term("kvCache").low) == doctest::Approx(row.kvMib));
  }
}

TEST_CASE("without a written context llama.cpp takes what fits, and the load is what must") {
  const Case c(server(kLlama8b, {}), kRolling, Load{2, 8192, true});
  CHECK(mib(c.e.kv) == 2048);
  CHECK(c.run.loadCounts());
  CHECK(mib(Case(server(kLlama8b, {}), kRolling, Load{32, 8192, true}).e.kv) == 4096);  // four slots
  CHECK(mib(Case(server(kLlama8b, {}), kRolling, Load{1, 256, true}).e.kv) == 512);     // never below 4096
  CHECK_FALSE(Case(server(kLlama8b, {"-c", "8192"}), kRolling).run.loadCounts());
}

TEST_CASE("a repository without a type is loaded as Q4_K_M, and names of files tell theirs") {
  const struct {
    Strings command;
    const char* model;
    const char* gguf;
  } rows[] = {
      {{"llama-server", "-hf", "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF"}, "meta-llama/Llama-3.1-8B-Instruct", "Q4_K_M"},
      {{"llama-server", "-hf", "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF:Q8_0"}, "meta-llama/Llama-3.1-8B-Instruct", "Q8_0"},
      {{"llama-server", "-hf", "unsloth/Qwen3-8B-GGUF", "-hff", "Qwen3-8B-Q6_K.gguf"}, "Qwen/Qwen3-8B", "Q6_K"},
      {{"llama-server", "-hff", "Qwen3-8B-Q6_K.gguf", "-hf", "unsloth/Qwen3-8B-GGUF"}, "Qwen/Qwen3-8B", "Q6_K"},
      {{"llama-server", "--hf-repo", "Qwen/Qwen2.5-7B-Instruct-GGUF"}, "Qwen/Qwen2.5-7B-Instruct", "Q4_K_M"},
      {{"llama-server", "-hf", "ggml-org/gpt-oss-20b-GGUF"}, "openai/gpt-oss-20b", "MXFP4"},
      {{"llama-server", "-mu", "https://huggingface.co/bartowski/Qwen2.5-7B-Instruct-GGUF/resolve/main/Qwen2.5-7B-Instruct-Q5_K_M.gguf"},
       "Qwen/Qwen2.5-7B-Instruct", "Q5_K_M"},
      {{"llama-server", "-m", "/m/Meta-Llama-3.1-70B-Instruct-Q8_0-00001-of-00002.gguf"}, "meta-llama/Llama-3.1-70B-Instruct", "Q8_0"},
      {{"python3", "-m", "llama_cpp.server", "--model", "/m/qwen2.5-7b-instruct-q4_k_m.gguf"}, "Qwen/Qwen2.5-7B-Instruct", "Q4_K_M"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.command[2]);
    const Case c(row.command);
    CHECK(c.input.architecture->id == row.model);
    CHECK(c.run.gguf == row.gguf);
  }
}

TEST_CASE("a file whose type is not known may be of any") {
  const Case c(server("/m/qwen2.5-7b-instruct.gguf", {"-c", "4096"}), kRolling);
  CHECK(mib(c.term("weights").low) < 2900);   // Q2_K
  CHECK(mib(c.term("weights").high) > 7000);  // Q8_0
  CHECK(c.e.need.confidence == Confidence::Low);
  CHECK(Case(server(kLlama8b, {"-c", "4096"}), kRolling).e.need.confidence == Confidence::Medium);
}

TEST_CASE("experts on the host take nothing of the device") {
  const std::string model = "/m/Qwen3-30B-A3B-Q4_K_M.gguf";
  const Case all(server(model, {"-c", "4096"}), kRolling);
  const Case none(server(model, {"-c", "4096", "--cpu-moe"}), kRolling);
  const Case half(server(model, {"-c", "4096", "-ncmoe", "24"}), kRolling);
  const Case pattern(server(model, {"-c", "4096", "-ot", "\\.ffn_.*_exps\\.=CPU"}), kRolling);
  CHECK(mib(none.e.weights) < 1600);
  CHECK(pattern.e.weights == none.e.weights);
  CHECK(half.e.weights == doctest::Approx(static_cast<double>(all.e.weights + none.e.weights) / 2).epsilon(0.01));
  const Case some(server(model, {"-c", "4096", "-ot", "blk\\.(1|2)\\.ffn_.*=CPU"}), kRolling);
  CHECK(some.term("weights").low == 0);
  CHECK(some.term("weights").bytes == all.e.weights);
}

TEST_CASE("llama-cpp-python has defaults of its own") {
  const Strings command{"python3", "-m", "llama_cpp.server", "--model", kLlama8b};
  const Case c(command);
  CHECK(mib(c.e.weights) < 1);  // no layers on the device
  Strings all = command;
  all.insert(all.end(), {"--n_gpu_layers", "-1", "--n_ctx", "4096"});
  const Case on(all);
  CHECK(mib(on.e.weights) > 4000);
  CHECK(mib(on.e.kv) == 512);
  const Case env(command, "", Load{}, Device{}, {{"N_GPU_LAYERS", "-1"}, {"N_CTX", "8192"}});
  CHECK(mib(env.e.kv) == 1024);
}

TEST_CASE("several devices share the layers") {
  const Case one(server(kLlama8b, {"-c", "8192", "-ngl", "99"}), kRolling, Load{}, Device{40 * kGiB, false, 1});
  const Case two(server(kLlama8b, {"-c", "8192", "-ngl", "99"}), kRolling, Load{}, Device{40 * kGiB, false, 2});
  const Case first(server(kLlama8b, {"-c", "8192", "-ngl", "99", "-sm", "none"}), kRolling, Load{}, Device{40 * kGiB, false, 2});
  CHECK(two.e.kv * 2 == one.e.kv);
  CHECK(two.e.weights * 2 == doctest::Approx(static_cast<double>(one.e.weights)).epsilon(0.001));
  CHECK(first.e.weights == one.e.weights);
}

TEST_CASE("what takes memory and has no number is an open term") {
  for (const Strings& flags : {Strings{"-md", "/m/draft.gguf"}, Strings{"--lora", "/m/a.gguf"}, Strings{"--mmproj", "/m/p.gguf"}}) {
    const Case c(server(kLlama8b, flags), kRolling);
    CHECK_FALSE(c.e.need.high);
    CHECK(c.e.need.confidence == Confidence::Low);
  }
  CHECK(Case(server("/m/gemma-3-4b-it-Q4_K_M.gguf", {"-c", "4096"}), kRolling).e.need.high);
  CHECK_FALSE(Case({"llama-server", "-hf", "ggml-org/gemma-3-4b-it-GGUF"}).e.need.high);
}
