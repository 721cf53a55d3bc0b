// What is not known of how weights are stored: words of --quantization that mean several formats or none, folders, labels.
#include "engine_case.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

struct Weights {
  double low, bytes, high;
};

Weights weightsOf(Strings command, std::vector<Invocation::Env> env = {}) {
  EngineCase c(std::move(command), "0.10.2", std::move(env));
  const Estimate e = c.on(40 * kGiB);
  const Term& weights = termOf(e, "weights");
  return {inGib(weights.low), inGib(weights.bytes), inGib(weights.high)};
}

}  // namespace

TEST_CASE("a word of --quantization that means several formats is an interval from the narrowest to the widest") {
  const struct {
    const char* word;
    double low, high;  // GiB of Qwen2.5-7B, of which 2 GiB stay in 16 bit
  } rows[] = {
      {"gptq", 5.1, 8.2},         {"gptq_marlin", 5.1, 8.2}, {"gptq_bitblas", 5.1, 8.2}, {"auto-round", 5.1, 8.2},
      {"compressed-tensors", 5.1, 8.2}, {"torchao", 5.1, 8.2},     {"moe_wna16", 5.1, 8.2},    {"rtn", 5.1, 8.2},
      {"inc", 5.1, 8.2},          {"modelopt", 5.1, 8.2},    {"gptq_marlin_24", 3.4, 8.2}, {"deepspeedfp", 5.1, 8.2},
      {"bitsandbytes", 5.0, 8.2}, {"awq", 5.1, 5.4},         {"marlin", 5.1, 5.4},       {"qoq", 5.1, 5.4},
      {"tpu_int8", 8.0, 8.4},     {"blockwise_int8", 8.0, 8.4}, {"fp8", 8.0, 8.4},
  };
  for (const auto& row : rows) {
    CAPTURE(row.word);
    const Weights weights = weightsOf({"vllm", "serve", "/models/Qwen2.5-7B-Instruct", "--quantization", row.word});
    CHECK(weights.low == doctest::Approx(row.low).epsilon(0.06));
    CHECK(weights.high == doctest::Approx(row.high).epsilon(0.06));
    CHECK(weights.low <= weights.bytes);
    CHECK(weights.bytes <= weights.high);
  }
}

TEST_CASE("a format in the name leaves nothing open that the word of --quantization does") {
  for (const char* model : {"/models/Qwen2.5-7B-Instruct-FP8-dynamic", "RedHatAI/Qwen2.5-7B-Instruct-FP8-dynamic"}) {
    CAPTURE(model);
    const Weights weights = weightsOf({"vllm", "serve", model, "--quantization", "compressed-tensors"});
    CHECK(weights.low == doctest::Approx(8.2).epsilon(0.03));
    CHECK(weights.high == doctest::Approx(8.2).epsilon(0.03));
  }
  // A repository in 16 bit is quantised while it is loaded, and then in 4 bit.
  const Weights online = weightsOf({"vllm", "serve", "Qwen/Qwen2.5-7B-Instruct", "--quantization", "bitsandbytes"});
  CHECK(online.high < 7);
}

TEST_CASE("a word of --quantization that nobody knows takes the low end of the weights away and leaves the high end open") {
  EngineCase c({"vllm", "serve", "Qwen/Qwen2.5-7B-Instruct", "--quantization", "q4"}, "0.10.2");
  const Estimate e = c.on(gibs(9.75));
  CHECK(termOf(e, "weights").low == 0);
  CHECK_FALSE(e.need.high);
  CHECK(e.need.confidence == Confidence::Low);
  CHECK(termOf(e, "notModelled").from == "--quantization q4 is not known; counted in 16 bit");
  CHECK_FALSE(c.startOn(gibs(9.75)).surelyNot);
  REQUIRE(c.run.badFlags.size() == 1);
  CHECK(c.run.badFlags[0] == "--quantization: vLLM does not take the value 'q4'");
  // What a person said of the format holds whatever the flag says.
  c.input.format = Format::Awq;
  c.input.formatConfidence = Confidence::High;
  CHECK(inGib(termOf(c.on(gibs(9.75)), "weights").low) > 5);
}

TEST_CASE("of a path its name tells the format, and a name for clients is no more than a label") {
  const struct {
    const char* what;
    const char* path;
    std::vector<Invocation::Env> env;
    const char* served;  // empty: none
    const char* model;
    double low, bytes;
    Confidence confidence;
  } rows[] = {
      {"the same model by both", "/models/Qwen2.5-32B-Instruct-AWQ", {}, "Qwen/Qwen2.5-32B-Instruct", "Qwen/Qwen2.5-32B-Instruct", 17.8, 18.0,
       Confidence::Medium},
      {"an address", "s3://models/Qwen2.5-14B-Instruct-AWQ/", {}, "Qwen/Qwen2.5-14B-Instruct", "Qwen/Qwen2.5-14B-Instruct", 9.2, 9.3,
       Confidence::Medium},
      {"by the environment", "/models/Qwen2.5-14B-Instruct-AWQ", {{"MODEL_NAME", "Qwen/Qwen2.5-14B-Instruct"}}, "", "Qwen/Qwen2.5-14B-Instruct",
       9.2, 9.3, Confidence::Medium},
      {"a file", "/models/Llama-3.1-8B-Instruct-Q4_K_M.gguf", {}, "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", 4.55, 4.6,
       Confidence::Medium},
      {"another model than the path's", "/models/Qwen2.5-7B-Instruct", {}, "meta-llama/Llama-3.3-70B-Instruct", "/models/Qwen2.5-7B-Instruct", 5.1,
       14.25, Confidence::Medium},
      {"a path that tells nothing", "/data/model", {}, "Qwen/Qwen2.5-32B-Instruct", "Qwen/Qwen2.5-32B-Instruct", 17.7, 61.0, Confidence::Low},
      {"a path that tells the format alone", "/data/chat-awq", {}, "Qwen/Qwen2.5-32B-Instruct", "Qwen/Qwen2.5-32B-Instruct", 17.8, 18.0,
       Confidence::Low},
      {"a folder of the model's name", "/models/Qwen2.5-7B-Instruct", {}, "", "/models/Qwen2.5-7B-Instruct", 5.1, 14.25, Confidence::Medium},
      {"a folder of the hub's cache", "/hub/models--Qwen--Qwen2.5-7B-Instruct/snapshots/1a2b", {}, "",
       "/hub/models--Qwen--Qwen2.5-7B-Instruct/snapshots/1a2b", 14.0, 14.25, Confidence::Medium},
      {"and that with a label", "/hub/models--Qwen--Qwen2.5-7B-Instruct-AWQ/snapshots/1a2b", {}, "Qwen/Qwen2.5-7B-Instruct",
       "Qwen/Qwen2.5-7B-Instruct", 5.1, 5.2, Confidence::Medium},
      {"an address of the hub", "hf://Qwen/Qwen2.5-7B-Instruct", {}, "", "hf://Qwen/Qwen2.5-7B-Instruct", 14.0, 14.25, Confidence::Medium},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Strings command{"vllm", "serve", row.path};
    if (*row.served != 0) command.insert(command.end(), {"--served-model-name", row.served});
    EngineCase c(command, "0.10.2", row.env);
    const Estimate e = c.on(40 * kGiB);
    CHECK(*c.run.model == row.model);
    CHECK(inGib(termOf(e, "weights").low) == doctest::Approx(row.low).epsilon(0.03));
    CHECK(inGib(termOf(e, "weights").bytes) == doctest::Approx(row.bytes).epsilon(0.03));
    CHECK(e.need.confidence == row.confidence);
  }
}

TEST_CASE("the KV cache that a path's checkpoint may bring counts at its low end, whatever the label") {
  for (const char* path : {"nvidia/Llama-3.1-8B-Instruct-FP8", "/hub/models--nvidia--Llama-3.1-8B-Instruct-FP8/snapshots/1a2b"}) {
    CAPTURE(path);
    EngineCase c({"vllm", "serve", path, "--served-model-name", "meta-llama/Llama-3.1-8B-Instruct"}, "0.14.0");
    const Estimate e = c.on(40 * kGiB);
    CHECK(e.kvBytesPerToken == 32 * 8 * 512);
    CHECK(inGib(termOf(e, "kvCache").low) == doctest::Approx(8));  // of 131072 tokens in 8 bits
  }
}

TEST_CASE("the term of the weights says what is not known of them") {
  const auto from = [](Strings command) {
    EngineCase c(std::move(command));
    return termOf(c.on(40 * kGiB), "weights").from;
  };
  CHECK(from({"vllm", "serve", "/data/model", "--served-model-name", "Qwen/Qwen3-8B"}).find("the model's name is that of its served name alone") !=
        std::string::npos);
  CHECK(from({"vllm", "serve", "/models/Qwen3-8B"}).find("quantised whatever its name: 4 bits at the low end") != std::string::npos);
  CHECK(from({"vllm", "serve", "/models/Qwen3-8B", "-q", "gptq"}).find("--quantization gptq leaves open what the files have: 4 to 8 bits") !=
        std::string::npos);
}

TEST_CASE("a build that would fit is not in doubt, whatever the files of now are") {
  EngineCase c({"vllm", "serve", "/models/Qwen2.5-7B-Instruct", "--max-num-seqs", "8", "--max-model-len", "4096"}, "0.10.2");
  c.on(gibs(9.75));
  const Alternatives other = alternatives(c.input, gibs(9.75), 100);
  CHECK(other.quantization == "awq");
}
