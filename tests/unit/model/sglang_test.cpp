#include "engine_case.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

constexpr const char* kImage = "lmsysorg/sglang:v0.5.5";

}  // namespace

TEST_CASE("SGLang's command line is read in every form that people write") {
  const struct {
    Strings command, args;
    const char* shown;
  } rows[] = {
      {{"python3", "-m", "sglang.launch_server", "--model-path", "m/x"}, {}, "sglang m/x"},
      {{"python3", "-m", "sglang.launch_server"}, {"--model", "m/x", "--tp", "2"}, "sglang m/x tp=2"},
      {{"sglang", "serve", "--model-path", "m/x", "--tp-size=4", "--dp", "2"}, {}, "sglang m/x tp=4 dp=2"},
      {{"bash", "-c", "python3 -m sglang.launch_server --model-path m/x --context-length 8192"}, {}, "sglang m/x len=8192"},
      {{"sglang", "serve", "--model-path", "m/x", "--tensor-parallel-size", "2", "--pipeline-parallel-size", "2"},
       {},
       "sglang m/x tp=2 pp=2"},
      {{"sglang", "serve", "--model-path", "m/x", "--mem-fraction-static", "0.8"}, {}, "sglang m/x f=0.8"},
      {{"sglang", "serve", "--model-path", "m/x", "--mem-fraction", "0.8"}, {}, "sglang m/x f=0.8"},
      {{"sglang", "serve", "--model-path", "m/x", "--mem-fraction-static", "80"}, {}, "sglang m/x bad:1"},
      {{"sglang", "serve", "--model-path", "m/x", "--max-total-tokens", "20k", "--max-running-requests", "16"},
       {},
       "sglang m/x seqs=16 poolTokens=20000"},
      {{"sglang", "serve", "--model-path", "m/x", "--chunked-prefill-size", "4096", "--max-prefill-tokens", "8192"},
       {},
       "sglang m/x tokens=4096 prefill=8192"},
      {{"sglang", "serve", "--model-path", "m/x", "--chunked-prefill-size", "-1"}, {}, "sglang m/x wholePrompts"},
      {{"sglang", "serve", "--model-path", "m/x", "--chunked-prefill-size=-1", "--chunked-prefill-size", "512"},
       {},
       "sglang m/x tokens=512"},
      {{"sglang", "serve", "--model-path", "m/x", "--cuda-graph-max-bs", "32"}, {}, "sglang m/x graphs=32"},
      {{"sglang", "serve", "--model-path", "m/x", "--cuda-graph-bs", "1", "2", "64", "--page-size", "64"},
       {},
       "sglang m/x block=64 graphs=64"},
      {{"sglang", "serve", "--model-path", "m/x", "--disable-cuda-graph"}, {}, "sglang m/x noPrefillGraphs eager"},
      {{"sglang", "serve", "--model-path", "m/x", "--disable-piecewise-cuda-graph"}, {}, "sglang m/x noPrefillGraphs"},
      {{"sglang", "serve", "--model-path", "m/x", "--cuda-graph-backend-decode", "disabled"}, {}, "sglang m/x eager"},
      {{"sglang", "serve", "--model-path", "m/x", "--quantization", "fp8", "--kv-cache-dtype", "fp8_e5m2"},
       {},
       "sglang m/x q=fp8 kv=fp8_e5m2"},
      {{"sglang", "serve", "--model-path", "m/x", "--torchao-config", "int4wo-128"}, {}, "sglang m/x q=w4a16"},
      {{"sglang", "serve", "--model-path", "m/x", "--dtype", "half", "--cpu-offload-gb", "4"},
       {},
       "sglang m/x offload=4 noPrefillGraphs dtype=float16"},
      {{"sglang", "serve", "--model-path", "m/x", "--is-embedding", "--trust-remote-code", "--port", "30000"},
       {},
       "sglang m/x pooling"},
      {{"sglang", "serve", "--model-path", "m/x", "--ep-size", "8", "--enable-dp-attention"},
       {},
       "sglang m/x ep=8 noPrefillGraphs open:1"},
      {{"sglang", "serve", "--model-path", "m/x", "--lora-paths", "a=b", "c=d", "--max-loras-per-batch", "2"},
       {},
       "sglang m/x noPrefillGraphs"},
      {{"sglang", "serve", "--model-path", "m/x", "--speculative-algorithm", "EAGLE3"},
       {},
       "sglang m/x noPrefillGraphs"},
      {{"sglang", "serve", "--model-path", "m/x", "--kt-num-gpu-experts", "8"}, {}, "sglang m/x weightsUnsure open:1"},
      {{"sglang", "serve", "--config", "/etc/sglang.yaml"}, {}, "sglang open:1"},
      {{"sglang", "serve", "--model-path", "m/x", "--nnodes", "2", "--node-rank", "1", "--dist-init-addr", "a:1"},
       {},
       "sglang m/x multiNode"},
      {{"sglang", "serve", "--model-path", "m/x", "--language-only"}, {}, "sglang m/x textOnly"},
      {{"sh", "-c", "python3 -m sglang.launch_server --model-path $MODEL"}, {}, "sglang open:1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.shown);
    CHECK(shown(readInvocation(invocation(row.command, row.args, kImage))) == row.shown);
  }
}

TEST_CASE("SGLang is told by its image where only arguments are written, and its version by the image's tag") {
  const auto run = readInvocation(invocation({}, {"--model-path", "m/x"}, kImage));
  CHECK(shown(run) == "sglang(medium) m/x");
  CHECK(run.version == "0.5.5");
  const auto versionOn = [](const char* image) {
    return readInvocation(invocation({"sglang", "serve"}, {"--model-path", "m/x"}, image)).version;
  };
  CHECK(versionOn("docker.io/lmsysorg/sglang:v0.4.9.post2-cu126") == "0.4.9.post2-cu126");
  CHECK(versionOn("acme/chat:2.1.0") == "");
  CHECK(versionOn("nvcr.io/nvidia/ai-dynamo/sglang-runtime:0.7.0") == "");
}

TEST_CASE("SGLang computes its memory fraction from device, chunk and graphs, by release") {
  // (device - reserved) / device, rounded to thousandths; reserved as server_args.py of the release computes it.
  const struct {
    const char* version;
    double gib;
    Strings flags;
    double fraction;
  } rows[] = {
      {"0.4.1", 79, {}, 0.88},
      {"0.4.6", 79, {"--tp", "2"}, 0.87},
      {"0.4.8", 9.5, {}, 0.695},                                       // 2.9 GiB
      {"0.5.2", 79, {}, 0.873},                                        // 10 GiB
      {"0.5.5", 9.5, {}, 0.617},                                       // 512 + 3072 + 16 + 128 MiB
      {"0.5.5", 39.5, {}, 0.831},                                      // 512 + 6144 + 64 + 128 MiB
      {"0.5.5", 79, {}, 0.834},                                        // 512 + 12288 + 512 + 128 MiB, above the least of 10 GiB
      {"0.5.5", 9.5, {"--cuda-graph-max-bs", "256"}, 0.566},
      {"0.5.5", 39.5, {"--chunked-prefill-size", "2048"}, 0.907},
      {"0.5.10", 9.5, {}, 0.582},                                      // and 42 x 8 MiB for graphs of prompts
      {"0.5.10", 9.5, {"--disable-piecewise-cuda-graph"}, 0.617},
      {"0.5.23", 9.5, {"--disable-cuda-graph"}, 0.618},
      {"0.5.23", 24, {}, 0.704},                                       // chunks of 4096 and 48 sequences from here on
      {"0.5.5", 9.5, {"--mem-fraction-static", "0.9"}, 0.9},
  };
  for (const auto& row : rows) {
    CAPTURE(row.version);
    CAPTURE(row.gib);
    Strings command{"sglang", "serve", "--model-path", "meta-llama/Llama-3.1-8B-Instruct"};
    command.insert(command.end(), row.flags.begin(), row.flags.end());
    EngineCase c(command, row.version);
    CHECK(c.on(gibs(row.gib)).memoryFraction == doctest::Approx(row.fraction).epsilon(0.0011));
  }
}

TEST_CASE("SGLang starts where weights lie within the fraction, and shortens its sequences where the pool is small") {
  const struct {
    const char* what;
    const char* version;
    const char* model;
    double gib;
    Strings flags;
    bool surelyNot, surely;
  } rows[] = {
      {"a 3B model in 16 bit does not fit what the default leaves of 10 GiB", "0.5.10", "Qwen/Qwen2.5-3B-Instruct", 9.5, {}, true,
       false},
      {"and does where the fraction is written", "0.5.10", "Qwen/Qwen2.5-3B-Instruct", 9.5,
       {"--mem-fraction-static", "0.8", "--context-length", "4096"}, false, false},
      {"an 8B model on 40 GiB", "0.5.5", "meta-llama/Llama-3.1-8B-Instruct", 39.5, {"--context-length", "32768"}, false, true},
      {"131072 tokens of it are no reason to refuse", "0.5.5", "meta-llama/Llama-3.1-8B-Instruct", 19.5,
       {"--mem-fraction-static", "0.85"}, false, false},
      {"weights alone", "0.5.5", "meta-llama/Llama-3.1-8B-Instruct", 14, {"--mem-fraction-static", "0.95"}, true, false},
      {"a written pool is a cap", "0.5.5", "meta-llama/Llama-3.1-8B-Instruct", 39.5, {"--max-total-tokens", "100m"}, false, false},
      {"an unknown release gets the benefit of the doubt", "", "Qwen/Qwen2.5-3B-Instruct", 9.5, {}, false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Strings command{"sglang", "serve", "--model-path", row.model};
    command.insert(command.end(), row.flags.begin(), row.flags.end());
    EngineCase c(command, row.version);
    const Start start = c.startOn(gibs(row.gib));
    CAPTURE(start.why);
    CHECK(start.surelyNot == row.surelyNot);
    CHECK(start.surely == row.surely);
  }
}

TEST_CASE("the remedy for SGLang is a fraction") {
  EngineCase c({"sglang", "serve", "--model-path", "Qwen/Qwen2.5-3B-Instruct", "--context-length", "4096"}, "0.5.10");
  const Start start = c.startOn(gibs(11.7));
  CAPTURE(start.why);
  CHECK_FALSE(start.surely);
  CHECK(start.remedy == "--mem-fraction-static 0.73");
}

TEST_CASE("SGLang's pool and tables agree with logs") {
  // 24 GB card of which 22.76 GiB are free at the start (public log of 0.4.2): weights 14.39, pool 5.64 GiB = 105531 tokens.
  EngineCase qwen({"sglang", "serve", "--model-path", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"}, "0.4.2");
  const Bytes device = gibs(22.76) + 640 * kMiB;
  CHECK(inGib(qwen.poolOn(device).bytes) == doctest::Approx(5.64).epsilon(0.03));
  CHECK(static_cast<double>(qwen.poolOn(device).tokens) == doctest::Approx(105531).epsilon(0.03));
  CHECK(inGib(qwen.on(device).weights) == doctest::Approx(14.39).epsilon(0.01));
  // 8.37 - 5.64 - 1.68: what the table of 2049 requests x 131076 positions takes, and the workspace comes on top.
  CHECK(inGib(termOf(qwen.on(device), "runtime").bytes) > 1.05);

  // H100 80GB, 78.43 GiB free at the start (public log of 0.5.8): 0.98 weights, 20480 tokens, three graphs 0.07 GiB.
  EngineCase small({"sglang", "serve", "--model-path", "Qwen/Qwen2.5-0.5B-Instruct", "--max-total-tokens", "20480",
                    "--cuda-graph-max-bs", "4", "--max-running-requests", "128", "--chunked-prefill-size", "8192"},
                   "0.5.8");
  const Estimate e = small.on(gibs(79.18));
  CHECK(inGib(e.weights) == doctest::Approx(0.98).epsilon(0.05));
  CHECK(small.poolOn(gibs(79.18)).tokens == 20480);
  CHECK(inGib(e.graphs) == doctest::Approx(0.07).epsilon(0.1));
  CHECK(inGib(e.need.minimum) < 0.98 + 0.24);
}

TEST_CASE("what SGLang takes grows with chunk, graphs and the table of requests") {
  const auto need = [](Strings flags) {
    Strings command{"sglang", "serve", "--model-path", "meta-llama/Llama-3.1-8B-Instruct"};
    command.insert(command.end(), flags.begin(), flags.end());
    EngineCase c(command, "0.5.5");
    return c.on(gibs(39.5));
  };
  const Estimate plain = need({});
  CHECK(need({"--chunked-prefill-size", "16384"}).activations > plain.activations);
  CHECK(need({"--chunked-prefill-size", "-1"}).activations > need({"--chunked-prefill-size", "16384"}).activations);
  CHECK(need({"--cuda-graph-max-bs", "160"}).graphs > plain.graphs);
  CHECK(need({"--disable-cuda-graph"}).graphs == 0);
  CHECK(need({"--max-running-requests", "16"}).runtime < plain.runtime);
  CHECK(need({"--context-length", "8192"}).runtime < plain.runtime);
  CHECK(need({"--kv-cache-dtype", "fp8_e4m3"}).kvBytesPerToken * 2 == plain.kvBytesPerToken);
  CHECK_FALSE(need({"--enable-lora"}).need.high);
  CHECK(termOf(need({"--kt-num-gpu-experts", "8"}), "weights").low == 0);
}

TEST_CASE("advice tells where the pool that SGLang is left with does not hold the load") {
  EngineCase c({"sglang", "serve", "--model-path", "Qwen/Qwen2.5-3B-Instruct", "--context-length", "8192"}, "0.5.10");
  const Estimate e = c.on(gibs(9.75));
  const auto advice = settingsAdvice(c.input, e, gibs(9.75));
  REQUIRE(advice.size() == 1);
  CHECK(advice[0] ==
        "--mem-fraction-static 0.593 (the default here) leaves no room for the KV cache, and the load of 8 x 4096 tokens needs "
        "1.1 GiB: set it to 0.77");
  EngineCase roomy({"sglang", "serve", "--model-path", "Qwen/Qwen2.5-3B-Instruct", "--context-length", "8192"}, "0.5.10");
  CHECK(settingsAdvice(roomy.input, roomy.on(gibs(39.5)), gibs(39.5)).empty());
}
