#include "workload/download.hpp"

#include <doctest/doctest.h>

using namespace rightslice;
using namespace rightslice::workload;

namespace {

Container container(std::string name, std::vector<std::string> command, bool init = false) {
  Container result;
  result.name = std::move(name);
  result.init = init;
  result.invocation.command = std::move(command);
  return result;
}

/// What the server is told of its model: "" or the repository.
std::string told(std::vector<std::string> download, std::vector<std::string> server) {
  PodTemplate pod;
  pod.containers = {container("main", std::move(server)), container("dl", std::move(download), true)};
  attachDownloads(pod);
  const auto& told = pod.containers[0].invocation.told;
  CHECK(pod.containers[1].invocation.told.empty());
  return told.empty() ? "" : told.front().model;
}

}  // namespace

TEST_CASE("the repository that an init container downloads into the folder of a model is what is served") {
  const std::vector<std::string> server{"vllm", "serve", "/models/chat"};
  const struct {
    const char* what;
    std::vector<std::string> download;
    const char* model;
  } rows[] = {
      {"a script", {"sh", "-c", "pip install huggingface_hub && huggingface-cli download Qwen/Q-AWQ --local-dir /models/chat"}, "Qwen/Q-AWQ"},
      {"words", {"hf", "download", "Qwen/Q-AWQ", "--local-dir", "/models/chat/"}, "Qwen/Q-AWQ"},
      {"flags first", {"hf", "download", "--quiet", "--revision", "main", "--local-dir=/models/chat", "Qwen/Q-AWQ"}, "Qwen/Q-AWQ"},
      {"a variable of the script", {"sh", "-c", "DIR=/models/chat; hf download Qwen/Q-AWQ --local-dir $DIR"}, "Qwen/Q-AWQ"},
      {"another folder", {"hf", "download", "Qwen/Q-AWQ", "--local-dir", "/models"}, ""},
      {"a folder that begins so", {"hf", "download", "Qwen/Q-AWQ", "--local-dir", "/models/cha"}, ""},
      {"into the cache", {"hf", "download", "Qwen/Q-AWQ"}, ""},
      {"what is not known here", {"sh", "-c", "hf download $REPO --local-dir /models/chat"}, ""},
      {"no download", {"hf", "upload", "Qwen/Q-AWQ", "--local-dir", "/models/chat"}, ""},
      {"no repository", {"hf", "download", "--local-dir", "/models/chat"}, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(told(row.download, server) == row.model);
  }
}

TEST_CASE("a download tells nothing where what lies in its folder is named, or the folder is not") {
  const std::vector<std::string> download{"hf", "download", "Qwen/Q-AWQ", "--local-dir", "/models"};
  CHECK(told(download, {"vllm", "serve", "--model=/models"}) == "Qwen/Q-AWQ");
  CHECK(told(download, {"sh", "-c", "exec vllm serve /models --max-model-len 4096"}) == "Qwen/Q-AWQ");
  CHECK(told(download, {"vllm", "serve", "/models/b", "--download-dir", "/models"}).empty());
  CHECK(told(download, {"vllm", "serve", "/data/models"}).empty());
  CHECK(told(download, {"vllm", "serve", "Qwen/Q"}).empty());
}
