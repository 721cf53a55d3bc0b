// TEI, TensorRT-LLM and LMDeploy: command lines, start rules and pools.
#include "engine_case.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

struct Row {
  Strings command, args;
  const char* image;
  std::vector<Invocation::Env> env;
  const char* shown;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.shown);
    CHECK(shown(readInvocation(invocation(row.command, row.args, row.image, row.env))) == row.shown);
  }
}

}  // namespace

TEST_CASE("TEI's command line, variables and image") {
  constexpr const char* kImage = "ghcr.io/huggingface/text-embeddings-inference:86-1.8";
  check({{{"text-embeddings-router", "--model-id", "m/x"}, {}, kImage, {}, "tei m/x"},
         {{}, {"--model-id", "m/x", "--max-batch-tokens", "32768"}, kImage, {}, "tei(medium) m/x tokens=32768"},
         {{}, {}, kImage, {{"MODEL_ID", "m/x"}, {"MAX_BATCH_TOKENS", "4096"}, {"DTYPE", "float32"}},
          "tei(medium) m/x tokens=4096 dtype=float32"},
         {{}, {"--model-id", "m/x", "--pooling", "cls", "--auto-truncate"}, kImage, {}, "tei(medium) m/x"},
         {{}, {"--model-id", "m/x"}, "ghcr.io/huggingface/text-embeddings-inference:cpu-1.8", {},
          "tei(medium) m/x weightsUnsure open:1"}});
}

TEST_CASE("TensorRT-LLM's command line and image") {
  constexpr const char* kImage = "nvcr.io/nvidia/tensorrt-llm/release:1.1.0";
  check({{{"trtllm-serve", "m/x"}, {}, kImage, {}, "tensorrt-llm m/x"},
         {{"trtllm-serve", "serve", "m/x", "--tp_size", "2"}, {}, kImage, {}, "tensorrt-llm m/x tp=2"},
         {{"trtllm-serve"}, {"m/x", "--max_batch_size", "64", "--max_num_tokens", "4096", "--max_seq_len", "8192"}, kImage, {},
          "tensorrt-llm m/x len=8192 seqs=64 tokens=4096"},
         {{"trtllm-serve", "m/x", "--kv_cache_free_gpu_memory_fraction", "0.8"}, {}, kImage, {}, "tensorrt-llm m/x f=0.8"},
         {{"trtllm-serve", "m/x", "--free_gpu_memory_fraction=0.7"}, {}, kImage, {}, "tensorrt-llm m/x f=0.7"},
         {{"trtllm-serve", "m/x", "--extra_llm_api_options", "/etc/o.yaml"}, {}, kImage, {}, "tensorrt-llm m/x open:1"},
         {{"trtllm-serve", "m/x", "--config", "/etc/o.yaml"}, {}, kImage, {}, "tensorrt-llm m/x open:1"},
         {{"trtllm-serve", "m/x", "--backend", "tensorrt"}, {}, kImage, {}, "tensorrt-llm m/x open:1"},
         {{"trtllm-serve", "m/x", "--backend", "pytorch", "--ep_size", "4"}, {}, kImage, {}, "tensorrt-llm m/x ep=4"},
         {{"bash", "-c", "trtllm-serve m/x --host 0.0.0.0 --port 8000"}, {}, kImage, {}, "tensorrt-llm m/x"},
         {{"mpirun", "-n", "1", "trtllm-serve", "m/x"}, {}, "", {}, "nothing"}});
  CHECK(readInvocation(invocation({"trtllm-serve", "m/x"}, {}, kImage)).version == "1.1.0");
}

TEST_CASE("LMDeploy's command line and image") {
  constexpr const char* kImage = "openmmlab/lmdeploy:v0.9.2-cu12";
  check({{{"lmdeploy", "serve", "api_server", "m/x"}, {}, kImage, {}, "lmdeploy m/x"},
         {{"lmdeploy", "serve", "api_server", "--backend", "pytorch", "m/x", "--tp", "2"}, {}, kImage, {},
          "lmdeploy m/x tp=2 backend=pytorch"},
         {{"lmdeploy", "serve", "api_server", "m/x", "--cache-max-entry-count", "0.5"}, {}, kImage, {}, "lmdeploy m/x f=0.5"},
         {{"lmdeploy", "serve", "api_server", "m/x", "--cache-max-entry-count", "400"}, {}, kImage, {}, "lmdeploy m/x blocks=400"},
         {{"lmdeploy", "serve", "api_server", "m/x", "--quant-policy", "8", "--model-format", "awq"}, {}, kImage, {},
          "lmdeploy m/x q=awq kv=int8"},
         {{"lmdeploy", "serve", "api_server", "m/x", "--quant-policy", "4"}, {}, kImage, {}, "lmdeploy m/x kv=int4"},
         {{"lmdeploy", "serve", "api_server", "m/x", "--quant-policy", "3"}, {}, kImage, {}, "lmdeploy m/x bad:1"},
         {{"lmdeploy", "serve", "api_server", "m/x", "--session-len", "8192", "--max-batch-size", "32"}, {}, kImage, {},
          "lmdeploy m/x len=8192 seqs=32"},
         {{"lmdeploy", "serve", "api_server", "m/x", "--eager-mode", "--max-prefill-token-num", "2048"}, {}, kImage, {},
          "lmdeploy m/x tokens=2048 eager"},
         {{"python3", "-m", "lmdeploy", "serve", "api_server", "m/x"}, {}, "", {}, "lmdeploy m/x"},
         {{"sh", "-c", "lmdeploy serve api_server m/x --adapters a=/b"}, {}, kImage, {}, "lmdeploy m/x open:1"}});
}

TEST_CASE("the fraction of LMDeploy and TensorRT-LLM is one of what is left") {
  const struct {
    const char* what;
    Strings command;
    double gib;
    bool surelyNot, surely;
  } rows[] = {
      {"LMDeploy on 40 GiB", {"lmdeploy", "serve", "api_server", "Qwen/Qwen2.5-7B-Instruct"}, 39.5, false, true},
      {"LMDeploy where the weights do not fit", {"lmdeploy", "serve", "api_server", "Qwen/Qwen2.5-7B-Instruct"}, 14, true, false},
      {"LMDeploy shortens its sequences", {"lmdeploy", "serve", "api_server", "Qwen/Qwen2.5-7B-Instruct"}, 17, false, false},
      {"a fraction that leaves the activations no room",
       {"lmdeploy", "serve", "api_server", "Qwen/Qwen2.5-7B-Instruct", "--cache-max-entry-count", "0.98"}, 39.5, false, false},
      {"TensorRT-LLM on 80 GiB", {"trtllm-serve", "meta-llama/Llama-3.1-8B-Instruct"}, 79, false, true},
      {"TensorRT-LLM shortens its sequences", {"trtllm-serve", "meta-llama/Llama-3.1-8B-Instruct"}, 23, false, false},
      {"unless it is told to fail",
       {"trtllm-serve", "meta-llama/Llama-3.1-8B-Instruct", "--fail_fast_on_attention_window_too_large"}, 23, true, false},
      {"TensorRT-LLM where the weights do not fit", {"trtllm-serve", "meta-llama/Llama-3.1-8B-Instruct"}, 14.5, true, false},
      {"TEI", {"text-embeddings-router", "--model-id", "BAAI/bge-m3"}, 4.75, false, true},
      {"TEI in a batch that is too large",
       {"text-embeddings-router", "--model-id", "BAAI/bge-m3", "--max-batch-tokens", "1000000"}, 4.75, true, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    EngineCase c(row.command);
    const Start start = c.startOn(gibs(row.gib));
    CAPTURE(start.why);
    CHECK(start.surelyNot == row.surelyNot);
    CHECK(start.surely == row.surely);
  }
}

TEST_CASE("pools of LMDeploy and TensorRT-LLM follow their formulas") {
  EngineCase lmdeploy({"lmdeploy", "serve", "api_server", "Qwen/Qwen2.5-7B-Instruct", "--backend", "turbomind"});
  const Estimate e = lmdeploy.on(gibs(39.5));
  CHECK(inGib(lmdeploy.poolOn(gibs(39.5)).bytes) ==
        doctest::Approx(0.8 * (39.5 - inGib(e.weights) - inGib(e.runtime))).epsilon(0.001));
  EngineCase trt({"trtllm-serve", "meta-llama/Llama-3.1-8B-Instruct"});
  const Estimate t = trt.on(gibs(79));
  CHECK(inGib(trt.poolOn(gibs(79)).bytes) ==
        doctest::Approx(0.9 * (79 - inGib(t.weights + t.activations + t.graphs + t.runtime))).epsilon(0.001));
}

TEST_CASE("an 8 bit KV cache of LMDeploy carries a scale and a zero for each head and token") {
  const auto perToken = [](Strings flags) {
    Strings command{"lmdeploy", "serve", "api_server", "Qwen/Qwen2.5-7B-Instruct"};
    command.insert(command.end(), flags.begin(), flags.end());
    EngineCase c(command);
    return c.on(gibs(39.5)).kvBytesPerToken;
  };
  CHECK(perToken({}) == 28 * 2 * 4 * 128 * 2);
  CHECK(perToken({"--quant-policy", "8"}) == 28 * 2 * 4 * (128 + 4));
  CHECK(perToken({"--quant-policy", "4"}) == 28 * 2 * 4 * (64 + 4));
}

TEST_CASE("the PyTorch engine of LMDeploy keeps room for logits") {
  EngineCase turbomind({"lmdeploy", "serve", "api_server", "Qwen/Qwen2.5-7B-Instruct", "--backend", "turbomind"});
  EngineCase pytorch({"lmdeploy", "serve", "api_server", "Qwen/Qwen2.5-7B-Instruct", "--backend", "pytorch"});
  // (8192 + 2 x 1024) tokens x 152064 x 2 B
  CHECK(pytorch.on(gibs(39.5)).runtime - turbomind.on(gibs(39.5)).runtime == Bytes{10240} * 152064 * 2);
  CHECK(pytorch.poolOn(gibs(39.5)).tokens < turbomind.poolOn(gibs(39.5)).tokens);
}

TEST_CASE("TEI keeps no KV cache, and its need follows its batch") {
  EngineCase c({"text-embeddings-router", "--model-id", "BAAI/bge-m3"});
  const Estimate e = c.on(gibs(9.5));
  CHECK(e.kv == 0);
  CHECK(e.maxNumBatchedTokens == 16384);
  CHECK(e.graphs == 0);
  EngineCase larger({"text-embeddings-router", "--model-id", "BAAI/bge-m3", "--max-batch-tokens", "65536"});
  CHECK(larger.on(gibs(9.5)).activations == 4 * e.activations);
  EngineCase wide({"text-embeddings-router", "--model-id", "BAAI/bge-m3", "--dtype", "float32"});
  CHECK(wide.on(gibs(9.5)).weights > 19 * e.weights / 10);
}
