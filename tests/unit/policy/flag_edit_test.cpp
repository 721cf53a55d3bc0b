#include "policy/flag_edit.hpp"

#include "judged.hpp"
#include "policy/script_edit.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

/// The inside of a container of a Pod before and after; "obstacle" where the flags cannot be written.
std::string withFlags(const std::string& inside, const model::FlagList& flags) {
  const std::string pod = fmt::format(R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p"}},"spec":{{"containers":[{{"name":"c",{}}}]}}}})", inside);
  const auto workload = workloadOf(pod);
  const FlagEdit edit = editFlags(workload.templates.at(0).containers.at(0), flags);
  if (!edit.obstacle.empty()) {
    CHECK(edit.patch.empty());
    return "obstacle";
  }
  const auto after = json::apply(parsed(pod), edit.patch);
  REQUIRE_MESSAGE(after, (after ? std::string() : after.error().message));
  std::string text(after->root().find("/spec/containers/0").text());
  const std::string head = R"({"name":"c",)";
  REQUIRE(text.starts_with(head));
  return text.substr(head.size(), text.size() - head.size() - 1);
}

const model::FlagList kShorter{{"--max-model-len", "8192"}};
const model::FlagList kFewer{{"--max-num-seqs", "8"}};

}  // namespace

TEST_CASE("a flag is changed where it stands, in the form in which it stands") {
  const struct {
    const char* what;
    const char* before;
    const char* after;
  } rows[] = {
      {"two words", R"("args":["vllm","serve","m","--max-model-len","32768","--port","80"])",
       R"("args":["vllm","serve","m","--max-model-len","8192","--port","80"])"},
      {"one word", R"("args":["vllm","serve","m","--max-model-len=32768"])", R"("args":["vllm","serve","m","--max-model-len=8192"])"},
      {"underscores", R"("args":["vllm","serve","m","--max_model_len=32k"])", R"("args":["vllm","serve","m","--max_model_len=8192"])"},
      {"the last of two counts", R"("args":["vllm","serve","m","--max-model-len","4096","--max-model-len","32768"])",
       R"("args":["vllm","serve","m","--max-model-len","4096","--max-model-len","8192"])"},
      {"in the command", R"("command":["vllm","serve","m","--max-model-len","32768"])",
       R"("command":["vllm","serve","m","--max-model-len","8192"])"},
      {"a variable that only the flag uses",
       R"~("args":["vllm","serve","m","--max-model-len","$(LEN)"],"env":[{"name":"LEN","value":"32768"}])~",
       R"~("args":["vllm","serve","m","--max-model-len","$(LEN)"],"env":[{"name":"LEN","value":"8192"}])~"},
      {"in one word", R"~("args":["vllm","serve","m","--max-model-len=$(LEN)"],"env":[{"name":"LEN","value":"32768"}])~",
       R"~("args":["vllm","serve","m","--max-model-len=$(LEN)"],"env":[{"name":"LEN","value":"8192"}])~"},
      {"a variable that more uses stays",
       R"~("args":["vllm","serve","m","--max-model-len","$(LEN)","--port","$(LEN)"],"env":[{"name":"LEN","value":"32768"}])~",
       R"~("args":["vllm","serve","m","--max-model-len","8192","--port","$(LEN)"],"env":[{"name":"LEN","value":"32768"}])~"},
      {"a variable of a Secret",
       R"~("args":["vllm","serve","m","--max-model-len","$(LEN)"],"env":[{"name":"LEN","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}])~",
       R"("args":["vllm","serve","m","--max-model-len","8192"],"env":[{"name":"LEN","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}])"},
      {"in a script", R"("command":["sh","-c","exec vllm serve m --max-model-len 32768 --port 80 | tee log"])",
       R"("command":["sh","-c","exec vllm serve m --max-model-len 8192 --port 80 | tee log"])"},
      {"in quotes in a script", R"("command":["sh","-c"],"args":["vllm serve 'm' --max-model-len='32768' --port 80"])",
       R"("command":["sh","-c"],"args":["vllm serve 'm' --max-model-len='8192' --port 80"])"},
      {"over lines of a script", R"("command":["bash","-c","set -e\nvllm serve m \\\n  --max-model-len 32768 \\\n  --port 80\n"])",
       R"("command":["bash","-c","set -e\nvllm serve m \\\n  --max-model-len 8192 \\\n  --port 80\n"])"},
      {"a variable of the script", R"("command":["sh","-c","LEN=32768; vllm serve m --max-model-len $LEN"])",
       R"("command":["sh","-c","LEN=32768; vllm serve m --max-model-len 8192"])"},
      {"a variable in a script", R"("command":["sh","-c","vllm serve m --max-model-len ${LEN}"],"env":[{"name":"LEN","value":"32768"}])",
       R"("command":["sh","-c","vllm serve m --max-model-len ${LEN}"],"env":[{"name":"LEN","value":"8192"}])"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(withFlags(row.before, kShorter) == row.after);
  }
}

TEST_CASE("a flag that is not written yet joins the engine's own words") {
  const struct {
    const char* what;
    const char* before;
    const char* after;
  } rows[] = {
      {"at the end of args", R"("image":"vllm/vllm-openai:v0.10.2","args":["--model","m"])",
       R"("image":"vllm/vllm-openai:v0.10.2","args":["--model","m","--max-num-seqs","8"])"},
      {"as the others are written", R"("image":"vllm/vllm-openai:v0.10.2","args":["--model=m"])",
       R"("image":"vllm/vllm-openai:v0.10.2","args":["--model=m","--max-num-seqs=8"])"},
      {"args go on after the command", R"("command":["vllm","serve"],"args":["m"])", R"("command":["vllm","serve"],"args":["m","--max-num-seqs","8"])"},
      {"of a command alone", R"("command":["vllm","serve","m"])", R"("command":["vllm","serve","m","--max-num-seqs","8"])"},
      {"before the end of the flags", R"("command":["vllm","serve","m","--","x"])", R"("command":["vllm","serve","m","--max-num-seqs","8","--","x"])"},
      {"inside a script, not behind it", R"("command":["sh","-c","vllm serve m --port 80 && echo end"])",
       R"("command":["sh","-c","vllm serve m --max-num-seqs 8 --port 80 && echo end"])"},
      {"behind the model of a script without flags", R"("command":["sh","-c"],"args":["exec vllm serve \"m/n\" > log"])",
       R"("command":["sh","-c"],"args":["exec vllm serve \"m/n\" --max-num-seqs 8 > log"])"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(withFlags(row.before, kFewer) == row.after);
  }
}

TEST_CASE("several flags, and switches") {
  CHECK(withFlags(R"("args":["vllm","serve","m","--max-model-len","32768"])",
                {{"--max-num-seqs", "8"}, {"--enforce-eager", ""}, {"--kv-cache-dtype", "fp8"}, {"--max-model-len", "8192"}}) ==
        R"("args":["vllm","serve","m","--max-model-len","8192","--max-num-seqs","8","--enforce-eager","--kv-cache-dtype","fp8"])");
  CHECK(withFlags(R"("command":["sh","-c","vllm serve m --max-model-len 32768"])", {{"--enforce-eager", ""}, {"--max-model-len", "8192"}}) ==
        R"("command":["sh","-c","vllm serve m --enforce-eager --max-model-len 8192"])");
}

TEST_CASE("what is not sure is not written") {
  for (const char* before : {
           R"~("command":["sh","-c","vllm serve m --max-model-len $((16 * 1024))"])~",
           R"("command":["sh","-c","vllm serve m --max-model-len 32768; vllm serve n --max-model-len 4096"])",
           R"("image":"vllm/vllm-openai:v0.10.2","command":["/start.sh"])",
           R"("image":"registry.example/app:1")",
       }) {
    CAPTURE(before);
    CHECK(withFlags(before, kShorter) == "obstacle");
  }
  // The variable wins over args, and it comes from where it cannot be seen.
  CHECK(withFlags(R"("args":["vllm","serve","m","--max-model-len","4096"],"env":[{"name":"VLLM_ADDITIONAL_ARGS","value":"--max-model-len 32768"}])",
                kShorter) == "obstacle");
}

TEST_CASE("each replacement in a patch has a test before it") {
  const auto workload = workloadOf(
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","args":["vllm","serve","m","--max-model-len","32768"]}]}})");
  const auto edit = editFlags(workload.templates.at(0).containers.at(0), {{"--max-model-len", "8192"}, {"--max-num-seqs", "8"}});
  CHECK(json::patchText(edit.patch) ==
        R"([{"op":"test","path":"/spec/containers/0/args/4","value":"32768"},{"op":"replace","path":"/spec/containers/0/args/4","value":"8192"},)"
        R"({"op":"add","path":"/spec/containers/0/args/5","value":"--max-num-seqs"},{"op":"add","path":"/spec/containers/0/args/6","value":"8"}])");
}

TEST_CASE("values in a script are found only where they are plain") {
  const auto value = [](std::string_view script) {
    const auto at = valueInScript(script, "max-model-len");
    return at ? std::string(script.substr(at->offset, at->length)) : std::string();
  };
  CHECK(value("vllm --max-model-len 10") == "10");
  CHECK(value("vllm --max_model_len=10;") == "10");
  CHECK(value("vllm --max-model-len \\\n 10\n") == "10");
  CHECK(value("sh -c 'vllm --max-model-len 10'") == "10");
  CHECK(value("vllm --max-model-len \"$LEN\"") == "$LEN");
  CHECK(value("vllm --max-model-len '$LEN'") == "");
  CHECK(value("vllm --max-model-len $LEN$X") == "");
  CHECK(value("vllm --max-model-len `len`") == "");
  CHECK(value("vllm --max-model-len") == "");
  CHECK(value("vllm --max-model-len --port 1") == "");
  CHECK(value("vllm --xmax-model-len 10") == "");
  CHECK(referenced("$(A_1)") == "A_1");
  CHECK(referenced("${A:-1}") == "");
  CHECK(references("$A ${A} $(A) $AB A ${A:-1}", "A") == 4);
}
