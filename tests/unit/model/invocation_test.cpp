#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/engine.hpp"
#include "model/flag_table.hpp"

#include "invocation_text.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

constexpr const char* kImage = "vllm/vllm-openai:v0.8.5";

}  // namespace

TEST_CASE("vLLM's command line is read in every form that people write") {
  const struct {
    Strings command, args;
    const char* shown;
  } rows[] = {
      {{"vllm", "serve", "Qwen/Qwen3-8B"}, {}, "vllm Qwen/Qwen3-8B"},
      {{"vllm"}, {"serve", "m/x"}, "vllm m/x"},
      {{"/usr/local/bin/vllm", "serve"}, {"m/x"}, "vllm m/x"},
      {{"vllm", "serve", "--model", "m/x"}, {}, "vllm m/x"},
      {{"vllm", "serve", "--port", "8000", "m/x"}, {}, "vllm m/x"},
      {{"vllm", "serve", "--enable-prefix-caching", "m/x"}, {}, "vllm m/x"},
      {{"vllm", "serve", "--trust-remote-code", "m/x", "--tensor-parallel-size", "2"}, {}, "vllm m/x tp=2"},
      {{"vllm", "serve", "m/x", "--served-model-name", "a", "b", "--max-num-seqs=4"}, {}, "vllm m/x seqs=4"},
      {{"python", "-m", "vllm.entrypoints.openai.api_server"}, {"--model", "m/x"}, "vllm m/x"},
      {{"python3", "-m", "vllm.entrypoints.openai.api_server", "--model=m/x"}, {}, "vllm m/x"},
      {{"python3.11", "-u", "-m", "vllm.entrypoints.api_server", "--model", "m/x"}, {}, "vllm m/x"},
      {{"python3", "/opt/vllm/entrypoints/openai/api_server.py", "--model", "m/x"}, {}, "vllm m/x"},
      {{"sh", "-c", "vllm serve m/x --max-model-len 4096"}, {}, "vllm m/x len=4096"},
      {{"/bin/sh", "-c"}, {"vllm serve m/x --max-model-len 4096"}, "vllm m/x len=4096"},
      {{"bash", "-lc", "exec vllm serve m/x"}, {}, "vllm m/x"},
      {{"/bin/bash", "-ec",
        "set -e\ncd /app\nexport HF_HOME=/data\nvllm serve m/x \\\n  --dtype half \\\n  --enforce-eager"},
       {},
       "vllm m/x dtype=float16 eager"},
      {{"sh", "-c", "sleep 5 && vllm serve 'm/x' --max-num-seqs \"8\""}, {}, "vllm m/x seqs=8"},
      {{"sh", "-c", "VLLM_USE_V1=1 vllm serve m/x; true"}, {}, "vllm m/x v1=1"},
      {{"sh", "-c", "LEN=2048; vllm serve m/x --max-model-len $LEN"}, {}, "vllm m/x len=2048"},
      {{"sh", "-c", "export LEN=2048 && vllm serve m/x --max-model-len=${LEN}"}, {}, "vllm m/x len=2048"},
      {{"sh", "-c", "vllm serve m/x --max-model-len ${LEN:-4096}"}, {}, "vllm m/x len=4096"},
      {{"sh", "-c", "vllm serve m/x --max-model-len $LEN"}, {}, "vllm m/x open:1"},
      {{"sh", "-c", "vllm serve m/x --tensor-parallel-size $(nvidia-smi -L | wc -l)"}, {}, "vllm m/x open:1"},
      {{"sh", "-c", "vllm serve m/x $EXTRA"}, {}, "vllm m/x open:1"},
      {{"sh", "-c", "vllm serve \"$@\"", "--", "m/x", "--max-num-seqs", "3"}, {}, "vllm m/x seqs=3"},
      {{"sh", "-c", "bash -c \"vllm serve m/x\""}, {}, "vllm m/x"},
      {{"env", "A=b", "vllm", "serve", "m/x"}, {}, "vllm m/x"},
      {{"nohup", "timeout", "600", "vllm", "serve", "m/x"}, {}, "vllm m/x"},
      {{"tini", "--", "vllm", "serve", "m/x"}, {}, "vllm m/x"},
      {{"uv", "run", "vllm", "serve", "m/x"}, {}, "vllm m/x"},
      {{"vllm", "serve", "m/x", "--max_model_len", "32k"}, {}, "vllm m/x len=32000"},
      {{"vllm", "serve", "m/x", "--max-model-len", "32K"}, {}, "vllm m/x len=32768"},
      {{"vllm", "serve", "m/x", "--max-model-len", "25.6k"}, {}, "vllm m/x len=25600"},
      {{"vllm", "serve", "m/x", "--max-model-len", "1M"}, {}, "vllm m/x len=1048576"},
      {{"vllm", "serve", "m/x", "--max-model-len", "1m"}, {}, "vllm m/x len=1000000"},
      {{"vllm", "serve", "m/x", "--max-model-len", "auto"}, {}, "vllm m/x len=auto"},
      {{"vllm", "serve", "m/x", "--max-model-len", "-1"}, {}, "vllm m/x len=auto"},
      {{"vllm", "serve", "m/x", "--max-model-len", "-5"}, {}, "vllm m/x bad:1"},
      {{"vllm", "serve", "m/x", "--max-model-len", "lots"}, {}, "vllm m/x bad:1"},
      {{"vllm", "serve", "m/x", "--max-model-len", "0"}, {}, "vllm m/x bad:1"},
      {{"vllm", "serve", "m/x", "--max-model-len"}, {}, "vllm m/x bad:1"},
      {{"vllm", "serve", "m/x", "--max-model-len", "99999999999999999999"}, {}, "vllm m/x len=4611686018427387904"},
      {{"vllm", "serve", "m/x", "--max-num-seqs", "1", "--max-num-seqs", "2"}, {"--max-num-seqs=3"}, "vllm m/x seqs=3"},
      {{"vllm", "serve", "m/x", "-tp", "2", "-pp", "3", "-dp", "4", "-q", "awq"}, {}, "vllm m/x tp=2 pp=3 dp=4 q=awq"},
      {{"vllm", "serve", "m/x", "--gpu-memory-utilization", "0.85"}, {}, "vllm m/x f=0.85"},
      {{"vllm", "serve", "m/x", "--gpu-memory-utilization", "1.5"}, {}, "vllm m/x bad:1"},
      {{"vllm", "serve", "m/x", "--gpu-memory-utilization", "nan"}, {}, "vllm m/x bad:1"},
      {{"vllm", "serve", "m/x", "--gpu-memory-utilization=0.9", "--kv-cache-dtype=fp8"}, {}, "vllm m/x f=0.9 kv=fp8"},
      {{"vllm", "serve", "m/x", "--enforce-eager", "--no-enforce-eager"}, {}, "vllm m/x"},
      {{"vllm", "serve", "m/x", "--enable-eplb"}, {}, "vllm m/x open:1"},
      {{"vllm", "serve", "m/x", "--enable-eplb", "--no-enable-eplb"}, {}, "vllm m/x"},
      {{"vllm", "serve", "m/x", "--prompt-adapters", "a=b", "c=d", "--max-loras", "4"}, {}, "vllm m/x open:1"},
      {{"vllm", "serve", "m/x", "--kv-transfer-config.kv_connector", "x", "--kv-transfer-config.kv_role", "y"},
       {},
       "vllm m/x open:1"},
      {{"vllm", "serve", "m/x", "--kv-transfer-config", "{\"kv_connector\":\"x\"}"}, {}, "vllm m/x open:1"},
      {{"vllm", "serve", "--config", "/etc/vllm.yaml"}, {}, "vllm open:1"},
      {{"vllm", "serve", "m/x", "--kv-cache-memory-bytes", "4K"}, {}, "vllm m/x pool=4096"},
      {{"vllm", "serve", "m/x", "--num-gpu-blocks-override=100", "--block-size=32"},
       {},
       "vllm m/x block=32 blocks=100"},
      {{"vllm", "serve", "m/x", "--cpu-offload-gb", "2.5", "--swap-space", "16"}, {}, "vllm m/x offload=2.5"},
      {{"vllm", "serve", "m/x", "--cpu-offload-gb", "0"}, {}, "vllm m/x"},
      {{"vllm", "serve", "m/x", "--limit-mm-per-prompt", "{\"image\": 0}"}, {}, "vllm m/x textOnly images=0"},
      {{"vllm", "serve", "m/x", "--limit-mm-per-prompt", "image=2"}, {}, "vllm m/x images=2"},
      {{"vllm", "serve", "m/x", "--limit-mm-per-prompt", "image=2,video=0"}, {}, "vllm m/x images=2 noVideo"},
      {{"vllm", "serve", "m/x", "--limit-mm-per-prompt", "{\"image\": {\"count\": 3, \"width\": 512}, \"video\": 0}"},
       {},
       "vllm m/x images=3 noVideo"},
      {{"vllm", "serve", "m/x", "--limit-mm-per-prompt", "{\"image\": 0, \"video\": 0, \"audio\": 0}"},
       {},
       "vllm m/x textOnly images=0 noVideo"},
      {{"vllm", "serve", "m/x", "--limit-mm-per-prompt", "{\"image\": 0, \"video\": 1}"}, {}, "vllm m/x images=0"},
      {{"vllm", "serve", "m/x", "--limit-mm-per-prompt", "image=99999999999999999999"}, {}, "vllm m/x images=1048576"},
      {{"vllm", "serve", "m/x", "--skip-mm-profiling"}, {}, "vllm m/x skipImages"},
      {{"vllm", "serve", "m/x", "--task", "embed"}, {}, "vllm m/x pooling"},
      {{"vllm", "serve", "m/x", "--unknown-flag", "value", "--another"}, {}, "vllm m/x"},
      {{"vllm", "serve", "m/x", "--nnodes", "2", "--node-rank", "0"}, {}, "vllm m/x multiNode"},
      {{"vllm", "serve", "m/x", "--headless"}, {}, "vllm m/x multiNode"},
      {{"sh", "-c", "ray start --head; vllm serve m/x -tp 8"}, {}, "vllm m/x tp=8 multiNode"},
      {{"sh", "-c",
        "bash /vllm-workspace/examples/online_serving/multi-node-serving.sh leader --ray_cluster_size=2; python3 -m "
        "vllm.entrypoints.openai.api_server --model m/x"},
       {},
       "vllm m/x multiNode"},
      {{"vllm", "serve", "bartowski/x-GGUF:Q4_K_M"}, {}, "vllm bartowski/x-GGUF gguf=Q4_K_M"},
      {{"vllm", "serve", "/models/x-q8_0.gguf"}, {}, "vllm /models/x-q8_0.gguf gguf=Q8_0"},
      {{"vllm", "serve", "-O3", "m/x"}, {}, "vllm m/x"},
      {{"vllm", "serve", "--model m/x"}, {}, "vllm bad:1"},
      {{"sh", "-c", "vllm serve --model m/x $EXTRA"}, {}, "vllm m/x open:1"},
      {{"sh", "-c", "vllm serve --model $MODEL"}, {}, "vllm open:1"},
      {{"vllm", "bench", "serve"}, {}, "nothing"},
      {{"sleep", "infinity"}, {}, "nothing"},
      {{"sh", "-c"}, {}, "nothing"},
      {{"python", "-c", "import vllm"}, {}, "nothing"},
      {{}, {}, "nothing"},
  };
  for (const auto& row : rows) {
    CAPTURE(fmt::format("{} {}", row.command, row.args));
    CHECK(shown(readInvocation(invocation(row.command, row.args))) == row.shown);
  }
}

TEST_CASE("no program before it and no script around it hides an engine") {
  const std::vector<Strings> ways = {
      {"bash", "-eo", "pipefail", "-c", "vllm serve m/x"},
      {"bash", "-O", "extglob", "--rcfile", "/x", "-c", "vllm serve m/x"},
      {"rbash", "-c", "vllm serve m/x"},
      {"busybox", "sh", "-c", "vllm serve m/x"},
      {"su", "app", "-c", "vllm serve m/x"},
      {"sh", "-c", "exec -a chat vllm serve m/x"},
      {"sh", "-c", "function f { vllm serve m/x; }; f"},
      {"sh", "-c", "eval 'vllm serve m/x'"},
      {"sh", "-c", "CMD=\"vllm serve m/x\"; eval \"$CMD\""},
      {"sh", "-c", "set -- vllm serve m/x; exec \"$@\""},
      {"sh", "-c", "sh <<EOF\nvllm serve m/x\nEOF\n"},
      {"bash", "-c", "$'\\x76llm' serve $\"m/x\""},
      {"sh", "-c", "command -v llama-server; echo vllm serve no/it; vllm serve --help; vllm serve m/x"},
      {"env", "-S", "A=b vllm serve m/x"},
      {"env", "-u", "A", "-i", "vllm", "serve", "m/x"},
      {"timeout", "-s", "KILL", "1d", "vllm", "serve", "m/x"},
      {"timeout", "infinity", "vllm", "serve", "m/x"},
      {"nice", "-n", "5", "stdbuf", "-o", "L", "sudo", "-E", "-u", "app", "vllm", "serve", "m/x"},
      {"numactl", "-N", "+0", "taskset", "ff", "chrt", "-f", "10", "vllm", "serve", "m/x"},
      {"gosu", "app", "sh", "-c", "vllm serve m/x"},
      {"uv", "run", "--with", "vllm", "vllm", "serve", "m/x"},
      {"conda", "run", "-n", "env", "python3", "-m", "vllm.scripts", "serve", "m/x"},
      {"python3", "/usr/local/bin/vllm", "serve", "m/x"},
      {"python3", "-um", "vllm.entrypoints.openai.api_server", "--model", "m/x"},
  };
  for (const Strings& command : ways) {
    CAPTURE(fmt::format("{}", command));
    CHECK(shown(readInvocation(invocation(command, {}))) == "vllm m/x");
  }
  // Programs that are not known: they surely start it, and what else they do is open.
  for (const Strings& command : {Strings{"/entrypoint.sh", "vllm", "serve", "m/x"}, Strings{"torchrun", "-m", "vllm.entrypoints.api_server", "--model", "m/x"}}) {
    CAPTURE(fmt::format("{}", command));
    CHECK(shown(readInvocation(invocation(command, {}))) == "vllm m/x open:1");
  }
  for (const Strings& command : {Strings{"cp", "/app/llama-server", "-r"}, Strings{"sh", "-c", "ls llama-server -l"}, Strings{"command", "-v", "llama-server"},
                                 Strings{"wait-for", "llama-server"}, Strings{"nice", "echo", "vllm", "serve", "m/x"}}) {
    CAPTURE(fmt::format("{}", command));
    CHECK(shown(readInvocation(invocation(command, {}))) == "nothing");
  }
}

TEST_CASE("a variable that a script or env sets is the engine's as that of the container is") {
  const std::vector<Strings> ways = {
      {"sh", "-c", "OLLAMA_CONTEXT_LENGTH=8192 ollama serve"},
      {"sh", "-c", "export OLLAMA_CONTEXT_LENGTH=8192; exec ollama serve"},
      {"sh", "-c", "export OLLAMA_CONTEXT_LENGTH=8192; sh -c 'ollama serve'"},
      {"env", "OLLAMA_CONTEXT_LENGTH=8192", "ollama", "serve"},
      {"env", "-i", "OLLAMA_CONTEXT_LENGTH=8192", "sh", "-c", "ollama serve"},
  };
  for (const Strings& command : ways) {
    CAPTURE(fmt::format("{}", command));
    CHECK(shown(readInvocation(invocation(command, {}, "", {{"OLLAMA_NUM_PARALLEL", "x"}, {"OLLAMA_CONTEXT_LENGTH", "1"}}))).starts_with("ollama len=8192"));
  }
  const std::vector<Invocation::Env> outer = {{"OLLAMA_CONTEXT_LENGTH", "4096"}};
  CHECK(shown(readInvocation(invocation({"sh", "-c", "OLLAMA_CONTEXT_LENGTH=1 true; ollama serve"}, {}, "", outer))) == "ollama len=4096");
  CHECK(shown(readInvocation(invocation({"sh", "-c", "unset OLLAMA_CONTEXT_LENGTH; ollama serve"}, {}, "", outer))) == "ollama");
  CHECK(shown(readInvocation(invocation({"env", "-u", "OLLAMA_CONTEXT_LENGTH", "ollama", "serve"}, {}, "", outer))) == "ollama");
  CHECK(shown(readInvocation(invocation({"sh", "-c", "OLLAMA_CONTEXT_LENGTH=$(cat /x) ollama serve"}, {}, "", outer))) == "ollama open:1");
}

TEST_CASE("of a script that starts different servers nobody knows which one counts") {
  for (const char* script : {"vllm serve a/b || vllm serve m/x", "vllm serve a/b --port 1 & vllm serve m/x", "vllm serve m/x; vllm serve m/x --max-model-len 1",
                             "if [ $BIG ]; then vllm serve m/x; else text-generation-launcher --model-id m/x; fi"}) {
    CAPTURE(script);
    CHECK(shown(readInvocation(invocation({"sh", "-c", script}, {}))) == "vllm open:1");
  }
  CHECK(shown(readInvocation(invocation({"sh", "-c", "if [ $X = 0 ]; then vllm serve m/x --port 1; else vllm serve m/x --port 2; fi"}, {}))) == "vllm m/x open:1");
  CHECK(shown(readInvocation(invocation({"sh", "-c", "vllm serve m/x --version || vllm serve m/x"}, {}))) == "vllm m/x");
}

TEST_CASE("an unambiguous beginning of a flag is the flag, where the engine takes it") {
  CHECK(shown(readInvocation(invocation({"vllm", "serve", "m/x", "--gpu-memory-util", "0.5", "--max-model", "8k"}, {}))) == "vllm m/x len=8000 f=0.5");
  CHECK(shown(readInvocation(invocation({"sglang", "serve", "--model-path", "m/x", "--mem-frac=0.5"}, {}))) == "sglang m/x f=0.5");
  CHECK(shown(readInvocation(invocation({"vllm", "serve", "m/x", "--long-prefill-token-threshold", "512", "--max", "1"}, {}))) == "vllm m/x");
  CHECK(shown(readInvocation(invocation({"text-generation-launcher", "--model-id", "m/x", "--max-total", "1"}, {}))) == "tgi m/x");
}

TEST_CASE("an image whose entry point is the engine is enough, with arguments alone") {
  const struct {
    Strings args;
    const char* shown;
  } rows[] = {
      {{"--model", "m/x", "--max-model-len=8192"}, "vllm(medium) m/x len=8192"},
      {{"m/x", "--max-model-len=8192"}, "vllm(medium) m/x len=8192"},
      {{"serve", "m/x"}, "vllm(medium) m/x"},
      {{"vllm", "serve", "m/x"}, "vllm m/x"},
      {{}, "vllm(medium)"},
  };
  for (const auto& row : rows) {
    CAPTURE(fmt::format("{}", row.args));
    const EngineRun run = readInvocation(invocation({}, row.args, kImage));
    CHECK(shown(run) == row.shown);
    CHECK(run.version == "0.8.5");
    CHECK(run.versionFromImage);
  }
}

TEST_CASE("a start script in the engine's image is recognised, and what it starts stays open") {
  CHECK(shown(readInvocation(invocation({"/start.sh"}, {"--model", "m/x", "--max-num-seqs", "4"}, kImage))) ==
        "vllm(medium) m/x seqs=4 open:1");
  CHECK(shown(readInvocation(invocation({"bash", "/start.sh"}, {}, kImage))) == "vllm(medium) open:1");
}

TEST_CASE("values from the environment are used where they are known and left open where they are not") {
  const struct {
    Strings command;
    std::vector<Invocation::Env> env;
    const char* shown;
  } rows[] = {
      {{"vllm", "serve", "$(MODEL)"}, {{"MODEL", "m/x"}}, "vllm m/x"},
      {{"vllm", "serve", "m/x", "--max-model-len=$(LEN)"}, {{"LEN", "4096"}}, "vllm m/x len=4096"},
      {{"vllm", "serve", "m/x", "--max-model-len=$(LEN)"}, {{"LEN", std::nullopt}}, "vllm m/x open:1"},
      {{"vllm", "serve", "$(MODEL)"}, {{"MODEL", std::nullopt}}, "vllm open:1"},
      {{"vllm", "serve", "m/x", "--max-model-len=$(LEN)"}, {}, "vllm m/x bad:1"},
      {{"sh", "-c", "vllm serve $MODEL --max-model-len ${LEN}"},
       {{"MODEL", "m/x"}, {"LEN", "2k"}},
       "vllm m/x len=2000"},
      {{"sh", "-c", "vllm serve $(MODEL)"}, {{"MODEL", "m/x"}}, "vllm m/x"},
      {{"sh", "-c", "vllm serve $MODEL $ARGS"},
       {{"MODEL", "m/x"}, {"ARGS", "--max-num-seqs 5 --enforce-eager"}},
       "vllm m/x seqs=5 eager"},
      {{"sh", "-c", "vllm serve '$MODEL'"}, {{"MODEL", "m/x"}}, "vllm $MODEL"},
      {{"sh", "-c", "LEN=1024 && vllm serve m/x --max-model-len $LEN"}, {{"LEN", "2048"}}, "vllm m/x len=1024"},
      {{"sh", "-c", "vllm serve m/x --max-model-len ${LEN:-4096}"}, {{"LEN", std::nullopt}}, "vllm m/x open:1"},
      {{"vllm", "serve", "m/x"}, {{"VLLM_ADDITIONAL_ARGS", "--max-num-seqs 7"}}, "vllm m/x seqs=7"},
      {{"vllm", "serve", "m/x"}, {{"VLLM_USE_V1", "0"}, {"VLLM_USE_FLASHINFER_SAMPLER", "1"}}, "vllm m/x v1=0 flashInfer=1"},
      {{"vllm", "serve", "m/x"},
       {{"VLLM_USE_V2_MODEL_RUNNER", "0"}, {"VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS", "0"}},
       "vllm m/x runner2=0 graphs=0"},
      {{"vllm", "serve", "m/x"}, {{"VLLM_USE_V1", std::nullopt}}, "vllm m/x open:1"},
      {{"vllm", "serve", "/mnt/models"}, {{"MODEL_ID", "m/x"}}, "vllm m/x"},
      {{"vllm", "serve", "/mnt/models", "--served-model-name", "m/x"}, {}, "vllm m/x"},
      {{"vllm", "serve", "/models/Qwen3-8B", "--served-model-name", "chat"}, {}, "vllm /models/Qwen3-8B"},
      {{"vllm", "serve", "m/x"}, {{"LWS_GROUP_SIZE", "2"}}, "vllm m/x multiNode"},
  };
  for (const auto& row : rows) {
    CAPTURE(fmt::format("{}", row.command));
    CHECK(shown(readInvocation(invocation(row.command, {}, "", row.env))) == row.shown);
  }
  Invocation incomplete = invocation({"vllm", "serve", "m/x", "--max-model-len=$(LEN)"}, {});
  incomplete.envIncomplete = true;
  CHECK(shown(readInvocation(incomplete)) == "vllm m/x open:1");
}

TEST_CASE("an open knob names the flag and where its value comes from") {
  const EngineRun run =
      readInvocation(invocation({"vllm", "serve", "m/x", "--max-model-len=$(LEN)"}, {}, "", {{"LEN", std::nullopt}}));
  REQUIRE(run.open.size() == 1);
  CHECK(run.open[0] == "--max-model-len: its value comes from $(LEN), which is not known here");
  const EngineRun bad = readInvocation(invocation({"vllm", "serve", "m/x", "--max-model-len", "lots"}, {}));
  REQUIRE(bad.badFlags.size() == 1);
  CHECK(bad.badFlags[0] == "--max-model-len: vLLM does not take the value 'lots'");
}

TEST_CASE("other engines and their models are recognised") {
  const struct {
    Strings command, args;
    const char* image;
    std::vector<Invocation::Env> env;
    const char* shown;
  } rows[] = {
      {{"python3", "-m", "sglang.launch_server", "--model-path", "m/x", "--tp", "2"}, {}, "", {}, "sglang m/x tp=2"},
      {{"sglang", "serve", "--model-path=m/x"}, {}, "", {}, "sglang m/x"},
      {{},
       {"--model-id", "m/x", "--num-shard", "2"},
       "ghcr.io/huggingface/text-generation-inference:3.0",
       {},
       "tgi(medium) m/x tp=2"},
      {{}, {}, "ghcr.io/huggingface/text-generation-inference:3.0", {{"MODEL_ID", "m/x"}}, "tgi(medium) m/x"},
      {{"text-generation-launcher", "--model-id=m/x"}, {}, "", {}, "tgi m/x"},
      {{"text-embeddings-router", "--model-id", "BAAI/bge-m3"}, {}, "", {}, "tei BAAI/bge-m3"},
      {{"trtllm-serve", "m/x", "--tp_size", "2"}, {}, "", {}, "tensorrt-llm m/x tp=2"},
      {{"tritonserver", "--model-repository=/models"}, {}, "", {}, "triton"},
      {{}, {}, "nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8", {}, "nim(medium) meta/llama-3.1-8b-instruct"},
      {{"llama-server", "-hf", "bartowski/x-GGUF:Q4_K_M"}, {}, "", {}, "llama.cpp bartowski/x-GGUF gguf=Q4_K_M len=auto"},
      {{"/app/llama-server", "-m", "/models/x-Q5_K_M.gguf"}, {}, "", {}, "llama.cpp /models/x-Q5_K_M.gguf gguf=Q5_K_M len=auto textOnly"},
      {{"ollama", "serve"}, {}, "", {}, "ollama"},
      {{"lmdeploy", "serve", "api_server", "m/x"}, {}, "", {}, "lmdeploy m/x"},
      {{"python", "-m", "huggingfaceserver", "--model_id=m/x"}, {}, "", {}, "kserve-huggingface m/x"},
      {{"python3", "-m", "dynamo.vllm", "--model", "m/x"}, {}, "", {}, "dynamo m/x"},
      {{"ray", "start", "--address=x", "--block"}, {}, "", {}, "ray multiNode"},
      {{"uvicorn", "speaches.main:create_app"},
       {},
       "",
       {{"PRELOAD_MODELS", "Systran/faster-whisper-large-v3"}},
       "speaches Systran/faster-whisper-large-v3"},
      {{"python", "main.py"}, {}, "yanwk/comfyui-boot:latest", {}, "comfyui(medium) open:1"},
  };
  for (const auto& row : rows) {
    CAPTURE(fmt::format("{} {} {}", row.command, row.args, row.image));
    CHECK(shown(readInvocation(invocation(row.command, row.args, row.image, row.env))) == row.shown);
  }
}

TEST_CASE("every engine of the table is known by its name and none is modelled without a rule") {
  CHECK(engines().size() == 15);
  for (const Engine* engine : engines()) CHECK(findEngine(engine->name) == engine);
  CHECK(findEngine("vllm")->kvRule == KvRule::Pooled);
  CHECK_FALSE(findEngine("triton")->kvRule);
  CHECK(findEngine("nothing") == nullptr);
}

TEST_CASE("versions are read from tags, and not from words") {
  CHECK(parseVersion("0.8.5") == Version{0, 8, 5});
  CHECK(parseVersion("v0.11.0-cu128") == Version{0, 11, 0});
  CHECK(parseVersion("0.6.3.post1") == Version{0, 6, 3});
  CHECK(parseVersion("0.10") == Version{0, 10, 0});
  for (const char* text : {"latest", "nightly", "", "v", "1", "99999999999.1", "cu128"}) {
    CAPTURE(text);
    CHECK_FALSE(parseVersion(text));
  }
  const auto versionOf = [](const char* image) {
    return readInvocation(invocation({"vllm", "serve", "m/x"}, {}, image)).version;
  };
  CHECK(versionOf("vllm/vllm-openai:v0.11.0") == "0.11.0");
  CHECK(versionOf("registry.local:5000/vllm/vllm-openai:0.9.1@sha256:0123") == "0.9.1");
  CHECK(versionOf("registry.local:5000/vllm/vllm-openai") == "");
  CHECK(versionOf("vllm/vllm-openai:latest") == "");
  CHECK(versionOf("acme/chat:2.1.0") == "");
}

TEST_CASE("the place of a flag is where it can be changed") {
  const EngineRun run =
      readInvocation(invocation({"vllm", "serve"}, {"m/x", "--max-model-len", "1", "--max-num-seqs=2"}));
  CHECK(run.places.at("max-model-len").inArgs);
  CHECK(run.places.at("max-model-len").index == 1);
  CHECK_FALSE(run.places.at("max-model-len").joined);
  CHECK(run.places.at("max-num-seqs").index == 3);
  CHECK(run.places.at("max-num-seqs").joined);
  CHECK(run.places.at("model").index == 0);
  const EngineRun inShell = readInvocation(invocation({"sh", "-c", "vllm serve m/x --max-model-len 1"}, {}));
  CHECK(inShell.places.at("max-model-len").inShell);
  CHECK_FALSE(inShell.places.at("max-model-len").inArgs);
  CHECK(inShell.places.at("max-model-len").index == 2);
}

TEST_CASE("what was looked at is named") {
  const EngineRun run = readInvocation(invocation({"sleep"}, {"1"}, "acme/x:1", {{"MODEL_ID", "m/x"}, {"HOME", "/"}}));
  CHECK(run.lookedAt == Strings{"command", "args", "env MODEL_ID", "image acme/x:1"});
}

TEST_CASE("whole numbers are read as vLLM reads them") {
  CHECK(humanInteger("32k") == 32000);
  CHECK(humanInteger("32K") == 32768);
  CHECK(humanInteger("1.5k") == 1500);
  CHECK(humanInteger("2G") == 2147483648);
  CHECK(humanInteger("007") == 7);
  CHECK(humanInteger("9007199254740993") == 9007199254740993);
  CHECK(humanInteger("-3") == -3);
  for (const char* text : {"", "k", "1.5", "1.5K", "0x10", "1e3", "12a", " 1", "--1", "inf", "nan", "nank"}) {
    CAPTURE(text);
    CHECK_FALSE(humanInteger(text));
  }
}
