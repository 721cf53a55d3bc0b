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

TEST_CASE("what another script or quoting hides is read all the same") {
  const struct {
    const char* script;
    const char* shown;
  } rows[] = {
      {"eval 'a b; c'", "a|b ; c"},
      {"CMD='a b'; eval \"$CMD\" c", "a|b|c"},
      {"eval \"A=1; cmd \\$A\"; d $A", "cmd|1 ; d|1"},
      {"eval a $NOT_SET", "eval|a|<$NOT_SET>"},
      {"set -- a b; exec \"$@\"", "exec|a|b"},
      {"set -eo pipefail; cmd $1", "cmd|one"},
      {"set -e a; cmd $1", "cmd|a"},
      {"shift; cmd $1", "cmd|two|words"},
      {"sh <<EOF\na $MODEL\nb\nEOF\nc", "sh ; a|Qwen/Qwen3-8B ; b ; c"},
      {"bash -s <<-'EOF'\n\ta\n\tEOF\nc", "bash|-s ; a ; c"},
      {"cat <<EOF\na\nEOF\nc", "cat ; c"},
      {"sh x.sh <<EOF\na\nEOF\nc", "sh|x.sh ; c"},
      {"function f { a; }; coproc b", "a ; b"},
      {"$'a\\x62\\'c\\n' $\"d e\" $'\\101'", "ab'c\n|d e|A"},
      {"$'a", "a"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.script);
    CHECK(shown(row.script) == row.shown);
  }
}

TEST_CASE("what a script sets reaches what it starts, by the rules of the shell") {
  const auto environment = [](std::string_view script) {
    std::string text;
    for (const ShellCommand& command : readShell(script, lookup, {})) {
      text += text.empty() ? "" : " ; ";
      text += command[0].text;
      for (std::size_t i = 0; i < command.exports; ++i) {
        const ShellVariable& each = (*command.exported)[i];
        text += " " + each.name + (!each.value.isSet ? "-" : each.value.known ? "=" + each.value.text : "=?");
      }
      for (const ShellVariable& each : command.assigned) text += " (" + each.name + "=" + each.value.text + ")";
    }
    return text;
  };
  CHECK(environment("A=1 B=2 cmd; other") == "cmd (A=1) (B=2) ; other");
  CHECK(environment("A=1; cmd") == "cmd");  // set, and not exported
  CHECK(environment("A=1; export A; cmd") == "cmd A=1");
  CHECK(environment("a; export A=1 B; b; A=2; c") == "a ; b A=1 ; c A=1 A=2");
  CHECK(environment("MODEL=x; cmd") == "cmd MODEL=x");  // of the container's environment
  CHECK(environment("set -a; A=1; set +a; B=2; cmd") == "cmd A=1");
  CHECK(environment("declare -x A=1; declare B=2; cmd") == "cmd A=1");
  CHECK(environment("export A=$NOT_SET; cmd") == "cmd A=?");
  CHECK(environment("unset MODEL; cmd") == "cmd MODEL-");
  CHECK(environment("eval 'export A=1'; cmd") == "cmd A=1");
}

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
