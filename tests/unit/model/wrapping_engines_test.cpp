// Servers that run another engine, or choose one: NIM, KServe, Dynamo, Ray Serve LLM; and speaches.
#include "container_case.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

using Env = std::vector<Invocation::Env>;
using Strings = std::vector<std::string>;

Invocation command(Strings words, std::string image = "", Env env = {}) {
  return {std::move(image), std::move(words), {}, std::move(env), false, {}};
}

}  // namespace

TEST_CASE("NIM's image names the model, its environment the rest") {
  const struct {
    const char* what;
    Invocation invocation;
    const char* id;
  } rows[] = {
      {"1.x", inImage("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4"), "meta-llama/Llama-3.1-8B-Instruct"},
      {"a mirror", inImage("registry.example.com/nim/meta/llama-3.3-70b-instruct:1.8"), "meta-llama/Llama-3.3-70B-Instruct"},
      {"2.x", inImage("nvcr.io/nim/openai/gpt-oss-20b:2.0.4"), "openai/gpt-oss-20b"},
      {"any model", inImage("nvcr.io/nim/nvidia/llm-nim:1.12", {{"NIM_MODEL_NAME", "hf://Qwen/Qwen2.5-7B-Instruct"}}), "Qwen/Qwen2.5-7B-Instruct"},
      {"any model, 2.x", inImage("nvcr.io/nim/nvidia/model-free-nim:2.1.6", {{"NIM_MODEL_PATH", "hf://Qwen/Qwen3-8B"}}), "Qwen/Qwen3-8B"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const ContainerCase c(row.invocation);
    CHECK(c.run.engine->name == "nim");
    CHECK(c.input.architecture->id == row.id);
    CHECK(c.e.need.confidence == Confidence::Medium);
    CHECK(c.run.version.empty());  // a NIM's release is no vLLM's
  }
}

TEST_CASE("the precision of a NIM is an interval, unless the profile names it") {
  const std::string image = "nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4";
  const ContainerCase any(inImage(image));
  CHECK(mib(any.term("weights").low) < 8.5 * 1024);    // fp8
  CHECK(mib(any.term("weights").high) > 15.0 * 1024);  // bf16
  const ContainerCase fp8(inImage(image, {{"NIM_MODEL_PROFILE", "tensorrt_llm-h100-fp8-tp1-throughput"}}));
  CHECK(mib(fp8.term("weights").high) < 9 * 1024);
  const ContainerCase two(inImage(image, {{"NIM_MODEL_PROFILE", "vllm-bf16-tp2"}}));
  CHECK(two.run.settings.tensorParallelSize == 2);
  CHECK(two.e.weights < any.e.weights * 6 / 10);
  const ContainerCase hash(inImage(image, {{"NIM_MODEL_PROFILE", "4f904d571fe60ff24695b5ee2aa42da58cb460787a968f1e8a09f5a7e862728d"}}));
  CHECK(hash.e.need.minimum == any.e.need.minimum);
}

TEST_CASE("over how many GPUs a NIM splits its model is an interval, unless a variable says it") {
  const auto on = [](std::int64_t count, const Env& env = {}) {
    return ContainerCase(inImage("nvcr.io/nim/meta/llama-3.1-70b-instruct:1.8.4", env), Load{}, Device{80 * kGiB, false, count});
  };
  const auto one = on(1), four = on(4), written = on(4, {{"NIM_TENSOR_PARALLEL_SIZE", "4"}}), single = on(4, {{"NIM_TENSOR_PARALLEL_SIZE", "1"}});
  CHECK(four.e.need.minimum == written.e.need.minimum);
  CHECK(four.e.need.bytes == written.e.need.bytes);
  CHECK(four.term("weights").high >= one.term("weights").high);
  CHECK(four.term("kvCache").high >= one.term("kvCache").high);
  CHECK(single.e.need.minimum == one.e.need.minimum);
  CHECK(four.term("weights").from.find("NIM_TENSOR_PARALLEL_SIZE") != std::string::npos);
}

TEST_CASE("a NIM of 1.x is never said not to start for one long sequence; one that runs vLLM is") {
  const Device slice{20 * kGiB, false, 1};
  const auto start = [&](const Invocation& invocation) {
    const ContainerCase c(invocation, Load{}, slice);
    return startsOn(c.input, c.e, *slice.memory);
  };
  CHECK_FALSE(start(inImage("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4")).surelyNot);
  CHECK(start(inImage("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4", {{"NIM_MODEL_PROFILE", "vllm-bf16-tp1"}})).surelyNot);
  CHECK_FALSE(start(inImage("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4",
                            {{"NIM_MODEL_PROFILE", "vllm-fp8-tp1"}, {"NIM_MAX_MODEL_LEN", "8192"}})).surelyNot);
}

TEST_CASE("NIM's variables and pass-through arguments are read") {
  const EngineRun run = readInvocation(inImage("nvcr.io/nim/nvidia/x:2.1.0", {{"NIM_MAX_MODEL_LEN", "16384"},
                                                                             {"NIM_TENSOR_PARALLEL_SIZE", "2"},
                                                                             {"NIM_KVCACHE_PERCENT", "0.7"},
                                                                             {"NIM_DISABLE_CUDA_GRAPH", "1"},
                                                                             {"NIM_PASSTHROUGH_ARGS", "--max-num-seqs 32 --kv-cache-dtype fp8"}}));
  CHECK(run.settings.maxModelLen == 16384);
  CHECK(run.settings.tensorParallelSize == 2);
  CHECK(run.settings.memoryFraction == 0.7);
  CHECK(run.settings.enforceEager);
  CHECK(run.settings.maxNumSeqs == 32);
  CHECK(run.settings.kvCacheDtype == "fp8");
  for (const Env& env : {Env{{"NIM_PEFT_SOURCE", "/loras"}}, Env{{"NIM_DRAFT_MODEL_PATH", "hf://a/b"}}, Env{{"NIM_PASSTHROUGH_ARGS", std::nullopt}}})
    CHECK_FALSE(readInvocation(inImage("nvcr.io/nim/nvidia/x:2.1.0", env)).open.empty());
  const ContainerCase embedder(inImage("nvcr.io/nim/nvidia/llama-3.2-nv-embedqa-1b-v2:1.6"));
  CHECK_FALSE(embedder.e.need.high);  // the workspace of the engine
}

TEST_CASE("KServe's server runs vLLM where it can, else transformers") {
  const Strings base{"python3", "-m", "huggingfaceserver", "--model_name=m", "--model_id=Qwen/Qwen2.5-7B-Instruct"};
  const auto with = [&](Strings more) {
    Strings words = base;
    words.insert(words.end(), more.begin(), more.end());
    return command(words, "kserve/huggingfaceserver:v0.15.0-gpu");
  };
  const ContainerCase c(with({"--max_model_len=8192", "--gpu_memory_utilization=0.8", "--tensor_parallel_size", "2"}));
  CHECK(c.run.engine->name == "kserve-huggingface");
  CHECK(c.run.memoryRule()->name == "vllm");
  CHECK(c.run.settings.maxModelLen == 8192);
  CHECK(c.run.settings.memoryFraction == 0.8);
  CHECK(c.run.settings.tensorParallelSize == 2);
  CHECK(c.run.version.empty());
  const ContainerCase own(with({"--backend=huggingface"}), Load{1, 4096, true});
  CHECK(own.run.memoryRule()->name == "kserve-huggingface");
  CHECK(own.term("kvCache").low == 0);
  CHECK(mib(own.e.kv) == 224);
  CHECK(readInvocation(with({"--task=text_embedding"})).backend == nullptr);
  CHECK(readInvocation(command({"python3", "-m", "huggingfaceserver", "--model_dir=/mnt/models", "--model_name=Qwen/Qwen3-8B"})).model == "/mnt/models");
}

TEST_CASE("Dynamo's workers keep the rules of their engine") {
  const struct {
    Invocation invocation;
    const char* backend;
    const char* model;
  } rows[] = {
      {command({"python3", "-m", "dynamo.vllm", "--model", "Qwen/Qwen3-0.6B", "--is-prefill-worker"}), "vllm", "Qwen/Qwen3-0.6B"},
      {command({"python3", "-m", "dynamo.sglang", "--model-path", "Qwen/Qwen3-8B", "--tp", "2"}), "sglang", "Qwen/Qwen3-8B"},
      {command({"python3", "-m", "dynamo.trtllm", "--model-path", "Qwen/Qwen3-8B"}), "tensorrt-llm", "Qwen/Qwen3-8B"},
      {command({"dynamo-run", "in=http", "out=vllm", "Qwen/Qwen3-8B", "--tensor-parallel-size", "2"}), "vllm", "Qwen/Qwen3-8B"},
      {command({"sh", "-c", "exec python3 -m dynamo.vllm --model Qwen/Qwen3-8B --max-model-len 8192"}), "vllm", "Qwen/Qwen3-8B"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.backend);
    const EngineRun run = readInvocation(row.invocation);
    REQUIRE(run.engine != nullptr);
    CHECK(run.engine->name == "dynamo");
    REQUIRE(run.backend != nullptr);
    CHECK(run.backend->name == row.backend);
    CHECK(run.model == row.model);
    CHECK(run.version.empty());
  }
  const EngineRun frontend = readInvocation(command({"python3", "-m", "dynamo.frontend"}, "nvcr.io/nvidia/ai-dynamo/vllm-runtime:0.7"));
  CHECK_FALSE(frontend.model);
}

TEST_CASE("Ray's workers run what serveConfigV2 says") {
  Invocation invocation = inImage("rayproject/ray-llm:2.46.0-py311-cu124");
  Invocation::Told served;
  served.from = "serveConfigV2";
  served.engine = "ray";
  served.engineIsSure = true;
  served.model = "Qwen/Qwen2.5-7B-Instruct";
  served.words = {"--tensor_parallel_size=2", "--max_model_len=8192", "--enforce_eager=true"};
  invocation.told = {served};
  const ContainerCase one(invocation);
  CHECK(one.run.engine->name == "ray");
  CHECK(one.run.memoryRule()->name == "vllm");
  CHECK(one.run.multiNode);
  CHECK(one.run.settings.tensorParallelSize == 2);
  CHECK(one.run.settings.maxModelLen == 8192);
  CHECK(one.run.settings.enforceEager);
  CHECK(one.run.places.empty());
  CHECK(one.e.need.high);
  served.model = "Qwen/Qwen2.5-0.5B-Instruct";
  served.adapters = true;
  invocation.told.push_back(served);
  const ContainerCase two(invocation);
  CHECK_FALSE(two.e.need.high);
  CHECK(two.term("weights").low == 0);  // a worker may hold the other one
  CHECK_FALSE(readInvocation(inImage("rayproject/ray-llm:2.46.0")).kvRule());
}

TEST_CASE("speaches holds the Whisper that it preloads, by compute type and workers") {
  const std::string image = "ghcr.io/speaches-ai/speaches:latest-cuda";
  const ContainerCase c(inImage(image, {{"PRELOAD_MODELS", R"(["Systran/faster-whisper-large-v3"])"}}));
  CHECK(c.input.architecture->id == "openai/whisper-large-v3");
  CHECK(mib(c.e.weights) == doctest::Approx(1.543e9 * 2 / (1 << 20)).epsilon(0.01));
  CHECK(mib(c.e.need.bytes) == doctest::Approx(4525e6 / (1 << 20)).epsilon(0.06));  // faster-whisper's README
  const ContainerCase narrow(inImage(image, {{"WHISPER__MODEL", "large-v3"}, {"WHISPER__COMPUTE_TYPE", "int8"}}));
  CHECK(mib(narrow.e.need.bytes) == doctest::Approx(2926e6 / (1 << 20)).epsilon(0.12));
  const ContainerCase workers(inImage(image, {{"PRELOAD_MODELS", "large-v3"}, {"WHISPER__NUM_WORKERS", "2"}}));
  CHECK(workers.e.weights == c.e.weights);
  CHECK(workers.e.activations == 2 * c.e.activations);
  CHECK_FALSE(readInvocation(inImage(image)).model);
  const ContainerCase several(inImage(image, {{"PRELOAD_MODELS", R"(["turbo", "large-v3"])"}}));
  CHECK_FALSE(several.e.need.high);
}

TEST_CASE("Triton and ComfyUI are recognised, and say what to declare") {
  for (const Invocation& invocation :
       {command({"tritonserver", "--model-repository=/models"}), command({"python3", "/opt/scripts/launch_triton_server.py", "--world_size=1"}),
        command({"python", "/opt/ComfyUI/main.py", "--listen", "--lowvram"}), inImage("yanwk/comfyui-boot:cu124")}) {
    const EngineRun run = readInvocation(invocation);
    REQUIRE(run.engine != nullptr);
    CHECK_FALSE(run.kvRule());
    CHECK(run.engine->whyUnknown.find("rightslice.io/footprint") != std::string_view::npos);
  }
}
