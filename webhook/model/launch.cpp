#include "model/launch.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace rightslice::model {
namespace {

constexpr int kMaxShellDepth = 4;
constexpr std::size_t kMaxLaunches = 8;

std::string_view baseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Programs that run what follows them, behind options of their own.
constexpr std::array<std::string_view, 38> kWrappers{
    "exec",    "env",      "nohup", "nice",      "time",    "timeout", "tini",       "tini-static", "dumb-init", "numactl",
    "stdbuf",  "sudo",     "doas",  "command",   "builtin", "taskset", "catatonit",  "setsid",      "eval",      "ionice",
    "chrt",    "gosu",     "su",    "su-exec",   "setpriv", "runuser", "chroot",     "unshare",     "flock",     "busybox",
    "toybox",  "script",   "chpst", "prlimit",   "choom",   "strace",  "ddtrace-run", "nvidia_entrypoint.sh"};
constexpr std::array<std::string_view, 4> kRunners{"uv", "poetry", "conda", "pdm"};  // with the word "run"
// They take the script as the value of -c.
constexpr std::array<std::string_view, 4> kScriptTakers{"su", "runuser", "script", "flock"};
// What follows them is text or a file to them, and no program.
constexpr std::array<std::string_view, 52> kRunNothing{
    "echo",  "printf", "cat",   "ls",     "test",  "[",     "[[",    "cp",    "mv",    "ln",      "rm",   "mkdir", "touch",
    "chmod", "chown",  "which", "type",   "hash",  "alias", "grep",  "pgrep", "pkill", "killall", "kill", "ps",    "pidof",
    "curl",  "wget",   "pip",   "pip3",   "apt",   "apt-get", "apk", "dnf",   "yum",   "find",    "sed",  "awk",   "tee",
    "head",  "tail",   "sleep", "wait",   "trap",  "exit",  "return", "logger", "ldd", "stat",    "file", "tar",   "unzip"};

template <std::size_t n>
bool contains(const std::array<std::string_view, n>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool isAssignment(const std::string& text) {
  const auto equals = text.find('=');
  return equals != std::string::npos && equals > 0 && text[0] != '-' && text.find('/') > equals;
}

using PlacedWords = std::vector<PlacedWord>;

PlacedWords from(const PlacedWords& words, std::size_t at) { return {words.begin() + static_cast<std::ptrdiff_t>(at), words.end()}; }

class Finder {
 public:
  explicit Finder(const ShellLookup& environment) : environment_(environment) {
    lookup_ = [this](std::string_view name) { return variable(name); };
  }

  Launches run(const PlacedWords& words) {
    inCommand(words, 0);
    return std::move(out_);
  }

 private:
  ShellValue variable(std::string_view name) const {
    for (auto each = variables_.rbegin(); each != variables_.rend(); ++each)
      if (each->name == name) return each->value;
    return bare_ ? ShellValue{false, true, ""} : environment_(name);
  }

  void take(const Engine& engine, std::string_view program, const PlacedWords& words, std::size_t at, std::string_view by) {
    const auto asks = [](const PlacedWord& word) { return word.word.text == "--help" || word.word.text == "--version"; };
    PlacedWords rest = from(words, at);
    if (out_.found.size() == kMaxLaunches || std::any_of(rest.begin(), rest.end(), asks)) return;
    out_.found.push_back({&engine, program, std::move(rest), variables_, bare_, std::string(by), {}});
  }

  bool full() const { return out_.found.size() == kMaxLaunches; }

  /// A program of an engine at this place.
  bool takeProgram(const PlacedWords& words, std::size_t at, std::string_view by) {
    const std::string_view program = baseName(words[at].word.text);
    if (program.empty()) return false;
    for (const Engine* engine : engines()) {
      for (const std::string_view pattern : engine->signature.programs) {
        if (pattern.front() != program.front()) continue;
        const auto space = pattern.find(' ');
        if (program != pattern.substr(0, space)) continue;
        std::size_t used = 1;
        if (space != std::string_view::npos) {
          if (at + 1 >= words.size() || !words[at + 1].word.text.starts_with(pattern.substr(space + 1))) continue;
          used = 2;
        } else if (!by.empty() && (at + 1 >= words.size() || !words[at + 1].word.text.starts_with('-'))) {
          continue;  // its name alone may be a file's
        }
        take(*engine, pattern, words, at + used, by);
        return true;
      }
    }
    return false;
  }

  bool takeModule(std::string_view module, std::string_view path, const PlacedWords& words, std::size_t at, std::string_view by) {
    for (const Engine* engine : engines()) {
      for (const std::string_view candidate : engine->signature.modules) {
        std::string file(candidate);
        std::replace(file.begin(), file.end(), '.', '/');
        if (module != candidate && !(path.ends_with(file + ".py") || path.ends_with(file + "/__main__.py"))) continue;
        take(*engine, candidate, words, at, by);
        return true;
      }
    }
    return false;
  }

  /// Words of one command. Each is looked at in turn while nothing says that those behind it are no program.
  void inCommand(const PlacedWords& words, int depth) {
    const std::size_t variables = variables_.size();
    const bool bare = bare_;
    search(words, depth);
    variables_.resize(std::min(variables, variables_.size()));
    bare_ = bare;
  }

  void search(const PlacedWords& words, int depth) {
    std::string_view wrapper, by;  // the last program that runs what follows; one that perhaps does
    for (std::size_t at = 0; at < words.size(); ++at) {
      const std::string& text = words[at].word.text;
      const bool isOption = text.starts_with('-') && text.find('/') == std::string::npos;  // no program, and not the path of one
      const std::string_view program = isOption ? std::string_view() : baseName(text);
      if (text.find("multi-node-serving") != std::string::npos && at == 0) out_.groupScript = true;
      if (!isOption) {
        if (isShell(program)) return inShell(from(words, at), depth);
        if (contains(kRunNothing, program)) return;
        if (program == "ray" && at + 1 < words.size() && words[at + 1].word.text == "start" && by.empty()) {
          out_.ray = true;
          return;
        }
        if (takeProgram(words, at, by)) return;
        if (program.starts_with("python") && inPython(words, at, by)) return;
      }
      if (text == "-m" && at + 1 < words.size() && !by.empty() && takeModule(words[at + 1].word.text, {}, words, at + 2, by)) return;
      if (!isOption && contains(kRunners, program) && at + 1 < words.size() && words[at + 1].word.text == "run") {
        wrapper = program;
        ++at;
      } else if (!isOption && contains(kWrappers, program)) {
        wrapper = program;
      } else if (wrapper.empty()) {
        if (by.empty()) by = text;
      } else if (const std::size_t taken = option(wrapper, words, at, depth); taken == words.size()) {
        return;
      } else {
        at = taken;
      }
    }
  }

  /// What an option or an assignment says of what the wrapper runs. The last word that belongs to it; the count of words: the rest
  /// is read.
  std::size_t option(std::string_view wrapper, const PlacedWords& words, std::size_t at, int depth) {
    const std::string& text = words[at].word.text;
    const bool more = at + 1 < words.size();
    if (wrapper == "command" && (text == "-v" || text == "-V")) return words.size();
    if (contains(kScriptTakers, wrapper) && (text == "-c" || text == "--command") && more) {
      inScript(from(words, at + 1), depth);
      return words.size();
    }
    if (wrapper == "sudo" && isAssignment(text)) setVariable(words[at].word);
    if (wrapper != "env") return at;
    if (isAssignment(text)) {
      setVariable(words[at].word);
    } else if (text == "-i" || text == "-" || text == "--ignore-environment") {
      bare_ = true;
      variables_.clear();
    } else if ((text == "-u" || text == "--unset") && more) {
      variables_.push_back({words[at + 1].word.text, {false, true, ""}});
      return at + 1;
    } else if (text.starts_with("-S") || text.starts_with("--split-string")) {
      const bool joined = text.starts_with("-S") ? text.size() > 2 : text.find('=') != std::string::npos;
      if (!joined && !more) return words.size();
      PlacedWord whole = words[joined ? at : at + 1];
      if (joined) whole.word.text = text.starts_with("-S") ? text.substr(2) : text.substr(text.find('=') + 1);
      // Blanks part it as in a shell; with "env" in front its assignments and options are read too.
      if (depth < kMaxShellDepth) inScript({PlacedWord{{"env " + whole.word.text, whole.word.known, whole.word.unknown}, whole.place}}, depth);
      return words.size();
    }
    return at;
  }

  void setVariable(const ShellWord& word) {
    const auto equals = word.text.find('=');
    ShellValue value{true, word.known, word.known ? word.text.substr(equals + 1) : ""};
    variables_.push_back({word.text.substr(0, equals), std::move(value)});
  }

  void inShell(const PlacedWords& words, int depth) {
    std::size_t at = 1;
    bool hasScript = false;
    while (at < words.size() && words[at].word.text.size() > 1 && (words[at].word.text[0] == '-' || words[at].word.text[0] == '+')) {
      const std::string& text = words[at++].word.text;
      if (text.starts_with("--")) {
        if (text == "--") break;
        if (text == "--rcfile" || text == "--init-file") ++at;
        continue;
      }
      hasScript = hasScript || text.find('c') != std::string::npos;
      at += static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c == 'o' || c == 'O'; }));
    }
    if (hasScript && at < words.size() && words[at].word.text == "--") ++at;
    if (at >= words.size()) return;
    if (hasScript) inScript(from(words, at), depth);
    else if (words[at].word.text.find("multi-node-serving") != std::string::npos) out_.groupScript = true;
  }

  /// The first word is the script, the others are $0, $1, ...
  void inScript(const PlacedWords& words, int depth) {
    if (depth >= kMaxShellDepth || !words.front().word.known) return;
    std::vector<ShellWord> parameters;
    for (std::size_t i = 1; i < words.size(); ++i) parameters.push_back(expandedByKubelet(words[i].word, lookup_));
    EngineRun::FlagPlace place = words.front().place;
    place.inShell = true;
    const auto commands =
        std::make_shared<const std::vector<ShellCommand>>(readShell(words.front().word.text, lookup_, parameters));
    const std::size_t first = out_.found.size(), outer = variables_.size();
    std::size_t exports = 0;
    for (const ShellCommand& command : *commands) {
      if (full()) break;
      for (; command.exported && exports < command.exports; ++exports) variables_.push_back((*command.exported)[exports]);
      const std::size_t own = variables_.size();
      variables_.insert(variables_.end(), command.assigned.begin(), command.assigned.end());
      PlacedWords inner;
      for (const ShellWord& word : command) inner.push_back({word, place});
      inCommand(inner, depth + 1);
      variables_.resize(own);
    }
    variables_.resize(outer);
    for (std::size_t i = first; i < out_.found.size(); ++i)
      if (out_.found[i].script == nullptr) out_.found[i].script = commands;
  }

  /// `start` is the interpreter.
  bool inPython(const PlacedWords& words, std::size_t start, std::string_view by) {
    std::size_t at = start + 1;
    std::string module;
    for (; at < words.size() && words[at].word.text.starts_with('-'); ++at) {
      const std::string& text = words[at].word.text;
      if (text.starts_with("--")) continue;
      // Flags of one letter may be joined, and the value of the last with them: -um vllm.x, -mvllm.x
      const auto value = text.find_first_of("mcWX", 1);
      if (value == std::string::npos) continue;
      const bool joined = value + 1 < text.size();
      if (text[value] == 'c') return false;
      if (text[value] == 'm' && (joined || at + 1 < words.size())) {
        module = joined ? text.substr(value + 1) : words[++at].word.text;
        ++at;
        break;
      }
      if (!joined) ++at;
    }
    if (!module.empty()) return takeModule(module, {}, words, at, by);
    if (at >= words.size()) return false;
    const std::string& path = words[at].word.text;
    if (path.find("multi-node-serving") != std::string::npos) out_.groupScript = true;
    return takeModule({}, path, words, at + 1, by) || takeProgram(words, at, by);
  }

  const ShellLookup& environment_;
  ShellLookup lookup_;
  std::vector<ShellVariable> variables_;
  bool bare_ = false;
  Launches out_;
};

}  // namespace

Launches findLaunches(const std::vector<PlacedWord>& words, const ShellLookup& environment) { return Finder(environment).run(words); }

ShellWord expandedByKubelet(const ShellWord& word, const ShellLookup& environment) {
  if (word.text.find("$(") == std::string::npos) return word;
  ShellWord result;
  std::size_t at = 0;
  while (at < word.text.size()) {
    const auto open = word.text.find("$(", at);
    const auto close = open == std::string::npos ? std::string::npos : word.text.find(')', open);
    if (close == std::string::npos) break;
    result.text.append(word.text, at, open - at);
    const std::string whole = word.text.substr(open, close - open + 1);
    const ShellValue value = environment(std::string_view(whole).substr(2, whole.size() - 3));
    if (value.isSet && value.known) {
      result.text += value.text;
    } else {
      result.text += whole;
      if (result.known && !(value.known && !value.isSet)) {
        result.known = false;
        result.unknown = whole;
      }
    }
    at = close + 1;
  }
  if (at < word.text.size()) result.text.append(word.text, at);
  return result;
}

}  // namespace rightslice::model
