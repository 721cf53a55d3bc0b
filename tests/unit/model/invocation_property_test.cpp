// Laws of reading command lines: any bytes are read, the same way each time, and written numbers come back.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "model/engine.hpp"
#include "model/shell.hpp"

using namespace rightslice::model;

namespace {

/// Pieces that scripts and command lines are made of, and bytes that they are not.
std::string anyText() {
  std::string text;
  const int pieces = *rc::gen::inRange(0, 24);
  for (int i = 0; i < pieces; ++i) {
    text +=
        *rc::gen::element<std::string>("vllm serve ", "m/x", " --max-model-len ", "32k", "=", "'", "\"", "\\", "$",
                                       "${", "}", "$(", ")", "`", "\n", ";", "&&", "|", "<<EOF", "EOF", "A=b ",
                                       "export ", "$A", "${A:-", "#", " ", "--", "-1", "sh -c ", "exec ", "\xff", ">");
  }
  return text;
}

std::vector<std::string> anyWords() {
  std::vector<std::string> words;
  const int count = *rc::gen::inRange(0, 8);
  for (int i = 0; i < count; ++i) {
    words.push_back(*rc::gen::arbitrary<bool>()
                        ? *rc::gen::element<std::string>("vllm", "serve", "sh", "-c", "python", "-m",
                                                         "vllm.entrypoints.openai.api_server", "--model", "--config",
                                                         "--tensor-parallel-size", "2", "$(A)", "env", "-", "--", "")
                        : anyText());
  }
  return words;
}

std::string shown(const EngineRun& run) {
  std::string text = run.engine != nullptr ? std::string(run.engine->name) : "nothing";
  text += "|" + run.model.value_or("-") + "|" + run.version;
  for (const auto& list : {run.open, run.badFlags, run.lookedAt}) {
    for (const std::string& entry : list) text += "|" + entry;
  }
  for (const auto& [flag, place] : run.places) text += fmt::format("|{}@{}", flag, place.index);
  return text +
         fmt::format("|{}|{}", run.settings.maxModelLen.value_or(-1), run.settings.tensorParallelSize.value_or(-1));
}

}  // namespace

TEST_CASE("any invocation is read, twice the same way, with places inside of it") {
  CHECK(rc::check([] {
    Invocation invocation;
    invocation.command = anyWords();
    invocation.args = anyWords();
    invocation.image =
        *rc::gen::element<std::string>("", "vllm/vllm-openai:v0.8.5", "x@sha256:0", ":", "/:/", "acme/comfyui");
    if (*rc::gen::arbitrary<bool>())
      invocation.env.push_back({*rc::gen::element<std::string>("A", "VLLM_ADDITIONAL_ARGS", "MODEL_ID"),
                                *rc::gen::arbitrary<bool>() ? std::optional(anyText()) : std::nullopt});
    invocation.envIncomplete = *rc::gen::arbitrary<bool>();
    const EngineRun run = readInvocation(invocation);
    RC_ASSERT(shown(run) == shown(readInvocation(invocation)));
    for (const auto& [flag, place] : run.places) {
      RC_ASSERT(place.index < (place.inArgs ? invocation.args.size() : invocation.command.size()));
    }
    RC_ASSERT(run.settings.tensorParallelSize.value_or(1) >= 1);
    RC_ASSERT(run.settings.maxModelLen.value_or(1) >= 1);
  }));
}

TEST_CASE("a flag means the same in each of its forms, and the last one wins") {
  CHECK(rc::check([] {
    const std::string value = std::to_string(*rc::gen::inRange<std::int64_t>(1, 1'000'000'000));
    const std::string other = std::to_string(*rc::gen::inRange<std::int64_t>(1, 1'000'000'000));
    const auto lengthOf = [](std::vector<std::string> words) {
      Invocation invocation;
      invocation.command = std::move(words);
      return readInvocation(invocation).settings.maxModelLen.value_or(-1);
    };
    const std::int64_t expected = std::stoll(value);
    RC_ASSERT(lengthOf({"vllm", "serve", "m/x", "--max-model-len", value}) == expected);
    RC_ASSERT(lengthOf({"vllm", "serve", "m/x", "--max_model_len=" + value}) == expected);
    RC_ASSERT(lengthOf({"vllm", "serve", "m/x", "--max-model-len", other, "--max_model-len", value}) == expected);
    RC_ASSERT(lengthOf({"sh", "-c", "vllm serve m/x --max-model-len '" + value + "'"}) == expected);
    RC_ASSERT(lengthOf({"bash", "-lc", "L=" + value + "\nexec vllm serve m/x \\\n --max-model-len=${L}"}) == expected);
  }));
}

TEST_CASE("quoting a word keeps it whole") {
  CHECK(rc::check([] {
    const std::string word = *rc::gen::container<std::string>(rc::gen::distinctFrom('\''));
    std::string text = "'" + word + "'";
    if (word.find('\0') != std::string::npos) return;
    const auto commands = readShell("cmd " + text, [](std::string_view) { return ShellValue{false, true, ""}; }, {});
    RC_ASSERT(commands.size() == 1U);
    RC_ASSERT(commands[0].size() == 2U);
    RC_ASSERT(commands[0][1].text == word);
  }));
}
