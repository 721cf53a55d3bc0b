#include <doctest/doctest.h>

#include "model/shell.hpp"

using namespace rightslice::model;

namespace {

ShellValue lookup(std::string_view name) {
  if (name == "MODEL") return {true, true, "Qwen/Qwen3-8B"};
  if (name == "ARGS") return {true, true, "--a 1"};
  if (name == "EMPTY") return {true, true, ""};
  if (name == "SECRET") return {true, false, ""};
  return {false, true, ""};
}

/// Commands joined by " ; ", words by "|", unknown ones in <>.
std::string shown(std::string_view script) {
  std::string text;
  for (const ShellCommand& command :
       readShell(script, lookup, {{"zero", true, {}}, {"one", true, {}}, {"two words", true, {}}})) {
    if (!text.empty()) text += " ; ";
    bool first = true;
    for (const ShellWord& word : command) {
      if (!first) text += "|";
      first = false;
      text += word.known ? word.text : "<" + word.text + ">";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("a script is cut into commands and words as the shell does") {
  const struct {
    const char* script;
    const char* shown;
  } rows[] = {
      {"vllm serve x", "vllm|serve|x"},
      {"  vllm   serve\tx  ", "vllm|serve|x"},
      {"a 'b c' d", "a|b c|d"},
      {"a \"b \\\"c\\\"\" d", "a|b \"c\"|d"},
      {"a b\\ c", "a|b c"},
      {"a '' \"\"", "a||"},
      {"a \\\n  --b 1 \\\n  --c", "a|--b|1|--c"},
      {"a \\\r\n  --b", "a|--b"},
      {"a && b || c; d | e & f", "a ; b ; c ; d ; e ; f"},
      {"a\nb\n\nc", "a ; b ; c"},
      {"a # comment ; x\nb", "a ; b"},
      {"a#b", "a#b"},
      {"(a b); { c; }", "a|b ; c"},
      {"A=1 cmd $A", "cmd|<$A>"},  // words are expanded before the assignments of the same command count
      {"A=1 B='2 3'; cmd $A \"$B\"", "cmd|1|2 3"},
      {"export A=7; cmd $A", "cmd|7"},
      {"A=1; A=2; cmd $A", "cmd|2"},
      {"cmd $MODEL ${MODEL} \"$MODEL\" '$MODEL'", "cmd|Qwen/Qwen3-8B|Qwen/Qwen3-8B|Qwen/Qwen3-8B|$MODEL"},
      {"cmd $(MODEL)", "cmd|Qwen/Qwen3-8B"},
      {"cmd $ARGS \"$ARGS\"", "cmd|--a|1|--a 1"},
      {"cmd x$EMPTY $EMPTY \"$EMPTY\"", "cmd|x|"},
      {"cmd $SECRET --x=$SECRET", "cmd|<$SECRET>|<--x=$SECRET>"},
      {"cmd $UNSET ${UNSET}", "cmd|<$UNSET>|<${UNSET}>"},
      {"cmd ${UNSET:-4096} ${MODEL:-x} ${UNSET-y} ${EMPTY:-z} ${EMPTY-w}", "cmd|4096|Qwen/Qwen3-8B|y|z"},
      {"cmd ${UNSET:-${MODEL}} ${UNSET:-a b}", "cmd|Qwen/Qwen3-8B|a|b"},
      {"cmd ${MODEL:+yes} ${UNSET:+no}", "cmd|yes"},
      {"cmd ${MODEL##*/}", "cmd|<${MODEL##*/}>"},
      {"cmd $(nproc) `hostname` $((1+2))", "cmd|<$(nproc)>|<`hostname`>|<$((1+2))>"},
      {"cmd $0 $1 \"$@\"", "cmd|zero|one|one|two words"},
      {"exec cmd >/dev/null 2>&1 </dev/null x", "exec|cmd|x"},
      {"if true; then cmd a; fi", "true ; cmd|a"},
      {"cat <<EOF > f\nnot a command\nEOF\ncmd", "cat ; cmd"},
      {"cmd \"unterminated", "cmd|unterminated"},
      {"cmd '", "cmd|"},
      {"cmd $(", "cmd|<$(>"},
      {"cmd ${", "cmd|<${>"},
      {"cmd \\", "cmd"},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.script);
    CHECK(shown(row.script) == row.shown);
  }
}

TEST_CASE("a variable that doubles with every line does not grow without bound") {
  std::string script = "A=xxxxxxxxxxxxxxxx\n";
  for (int i = 0; i < 200; ++i) script += "A=$A$A\n";
  script += "cmd $A";
  std::size_t bytes = 0;
  for (const ShellCommand& command : readShell(script, lookup, {})) {
    for (const ShellWord& word : command) bytes += word.text.size();
  }
  CHECK(bytes < 4'000'000);
}
