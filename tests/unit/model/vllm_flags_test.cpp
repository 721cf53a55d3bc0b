// Flags of vLLM 0.6 to 0.33 that change what it takes, beside those of invocation_test.cpp.
#include "engine_case.hpp"

using namespace rightslice;
using namespace rightslice::model;

TEST_CASE("flags of vLLM that change the need are read in every spelling") {
  const struct {
    Strings flags;
    const char* shown;
  } rows[] = {
      {{"--device-memory-utilization", "0.8"}, "vllm m/x f=0.8"},
      {{"--kv-cache-memory-bytes", "2G"}, "vllm m/x pool=2147483648"},
      {{"--compilation-config", R"({"cudagraph_mode":"NONE"})"}, "vllm m/x eager"},
      {{"--compilation-config.cudagraph_mode", "NONE"}, "vllm m/x eager"},
      {{"-cc", R"({"cudagraph_mode":"PIECEWISE","cudagraph_capture_sizes":[1,2,64]})"}, "vllm m/x graphs=64"},
      {{"--compilation-config", "0"}, "vllm m/x eager"},
      {{"--compilation-config", "3"}, "vllm m/x"},
      {{"--compilation-config", R"({"level":0})"}, "vllm m/x eager"},
      {{"-O0"}, "vllm m/x eager"},
      {{"-O", "0"}, "vllm m/x eager"},
      {{"--optimization-level", "0"}, "vllm m/x eager"},
      {{"-O3"}, "vllm m/x"},
      {{"-O.level=3"}, "vllm m/x"},
      {{"--max-cudagraph-capture-size", "128"}, "vllm m/x graphs=128"},
      {{"--cudagraph-capture-sizes", "1", "2", "4"}, "vllm m/x graphs=4"},
      {{"--cuda-graph-sizes", "32"}, "vllm m/x graphs=32"},
      {{"--cuda-graph-sizes", "many"}, "vllm m/x bad:1"},
      {{"--no-enable-chunked-prefill"}, "vllm m/x wholePrompts"},
      {{"--enable-chunked-prefill", "false"}, "vllm m/x wholePrompts"},
      {{"--rope-scaling", R"({"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32768})"},
       "vllm m/x positions=32768 rope=4"},
      {{"--rope-scaling", R"({"rope_type":"llama3","factor":8.0})"}, "vllm m/x"},
      {{"--rope-scaling", "yarn"}, "vllm m/x bad:1"},
      {{"--hf-overrides", R"({"max_position_embeddings":65536})"}, "vllm m/x positions=65536"},
      {{"--hf-overrides", R"({"rope_parameters":{"rope_type":"yarn","factor":2,"original_max_position_embeddings":4096}})"},
       "vllm m/x positions=4096 rope=2"},
      {{"--hf-overrides", R"({"architectures":["Qwen3ForSequenceClassification"]})"}, "vllm m/x pooling"},
      {{"--hf-overrides", R"({"num_hidden_layers":2})"}, "vllm m/x weightsUnsure open:1"},
      {{"--offload-group-size", "4"}, "vllm m/x weightsUnsure open:1"},
      {{"--mm-encoder-only"}, "vllm m/x weightsUnsure open:1"},
      {{"--decode-context-parallel-size", "2"}, "vllm m/x open:1"},
      {{"-dp", "2", "--enable-expert-parallel"}, "vllm m/x dp=2"},
      {{"--swap-space", "8", "--enable-flashinfer-autotune"}, "vllm m/x"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.shown);
    Strings command{"vllm", "serve"};
    command.insert(command.end(), row.flags.begin(), row.flags.end());
    command.insert(command.end(), {"--model", "m/x"});
    CHECK(shown(readInvocation(invocation(command, {}))) == row.shown);
  }
}

TEST_CASE("rope scaling of the command line stretches the longest sequence") {
  EngineCase plain({"vllm", "serve", "Qwen/Qwen2.5-7B-Instruct"});
  CHECK(plain.on(gibs(79)).maxModelLen == 32768);
  EngineCase yarn({"vllm", "serve", "Qwen/Qwen2.5-7B-Instruct", "--rope-scaling",
                   R"({"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32768})"});
  CHECK(yarn.on(gibs(79)).maxModelLen == 131072);
  CHECK(yarn.on(gibs(79)).need.high);
}

TEST_CASE("ranks of data parallelism share the experts and nothing else") {
  EngineCase one({"vllm", "serve", "Qwen/Qwen3-30B-A3B"});
  EngineCase two({"vllm", "serve", "Qwen/Qwen3-30B-A3B", "--data-parallel-size", "2"});
  const double before = inGib(one.on(gibs(79)).weights), after = inGib(two.on(gibs(79)).weights);
  // 48 layers x 128 experts x 3 x 2048 x 768 in 16 bit are 54 GiB: half of them go.
  CHECK(before - after == doctest::Approx(27.0).epsilon(0.01));
  EngineCase dense({"vllm", "serve", "Qwen/Qwen3-8B"});
  EngineCase replicas({"vllm", "serve", "Qwen/Qwen3-8B", "-dp", "4"});
  CHECK(dense.on(gibs(79)).weights == replicas.on(gibs(79)).weights);
}

TEST_CASE("overrides of the shape take the low end away and leave the high end open") {
  EngineCase c({"vllm", "serve", "Qwen/Qwen3-8B", "--hf-overrides", R"({"num_hidden_layers":2})"});
  const Estimate e = c.on(gibs(9.5));
  CHECK(e.need.minimum < kGiB * 3);
  CHECK_FALSE(e.need.high);
  CHECK_FALSE(c.startOn(gibs(9.5)).surelyNot);
}

TEST_CASE("overrides that make a classifier of a model leave its shape, and it is pooled") {
  const EngineRun run = readInvocation(invocation(
      {"vllm", "serve", "Qwen/Qwen3-Reranker-4B", "--hf-overrides",
       R"({"architectures":["Qwen3ForSequenceClassification"],"classifier_from_token":["no","yes"],"is_original_qwen3_reranker":true})"},
      {}));
  CHECK(shown(run) == "vllm Qwen/Qwen3-Reranker-4B pooling");
}

TEST_CASE("a flag that is all but spelt like one that memory depends on is said") {
  const struct {
    const char* word;
    const char* meant;  // nullptr: nothing is said
  } rows[] = {
      {"--max-modle-len", "max-model-len"},
      {"--max_model_lenght=8192", nullptr},  // three letters away
      {"--max-modellen", "max-model-len"},
      {"--gpu-memory-utilisation", "gpu-memory-utilization"},
      {"--quantisation", "quantization"},
      {"--max-num-seq", nullptr},  // the beginning of a name stands for it
      {"--max-logprobs", nullptr},
      {"--mamba-cache-dtype", nullptr},
      {"--max-cpu-loras", nullptr},
      {"--mamba-block-size", nullptr},
      {"--data-parallel-size-local", nullptr},
      {"--max-log-len", nullptr},
      {"--own-flag-of-a-fork", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.word);
    const EngineRun run = readInvocation(invocation({"vllm", "serve", "Qwen/Qwen3-8B", row.word, "8"}, {}));
    REQUIRE(run.badFlags.size() == (row.meant != nullptr ? 1U : 0U));
    if (row.meant == nullptr) continue;
    CHECK(run.badFlags[0] == fmt::format("{}: vLLM has no such flag; did you mean --{}?", row.word, row.meant));
  }
}
