#include "model/disclosure.hpp"

#include <doctest/doctest.h>

#include "model/engine.hpp"

using namespace rightslice::model;

TEST_CASE("an address is told without what lets one in") {
  CHECK(withoutCredentials("https://ann:s3cret@host:8080/models/chat.gguf?X-Amz-Signature=s3cret#s3cret") == "https://host:8080/models/chat.gguf");
  CHECK(withoutCredentials("s3://bucket/llama") == "s3://bucket/llama");
  CHECK(withoutCredentials("hf://org/model@main") == "hf://org/model@main");
  CHECK(withoutCredentials("https://a:b@c@host/x@y") == "https://host/x@y");
  CHECK(withoutCredentials("https://host?token=s3cret") == "https://host");
  for (const char* plain : {"Qwen/Qwen2.5-7B-Instruct", "/models/what?@", "org/model#x", "", "a b://c@d", "://x@y"}) CHECK(withoutCredentials(plain) == plain);
}

TEST_CASE("of what a word hangs on only names are told") {
  CHECK(toldReference("$MAX_LEN") == "$MAX_LEN");
  CHECK(toldReference("${MAX_LEN}") == "${MAX_LEN}");
  CHECK(toldReference("${TOKEN:-s3cret}") == "${TOKEN}");
  CHECK(toldReference("${1:-s3cret}") == "${1}");
  CHECK(toldReference("${@:-s3cret}") == "${...}");
  CHECK(toldReference("$(MAX_LEN)") == "$(MAX_LEN)");
  CHECK(toldReference("$(nproc)") == "$(nproc)");
  CHECK(toldReference("`nproc`") == "`nproc`");
  CHECK(toldReference("$(curl -H 'Authorization: Bearer s3cret' https://host)") == "$(curl ...)");
  CHECK(toldReference("`curl -u ann:s3cret https://host`") == "`curl ...`");
  CHECK(toldReference("$(TOKEN=s3cret fetch)") == "$(...)");
  CHECK(toldReference("$( cat /run/len | tr -d s3cret )") == "$(cat ...)");
  CHECK(toldReference("$(</run/len)") == "$(...)");
}

TEST_CASE("of an argument that is none only its first word is told") {
  CHECK(toldWord("--api-key s3cret") == "--api-key");
  CHECK(toldWord("TOKEN=s3cret ./run.sh") == "TOKEN");
  CHECK(toldWord("/opt/run.sh") == "/opt/run.sh");
}

TEST_CASE("no text about a container holds what its flags and variables are given that are none of ours") {
  const auto told = [](const Invocation& invocation) {
    const EngineRun run = readInvocation(invocation);
    std::string all = run.model.value_or("");
    for (const auto* list : {&run.open, &run.badFlags, &run.lookedAt, &run.unread}) {
      for (const std::string& each : *list) all += "\n" + each;
    }
    return all;
  };
  Invocation invocation;
  invocation.image = "vllm/vllm-openai:v0.8.5";
  invocation.env = {{"HF_TOKEN", "s3cret"}, {"VLLM_API_KEY", "s3cret"}, {"AWS_SECRET_ACCESS_KEY", "s3cret"}};
  const std::vector<std::vector<std::string>> lines = {
      {"vllm", "serve", "--api-key", "s3cret", "--model", "org/chat"},
      {"vllm", "serve", "org/chat", "--api-key", "s3cret", "s3cret"},
      {"vllm", "serve", "--api-key s3cret", "org/chat"},
      {"vllm", "serve", "org/chat", "--hf-token=s3cret", "--ssl-keyfile-password", "s3cret"},
      {"vllm", "serve", "https://ann:s3cret@host/chat?X-Amz-Signature=s3cret"},
      {"sh", "-c", "export HF_TOKEN=s3cret; vllm serve org/chat --max-model-len $(curl -H 'Authorization: Bearer s3cret' https://host/len)"},
      {"sh", "-c", "HF_TOKEN=s3cret vllm serve `curl -u ann:s3cret https://host/name`"},
      {"sh", "-c", "vllm serve org/chat --max-num-seqs ${SEQS:-$(curl ann:s3cret@host)} $(fetch --token s3cret)"},
      {"TOKEN=s3cret ./run.sh"},
      {"llama-server", "-m", "/models/a.gguf", "--hf-token", "s3cret", "--api-key", "s3cret"},
      {"llama-server", "--model-url", "https://ann:s3cret@host/a-Q4_K_M.gguf?sig=s3cret"},
      {"python3", "-m", "sglang.launch_server", "--model-path", "org/chat", "--api-key", "s3cret", "--admin-api-key", "s3cret"},
      {"text-generation-launcher", "--model-id", "org/chat", "--api-key", "s3cret"},
      {"trtllm-serve", "org/chat", "--api_key", "s3cret"},
      {"lmdeploy", "serve", "api_server", "org/chat", "--api-keys", "s3cret", "s3cret"},
  };
  for (const auto& line : lines) {
    invocation.command = line;
    CAPTURE(line.back());
    const std::string all = told(invocation);
    CAPTURE(all);
    CHECK(all.find("s3cret") == std::string::npos);
    CHECK(!all.empty());
  }
}
