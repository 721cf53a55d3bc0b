#include "workload/expansion.hpp"
#include "written.hpp"

using namespace rightslice::workload;
using Words = std::vector<std::string>;

TEST_CASE("references are resolved as the kubelet does it") {
  // Cases of kubernetes third_party/forked/golang/expansion/expand_test.go among them.
  const std::string a = "A", b = "B", empty, dollars = "$(VAR_A)";
  const auto valueOf = [&](std::string_view name) -> const std::string* {
    if (name == "VAR_A") return &a;
    if (name == "VAR_B") return &b;
    if (name == "VAR_EMPTY") return &empty;
    if (name == "VAR_REF") return &dollars;
    return nullptr;
  };
  struct Row {
    const char* input;
    const char* expected;
  };
  for (const Row& row : {Row{"$(VAR_A)", "A"}, Row{"___$(VAR_B)___", "___B___"}, Row{"$(VAR_A)$(VAR_B)", "AB"}, Row{"f000-$VAR_A", "f000-$VAR_A"},
                         Row{"$(DOES_NOT_EXIST)", "$(DOES_NOT_EXIST)"}, Row{"foo$(VAR_EMPTY)bar", "foobar"}, Row{"$$(VAR_A)", "$(VAR_A)"},
                         Row{"$$$(VAR_A)", "$A"}, Row{"$$$$(VAR_A)", "$$(VAR_A)"}, Row{"$VAR_A)", "$VAR_A)"}, Row{"${VAR_A}", "${VAR_A}"},
                         Row{"$(VAR_B)_______$(A", "B_______$(A"}, Row{"foo$$var", "foo$var"}, Row{"$", "$"}, Row{"$$", "$"}, Row{"a$", "a$"},
                         Row{"$(", "$("}, Row{"$()", "$()"}, Row{"$(A$(VAR_A)", "$(A$(VAR_A)"}, Row{"$($$", "$($"}, Row{"$(VAR_REF)", "$(VAR_A)"},
                         Row{"", ""}, Row{"foo\\$(VAR_A)", "foo\\A"}}) {
    CAPTURE(row.input);
    CHECK(expand(row.input, valueOf) == row.expected);
  }
}

TEST_CASE("env values see the entries before them, the command line sees all, the last of a name wins") {
  const auto invocation = containerOf(R"J({"name":"c","command":["serve","$(LATE)"],"args":["$(A)","$(PATH2)","$(SECRET)","$$(A)","$(TWICE)"],"env":[
      {"name":"EARLY","value":"$(A)/x"},{"name":"A","value":"1"},{"name":"PATH2","value":"$(A)/$(SECRET)"},
      {"name":"SECRET","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}},{"name":"LATE","value":"l"},
      {"name":"TWICE","value":"old"},{"name":"TWICE","value":"new"}]})J").invocation;
  CHECK(invocation.command == Words{"serve", "l"});
  CHECK(invocation.args == Words{"1", "1/$(SECRET)", "$(SECRET)", "$(A)", "new"});
  REQUIRE(invocation.env.size() == 7);
  CHECK(invocation.env[0].value == "$(A)/x");  // A stands below it
  CHECK(invocation.env[2].value == "1/$(SECRET)");
  CHECK(!invocation.env[3].value);
}

TEST_CASE("a name that a later entry hides is not resolved to its old value") {
  const auto invocation = containerOf(R"J({"name":"c","args":["$(A)"],"env":[{"name":"A","value":"1"},{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]})J").invocation;
  CHECK(invocation.args == Words{"$(A)"});
}

TEST_CASE("references that double a value again and again do not fill the memory") {
  std::vector<rightslice::model::Invocation::Env> env{{"E0", "xx"}};
  for (int i = 1; i < 200; ++i) env.push_back({"E" + std::to_string(i), "$(E" + std::to_string(i - 1) + ")$(E" + std::to_string(i - 1) + ")"});
  CHECK_FALSE(expandEnvironment(env));
  CHECK(env[1].value == "xxxx");
  std::size_t bytes = 0;
  for (const auto& each : env) bytes += each.value.value_or("").size();
  CHECK(bytes < 1'000'000);

  env = {{"BIG", std::string(10'000, 'x')}};
  std::vector<std::string> words(10'000, "$(BIG)");
  words.insert(words.begin(), "--model=$(BIG)");
  CHECK_FALSE(expandWords(words, env));
  CHECK(words.front() == "--model=" + *env[0].value);
  CHECK(words.back() == "$(BIG)");
}

TEST_CASE("ordinary references are resolved without a limit in sight") {
  std::vector<rightslice::model::Invocation::Env> env{{"MODEL", std::string(200, 'm')}};
  std::vector<std::string> words(50, "--model=$(MODEL)");
  CHECK(expandEnvironment(env));
  CHECK(expandWords(words, env));
  for (const auto& word : words) CHECK(word == "--model=" + *env[0].value);
}
