#include "engine_case.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

constexpr const char* kImage = "ghcr.io/huggingface/text-generation-inference:3.3.5";

Strings launcher(Strings flags) {
  Strings command{"text-generation-launcher", "--model-id", "meta-llama/Llama-3.1-8B-Instruct"};
  command.insert(command.end(), flags.begin(), flags.end());
  return command;
}

}  // namespace

TEST_CASE("TGI is read from flags, from variables of the same names, and from its image alone") {
  using Env = std::vector<Invocation::Env>;
  const struct {
    Strings command, args;
    Env env;
    const char* shown;
  } rows[] = {
      {{"text-generation-launcher", "--model-id", "m/x"}, {}, {}, "tgi m/x"},
      {{}, {"--model-id", "m/x", "--num-shard", "2"}, {}, "tgi(medium) m/x tp=2"},
      {{}, {}, {{"MODEL_ID", "m/x"}, {"NUM_SHARD", "4"}}, "tgi(medium) m/x tp=4"},
      {{}, {"--num-shard", "1"}, {{"MODEL_ID", "m/x"}, {"NUM_SHARD", "4"}}, "tgi(medium) m/x tp=1"},
      {{"text-generation-launcher"}, {}, {{"MODEL_ID", "m/x"}, {"MAX_TOTAL_TOKENS", "8192"}}, "tgi m/x len=8192"},
      {{"text-generation-launcher", "--model-id", "m/x", "--max-total-tokens", "4096", "--max-input-tokens", "4000"},
       {},
       {},
       "tgi m/x len=4096 input=4000"},
      {{"text-generation-launcher", "--model-id", "m/x", "--max-input-length", "1024"}, {}, {}, "tgi m/x input=1024"},
      {{"text-generation-launcher", "--model-id", "m/x", "--max-batch-prefill-tokens", "2048", "--max-batch-total-tokens", "16000"},
       {},
       {},
       "tgi m/x tokens=2048 poolTokens=16000"},
      {{"text-generation-launcher", "--model-id", "m/x", "--cuda-memory-fraction", "0.5", "--max-concurrent-requests", "64"},
       {},
       {},
       "tgi m/x device=0.5 requests=64"},
      {{"text-generation-launcher", "--model-id", "m/x"}, {}, {{"TGI_WIGGLE_ROOM", "0.95"}}, "tgi m/x f=0.95"},
      {{"text-generation-launcher", "--model-id", "m/x", "--quantize", "eetq"}, {}, {}, "tgi m/x q=int8"},
      {{"text-generation-launcher", "--model-id", "m/x", "--quantize", "bitsandbytes"}, {}, {}, "tgi m/x q=int8 eager"},
      {{"text-generation-launcher", "--model-id", "m/x", "--quantize", "bitsandbytes-nf4"}, {}, {}, "tgi m/x q=nf4 eager"},
      {{"text-generation-launcher", "--model-id", "m/x", "--quantize", "exl2"}, {}, {}, "tgi m/x weightsUnsure open:1"},
      {{"text-generation-launcher", "--model-id", "m/x", "--quantize", "q8"}, {}, {}, "tgi m/x bad:1"},
      {{"text-generation-launcher", "--model-id", "m/x", "--cuda-graphs", "1,2,64"}, {}, {}, "tgi m/x graphs=64"},
      {{"text-generation-launcher", "--model-id", "m/x"}, {}, {{"CUDA_GRAPHS", "0"}}, "tgi m/x eager"},
      {{"text-generation-launcher", "--model-id", "m/x", "--kv-cache-dtype", "fp8_e5m2", "--dtype", "bfloat16"},
       {},
       {},
       "tgi m/x dtype=bfloat16 kv=fp8_e5m2"},
      {{"text-generation-launcher", "--model-id", "m/x", "--sharded", "false"}, {}, {}, "tgi m/x tp=1"},
      {{"text-generation-launcher", "--model-id", "m/x", "--lora-adapters", "a/b"}, {}, {}, "tgi m/x open:1"},
      {{"text-generation-launcher", "--model-id", "m/x", "--speculate", "3"}, {}, {}, "tgi m/x open:1"},
      {{"text-generation-launcher", "--model-id", "m/x"}, {}, {{"MAX_TOTAL_TOKENS", std::nullopt}}, "tgi m/x open:1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.shown);
    CHECK(shown(readInvocation(invocation(row.command, row.args, kImage, row.env))) == row.shown);
  }
  CHECK(readInvocation(invocation({}, {"--model-id", "m/x"}, kImage)).version == "3.3.5");
}

TEST_CASE("TGI refuses a length that is written and does not fit, and takes what fits where none is") {
  const struct {
    const char* what;
    const char* version;
    Strings flags;
    double gib;
    bool surelyNot, surely;
  } rows[] = {
      {"131072 tokens take 16 GiB", "3.3.5", {"--max-total-tokens", "131072"}, 19.5, true, false},
      {"nothing written: the length is what fits", "3.3.5", {"--max-batch-prefill-tokens", "2048"}, 19.5, false, true},
      {"nothing written, and room for the load", "3.3.5", {"--max-batch-prefill-tokens", "2048"}, 39.5, false, true},
      {"3.0 keeps a tenth of the device free: 8192 tokens", "3.3.5",
       {"--max-total-tokens", "8192", "--max-batch-prefill-tokens", "1024"}, 17.3, true, false},
      {"a batch of prompts that does not fit stops it", "3.3.5", {"--max-batch-prefill-tokens", "65536"}, 19.5, true, false},
      {"2.x keeps the logits of its trial run", "2.2.0", {}, 17, true, false},
      {"2.x on 24 GiB", "2.2.0", {}, 22.2, false, false},
      {"half of the device", "3.3.5", {"--cuda-memory-fraction", "0.5", "--max-batch-prefill-tokens", "2048"}, 29, true, false},
      {"an unknown release gets the benefit of the doubt", "", {"--max-total-tokens", "8192", "--max-batch-prefill-tokens", "1024"},
       17.3, false, false},
      {"weights alone do not fit", "", {}, 14, true, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    EngineCase c(launcher(row.flags), row.version);
    const Start start = c.startOn(gibs(row.gib));
    CAPTURE(start.why);
    CHECK(start.surelyNot == row.surelyNot);
    CHECK(start.surely == row.surely);
  }
}

TEST_CASE("TGI's pool agrees with a log") {
  // Public log of 2.2.0 on an A10G of 22.2 GiB: "Setting max batch total tokens to 19056", defaults throughout.
  EngineCase c(launcher({}), "2.2.0");
  CHECK(static_cast<double>(c.poolOn(gibs(22.2)).tokens) == doctest::Approx(19056).epsilon(0.05));
  CHECK(c.on(gibs(22.2)).maxModelLen == 4096);
  CHECK(c.on(gibs(22.2)).maxNumBatchedTokens == 4145);
}

TEST_CASE("TGI takes all devices of the container unless a number is written") {
  EngineCase c(launcher({}));
  c.input.device.count = 2;
  const Estimate two = c.on(gibs(39.5));
  c.input.device.count = 1;
  const Estimate one = c.on(gibs(39.5));
  CHECK(two.weights < one.weights * 6 / 10);
  EngineCase written(launcher({"--num-shard", "1"}));
  written.input.device.count = 2;
  CHECK(written.on(gibs(39.5)).weights == one.weights);
}
